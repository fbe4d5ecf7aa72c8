"""What node and verifier have in common: a machine, sealed results, and the issuer's answers.

Rule: an opening or a settlement counts for a worker only where it is about the hold in hand.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from mesh.actors import executions
from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import BaseActor, Incoming, MessageRefusal
from mesh.actors.faults import accuse_if_contradicted
from mesh.actors.machine import Machine
from mesh.actors.orders import stored_order
from mesh.core.ports.work import WorkId, WorkResult
from mesh.core.records.archive import Archive
from mesh.core.records.settlement import Answer, Settlement
from mesh.core.records.work import Draw, Opening, Seal
from mesh.core.settlement.check import check_draws
from mesh.core.verification.seals import digest_of, nonce_of
from runtime.content.cid import Cid
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError, Signed


class Worker(BaseActor):
    """An actor that executes on a machine. beats: whether its profile is sent as a beat, since
    presence counts in its mesh."""

    def __init__(
        self,
        *,
        key: SigningKey,
        archive: Archive,
        entropy: Callable[[int], bytes],
        machine: Machine,
        beats: bool,
    ) -> None:
        super().__init__(key=key, archive=archive, entropy=entropy)
        self.machine = machine
        self.beats = beats

    @abstractmethod
    def finish(self, tx: ActorTransaction, outcome: executions.Outcome, now: Now) -> None:
        """Take in how an execution ended."""

    @abstractmethod
    def publish(self, tx: ActorTransaction, now: Now) -> Instant | None:
        """Send the profile where it is due; the next deadline."""

    def contradicted(
        self, tx: ActorTransaction, first: Signed[Any], second: Signed[Any], now: Now
    ) -> None:
        accuse_if_contradicted(self, tx, type(first.body), first.cid, second, now)

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        deadline, lost = executions.tick(self, tx, now)
        for each in lost:
            self.finish(tx, each, now)
        deadlines = [each for each in (deadline, self.publish(tx, now)) if each is not None]
        return min(deadlines, default=None)

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        outcome = executions.finished(self, tx, work, result, now)
        if outcome is not None:
            self.finish(tx, outcome, now)


def sign_seal(
    actor: BaseActor, tx: ActorTransaction, hold: Cid, result: Cid
) -> tuple[bytes, Signed[Seal]]:
    """The seal of a result, and its nonce, secret until it is opened."""
    nonce = nonce_of(actor.key, hold)
    digest = digest_of(hold, actor.did, result, nonce)
    return nonce, actor.sign(tx, Seal(hold=hold, digest=digest))


def draws_opened(
    actor: BaseActor, tx: ActorTransaction, incoming: Incoming, *, first: Cid, own: Cid
) -> tuple[Signed[Draw], ...] | MessageRefusal:
    """The draws of an opening that reveals this worker's result; or why it reveals nothing.

    first: the executor's seal; own: this worker's.
    """
    opening: Signed[Opening] = incoming.record
    hold = opening.body.hold
    try:
        draws = tuple(actor.resting_on(tx, incoming, Draw, cid) for cid in opening.body.draws)
        seals = [actor.resting_on(tx, incoming, Seal, cid) for cid in opening.body.seals]
    except RecordError:
        return MessageRefusal.INCOMPLETE
    counted = {each.cid: each for each in seals if each.body.hold == hold}
    if len(counted) < len(seals) or first not in counted or own not in counted:
        return MessageRefusal.INCONSISTENT
    if check_draws(stored_order(actor, tx, hold), draws, counted[first]):
        return MessageRefusal.INCONSISTENT
    return draws


def settlement_answered(
    actor: BaseActor, tx: ActorTransaction, incoming: Incoming, *, hold: Cid
) -> Signed[Settlement] | MessageRefusal | None:
    """The settlement of this hold that an answer names, None where it names none."""
    answer: Signed[Answer] = incoming.record
    if answer.body.settlement is None:
        return None
    try:
        settled = actor.resting_on(tx, incoming, Settlement, answer.body.settlement)
    except RecordError:
        return MessageRefusal.INCOMPLETE
    return settled if settled.body.hold == hold else MessageRefusal.INCONSISTENT
