"""`meshctl history`: the events of a job, with the records that prove them."""

from pathlib import Path
from typing import Any, Final

from mesh.cli.arguments.naming import find_job
from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.output.describing import local_time
from mesh.cli.output.formats import Column, field, table
from mesh.queries.jobs.history import EventView, history_of

_WORDS: Final = {"node_id": "", "ground": "", "code": "", "reason": "", "children": "jobs "}
"""Words before a detail, where they are not its name."""


def _by(row: Any) -> str:
    return row["signer"] or "-"


def _detail(row: Any) -> str:
    found = (f"{_WORDS.get(name, name + ' ')}{text}" for name, text in row["facts"].items())
    return "; ".join(found) or "-"


_COLUMNS: Final = (
    Column(title="#", text=field("number"), width=5),
    Column(title="Time", text=lambda row: local_time(row["at"])),
    Column(title="Event", text=lambda row: row["event"].replace("-", " ")),
    Column(title="Signed by", text=_by),
    Column(title="Record", text=field("record")),
    Column(title="Detail", text=_detail),
)
_SIGNERS: Final = (
    Column(title="Signer", text=field("signer"), width=16),
    Column(title="DID", text=field("did")),
)


def show_history(text: str, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """`history`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh:
        job_id = find_job(mesh, text)
        with mesh.read() as reader:
            rows = [_row(each) for each in history_of(reader, job_id)]
    out.rows("events", rows, _COLUMNS, quiet="event", empty="No events")
    if not (out.for_machines or out.quiet):
        signers = {row["did"]: row for row in rows if row["did"] is not None}
        out.line("")
        for line in table(list(signers.values()), _SIGNERS):
            out.line(line)


def _row(event: EventView) -> dict[str, Any]:
    return {
        "number": event.number,
        "at": event.at,
        "event": event.what.replace(" ", "-"),
        "signer": event.signer,
        "did": event.signer_did,
        "record": None if event.record is None else str(event.record),
        "facts": event.detail,
    }
