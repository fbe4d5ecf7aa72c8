"""Recording an event: the step, the hold, the work and the evidence in one transaction.

This is the only way a job changes. The rules are `mesh.step`'s and the ledger's; here they
are only put together, over the ports.
"""

from typing import assert_never

from msgspec import Struct

from mesh import events as ev
from mesh.events import Event, JobKey, Stored
from mesh.job import Effect, HoldAction, Job, Phase, StepRefusal, has_quorum
from mesh.ports import Transaction, Work
from mesh.records import Verdict
from mesh.reputation import Evidence
from mesh.step import Step, step
from runtime.content.did import Did
from runtime.tokens.ledger import Refused, decide
from runtime.tokens.transfers import Command, Payment, PlaceHold, PostHold, VoidHold


class Conflict(Struct, frozen=True, kw_only=True):
    """Somebody else changed the job first: it is at `found`, not at the revision expected."""

    expected: int
    found: int


class Recorded(Struct, frozen=True, kw_only=True):
    """The job after the event, and the work that was queued for it."""

    job: Job
    work: tuple[Work, ...]


Refusal = StepRefusal | Refused | Conflict


def record(
    tx: Transaction,
    key: JobKey,
    event: Event,
    now: int,
    *,
    expected: int | None = None,
    hold: PlaceHold | None = None,
) -> Recorded | Refusal:
    """Record one event, or say why not. After a refusal nothing has been written.

    expected: the revision the caller decided on; None takes the present one. hold: what to
    set aside, for the one transition that places a hold (JobAwarded).
    """
    before = tx.jobs.get(key)
    revision = 0 if before is None else before.revision
    if expected is not None and expected != revision:
        return Conflict(expected=expected, found=revision)
    after = step(before, key, event, now)
    if isinstance(after, StepRefusal):
        return after
    if command := _hold_command(tx, before, after, hold):
        change = decide(tx.ledger, command, now)
        if isinstance(change, Refused):
            return change
        tx.ledger.apply(change)
    stored = Stored(number=after.job.revision, at=now, event=event)
    appended = tx.jobs.append(after.job, stored)
    assert appended, "a write transaction sees no other writer"
    work = tuple(_work(after, event))
    for each in work:
        tx.work.put(each)
    if before is not None:
        _drop_stale_work(tx, before, after.job)
        _note_evidence(tx, before, after.job, event)
    return Recorded(job=after.job, work=work)


def _hold_command(
    tx: Transaction, before: Job | None, after: Step, hold: PlaceHold | None
) -> Command | None:
    match after.hold:
        case HoldAction.PLACE:
            assert hold is not None, "an award comes with the hold that pays for it"
            assert hold.id == after.job.hold, "the award names the hold"
            return hold
        case HoldAction.POST:
            assert before is not None and before.hold is not None, "the table keeps the hold"
            placed = tx.ledger.transfer(before.hold)
            assert placed is not None and before.executor is not None, "an award places both"
            paid = Payment(owner=before.executor, amount=placed.amount)
            return PostHold(id=before.hold, payments=(paid,))
        case HoldAction.VOID:
            assert before is not None and before.hold is not None, "the table keeps the hold"
            return VoidHold(id=before.hold)
        case HoldAction.NONE | HoldAction.KEEP:
            return None
        case _:
            assert_never(after.hold)


def _work(after: Step, event: Event) -> list[Work]:
    job = after.job
    found: list[Work] = []
    actors: tuple[Did, ...]
    for effect in after.effects:
        match effect:
            case Effect.SUBMIT | Effect.REQUEST_BIDS:
                actors = (job.key.submitter,)
            case Effect.EXECUTE | Effect.ANCHOR:
                assert job.executor is not None, "only an awarded job is executed"
                actors = (job.executor,)
            case Effect.VERIFY:
                voted = {vote.verifier for vote in job.votes}
                actors = tuple(did for did in job.drawn if did not in voted)
            case _:
                assert_never(effect)
        found.extend(
            Work(
                id=f"{job.manifest}/{job.revision}/{effect.value}/{actor}",
                job=job.key,
                effect=effect,
                actor=actor,
                attempt=job.attempt,
            )
            for actor in actors
        )
    return found


def _drop_stale_work(tx: Transaction, before: Job, job: Job) -> None:
    """Work of a phase that is over would only be refused; take it off the queue."""
    if job.phase is before.phase and job.round == before.round:
        return
    for work in tx.work.pending(job.key):
        if work.id.split("/", 2)[1] != str(job.revision) and not _still_wanted(work, job):
            tx.work.done(work.id)


def _still_wanted(work: Work, job: Job) -> bool:
    match work.effect:
        case Effect.EXECUTE:
            return job.phase in (Phase.ASSIGNED, Phase.RUNNING) and work.attempt == job.attempt
        case Effect.SUBMIT | Effect.REQUEST_BIDS | Effect.ANCHOR | Effect.VERIFY:
            return False
        case _:
            assert_never(work.effect)


def _note_evidence(tx: Transaction, before: Job, job: Job, event: Event) -> None:
    executor = before.executor
    if executor is None:
        return
    match event:
        case ev.QuorumConfirmed():
            tx.evidence.add(executor, Evidence.VERIFIED, job.manifest, job.attempt)
        case ev.QuorumRefuted():
            tx.evidence.add(executor, Evidence.DISPUTED, job.manifest, job.attempt)
        case ev.AttemptLost() | ev.LastAttemptLost():
            tx.evidence.add(executor, Evidence.LEASE_LOST, job.manifest, job.attempt)
        case _:
            return
    for verdict in (Verdict.CONFIRMED, Verdict.REFUTED):
        if not has_quorum(job, verdict):
            continue
        for vote in job.votes:
            if vote.verdict is not Verdict.INCONCLUSIVE:
                agreed = vote.verdict is verdict
                kind = Evidence.AGREED if agreed else Evidence.DISSENTED
                tx.evidence.add(vote.verifier, kind, job.manifest, job.attempt)
