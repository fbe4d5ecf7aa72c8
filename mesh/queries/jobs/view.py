"""A job as people and programs look at it: everything known about it, in plain fields."""

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.rows import JOBS, JobRow
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.job import FINAL, Job, Phase, count, verdict_of
from mesh.core.market.ranking import BidRefusal, bid_refusal, rank
from mesh.core.market.reputation import Reputation
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid, Decline
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Hold, Receipt
from mesh.core.verification.inputs import inputs_of
from mesh.core.verification.verdicts import Verdict
from mesh.queries.jobs.candidates import candidates_of
from mesh.queries.jobs.waiting import awaits_award
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.execution.execution import Deterministic, Metrics
from runtime.identity.signed import Signed
from runtime.module.backtrace import backtrace_places, calls_to
from runtime.terminal.errors import CommandError, ExitCode


class BidView(Struct, frozen=True, kw_only=True):
    """One bid. score_ppm: None if it cannot be awarded, which refusal says why. is_expired: now, by
    the clock."""

    node_id: NodeId
    price: int
    units: int
    estimated_seconds: int
    reputation: Reputation
    location: str
    expires_at: int
    is_expired: bool
    score_ppm: int | None
    refusal: BidRefusal | None


class DeclineView(Struct, frozen=True, kw_only=True):
    node_id: NodeId
    reason: str
    detail: str


class AwardView(Struct, frozen=True, kw_only=True):
    """The present or last hold. ends_at: Unix seconds, the latest end of the attempt."""

    node_id: NodeId
    price: int
    attempt: int
    fuel_limit: int
    ends_at: int


class AttestationView(Struct, frozen=True, kw_only=True):
    """verdict: None before there is a receipt to compare with, and where another engine gave it."""

    verifier: str
    verdict: Verdict | None
    cid: Cid


class JobView(Struct, frozen=True, kw_only=True):
    """A job with what its records say. missing: blocks without which it cannot run. awaits_award:
    its submitter awards a bid at a time that it has noted.

    not_applied: why the program's effects were not carried out, empty where they were.
    """

    job_id: JobId
    manifest: Signed[JobManifest]
    phase: Phase
    submitted_at: int
    changed_at: int
    reason: str
    missing: tuple[Cid, ...]
    awaits_issuer: bool
    awaits_award: bool
    bids: tuple[BidView, ...]
    declines: tuple[DeclineView, ...]
    award: AwardView | None
    receipt: Cid | None
    anchor: Cid | None
    attestations: tuple[AttestationView, ...]
    drawn: int
    confirmed: int
    deterministic: Deterministic | None
    metrics: Metrics | None
    settlement: Signed[Settlement] | None
    not_applied: tuple[str, ...]
    trace: tuple[str, ...] = ()
    """The places from a trap outwards, by the executor's account; of one job that is looked at."""

    @property
    def output(self) -> Cid | None:
        """The output block that the receipt names."""
        return None if self.deterministic is None else self.deterministic.output

    @property
    def is_final(self) -> bool:
        return self.phase in FINAL

    @property
    def paid(self) -> int:
        """Units paid by the last settlement."""
        payments = () if self.settlement is None else self.settlement.body.payments
        return sum(each.amount for each in payments)


def find_job_row(reader: Reader, job_id: JobId) -> JobRow:
    """Raises CommandError `unknown-job`."""
    row = reader.rows(JOBS).get(job_id)
    if row is None:
        raise unknown_job(job_id)
    return row


def unknown_job(job_id: JobId) -> CommandError:
    """The error of a job that the submitter does not have."""
    return CommandError(
        ExitCode.NOT_FOUND,
        "unknown-job",
        f"there is no job '{job_id}'",
        hint="meshctl list-jobs",
    )


