"""Ends of attempts: the event that a settlement is for its job."""

from typing import TypeAlias

from mesh.core.jobs import events as ev
from mesh.core.records.jobs import ATTEMPTS_MAX
from mesh.core.records.settlement import Ground, Settlement
from runtime.identity.signed import Signed

Ended: TypeAlias = (
    ev.QuorumConfirmed
    | ev.QuorumRefuted
    | ev.QuorumMissed
    | ev.AttemptLost
    | ev.LastAttemptLost
    | ev.ModuleNotCompiled
    | ev.AttemptCancelled
)


def end_of(settlement: Signed[Settlement], *, attempt: int) -> Ended:
    """The event of a settlement. attempt: the number of the attempt that it ends, from 1."""
    cid, signer, body = settlement.cid, settlement.signer, settlement.body
    reason = body.detail
    match body.ground:
        case Ground.VERIFIED:
            return ev.QuorumConfirmed(settlement=cid, signer=signer)
        case Ground.REFUTED:
            return ev.QuorumRefuted(settlement=cid, signer=signer, reason=reason)
        case Ground.NO_QUORUM:
            return ev.QuorumMissed(settlement=cid, signer=signer, reason=reason)
        case Ground.CANCELLED:
            return ev.AttemptCancelled(settlement=cid, signer=signer, reason=reason)
        case Ground.UNCOMPILED:
            return ev.ModuleNotCompiled(settlement=cid, signer=signer, reason=reason)
        case Ground.GAVE_UP | Ground.SILENT | Ground.UNOPENED | Ground.WALL_CLOCK:
            kind = ev.LastAttemptLost if attempt == ATTEMPTS_MAX else ev.AttemptLost
            return kind(
                settlement=cid, signer=signer, attempt=attempt, ground=body.ground, reason=reason
            )
