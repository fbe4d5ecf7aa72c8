"""The submitter's jobs and their histories: the one way in which a job changes.

Rule: event, job and timer are written together; the rules are `mesh.core.jobs.step`'s.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import BaseActor
from mesh.actors.submitter.rows import (
    HISTORY,
    JOBS,
    STATEMENTS,
    SUMMARIES,
    TIMERS,
    EventRow,
    JobRow,
    SummaryRow,
    TimerRow,
)
from mesh.core.fields import JobId
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Event, Stored
from mesh.core.jobs.job import BIDS_MAX, Job, Phase, StepRefusal, ask_again_at
from mesh.core.jobs.step import step
from mesh.core.ports.blocks import BlockReader
from mesh.core.records.archive import Archive
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid
from mesh.core.settlement.check import OrderedWork
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.context import Context, Limits
from runtime.execution.execution import OutcomeKind
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed


class Settings(Struct, frozen=True, kw_only=True):
    """What an operator sets for the jobs of a submitter.

    bid_window_seconds: how long a job collects bids; job_seconds: after so long a job that nobody
    was awarded expires. presence_seconds: how old a profile may be, None where presence does not
    count. allowed: what an execution may use besides fuel and memory. The others are the most
    that a job may have.
    """

    bid_window_seconds: int
    job_seconds: int
    presence_seconds: int | None
    allowed: Limits
    module_bytes: int
    memory_bytes: int
    description_bytes: int
    token_chain: int
    bids_per_job: int = BIDS_MAX


class JobBook(BaseActor):
    """A submitter's key and settings, and its jobs."""

    def __init__(
        self,
        *,
        key: SigningKey,
        archive: Archive,
        entropy: Callable[[int], bytes],
        settings: Settings,
    ) -> None:
        super().__init__(key=key, archive=archive, entropy=entropy)
        self.settings = settings
        self.orders: dict[Cid, OrderedWork] = {}

    # --- jobs

    def job(self, tx: ActorTransaction, job_id: JobId) -> Job | None:
        row = tx.rows(JOBS).get(job_id)
        return None if row is None else row.job

    def job_of(self, tx: ActorTransaction, manifest: Cid) -> Job | None:
        """The job of a manifest's CID."""
        found = tx.rows(JOBS).select(manifest=manifest, limit=1)
        return found[0].job if found else None

    def manifest(self, tx: ActorTransaction, job: Job) -> Signed[JobManifest]:
        return self.archive.get(tx.blocks, JobManifest, job.manifest)

    def record(
        self, tx: ActorTransaction, job_id: JobId, event: Event, now: Now
    ) -> Job | StepRefusal:
        """Record one event, or say why not. After a refusal nothing has been written."""
        rows = tx.rows(JOBS)
        row = rows.get(job_id)
        before = None if row is None else row.job
        at = now.wall if before is None else self.time_of(before, now)
        job = step(before, event, at)
        if isinstance(job, StepRefusal):
            return job
        stored = Stored(number=job.revision, at=at, event=event)
        tx.rows(HISTORY).put(EventRow(job_id=job_id, number=job.revision, stored=stored))
        if row is None:
            manifest = self.archive.get(tx.blocks, JobManifest, job.manifest).body
            row = _new_row(job, manifest.description)
        rows.put(
            replace(
                row,
                phase=job.phase,
                changed_at=job.changed_at,
                hold=job.hold,
                receipt=job.receipt,
                missing=row.missing if job.phase is Phase.SUBMITTED else None,
                job=job,
            )
        )
        if before is None or _listed(before) != _listed(job):
            self.summarize(tx, job, row.description)
        self._set_timer(tx, job, now)
        return job

    @staticmethod
    def time_of(job: Job, now: Now) -> int:
        """When an event of a job is, in Unix seconds: never before the one before it."""
        return max(job.changed_at, now.wall)

    def summarize(self, tx: ActorTransaction, job: Job, description: str) -> None:
        """Write down how lists show a job, by its records that are here."""
        bid = None if job.bid is None else self.archive.find(tx.blocks, Bid, job.bid)
        block = None if job.result is None else tx.blocks.get(job.result.deterministic)
        tx.rows(SUMMARIES).put(
            summary_of(
                job,
                description,
                price=None if bid is None else bid.body.price,
                outcome=None if block is None else read_result(block).outcome.kind,
            )
        )

    def must_record(self, tx: ActorTransaction, job: Job, event: Event, now: Now) -> Job:
        """Record an event that the caller has made sure of."""
        after = self.record(tx, job.job_id, event, now)
        assert isinstance(after, Job), f"{type(event).__name__}: {after}"
        return after

    def note_missing(self, tx: ActorTransaction, job: Job, missing: Cid | None) -> None:
        rows = tx.rows(JOBS)
        row = rows.get(job.job_id)
        assert row is not None, "the job is here"
        if row.missing != missing:
            rows.put(replace(row, missing=missing))

    # --- timers

    def ask_later(self, tx: ActorTransaction, job: Job, now: Now, milliseconds: int | None) -> None:
        """Look at the job's bids after so long; None: only when something arrives."""
        at = None if milliseconds is None else now.after(milliseconds)
        timer = self._timer(tx, job.job_id, now)
        self._put_timer(tx, replace(timer, due_at=due_at_of(job), ask_at=at))

    def retry_later(self, tx: ActorTransaction, job: Job, now: Now, seconds: int) -> None:
        """Ask for an award again that was refused, after so long."""
        timer = self._timer(tx, job.job_id, now)
        self._put_timer(tx, replace(timer, retry_at=now.after(1000 * seconds)))

    def postpone(self, tx: ActorTransaction, job_id: JobId, now: Now, seconds: int) -> None:
        """Let time decide nothing about a job for so long."""
        timer = self._timer(tx, job_id, now)
        later = replace(timer, due_at=now.wall + seconds, ask_at=None, retry_at=None)
        self._put_timer(tx, later)

    def asks_at(self, tx: ActorTransaction, job: Job, now: Now) -> int | None:
        """When further nodes are asked, in milliseconds of this boot."""
        return self._timer(tx, job.job_id, now).ask_at

    def is_retry_due(self, tx: ActorTransaction, job: Job, now: Now) -> bool:
        """Whether an award that was refused is asked for again."""
        if job.retry_at is None:
            return False
        at = self._timer(tx, job.job_id, now).retry_at
        return now.wall >= job.retry_at or (at is not None and now.monotonic >= at)

    def _set_timer(self, tx: ActorTransaction, job: Job, now: Now) -> None:
        timer = self._timer(tx, job.job_id, now)
        is_bidding = job.phase is Phase.SUBMITTED and job.award is None and job.cancel is None
        self._put_timer(
            tx,
            replace(
                timer,
                due_at=due_at_of(job),
                ask_at=timer.ask_at if is_bidding else None,
                retry_at=None if job.retry_at is None else timer.retry_at,
            ),
        )

    def _timer(self, tx: ActorTransaction, job_id: JobId, now: Now) -> TimerRow:
        """The job's timer by the clock of this boot; what one before it waited for is due."""
        row = tx.rows(TIMERS).get(job_id)
        if row is None:
            return TimerRow(job_id=job_id, boot=now.boot)
        if row.boot == now.boot:
            return row
        return replace(
            row,
            ask_at=None if row.ask_at is None else now.monotonic,
            retry_at=None if row.retry_at is None else now.monotonic,
            boot=now.boot,
        )

    def _put_timer(self, tx: ActorTransaction, timer: TimerRow) -> None:
        rows = tx.rows(TIMERS)
        before = rows.get(timer.job_id)
        if timer.ask_at is None and timer.retry_at is None:
            timer = replace(timer, boot="")
        if not timer.waits:
            if before is not None:
                rows.delete(timer.job_id)
        elif timer != before:
            rows.put(timer)

    # --- issuers

    def newest_statement(self, tx: ActorTransaction, issuer: Did) -> tuple[Cid, ...]:
        """What goes with each request to an issuer: its newest Statement that is here, by which it
        learns that its store is an old copy."""
        row = tx.rows(STATEMENTS).get(issuer)
        return () if row is None else (row.statement,)

    # --- contexts

    def put_context(self, tx: ActorTransaction, context: Context) -> Cid:
        """Store a context's block; its CID."""
        data = context.to_block()
        cid = cid_of(data, Codec.DAG_CBOR)
        tx.blocks.put(cid, data)
        return cid

    def context(self, blocks: BlockReader, cid: Cid) -> Context | None:
        """A stored context, None where it is not here or none."""
        data = blocks.get(cid)
        try:
            return None if data is None else Context.from_block(data)
        except CodecError:
            return None