def job_view(reader: Reader, row: JobRow) -> JobView:
    """Look at one job. Raises CommandError `block-…`, `record-invalid`."""
    job = row.job
    manifest = reader.record(JobManifest, job.manifest)
    receipt = None if job.receipt is None else reader.record(Receipt, job.receipt).body
    is_waiting = job.phase is Phase.SUBMITTED and job.award is None
    effects = job.effects
    return JobView(
        job_id=job.job_id,
        manifest=manifest,
        phase=job.phase,
        submitted_at=job.created_at,
        changed_at=job.changed_at,
        reason=job.reason,
        missing=_missing(reader, manifest.body) if is_waiting else (),
        awaits_issuer=job.awaits_issuer,
        awaits_award=awaits_award(reader, job),
        bids=_bids(reader, job, manifest),
        declines=_declines(reader, job),
        award=_award(reader, job),
        receipt=job.receipt,
        anchor=job.anchor,
        attestations=tuple(
            AttestationView(
                verifier=reader.members.name(vote.verifier),
                verdict=verdict_of(vote, job.result),
                cid=vote.attestation,
            )
            for vote in job.votes
        ),
        drawn=len(job.drawn),
        confirmed=count(job, Verdict.CONFIRMED),
        deterministic=None if receipt is None else reader.result(receipt.deterministic),
        metrics=None if receipt is None else receipt.metrics,
        settlement=(None if job.settlement is None else reader.record(Settlement, job.settlement)),
        not_applied=(effects.reason,) if effects is not None and effects.reason else (),
    )


def with_trace(job: JobView, module: bytes) -> JobView:
    """The job with the places in its source that its frames name; the module names them."""
    if job.deterministic is None or job.metrics is None:
        return job
    calls = calls_to(module, job.metrics.frames)
    return replace(job, trace=backtrace_places(job.deterministic.outcome, calls))


def has_frames(job: JobView) -> bool:
    """Whether the executor named the calls that its program was in when it ended."""
    return job.deterministic is not None and job.metrics is not None and bool(job.metrics.frames)


def _missing(reader: Reader, manifest: JobManifest) -> tuple[Cid, ...]:
    """The blocks of module and input without which nobody can execute it."""
    return inputs_of(reader.blocks, manifest.module, None, manifest.input).lacking


def _bids(reader: Reader, job: Job, manifest: Signed[JobManifest]) -> tuple[BidView, ...]:
    """Best first while they can be awarded; the others after them, by price."""
    found = candidates_of(reader, job)
    issuers, now = (reader.issuer,), reader.now
    ranked = rank(found, manifest, issuers=issuers, now=now)
    scores = {each.candidate.bid.cid: each.score_ppm for each in ranked}
    views = [
        BidView(
            node_id=bid.body.node_id,
            price=bid.body.price,
            units=bid.body.units,
            estimated_seconds=bid.body.estimated_seconds,
            reputation=reputation_of(reader, bid.signer),
            location=bid.body.location,
            expires_at=bid.body.expires_at,
            is_expired=now >= bid.body.expires_at,
            score_ppm=scores.get(bid.cid),
            refusal=None
            if bid.cid in scores
            else bid_refusal(each, manifest, issuers=issuers, now=now),
        )
        for each in found
        for bid in (each.bid,)
    ]
    return tuple(sorted(views, key=lambda bid: (-(bid.score_ppm or 0), bid.price, bid.node_id)))


def _declines(reader: Reader, job: Job) -> tuple[DeclineView, ...]:
    bodies = (reader.record(Decline, offer.record).body for offer in job.declines)
    return tuple(
        DeclineView(node_id=body.node_id, reason=body.reason.value, detail=body.detail)
        for body in bodies
    )


def _award(reader: Reader, job: Job) -> AwardView | None:
    if job.hold is None:
        return None
    hold = reader.record(Hold, job.hold).body
    bid = reader.record(Bid, hold.bid).body
    return AwardView(
        node_id=bid.node_id,
        price=hold.amount,
        attempt=hold.attempt,
        fuel_limit=reader.record(Award, hold.award).body.fuel_limit,
        ends_at=hold.issued_at + hold.max_seconds,
    )
