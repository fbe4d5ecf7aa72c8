"""Settlement: what follows by itself from where a job stands, and how it is closed.

`follow_up` says what is due: an event, an escalation, a lost attempt, or the close of the job.
Every hold ends by one settlement, signed by the issuer and stored in the transaction that posts
or voids it.
"""

from typing import Final, TypeAlias

from msgspec import Struct

from mesh import events as ev
from mesh.core.fields import REASON_BYTES_MAX
from mesh.core.findings import Fault, Finding, differing
from mesh.effects import NO_EFFECTS, EffectsDone
from mesh.events import Event
from mesh.job import (
    FINAL,
    Job,
    Phase,
    has_lapsed,
    has_quorum,
    hold_is_over,
    is_last_attempt,
    verdict_of,
    verification_is_due,
)
from mesh.records import Hold, HoldEnd, Settlement, Verdict
from runtime.content.cid import Cid
from runtime.content.shapes import cut
from runtime.identity.signed import Signed

LEASE_OVER: Final = "the lease ran out before a receipt came"
NO_QUORUM: Final = "no quorum of verifiers spoke in time"
NOT_ANCHORED: Final = "the receipt was confirmed but never anchored"
HOLD_OVER: Final = "the hold ran out before a quorum spoke"
CANCELLED: Final = "the submitter withdrew the job"


class Escalate(Struct, frozen=True, kw_only=True):
    """More verifiers must be asked; see `mesh.federation.escalation`."""


class Close(Struct, frozen=True, kw_only=True):
    """The job is to be settled. verdict: the quorum's, None if none spoke."""

    end: HoldEnd
    verdict: Verdict | None
    reason: str = ""


class Lose(Struct, frozen=True, kw_only=True):
    """The attempt gives no receipt: its hold is voided, and the job offered again or ended."""

    is_last: bool
    reason: str


FollowUp: TypeAlias = Event | Escalate | Close | Lose


def follow_up(job: Job, now: int) -> FollowUp | None:
    """What the time and the votes now ask for, or None. Recording it is the driver's."""
    match job.phase:
        case Phase.CREATED | Phase.SUBMITTED:
            if now >= job.expires_at:
                return ev.JobExpired()
            return ev.BidsLapsed() if has_lapsed(job, now) else None
        case Phase.ASSIGNED | Phase.RUNNING:
            if job.lease_expires_at is None or now < job.lease_expires_at:
                return None
            return lose_attempt(job, LEASE_OVER, now)
        case Phase.COMPLETED:
            return _verification(job, now)
        case _:
            assert job.phase in FINAL, "every other phase has its case"
            return None


def lose_attempt(job: Job, reason: str, now: int) -> Lose:
    """What follows when an attempt gives no receipt, whether by time or by the executor."""
    return Lose(is_last=is_last_attempt(job, now), reason=cut(reason, REASON_BYTES_MAX))


def _verification(job: Job, now: int) -> Escalate | Close | None:
    verdict = verdict_of(job)
    if verdict is Verdict.REFUTED:
        reason = "a quorum of verifiers got another result"
        return Close(end=HoldEnd.VOIDED, verdict=verdict, reason=reason)
    if hold_is_over(job, now):
        return Close(end=HoldEnd.VOIDED, verdict=None, reason=HOLD_OVER)
    if verdict is Verdict.CONFIRMED:
        return Close(end=HoldEnd.POSTED, verdict=verdict)
    if not verification_is_due(job, now):
        return None
    if not job.escalated:
        return Escalate()
    reason = NOT_ANCHORED if has_quorum(job, Verdict.CONFIRMED) else NO_QUORUM
    return Close(end=HoldEnd.VOIDED, verdict=None, reason=reason)


def closing_event(close: Close, settlement: Cid) -> Event:
    """The event that records a settlement."""
    match close.verdict:
        case Verdict.CONFIRMED:
            return ev.QuorumConfirmed(settlement=settlement)
        case Verdict.REFUTED:
            return ev.QuorumRefuted(settlement=settlement)
        case _:
            return ev.QuorumMissed(settlement=settlement, reason=close.reason)


def losing_event(job: Job, lost: Lose, settlement: Cid) -> ev.AttemptLost | ev.LastAttemptLost:
    """The event that records a lost attempt."""
    kind = ev.LastAttemptLost if lost.is_last else ev.AttemptLost
    return kind(attempt=job.attempt, settlement=settlement, reason=lost.reason)


def settle(job: Job, hold: Cid, close: Close, effects: EffectsDone, now: int) -> Settlement:
    """The settlement for the issuer to sign. hold: CID of the Hold record."""
    assert close.end is HoldEnd.POSTED or effects == NO_EFFECTS, "unverified effects are void"
    return Settlement(
        job=job.manifest,
        hold=hold,
        end=close.end,
        receipt=job.receipt,
        attestations=tuple(vote.attestation for vote in job.votes),
        applied=effects.applied,
        pending=effects.pending,
        reason=close.reason,
        settled_at=now,
    )


def void(job: Job, hold: Cid, reason: str, now: int) -> Settlement:
    """The settlement for the issuer to sign where an attempt ends without a receipt."""
    return settle(
        job, hold, Close(end=HoldEnd.VOIDED, verdict=None, reason=reason), NO_EFFECTS, now
    )


def check_settlement(
    settlement: Signed[Settlement],
    *,
    job: Cid,
    hold: Signed[Hold],
    end: HoldEnd,
    receipt: Cid | None,
) -> tuple[Finding, ...]:
    """What speaks against a settlement as the end of a hold. `job`: CID of the manifest."""
    body = settlement.body
    return differing(
        "settlement",
        (Fault.OTHER_JOB, body.job, job),
        (Fault.OTHER_HOLD, body.hold, hold.cid),
        (Fault.OTHER_RECEIPT, body.receipt, receipt),
        (Fault.NOT_AN_ISSUERS, settlement.signer, hold.signer),
        (Fault.OTHER_END, body.end.value, end.value),
    )
