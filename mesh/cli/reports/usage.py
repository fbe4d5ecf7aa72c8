"""`meshctl usage`: the units of an issuer's books by member, resource, scope and period."""

from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.arguments.values import moment, one_of
from mesh.cli.output.formats import Column, field
from mesh.cli.reports.members import find_member
from mesh.cli.reports.usage_formats import CSV, check_format, say_csv
from mesh.core.records.membership import Role
from mesh.queries.accounts.usage_report import (
    Disagreement,
    Period,
    UsageQuery,
    UsageReport,
    UsageRow,
    usage_report,
)
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import ResourceType

_UNITS: Final = ("issued", "paid", "earned", "received", "sent", "net")
_NAMES: Final = ("period", "member", "did", "resource_type", "scope", *_UNITS)
_COLUMNS: Final = (
    Column(title="Period", text=lambda row: row["period"] or "all", width=12),
    Column(title="Member", text=field("member"), width=16),
    Column(title="Resource", text=field("resource_type"), width=10),
    Column(title="Scope", text=lambda row: row["scope"] or "-", width=8),
    *(Column(title=name.capitalize(), text=field(name), width=10) for name in _UNITS),
)


class Asked(Struct, frozen=True, kw_only=True):
    """The options of `usage` as they were typed."""

    by: str
    member: str | None
    resource_type: str | None
    scope: str | None
    since: str | None


def report_usage(asked: Asked, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """`usage`."""
    check_format(output)
    is_csv = output == CSV
    out = make_output(home, "table" if is_csv else output, quiet=quiet)
    period = one_of(Period, asked.by, "--by")
    kind = asked.resource_type
    resource_type = None if kind is None else one_of(ResourceType, kind, "--type").value
    with open_mesh(home) as mesh, mesh.read() as reader:
        query = UsageQuery(
            period=period,
            member=None
            if asked.member is None
            else find_member(reader, asked.member, roles=Role, where="meshctl identity show"),
            resource_type=resource_type,
            scope=asked.scope,
            since=None if asked.since is None else moment("--since", asked.since, mesh.now),
        )
        report = usage_report(reader, query)
    if report.disagreements:
        raise _disagreeing(report.disagreements)
    rows = [_row(each) for each in report.rows]
    if is_csv:
        say_csv(_NAMES, rows)
        return
    out.rows("usage", rows, _COLUMNS, quiet="net", empty="No usage")
    out.remark(_sentence(report))


def _sentence(report: UsageReport) -> str:
    return f"the sums are the ledger's: {report.accounts} accounts compared, all equal to the unit"


def _row(each: UsageRow) -> dict[str, Any]:
    return {
        "period": each.period,
        "member": each.name,
        "did": each.member,
        "resource_type": each.resource_type,
        "scope": each.scope,
        **{name: getattr(each, name) for name in _UNITS},
    }


def _disagreeing(found: tuple[Disagreement, ...]) -> CommandError:
    reasons = [
        f"{each.owner} has {each.balance} {each.unit} in its {each.kind.value} account, and the "
        f"entries of the ledger add up to {each.counted}"
        for each in found
    ]
    return CommandError(
        ExitCode.VERIFICATION,
        "usage-disagrees",
        f"{len(found)} accounts are not the sum of their entries",
        hint="meshctl doctor",
        details={"reasons": reasons},
    )
