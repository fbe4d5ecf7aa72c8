"""The audit of histories: each event against its record, each job against its history.

Rule: the records come first, then the history, then the row of the job; a history with a gap, or
with an event whose record is lost, is not guessed.
"""

from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from mesh.actors.stores import DeliveryTransaction
from mesh.actors.submitter.journal import due_at_of, summary_of
from mesh.actors.submitter.rows import (
    HISTORY,
    JOBS,
    SUMMARIES,
    TIMERS,
    EventRow,
    JobRow,
    TimerRow,
)
from mesh.core.fields import JobId
from mesh.core.jobs.events import Stored
from mesh.core.jobs.job import Job, Phase
from mesh.core.jobs.step import step
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid
from mesh.core.verification.inputs import inputs_of
from mesh.queries.audit.compare import compare, differing, extra, undecided
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore
from mesh.queries.audit.submitter.events import LostRecord, true_event
from runtime.content.cid import Cid


class Histories:
    """The histories of a submitter, as far as they are sound. jobs: what they make."""

    def __init__(self, store: ActorStore) -> None:
        self.store = store
        self.events: dict[JobId, list[Stored]] = {}
        self.jobs: dict[JobId, Job] = {}
        self.unsound: set[JobId] = set()
        rows: dict[JobId, list[EventRow]] = {}
        for row in store.rows(HISTORY):
            rows.setdefault(row.job_id, []).append(row)
        self.findings = [
            finding for job_id, found in rows.items() for finding in self._read(job_id, found)
        ]

    def _read(self, job_id: JobId, rows: list[EventRow]) -> Iterator[Finding]:
        """One history, with its events as their records have them."""
        job: Job | None = None
        true: list[Stored] = []
        for number, row in enumerate(rows, 1):
            yield from self._numbered(row, number)
            stored = replace(row.stored, number=number)
            if true and stored.at < true[-1].at:
                self.unsound.add(job_id)
                text = f"{_name(row)}: it is dated before the one that it follows"
                yield undecided(self.store, HISTORY, row, text, Kind.HISTORY)
            try:
                event = true_event(self.store, stored, job)
            except (LostRecord, ValueError) as error:
                self.unsound.add(job_id)
                kind = Kind.RECORD_MISSING if isinstance(error, LostRecord) else Kind.RECORD_UNFIT
                yield undecided(self.store, HISTORY, row, f"{_name(row)}: {error}", kind)
                return
            if event != stored.event:
                derived = replace(row, stored=replace(row.stored, event=event))
                yield differing(self.store, HISTORY, row, derived, _name(row))
            true.append(replace(stored, event=event))
            after = step(job, event, stored.at)
            if not isinstance(after, Job):
                self.unsound.add(job_id)
                text = f"{_name(row)}: {after.value}"
                yield undecided(self.store, HISTORY, row, text, Kind.HISTORY)
                return
            job = after
        assert job is not None, "a history has an event"
        if job.job_id != job_id:
            self.unsound.add(job_id)
            text = f"job {job_id}: its history is of job {job.job_id}"
            yield undecided(self.store, HISTORY, rows[0], text, Kind.HISTORY)
        self.events[job_id], self.jobs[job_id] = true, job

    def _numbered(self, row: EventRow, number: int) -> Iterator[Finding]:
        """The number is in the key and in the event: either may be wrong."""
        if row.number == number and row.stored.number == number:
            return
        if row.number == number:
            derived = replace(row, stored=replace(row.stored, number=number))
            yield differing(self.store, HISTORY, row, derived, _name(row))
        elif row.stored.number == number:
            wrong = extra(self.store, HISTORY, row, _name(row))
            derived = replace(row, number=number)
            yield Finding(
                kind=Kind.HISTORY,
                actor=wrong.actor,
                subject=wrong.subject,
                text=f"{_name(row)}: expected number {number}",
                mend=partial(_renumber, row, derived),
            )
        else:
            self.unsound.add(row.job_id)
            text = f"job {row.job_id}: event {number} is missing in its history"
            yield undecided(self.store, HISTORY, row, text, Kind.HISTORY)


def _renumber(row: EventRow, derived: EventRow, tx: DeliveryTransaction) -> None:
    tx.rows(HISTORY).delete(row.job_id, row.number)
    tx.rows(HISTORY).put(derived)


def _name(row: EventRow) -> str:
    return f"job {row.job_id}: event {row.number} ({type(row.stored.event).__name__})"


