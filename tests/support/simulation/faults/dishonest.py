"""Dishonest conduct: what a member with a key of its own can do to those who keep the rules.

Rule: a liar signs only with its own key, and knows only what it was sent, or what its accomplices
were.
"""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import Now
from mesh.core.fields import MICRO
from mesh.core.ports.messages import ENVELOPE_BYTES_MAX, Envelope
from mesh.core.records.archive import Archive
from mesh.core.records.jobs import Award
from mesh.core.records.market import Bid
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Ground, Settlement, Statement
from mesh.core.records.work import Draw, Hold, Seal
from mesh.transport.port import BlockRequest
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError, Signed
from simulation.checking.signed import slots_of
from simulation.driving.station import Conduct
from simulation.faults.mutations import Strangers, fields_of, mutated

KEPT_MAX = 64


class Stage(Struct, frozen=True, kw_only=True):
    """What a liar has: key, dice, the members. seen: what it and its accomplices were sent.
    lies: the fields that were changed, by name; chances: all fields of what liars sent."""

    key: SigningKey
    dice: Random
    archive: Archive
    dids: tuple[Did, ...]
    seen: list[Envelope]
    lies: set[str]
    chances: set[str]


class Liar(Conduct):
    """A member that keeps what it is sent."""

    is_honest = False

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.dice = stage.dice

    def incoming(self, envelope: Envelope) -> None:
        if len(self.stage.seen) < KEPT_MAX:
            self.stage.seen.append(envelope)

    def record(self, envelope: Envelope) -> Signed[Any] | None:
        try:
            return self.stage.archive.read(envelope.blocks[0])
        except (RecordError, IndexError):
            return None

    def seen(self, kind: type[Any]) -> Iterator[tuple[Envelope, Signed[Any]]]:
        for envelope in self.stage.seen:
            record = self.record(envelope)
            if record is not None and isinstance(record.body, kind):
                yield envelope, record

    def strangers(self) -> Strangers:
        records = [self.record(each) for each in self.stage.seen]
        cids = tuple(each.cid for each in records if each is not None)
        return Strangers(dids=self.stage.dids, cids=cids)

    def mutated(self, record: Signed[Any]) -> Signed[Any] | None:
        """A record with one field changed, signed by this liar."""
        found = mutated(record, self.stage.key, self.strangers(), self.dice)
        if found is None:
            return None
        self.stage.lies.add(found.field)
        return found.record

    def signed(self, body: Any) -> Signed[Any]:
        return sign(body, mesh=self.stage.archive.mesh, key=self.stage.key)


class Mutator(Liar):
    """Changes a field of every other record that it sends, and signs it again."""

    share_ppm = MICRO // 2

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is None:
            return (envelope,)
        self.stage.chances.update(fields_of(record.body))
        if self.dice.randrange(MICRO) >= self.share_ppm:
            return (envelope,)
        changed = self.mutated(record)
        if changed is None:
            return (envelope,)
        lie = replace(envelope, blocks=(changed.block, *envelope.blocks[1:]))
        return (lie,) if self.dice.random() < 0.5 else (lie, envelope)


class Equivocator(Liar):
    """Sends two records for one slot, to the same receiver or to others."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        slots = () if record is None else slots_of(record.body)
        if record is None or not slots:
            return (envelope,)
        for _ in range(20):
            other = self.mutated(record)
            if other is not None and set(slots) & set(slots_of(other.body)):
                to = self.dice.choice((envelope.to, *self.stage.dids))
                lie = replace(envelope, to=to, blocks=(other.block, *envelope.blocks[1:]))
                return (envelope, lie)
        return (envelope,)


class Replayer(Liar):
    """Sends what it was sent, and what it has sent, to anyone again."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        self.incoming(envelope)
        old = self.dice.choice(self.stage.seen)
        return (
            envelope,
            replace(old, to=self.dice.choice(self.stage.dids), sender=envelope.sender),
        )


class Usurper(Liar):
    """Signs what others may sign: records that it was sent, with a field changed."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        if not self.stage.seen:
            return (envelope,)
        old = self.dice.choice(self.stage.seen)
        record = self.record(old)
        if record is None:
            return (envelope,)
        forged = self.mutated(record)
        if forged is None:
            return (envelope,)
        to = self.dice.choice(self.stage.dids)
        lie = Envelope(sender=envelope.sender, to=to, blocks=(forged.block, *old.blocks[1:]))
        return (envelope, lie)


class Flooder(Liar):
    """Sends bytes that are no records, and more than anyone reads."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        to = self.dice.choice(self.stage.dids)
        junk = self.dice.randbytes(self.dice.randint(0, 200))
        yield envelope
        yield Envelope(sender=envelope.sender, to=to, blocks=(junk, *envelope.blocks[1:]))
        yield Envelope(sender=envelope.sender, to=to, blocks=())
        if self.dice.random() < 0.05:
            large = envelope.blocks[0] + bytes(ENVELOPE_BYTES_MAX)
            yield Envelope(sender=envelope.sender, to=to, blocks=(large,))


