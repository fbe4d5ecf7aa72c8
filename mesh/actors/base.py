"""What all actors have in common: reading messages, counting refusals, knowing the members.

Rule: an actor checks signature, mesh, membership and size itself; nothing depends on the transport
being honest. What is refused is counted by its name and changes nothing else.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, ClassVar, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.core.membership.equivocation import contradict
from mesh.core.membership.members import Members, counts
from mesh.core.ports.blocks import BlockError
from mesh.core.ports.messages import ENVELOPE_BLOCKS_MAX, ENVELOPE_BYTES_MAX, Envelope
from mesh.core.ports.tables import RowReader, Table
from mesh.core.ports.work import WorkId, WorkResult
from mesh.core.records.archive import Archive, name_of
from mesh.core.records.membership import Endorsement, Genesis, Membership
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError, RecordFault, Signed

T = TypeVar("T")

CLOCK_SKEW_SECONDS: Final = 300
"""A record may be dated so far ahead of a receiver's clock."""


class MessageRefusal(Enum):
    """Why a message changes nothing, in the order it is checked."""

    TOO_LARGE = "the message is larger than any that is read"
    EMPTY = "the message has no record"
    NOT_A_RECORD = "its first block is not a record of this mesh"
    NOT_FOR_THIS_ROLE = "a record that this role does not take"
    NOT_A_MEMBER = "its signer is not a member of this mesh"
    WRONG_ROLE = "its signer may not sign such a record"
    INCOMPLETE = "a record that it rests on is missing or unreadable"
    FROM_THE_FUTURE = "it is dated more than 300 s ahead of this clock"
    UNKNOWN_SUBJECT = "it is about something that is unknown here"
    NOT_ADDRESSED = "it is about something that is another's"
    INCONSISTENT = "it does not fit the records that it names"
    OVER = "it comes after its time"
    EQUIVOCATION = "its signer has signed another record for the same slot"
    NOT_ENDORSED = "a change of the members without enough endorsements"
    RESTORED = "its receiver was restored from an old copy, and signs nothing more"


class RefusalRow(Struct, frozen=True, kw_only=True):
    """How often messages were refused for one reason."""

    reason: str
    kind: str
    count: int
    last_at: int


class MembershipRow(Struct, frozen=True, kw_only=True):
    """A change of the members that counts, and the endorsements that it came with. known_at: Unix
    seconds. is_forked: whether another one of its number counts as well, by founders who endorsed
    both."""

    sequence: int
    change: Cid
    endorsements: tuple[Cid, ...]
    genesis: Cid
    known_at: int
    is_forked: bool = False


REFUSALS: Final = Table(name="refusals", row=RefusalRow, key=("reason", "kind"))
MEMBERSHIPS: Final = Table(name="memberships", row=MembershipRow, key=("sequence",))


class Incoming(Struct, frozen=True, kw_only=True):
    """A message whose first block is a verified record. attached: its other blocks, by name; all
    are DAG-CBOR, since others are fetched."""

    record: Signed[Any]
    attached: Mapping[Cid, bytes]
    sender: Did


Handler = Callable[[Any, ActorTransaction, Incoming, Now], MessageRefusal | None]