def check_jobs(histories: Histories) -> Iterator[Finding]:
    """The row of each job is what its history makes."""
    store = histories.store
    expected = []
    for job_id, job in histories.jobs.items():
        manifest = store.get(JobManifest, job.manifest)
        if job_id in histories.unsound or manifest is None:
            continue
        stored = store.row(JOBS, job_id)
        if stored is not None and _is_cut(stored.job, job):
            histories.unsound.add(job_id)
            text = (
                f"job {job_id}: its stored state is of {stored.job.revision} events, its history "
                f"has {job.revision}"
            )
            yield undecided(store, JOBS, stored, text, Kind.HISTORY)
            continue
        expected.append(_row(store, job, manifest.body, stored))
    unsound = [row for row in store.rows(JOBS) if row.job_id in histories.unsound]
    lost = {row.job_id for row in store.rows(JOBS)} - histories.jobs.keys() - histories.unsound
    for row in store.rows(JOBS):
        if row.job_id in lost:
            text = f"job {row.job_id}: it has no history"
            yield undecided(store, JOBS, row, text, Kind.HISTORY)
            unsound.append(row)
    yield from compare(store, JOBS, (*expected, *unsound), lambda row: f"job {row.job_id}")
    yield from _check_summaries(store, expected, unsound)
    yield from _check_timers(histories)


def _check_summaries(
    store: ActorStore, sound: list[JobRow], unsound: list[JobRow]
) -> Iterator[Finding]:
    """Each job as lists show it; what a lost record would say is taken from the list."""
    listed = {row.job_id: row for row in store.rows(SUMMARIES)}
    expected = [listed[row.job_id] for row in unsound if row.job_id in listed]
    for row in sound:
        known = listed.get(row.job_id)
        bid = store.get(Bid, row.job.bid)
        price = None if known is None else known.price
        outcome = None if known is None or row.job.result is None else known.outcome
        result = None if row.job.result is None else store.result(row.job.result.deterministic)
        expected.append(
            summary_of(
                row.job,
                row.description,
                price=price if bid is None else bid.body.price,
                outcome=outcome if result is None else result.outcome.kind,
            )
        )
    yield from compare(store, SUMMARIES, expected, lambda row: f"job {row.job_id} in lists")


def _is_cut(stored: Job, replayed: Job) -> bool:
    """Whether the row knows of more events than the history has."""
    if stored.revision <= replayed.revision:
        return False
    return replace(stored, revision=replayed.revision) != replayed


def _row(store: ActorStore, job: Job, manifest: JobManifest, stored: JobRow | None) -> JobRow:
    missing = None if stored is None else stored.missing
    if missing is not None and missing not in _lacking(store, job, manifest):
        missing = None
    return JobRow(
        job_id=job.job_id,
        phase=job.phase,
        created_at=job.created_at,
        changed_at=job.changed_at,
        description=manifest.description,
        manifest=job.manifest,
        cause=job.cause,
        hold=job.hold,
        receipt=job.receipt,
        missing=missing,
        job=job,
    )


def _lacking(store: ActorStore, job: Job, manifest: JobManifest) -> tuple[Cid, ...]:
    """The blocks that a job may be waiting for."""
    if job.phase is not Phase.SUBMITTED:
        return ()
    return inputs_of(store.blocks, manifest.module, None, manifest.input).lacking


def _check_timers(histories: Histories) -> Iterator[Finding]:
    """When time decides something about a job; the clock of asking is in no record."""
    store = histories.store
    stored = {row.job_id: row for row in store.rows(TIMERS)}
    expected = [row for row in stored.values() if row.job_id in histories.unsound]
    for job_id, job in histories.jobs.items():
        row = stored.get(job_id)
        if job_id in histories.unsound:
            continue
        is_bidding = job.phase is Phase.SUBMITTED and job.award is None and job.cancel is None
        timer = TimerRow(job_id=job_id, due_at=due_at_of(job))
        if row is not None:
            ask_at = row.ask_at if is_bidding else None
            retry_at = None if job.retry_at is None else row.retry_at
            boot = "" if ask_at is None and retry_at is None else row.boot
            timer = replace(timer, ask_at=ask_at, retry_at=retry_at, boot=boot)
        if timer.waits:
            expected.append(timer)
    yield from compare(store, TIMERS, expected, lambda row: f"deadline of job {row.job_id}")
