"""`meshctl policy explain`: what the policies in force say of an amount, rule by rule."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from mesh.cli.arguments.naming import did_from
from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.arguments.values import one_of, positive
from mesh.cli.output.formats import Column, table
from mesh.cli.policies.rule_text import rule_to_text
from mesh.queries.accounts.policy_explanation import explain_policies
from mesh.queries.nodes.offers import check_sold
from runtime.content.did import Did
from runtime.tokens.assessment import Assessment
from runtime.tokens.in_force import Explanation, Verdict
from runtime.tokens.token import ResourceType

_COLUMNS = (
    Column(title="Scope", text=lambda row: row["scope"] or "-", width=12),
    Column(title="Version", text=lambda row: str(row["version"]), width=9),
    Column(title="Place", text=lambda row: row["part"] or "-", width=14),
    Column(title="Counted", text=lambda row: _number(row["counted"]), width=10),
    Column(title="Available", text=lambda row: _number(row["available"], "any"), width=11),
    Column(title="Allowed", text=lambda row: "yes" if row["allowed"] else "no", width=9),
    Column(title="Rule", text=lambda row: row["text"]),
)


class Question(Struct, frozen=True, kw_only=True):
    """The options of `policy explain` as they were typed."""

    subject: str | None
    amount: int
    resource_type: str
    scope: str


def run_explain(question: Question, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `policy explain`."""
    out = make_output(home, output, quiet=quiet)
    kind = one_of(ResourceType, question.resource_type, "--type")
    amount = positive("--amount", question.amount)
    named = None if question.subject is None else did_from(question.subject, "--subject")
    with open_mesh(home) as mesh:
        subject = named or mesh.owner
        with mesh.read() as reader:
            check_sold(reader, kind)
            found = explain_policies(reader, kind, question.scope, subject, amount)
    rows = [row for verdict in found.verdicts for row in _rows(verdict)]
    value = {
        "allowed": found.is_allowed,
        "subject": subject,
        "resource_type": kind.value,
        "scope": question.scope,
        "amount": amount,
        "deciding": None if found.deciding is None else _row(found.deciding, _limit(found)),
        "rules": rows,
    }
    lines = [*table(rows, _COLUMNS), ""] if rows else []
    lines.append(_sentence(found, subject, amount, kind))
    out.record(value, lines=lines, quiet="allowed" if found.is_allowed else "denied")


def _limit(found: Explanation) -> Assessment:
    assert found.deciding is not None
    return found.deciding.deciding


def _rows(verdict: Verdict) -> Iterator[dict[str, Any]]:
    pending = [verdict.whole]
    while pending:
        each = pending.pop(0)
        yield _row(verdict, each)
        pending = [*each.parts, *pending]


def _row(verdict: Verdict, each: Assessment) -> dict[str, Any]:
    return {
        "policy": str(verdict.policy.cid),
        "scope": verdict.policy.scope,
        "version": verdict.policy.version,
        "part": each.path,
        "text": rule_to_text(each.rule),
        "allowed": each.is_allowed,
        "available": each.available,
        "counted": each.counted,
        "reason": None if each.reason is None else each.reason.value,
        "retry_after_seconds": each.retry_after_seconds,
    }


def _sentence(found: Explanation, subject: Did, amount: int, kind: ResourceType) -> str:
    verb = "Allowed" if found.is_allowed else "Denied"
    said = f"{verb}: {amount} {kind.value} units for {subject}"
    if found.deciding is None:
        return f"{said}: no policy applies"
    policy, limit = found.deciding.policy, _limit(found)
    place = f", {limit.path}" if limit.path else ""
    by = f"by version {policy.version} of the policy for {policy.scope or 'all work'}{place}"
    reason = "" if limit.reason is None else f": {limit.reason.value}"
    left = (
        "" if limit.available is None else f" ({limit.available} units allowed now{_wait(limit)})"
    )
    return f"{said} {by}{reason}{left}"


def _wait(limit: Assessment) -> str:
    seconds = limit.retry_after_seconds
    return "" if seconds is None else f", enough in {seconds} s"


def _number(value: int | None, absent: str = "-") -> str:
    return absent if value is None else str(value)