class BaseActor(ABC):
    """An actor's key, its archive and its members. `handlers`: by the type of the first record."""

    handlers: ClassVar[Mapping[type[Any], Handler]] = {}

    def __init__(
        self, *, key: SigningKey, archive: Archive, entropy: Callable[[int], bytes]
    ) -> None:
        """entropy: random bytes. archive: of this mesh, of the whole process."""
        self.key = key
        self.archive = archive
        self.entropy = entropy
        self._members: dict[Cid, Members] = {}

    @property
    def did(self) -> Did:
        return self.key.did

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        kind = "none"
        refusal: MessageRefusal | None
        if (
            len(envelope.blocks) > ENVELOPE_BLOCKS_MAX
            or sum(map(len, envelope.blocks)) > ENVELOPE_BYTES_MAX
        ):
            refusal = MessageRefusal.TOO_LARGE
        elif not envelope.blocks:
            refusal = MessageRefusal.EMPTY
        else:
            try:
                record = self.archive.read(envelope.blocks[0])
            except RecordError:
                refusal = MessageRefusal.NOT_A_RECORD
            else:
                kind = type(record.body).__name__
                refusal = self._dispatch(tx, record, envelope, now)
        if refusal is not None:
            self.count_refusal(tx, refusal, kind, now)

    def _dispatch(
        self, tx: ActorTransaction, record: Signed[Any], envelope: Envelope, now: Now
    ) -> MessageRefusal | None:
        handler = self.handlers.get(type(record.body)) or _COMMON.get(type(record.body))
        if handler is None:
            return MessageRefusal.NOT_FOR_THIS_ROLE
        attached = {name_of(block): block for block in envelope.blocks[1:]}
        incoming = Incoming(record=record, attached=attached, sender=envelope.sender)
        return self.precheck(tx, incoming, now) or handler(self, tx, incoming, now)

    def precheck(self, tx: ActorTransaction, incoming: Incoming, now: Now) -> MessageRefusal | None:
        """What speaks against taking in anything at all."""
        return None

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        return None

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        raise AssertionError("an actor that asks for work takes its result")

    def count_refusal(
        self, tx: ActorTransaction, refusal: MessageRefusal, kind: str, now: Now
    ) -> None:
        rows = tx.rows(REFUSALS)
        before = rows.get(refusal.name, kind)
        rows.put(
            RefusalRow(
                reason=refusal.name,
                kind=kind,
                count=1 if before is None else before.count + 1,
                last_at=now.wall,
            )
        )

    # --- records

    def sign(self, tx: ActorTransaction, body: T) -> Signed[T]:
        """Sign a record and store its bytes, before they are sent."""
        return self.archive.sign(tx.blocks, body, self.key)

    def resting_on(
        self, tx: ActorTransaction, incoming: Incoming, kind: type[T], cid: Cid
    ) -> Signed[T]:
        """A record that a message names: attached, or stored before. Raises RecordError."""
        block = incoming.attached.get(cid)
        if block is not None:
            return self.archive.read_as(kind, block)
        try:
            found = self.archive.find(tx.blocks, kind, cid)
        except BlockError:
            found = None
        if found is None:
            raise RecordError(RecordFault.NOT_A_RECORD, f"{kind.__name__} {cid} is not here")
        return found

    def keep(self, tx: ActorTransaction, *records: Signed[Any]) -> None:
        """Store records that came from elsewhere and were verified."""
        for each in records:
            self.archive.put(tx.blocks, each)

    # --- members

    def found(
        self,
        tx: ActorTransaction,
        genesis: Signed[Genesis],
        change: Signed[Membership],
        endorsements: tuple[Signed[Endorsement], ...],
        now: Now,
    ) -> None:
        """Take in the first list of members of a mesh that this actor trusts."""
        assert counts(change, endorsements, genesis=genesis.body, before=None), "it is endorsed"
        self.keep(tx, genesis, change, *endorsements)
        tx.rows(MEMBERSHIPS).put(
            MembershipRow(
                sequence=change.body.sequence,
                change=change.cid,
                endorsements=tuple(each.cid for each in endorsements),
                genesis=genesis.cid,
                known_at=now.wall,
            )
        )

    def members(self, tx: ActorTransaction) -> Members:
        """The members in force, by the newest change that counts, of those before a fork."""
        return self.members_at(tx, tx.rows(MEMBERSHIPS).derived(_newest_change))

    def members_at(self, tx: ActorTransaction, change: Cid) -> Members:
        """The members from a change on that this actor has taken in."""
        known = self._members.get(change)
        if known is None:
            signed = self.archive.get(tx.blocks, Membership, change)
            assert self.archive.mesh is not None, "members are of a mesh"
            genesis = self.archive.get(tx.blocks, Genesis, self.archive.mesh)
            known = self._members[change] = Members(genesis=genesis, change=signed)
        return known

    def _take_membership(
        self, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | None:
        change: Signed[Membership] = incoming.record
        rows = tx.rows(MEMBERSHIPS)
        known = rows.get(change.body.sequence)
        if known is not None and known.change == change.cid:
            return None
        endorsements = tuple(self.archive.records(Endorsement, incoming.attached.values()))
        if known is not None:
            return self._take_fork(tx, known, change, endorsements, now)
        before = self.members(tx)
        if not counts(change, endorsements, genesis=before.genesis.body, before=before.change):
            return MessageRefusal.NOT_ENDORSED
        self.keep(tx, change, *endorsements)
        rows.put(
            MembershipRow(
                sequence=change.body.sequence,
                change=change.cid,
                endorsements=tuple(each.cid for each in endorsements),
                genesis=before.genesis.cid,
                known_at=now.wall,
            )
        )
        return None

    def _take_fork(
        self,
        tx: ActorTransaction,
        known: MembershipRow,
        other: Signed[Membership],
        endorsements: tuple[Signed[Endorsement], ...],
        now: Now,
    ) -> MessageRefusal:
        """Another change in the place of a known one: founders who endorsed both are made known.
        Where it would count, too, neither does from here on; the first list has none before it."""
        first = self.archive.get(tx.blocks, Membership, known.change)
        previous = first.body.previous
        before = None if previous is None else self.archive.get(tx.blocks, Membership, previous)
        genesis = self.archive.get(tx.blocks, Genesis, known.genesis)
        if not counts(other, endorsements, genesis=genesis.body, before=before):
            return MessageRefusal.NOT_ENDORSED
        self.keep(tx, other, *endorsements)
        tx.rows(MEMBERSHIPS).put(replace(known, is_forked=True))
        for cid in known.endorsements:
            given = self.archive.get(tx.blocks, Endorsement, cid)
            for each in endorsements:
                if contradict(given, each):
                    self.contradicted(tx, given, each, now)
        return MessageRefusal.EQUIVOCATION

    @abstractmethod
    def contradicted(
        self, tx: ActorTransaction, first: Signed[Any], second: Signed[Any], now: Now
    ) -> None:
        """Make known that two records fill one slot of their signer."""


def _newest_change(rows: RowReader[MembershipRow]) -> Cid:
    changes = rows.select()
    assert changes, "an actor is given the members of its mesh when it is made"
    fork = next((at for at, each in enumerate(changes) if at and each.is_forked), len(changes))
    return changes[fork - 1].change


_COMMON: Final[Mapping[type[Any], Handler]] = {Membership: BaseActor._take_membership}
