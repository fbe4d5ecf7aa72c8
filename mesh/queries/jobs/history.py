"""The history of a job: each event with its time, its signer and the record that proves it."""

import re
from typing import Final

from msgspec import Struct

from mesh.actors.submitter.rows import HISTORY
from mesh.core.fields import JobId
from mesh.core.jobs.events import Event, proof_of, signer_of
from mesh.queries.jobs.view import find_job_row
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.did import Did

_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")
_SHOWN: Final = ("node_id", "attempt", "round", "ground", "code", "reason", "transfer")
_MEMBERS: Final = ("nodes", "verifiers")
_JOBS: Final = "children"


class EventView(Struct, frozen=True, kw_only=True):
    """One event. at: Unix seconds. what: its name in words; detail: its other fields, by name,
    members by theirs.

    signer: of `record`, by name where it is a member; None for the submitter's own decision.
    """

    number: int
    at: int
    what: str
    signer: str | None
    signer_did: Did | None
    record: Cid | None
    detail: dict[str, str]


def history_of(reader: Reader, job_id: JobId) -> tuple[EventView, ...]:
    """All events of a job, the first one first. Raises CommandError `unknown-job`."""
    find_job_row(reader, job_id)
    return tuple(
        _view(reader, row.stored.number, row.stored.at, row.stored.event)
        for row in reader.rows(HISTORY).select(job_id=job_id)
    )


def _view(reader: Reader, number: int, at: int, event: Event) -> EventView:
    signer = signer_of(event)
    return EventView(
        number=number,
        at=at,
        what=_WORD.sub(" ", type(event).__name__).lower(),
        signer=None if signer is None else reader.members.name(signer),
        signer_did=signer,
        record=proof_of(event),
        detail=_detail(reader, event),
    )


def _detail(reader: Reader, event: Event) -> dict[str, str]:
    found = {
        name: str(getattr(value, "value", value))
        for name in _SHOWN
        if (value := getattr(event, name, None)) not in (None, "")
    }
    for name in _MEMBERS:
        members = getattr(event, name, None)
        if isinstance(members, tuple):
            found[name] = ", ".join(map(reader.members.name, members))
    if children := getattr(event, _JOBS, ()):
        found[_JOBS] = ", ".join(children)
    return found
