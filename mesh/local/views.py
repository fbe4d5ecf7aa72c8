"""A job as people and programs look at it: everything known about it, in plain fields.

Rule: a view is read in one transaction and changes nothing.
"""

from msgspec import Struct
from msgspec.structs import replace

from mesh.adapters.sqlite import SqliteTransaction
from mesh.core.fields import JobId, NodeId
from mesh.job import Job, Phase, count
from mesh.local.archive import how_to_supply
from mesh.local.candidates import candidates
from mesh.local.content import Content
from mesh.local.world import World
from mesh.market import rank
from mesh.records import Attestation, Award, Bid, Decline, JobManifest, Receipt, Settlement, Verdict
from mesh.reputation import Reputation
from runtime.content.cid import Cid
from runtime.execution.execution import Deterministic, Metrics
from runtime.identity.signed import Signed
from runtime.terminal.errors import CommandError, ExitCode


class BidView(Struct, frozen=True, kw_only=True):
    """One bid. score_ppm: None if it cannot be awarded. is_expired: now, by the clock."""

    node_id: NodeId
    price: int
    units: int
    estimated_seconds: int
    reputation: Reputation
    location: str
    expires_at: int
    is_expired: bool
    score_ppm: int | None


class DeclineView(Struct, frozen=True, kw_only=True):
    node_id: NodeId
    reason: str
    detail: str


class AwardView(Struct, frozen=True, kw_only=True):
    node_id: NodeId
    price: int
    attempt: int
    fuel_limit: int
    lease_expires_at: int


class AttestationView(Struct, frozen=True, kw_only=True):
    verifier: str
    verdict: Verdict
    cid: Cid


class JobView(Struct, frozen=True, kw_only=True):
    """A job with what its records say. missing: blocks without which it cannot run."""

    job_id: JobId
    manifest: Signed[JobManifest]
    phase: Phase
    submitted_at: int
    changed_at: int
    reason: str
    missing: tuple[Cid, ...]
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
    trace: tuple[str, ...] = ()
    """The places from a trap outwards, by the executor's account; of one job that is looked at."""

    @property
    def output(self) -> Cid | None:
        """The output block that the receipt names."""
        return None if self.deterministic is None else self.deterministic.output

    @property
    def not_applied(self) -> tuple[str, ...]:
        """Why effects of the program were not applied by the settlement, each reason once.
        Submissions, which wait for the submitter's key, are not meant."""
        if self.settlement is None:
            return ()
        from mesh.effects import NEEDS_SUBMITTER

        reasons = dict.fromkeys(each.reason for each in self.settlement.body.pending)
        return tuple(reason for reason in reasons if reason != NEEDS_SUBMITTER)

    @property
    def is_final(self) -> bool:
        return self.phase in (
            Phase.VERIFIED,
            Phase.FAILED,
            Phase.DISPUTED,
            Phase.CANCELLED,
            Phase.EXPIRED,
        )


class UnreadableJob(Struct, frozen=True, kw_only=True):
    """A job of which a record is missing, or is not what it was."""

    job_id: JobId
    phase: Phase
    problem: CommandError


def view(tx: SqliteTransaction, world: World, content: Content, job: Job, *, now: int) -> JobView:
    """Look at one job."""
    get = world.archive.get
    manifest = get(tx, JobManifest, job.manifest)
    receipt = None if job.receipt is None else get(tx, Receipt, job.receipt).body
    is_waiting = job.phase is Phase.SUBMITTED
    return JobView(
        job_id=job.key.job_id,
        manifest=manifest,
        phase=job.phase,
        submitted_at=job.created_at,
        changed_at=job.changed_at,
        reason=job.reason,
        missing=content.missing(tx, manifest.body) if is_waiting else (),
        bids=_bids(tx, world, job, manifest, now),
        declines=tuple(
            DeclineView(node_id=body.node_id, reason=body.reason.value, detail=body.detail)
            for body in (get(tx, Decline, offer.record).body for offer in job.declines)
        ),
        award=_award(tx, world, job),
        receipt=job.receipt,
        anchor=job.anchor,
        attestations=tuple(
            AttestationView(
                verifier=world.members.name_of(vote.verifier),
                verdict=get(tx, Attestation, vote.attestation).body.verdict,
                cid=vote.attestation,
            )
            for vote in job.votes
        ),
        drawn=len(job.drawn),
        confirmed=count(job, Verdict.CONFIRMED),
        deterministic=None if receipt is None else receipt.deterministic,
        metrics=None if receipt is None else receipt.metrics,
        settlement=None if job.settlement is None else get(tx, Settlement, job.settlement),
    )


