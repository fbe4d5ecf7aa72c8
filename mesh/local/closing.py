"""Verification and settlement: each verifier's own result, its attestation, and the close.

Rule: a verifier's own result is stored before the receipt is read; every hold is posted or
voided in the transaction that stores the settlement which its issuer signs.
"""

from functools import partial

from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.core.fields import REASON_BYTES_MAX
from mesh.core.ids import effect_id
from mesh.effects import NO_EFFECTS, EffectsDone, carry_out
from mesh.federation import attest, check_attestation, escalation
from mesh.job import TRANSITIONS, Effect, HoldAction, Job
from mesh.journal import Recorded, record
from mesh.local.archive import missing_block
from mesh.local.executing import finish_work, lots, refuse
from mesh.local.owned import check_linked, standing_of, write_effects
from mesh.local.problems import recorded
from mesh.local.speed import learn
from mesh.local.world import World
from mesh.records import Award, Cancel, HoldEnd, Receipt
from mesh.settlement import (
    CANCELLED,
    Close,
    Escalate,
    Lose,
    closing_event,
    follow_up,
    lose_attempt,
    losing_event,
    settle,
    void,
)
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import cut
from runtime.execution.effects import effects_from_block
from runtime.execution.execution import Deterministic
from runtime.identity.signed import sign
from runtime.terminal.errors import CommandError, ExitCode


def observe(tx: SqliteTransaction, job: Job, verifier: Did, found: Deterministic) -> None:
    """Store what a verifier found for itself."""
    assert job.award is not None, "only an awarded job is verified"
    tx.observations.put(job.award, verifier, found)


def vote(tx: SqliteTransaction, world: World, job: Job, verifier: Did, *, now: int) -> Recorded:
    """The verifier compares what it stored with the receipt, signs, and is counted."""
    assert job.award is not None and job.receipt is not None
    own = tx.observations.get(job.award, verifier)
    assert own is not None, "a verifier votes on what it has stored"
    receipt = world.archive.get(tx, Receipt, job.receipt)
    signed = sign(
        attest(receipt, own, world.engine),
        mesh=world.members.mesh,
        key=world.members.key_of(verifier),
    )
    findings = check_attestation(signed, receipt=receipt, drawn=job.drawn)
    refuse(findings, f"attestation of {world.members.name_of(verifier)}")
    world.archive.put(tx, signed)
    event = ev.AttestationReceived(
        attestation=signed.cid, verifier=verifier, verdict=signed.body.verdict
    )
    answer = recorded(record(tx, job.key, event, now), job)
    finish_work(tx, job, Effect.VERIFY, verifier)
    return answer


def follow(tx: SqliteTransaction, world: World, job: Job, *, now: int) -> Recorded | None:
    """Record what time and votes ask for, if anything."""
    due = follow_up(job, now)
    match due:
        case None:
            return None
        case Escalate():
            assert job.award is not None, "only an awarded job is verified"
            event = ev.VerificationEscalated(
                verifiers=escalation(job.award, lots(tx, world), job.drawn)
            )
            return recorded(record(tx, job.key, event, now), job)
        case Close():
            return _close(tx, world, job, due, now)
        case Lose():
            return _lose(tx, world, job, due, now)
        case _:
            return recorded(record(tx, job.key, due, now), job)


def lose(tx: SqliteTransaction, world: World, job: Job, reason: str, *, now: int) -> Recorded:
    """Record that the executor gives up the attempt."""
    return _lose(tx, world, job, lose_attempt(job, reason, now), now)


def end_uncompiled(
    tx: SqliteTransaction, world: World, job: Job, reason: str, *, now: int
) -> Recorded:
    """Record that no machine like this one compiles the module, or executes it: the hold is void,
    nobody's reputation changes, and nobody tries again."""
    reason = cut(reason, REASON_BYTES_MAX)
    event = ev.ModuleNotCompiled(
        attempt=job.attempt, settlement=_void(tx, world, job, reason, now), reason=reason
    )
    return recorded(record(tx, job.key, event, now), job)


def _lose(tx: SqliteTransaction, world: World, job: Job, lost: Lose, now: int) -> Recorded:
    settlement = _void(tx, world, job, lost.reason, now)
    return recorded(record(tx, job.key, losing_event(job, lost, settlement), now), job)


def cancel(tx: SqliteTransaction, world: World, job: Job, reason: str, *, now: int) -> Recorded:
    """The submitter withdraws the job. Raises CommandError `job-not-cancellable`."""
    transition = TRANSITIONS.get((job.phase, ev.JobCancelled))
    if transition is None:
        job_id = job.key.job_id
        raise CommandError(
            ExitCode.FAILED,
            "job-not-cancellable",
            f"job {job_id} is {job.phase.value} and cannot be cancelled",
            hint=f"meshctl job-status {job_id}",
            details={"job_id": job_id, "state": job.phase.value},
        )
    signed = world.archive.put(
        tx,
        sign(
            Cancel(job=job.manifest, reason=reason),
            mesh=world.members.mesh,
            key=world.members.submitter,
        ),
    )
    is_held = transition.hold is HoldAction.VOID
    settlement = _void(tx, world, job, CANCELLED, now) if is_held else None
    event = ev.JobCancelled(cancel=signed.cid, settlement=settlement, reason=reason)
    return recorded(record(tx, job.key, event, now), job)


def _void(tx: SqliteTransaction, world: World, job: Job, reason: str, now: int) -> Cid:
    """The issuer's proof that the hold of the present attempt is void."""
    body = void(job, _hold_of(tx, world, job), reason, now)
    signed = sign(body, mesh=world.members.mesh, key=world.members.issuer)
    return world.archive.put(tx, signed).cid


def _hold_of(tx: SqliteTransaction, world: World, job: Job) -> Cid:
    """The record of what is held for the job's present attempt."""
    assert job.award is not None, "only for an awarded job is something held"
    return world.archive.get(tx, Award, job.award).body.hold


def _close(tx: SqliteTransaction, world: World, job: Job, close: Close, now: int) -> Recorded:
    hold = _hold_of(tx, world, job)
    done = _effects(tx, world, job, now) if close.end is HoldEnd.POSTED else NO_EFFECTS
    write_effects(tx, job.key.submitter, done)
    signed = sign(
        settle(job, hold, close, done, now),
        mesh=world.members.mesh,
        key=world.members.issuer,
    )
    world.archive.put(tx, signed)
    if close.end is HoldEnd.POSTED and job.receipt is not None:
        learn(tx, world.engine, world.archive.get(tx, Receipt, job.receipt).body)
    return recorded(record(tx, job.key, closing_event(close, signed.cid), now), job)


def _effects(tx: SqliteTransaction, world: World, job: Job, now: int) -> EffectsDone:
    """What the settlement carries out of what the program asked for."""
    assert job.receipt is not None, "a quorum confirms a receipt"
    receipt = world.archive.get(tx, Receipt, job.receipt).body
    cid = receipt.deterministic.effects
    if cid is None:
        return NO_EFFECTS
    data = tx.blocks.get(cid)
    if data is None:
        raise missing_block(cid, "effects")
    effects = effects_from_block(data)
    check_linked(tx, effects)
    return carry_out(
        effects,
        ran_on=world.archive.context(tx, receipt.context).state_root,
        standing=standing_of(tx, world, job.key.submitter),
        ids=partial(effect_id, job.manifest),
        now=now,
    )