def _new_row(job: Job, description: str) -> JobRow:
    return JobRow(
        job_id=job.job_id,
        phase=job.phase,
        created_at=job.created_at,
        changed_at=job.changed_at,
        description=description,
        manifest=job.manifest,
        cause=job.cause,
        hold=None,
        receipt=None,
        missing=None,
        job=job,
    )


def summary_of(
    job: Job, description: str, *, price: int | None, outcome: OutcomeKind | None
) -> SummaryRow:
    """How lists show a job. price: of the bid that was awarded, which is the hold's."""
    is_held = job.hold is not None
    return SummaryRow(
        job_id=job.job_id,
        phase=job.phase,
        created_at=job.created_at,
        changed_at=job.changed_at,
        description=description,
        node_id=job.node_id if is_held else None,
        price=price if is_held else None,
        outcome=outcome,
        receipt=job.receipt,
        reason=job.reason,
    )


def _listed(job: Job) -> tuple[object, ...]:
    """What lists show of a job."""
    return (job.phase, job.changed_at, job.hold, job.receipt, job.reason)


def due_at_of(job: Job) -> int | None:
    """When time decides something about a job that waits, in Unix seconds."""
    if job.phase not in (Phase.CREATED, Phase.SUBMITTED) or job.award is not None:
        return None
    found = [job.expires_at]
    if job.bids:
        found.append(max(bid.expires_at or 0 for bid in job.bids))
    elif job.asked and len(job.declines) == len(job.asked):
        found.append(ask_again_at(job))
    if job.retry_at is not None and job.auto_award:
        found.append(job.retry_at)
    return min(found)


def created(manifest: Signed[JobManifest]) -> ev.JobCreated:
    """The first event of a job."""
    body = manifest.body
    return ev.JobCreated(
        manifest=manifest.cid,
        signer=manifest.signer,
        bid_deadline=body.bid_deadline,
        expires_at=body.expires_at,
        quorum=body.trust.quorum,
        verifiers=body.trust.verifiers,
        priority=body.priority,
        cause=None if body.parent is None else body.parent.cause,
        job_id=body.job_id,
    )