def has_frames(job: JobView) -> bool:
    """Whether the executor named the calls that its program was in when it ended."""
    return job.deterministic is not None and job.metrics is not None and bool(job.metrics.frames)


def with_trace(job: JobView, module: bytes) -> JobView:
    """The job with the places in its source that its frames name; the module names them."""
    if job.deterministic is None or job.metrics is None:
        return job
    from runtime.module.backtrace import backtrace_places, calls_to

    calls = calls_to(module, job.metrics.frames)
    return replace(job, trace=backtrace_places(job.deterministic.outcome, calls))


def _bids(
    tx: SqliteTransaction, world: World, job: Job, manifest: Signed[JobManifest], now: int
) -> tuple[BidView, ...]:
    """Best first while they can be awarded; the others after them, by price."""
    found = candidates(tx, world, job)
    scores = {each.candidate.bid.cid: each.score_ppm for each in rank(found, manifest, now)}
    views = [
        BidView(
            node_id=each.bid.body.node_id,
            price=each.bid.body.price,
            units=each.bid.body.units,
            estimated_seconds=each.bid.body.estimated_seconds,
            reputation=each.reputation,
            location=each.bid.body.location,
            expires_at=each.bid.body.expires_at,
            is_expired=now >= each.bid.body.expires_at,
            score_ppm=scores.get(each.bid.cid),
        )
        for each in found
    ]
    return tuple(sorted(views, key=lambda bid: (-(bid.score_ppm or 0), bid.price, bid.node_id)))


def _award(tx: SqliteTransaction, world: World, job: Job) -> AwardView | None:
    if job.award is None:
        return None
    award = world.archive.get(tx, Award, job.award).body
    bid = world.archive.get(tx, Bid, award.bid).body
    return AwardView(
        node_id=bid.node_id,
        price=bid.price,
        attempt=award.attempt,
        fuel_limit=award.fuel_limit,
        lease_expires_at=award.lease_expires_at,
    )


def obstacle(job: JobView, *, needs_award: bool) -> CommandError | None:
    """Why an open job does not go on by itself, or None if it does or has ended.

    needs_award: whether waiting for somebody to accept a bid counts.
    """
    if job.phase is not Phase.SUBMITTED:
        return None
    details: dict[str, object] = {"job_id": job.job_id, "state": job.phase.value}
    if job.missing:
        cid = job.missing[0]
        what = "module" if cid == job.manifest.body.module else "block"
        return CommandError(
            ExitCode.NOT_FOUND,
            "block-missing",
            f"no node holds the {what} {cid} of job {job.job_id}",
            hint=how_to_supply(cid),
            details={**details, "missing": [str(each) for each in job.missing]},
        )
    if not job.bids:
        reasons = [f"{each.node_id}: {each.reason}: {each.detail}" for each in job.declines]
        return CommandError(
            ExitCode.NO_BIDS,
            "no-bids",
            f"no node bids for job {job.job_id}",
            hint=f"meshctl cancel-job {job.job_id}, then submit it again with what the nodes "
            "ask for",
            details={**details, "reasons": reasons},
        )
    if all(bid.is_expired for bid in job.bids):
        return CommandError(
            ExitCode.NO_BIDS,
            "bids-expired",
            f"all {len(job.bids)} bids for job {job.job_id} have expired",
            hint=f"ask the nodes again: meshctl job-status {job.job_id} --wait",
            details=details,
        )
    if all(bid.score_ppm is None for bid in job.bids):
        return CommandError(
            ExitCode.NO_BIDS,
            "no-awardable-bids",
            f"none of the {len(job.bids)} bids for job {job.job_id} can be accepted now",
            hint=f"meshctl cancel-job {job.job_id}, then submit it again, with other trust "
            "requirements if those exclude every node",
            details=details,
        )
    if needs_award:
        return CommandError(
            ExitCode.TIMEOUT,
            "award-missing",
            f"job {job.job_id} waits for a bid to be accepted",
            hint=f"meshctl accept-bid --job-id {job.job_id} --node-id {job.bids[0].node_id}",
            details=details,
        )
    return None