class Mute(Liar):
    """Never sends records of some kinds."""

    kinds: frozenset[str] = frozenset()

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        is_muted = record is not None and type(record.body).__name__ in self.kinds
        return () if is_muted else (envelope,)


class Withholder(Liar):
    """Gives nobody a block."""

    def serves(self, request: BlockRequest) -> bool:
        return False


class DoubleAwarder(Liar):
    """A submitter that awards a second bid for the same attempt."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is None or not isinstance(record.body, Award):
            return (envelope,)
        award: Award = record.body
        for _, bid in self.seen(Bid):
            if bid.body.job == award.job and bid.cid != award.bid:
                second = self.signed(replace(award, bid=bid.cid))
                blocks = (second.block, *envelope.blocks[1:], bid.block)
                return (envelope, replace(envelope, blocks=blocks))
        return (envelope,)


class Drawer(Liar):
    """An issuer that draws its accomplices."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is None or not isinstance(record.body, Draw):
            return (envelope,)
        chosen = self.dice.sample(self.stage.dids, len(record.body.verifiers))
        forged = self.signed(replace(record.body, verifiers=tuple(chosen)))
        lie = replace(envelope, blocks=(forged.block, *envelope.blocks[1:]))
        return (lie, *(replace(lie, to=each) for each in chosen))


class SecondSettler(Liar):
    """An issuer that settles a second time, where its submitter does not see it."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is None or not isinstance(record.body, Settlement) or self._is_stated(envelope):
            return (envelope,)
        second = self.signed(replace(record.body, detail="another"))
        return (envelope, replace(envelope, blocks=(second.block, *envelope.blocks[1:])))

    def _is_stated(self, envelope: Envelope) -> bool:
        """Whether it goes to a submitter, who gets a Statement with it."""
        return any(
            isinstance(record.body, Statement)
            for block in envelope.blocks[1:]
            if (record := self.record(replace(envelope, blocks=(block,)))) is not None
        )


class NobodyPayer(Liar):
    """An issuer that says it pays nobody."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is None or not isinstance(record.body, Settlement):
            return (envelope,)
        body: Settlement = record.body
        total = body.refunded + sum(each.amount for each in body.payments)
        lie = self.signed(replace(body, payments=(), refunded=total))
        return (replace(envelope, blocks=(lie.block, *envelope.blocks[1:])),)


class SealCopier(Liar):
    """A verifier that seals what an accomplice has sealed."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is None or not isinstance(record.body, Seal):
            return (envelope,)
        hold = record.body.hold
        for _, seal in self.seen(Seal):
            if seal.body.hold == hold and seal.signer != record.signer:
                copied = self.signed(replace(record.body, digest=seal.body.digest))
                return (replace(envelope, blocks=(copied.block, *envelope.blocks[1:])),)
        self.incoming(envelope)
        return (envelope,)


class DoubleHolder(Liar):
    """An issuer that holds for the second award of an attempt, too, and orders both to work."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.ordered: dict[tuple[Cid, int], Envelope] = {}
        self.doubled: set[Cid] = set()

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is not None and isinstance(record.body, Hold):
            self.ordered.setdefault((record.body.job, record.body.attempt), envelope)
        yield envelope
        for came, award in list(self.seen(Award)):
            first = self.ordered.get((award.body.job, award.body.attempt))
            if first is not None and award.cid not in self.doubled:
                yield from self._second(first, came, award)

    def _second(self, first: Envelope, came: Envelope, award: Signed[Award]) -> Iterator[Envelope]:
        record = self.record(first)
        bid = self._bid(came, award.body.bid)
        assert record is not None, "it was read before"
        if bid is None or award.cid == record.body.award:
            return
        self.doubled.add(award.cid)
        hold: Hold = record.body
        second = self.signed(
            replace(
                hold,
                award=award.cid,
                bid=bid.cid,
                executor=bid.signer,
                amount=bid.body.price,
                pot=bid.body.price * hold.pot // hold.amount,
            )
        )
        blocks = (second.block, award.block, *first.blocks[1:], *came.blocks[1:])
        yield replace(first, to=bid.signer, blocks=blocks)

    def _bid(self, envelope: Envelope, cid: Cid) -> Signed[Bid] | None:
        for block in envelope.blocks[1:]:
            try:
                found = self.stage.archive.read_as(Bid, block)
            except RecordError:
                continue
            if found.cid == cid:
                return found
        return None


class DoubleSettler(Liar):
    """An issuer that tells its workers of another end than its submitters: nobody is paid."""

    def outgoing(self, envelope: Envelope, now: Now) -> Iterable[Envelope]:
        record = self.record(envelope)
        if record is None or not isinstance(record.body, Settlement):
            return (envelope,)
        body: Settlement = record.body
        if not any(each.to == envelope.to for each in body.payments):
            return (envelope,)
        amount = body.refunded + sum(each.amount for each in body.payments)
        other = self.signed(
            replace(body, ground=Ground.NO_QUORUM, payments=(), refunded=amount, attestations=())
        )
        return (replace(envelope, blocks=(other.block, *envelope.blocks[1:])),)
