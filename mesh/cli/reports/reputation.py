"""`meshctl reputation`: a score, and the settlements that it is counted from."""

from pathlib import Path
from typing import Any, Final

from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.output.describing import local_time
from mesh.cli.output.formats import Column, field, table
from mesh.cli.reports.members import find_member
from mesh.core.records.membership import Role
from mesh.queries.nodes.reputation import ReputationView, reputation_view
from runtime.terminal.streams import counted

_EVIDENCE: Final = (
    Column(title="Time", text=lambda row: local_time(row["at"])),
    Column(title="Evidence", text=lambda row: row["kind"].replace("-", " "), width=12),
    Column(title="Price", text=field("price"), width=9),
    Column(title="Settlement", text=field("settlement")),
)
_FAULTS: Final = (
    Column(title="Time", text=lambda row: local_time(row["at"])),
    Column(title="Fault", text=field("record")),
)


def show_reputation(
    text: str, *, evidence: bool, output: str | None, quiet: bool, home: Path | None
) -> None:
    """`reputation`."""
    out = make_output(home, output, quiet=quiet)
    roles = (Role.NODE, Role.VERIFIER)
    with open_mesh(home) as mesh, mesh.read() as reader:
        member = find_member(reader, text, roles=roles, where="meshctl identity show")
        view = reputation_view(reader, member)
    value = _value(view)
    lines = _lines(view, value, evidence=evidence)
    if not evidence:
        value |= {"evidence": None, "faults": None}
    out.record(value, lines=lines, quiet=str(view.reputation.score))


def _value(view: ReputationView) -> dict[str, Any]:
    latest = view.counted_up_to
    return {
        "member": view.name,
        "did": view.member,
        "reputation": view.reputation.score,
        "has_evidence": view.reputation.is_evident,
        "evidence": [
            {
                "kind": each.kind.value,
                "price": each.value,
                "at": each.at,
                "settlement": str(each.settlement),
            }
            for each in view.evidence
        ],
        "faults": [{"record": str(each.fault), "at": each.seen_at} for each in view.faults],
        "counted_up_to": None
        if latest is None
        else {"settlement": str(latest.settlement), "at": latest.at},
    }


def _lines(view: ReputationView, value: dict[str, Any], *, evidence: bool) -> list[str]:
    said = "" if view.reputation.is_evident else " (no evidence)"
    lines = [f"{view.name}: {view.reputation.score}{said}"]
    counts = counted(len(view.evidence), "settlement")
    if view.faults:
        counts += f" and {counted(len(view.faults), 'proved fault')}"
    latest = view.counted_up_to
    if latest is None:
        lines.append("Counted: no settlement was read yet")
    else:
        lines.append(f"Counted: {counts}, up to {latest.settlement} of {local_time(latest.at)}")
    if evidence and view.evidence:
        lines += ["", *table(value["evidence"], _EVIDENCE)]
    if evidence and view.faults:
        lines += ["", *table(value["faults"], _FAULTS)]
    return lines
