"""The audit of settlements: every hold that has ended was closed by one record of its issuer.

Rule: what an event says of a hold must be what the settlement it names says of that hold; a
record that cannot be read is told by the inventory, not here.
"""

from collections.abc import Iterable, Iterator

from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.events import Event, Stored
from mesh.job import Job
from mesh.local.archive import Archive
from mesh.records import Award, Hold, HoldEnd, Settlement
from mesh.settlement import check_settlement
from runtime.content.cid import Cid
from runtime.terminal.errors import CommandError


def settlements(
    tx: SqliteTransaction, archive: Archive, job: Job, history: Iterable[Stored]
) -> Iterator[str]:
    """What does not fit between the holds of a job's attempts and their settlements."""
    award: Cid | None = None
    receipt: Cid | None = None
    for stored in history:
        match stored.event:
            case ev.JobAwarded():
                award, receipt = stored.event.award, None
            case ev.ReceiptAccepted():
                receipt = stored.event.receipt
            case _:
                end = _end_of(stored.event)
                if end is None or award is None:
                    continue
                for fault in _ended(tx, archive, job, award, receipt, end):
                    yield f"job {job.key.job_id}: event {stored.number}: {fault}"
                award = None


def _end_of(event: Event) -> tuple[HoldEnd, Cid | None] | None:
    """What an event makes of a hold and the record that proves it; None if it keeps it."""
    match event:
        case ev.QuorumConfirmed():
            return HoldEnd.POSTED, event.settlement
        case (
            ev.AttemptLost()
            | ev.LastAttemptLost()
            | ev.ModuleNotCompiled()
            | ev.QuorumRefuted()
            | ev.QuorumMissed()
            | ev.JobCancelled()
        ):
            return HoldEnd.VOIDED, event.settlement
        case _:
            return None


def _ended(
    tx: SqliteTransaction,
    archive: Archive,
    job: Job,
    award: Cid,
    receipt: Cid | None,
    end: tuple[HoldEnd, Cid | None],
) -> Iterator[str]:
    became, cid = end
    if cid is None:
        yield f"the hold of award {award} ended without a settlement"
        return
    try:
        hold = archive.get(tx, Hold, archive.get(tx, Award, award).body.hold)
        settlement = archive.get(tx, Settlement, cid)
    except CommandError:
        # A block that is missing or damaged is a finding of the audit by itself.
        return
    for finding in check_settlement(
        settlement, job=job.manifest, hold=hold, end=became, receipt=receipt
    ):
        yield str(finding)
