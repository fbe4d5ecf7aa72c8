"""`meshctl policy set` and `show`: rules from options, and rules in words."""

from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from mesh.cli.arguments.naming import did_from
from mesh.cli.arguments.session import found_mesh, make_output, open_mesh
from mesh.cli.arguments.values import one_of
from mesh.cli.output.formats import Column, field
from mesh.cli.policies.rule_names import RULES
from mesh.cli.policies.rule_text import RuleTextError, rule_from_text, rule_to_text
from mesh.core.records.settlement import usage_name
from mesh.embedded.commands.treasury import set_policy
from mesh.queries.accounts.balances import policies
from runtime.content.shapes import ShapeError
from runtime.content.typed import to_value
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.policy import AllowAll, PermitList, Quota, RateLimit, Rule
from runtime.tokens.token import ResourceType

_COLUMNS = (
    Column(title="Resource", text=field("resource_type"), width=12),
    Column(title="Scope", text=lambda row: row["scope"] or "-", width=8),
    Column(title="Rule", text=field("text"), width=30),
    Column(title="Committed", text=field("committed"), width=12),
    Column(title="Policy", text=field("policy")),
)


class Choice(Struct, frozen=True, kw_only=True):
    """The options of `policy set` as they were typed."""

    rule: str
    resource_type: str
    scope: str
    limit: int | None
    amount: int | None
    per_seconds: int | None
    burst: int | None
    dids: tuple[str, ...]


def run_set(choice: Choice, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `policy set`."""
    out = make_output(home, output, quiet=quiet)
    kind = one_of(ResourceType, choice.resource_type, "--type")
    rule = _written(choice) if _is_written(choice.rule) else _chosen(choice)
    try:
        to_value(rule)
    except ShapeError as error:
        raise _malformed(str(error)) from None
    with found_mesh(home) as mesh:
        cid = set_policy(mesh, kind, rule, choice.scope)
    out.record(
        {
            "policy": str(cid),
            "resource_type": kind.value,
            "scope": choice.scope,
            "text": rule_to_text(rule),
        },
        lines=[f"{usage_name(kind, choice.scope)}: {rule_to_text(rule)}", f"Policy: {cid}"],
        quiet=str(cid),
    )


_OPTIONS: Final = {
    "allow-all": (),
    "quota": ("--limit",),
    "rate-limit": ("--amount", "--per-seconds", "--burst"),
    "permit-list": ("--did",),
}


def _is_written(rule: str) -> bool:
    """Whether a rule is given as a text rather than by the name of its kind."""
    return rule not in RULES and (not rule.replace("-", "").isalpha() or rule == "nobody")


def _written(choice: Choice) -> Rule:
    """The rule of a text, which no option adds to."""
    if unused := _given(choice):
        raise _malformed(f"a rule in words takes no options, not {', '.join(unused)}")
    try:
        return rule_from_text(choice.rule)
    except RuleTextError as error:
        raise _malformed(f"{error}") from None


def _given(choice: Choice) -> list[str]:
    given = {
        "--limit": choice.limit,
        "--amount": choice.amount,
        "--per-seconds": choice.per_seconds,
        "--burst": choice.burst,
        "--did": choice.dids or None,
    }
    return [option for option, value in given.items() if value is not None]


def _refuse_unused(choice: Choice) -> None:
    """An option that the rule does not know was meant for another rule."""
    known = _OPTIONS.get(choice.rule)
    if known is None:
        return
    unused = [option for option in _given(choice) if option not in known]
    if unused:
        takes = f"takes {', '.join(known)}" if known else "takes no options"
        raise _malformed(f"the rule {choice.rule} {takes}, not {', '.join(unused)}")


def _chosen(choice: Choice) -> Rule:
    """The rule of a kind and its options."""
    _refuse_unused(choice)
    match choice.rule:
        case "allow-all":
            return AllowAll()
        case "quota":
            return Quota(limit=_needed("--limit", choice.limit))
        case "rate-limit":
            try:
                return RateLimit(
                    amount=_needed("--amount", choice.amount),
                    per_seconds=_needed("--per-seconds", choice.per_seconds),
                    burst=_needed("--burst", choice.burst or choice.amount),
                )
            except ValueError as error:
                raise _malformed(str(error)) from None
        case "permit-list":
            return PermitList(dids=tuple(did_from(text, "--did") for text in choice.dids))
        case other:
            from ccl.abi.text.suggest import nearest_beginning

            close = nearest_beginning(other, RULES)
            raise CommandError(
                ExitCode.USAGE,
                "unknown-word",
                f"'{other}' is not a rule",
                hint=(f"did you mean {close}? " if close else "")
                + f"the rules are {', '.join(RULES)}",
            )


def _needed(option: str, value: int | None) -> int:
    if value is None:
        raise _malformed(f"{option} is missing")
    return value


def _malformed(reason: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE, "policy-malformed", reason, hint="meshctl policy set --help"
    )


def run_show(*, output: str | None, quiet: bool, home: Path | None) -> None:
    """Carry out `policy show`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh, mesh.read() as reader:
        found = policies(reader)
    rows: list[dict[str, Any]] = [
        {
            "resource_type": kind.value,
            "scope": scope,
            "kind": type(each.policy.body.rule).__name__,
            "rule": to_value(each.policy.body.rule),
            "text": rule_to_text(each.policy.body.rule),
            "committed": each.committed,
            "policy": str(each.policy.cid),
        }
        for (kind, scope), each in sorted(found.items(), key=lambda item: usage_name(*item[0]))
    ]
    out.rows(
        "policies",
        rows,
        _COLUMNS,
        quiet="policy",
        empty="No policy is set: everyone may spend what they have",
    )
