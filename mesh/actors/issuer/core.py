"""The issuer's common parts: its clock, its books, and how it answers.

Rule: every request is answered, by an Answer or by the record that it asks for; a Statement for the
owner goes with it.
"""

from collections.abc import Callable, Iterable
from typing import Final

from blake3 import blake3
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import BaseActor
from mesh.actors.issuer.rows import (
    ATTEMPTS,
    DRIVEN,
    POLICIES,
    STATEMENTS,
    DrivenRow,
    PolicyRow,
    StatementRow,
)
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.tables import RowReader
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Role
from mesh.core.records.settlement import RETRY_SECONDS_MAX, Answer, Statement
from mesh.core.settlement.attempt import OPEN_PHASES, Moment
from mesh.core.settlement.books import Books, available_by_type, held_by_type, usage_by_name
from mesh.core.settlement.check import OrderedWork
from mesh.core.settlement.clock import Clock
from mesh.core.settlement.refusals import Refusal
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed

_DRAW_SEED: Final = b"icn-mesh/2 seed of an issuer's draws"
_MARKS_PER_LEASE: Final = 6


class IssuerCore(BaseActor):
    """An issuer, without what it does about each record."""

    def __init__(
        self,
        *,
        key: SigningKey,
        archive: Archive,
        entropy: Callable[[int], bytes],
        lease_ms: int,
        presence_seconds: int | None,
    ) -> None:
        """lease_ms: how long an executor or verifier may be silent. presence_seconds: how long a
        verifier counts as present after its profile, None for ever."""
        super().__init__(key=key, archive=archive, entropy=entropy)
        self.lease_ms = lease_ms
        self.presence_seconds = presence_seconds
        # No secret besides the key has to be kept, and nobody else can sign this text.
        self.draw_seed = blake3(key.sign(_DRAW_SEED)).digest()
        # By CID of the hold, which names all that an order consists of.
        self.orders: dict[Cid, OrderedWork] = {}

    def books(self, tx: ActorTransaction) -> Books:
        return Books(tx, self.did)

    # --- time

    def clock(self, tx: ActorTransaction, now: Now) -> Clock:
        """The present moment, noted as one in which the issuer is driven. After a gap all leases
        begin anew."""
        rows = tx.rows(DRIVEN)
        before = rows.get(0)
        moment = moment_of(now)
        if before is None or before.boot != now.boot:
            wall = now.wall if before is None else max(now.wall, before.wall)
            rows.put(_driven(now, now.monotonic, wall))
            if before is not None:
                self._count_anew(tx, now)
            return Clock(now=moment, leases_from=now.monotonic)
        since = now.monotonic - before.driven_at
        leases_from = now.monotonic if since > self.lease_ms else before.leases_from
        if since * _MARKS_PER_LEASE >= self.lease_ms or now.wall > before.wall:
            rows.put(_driven(now, leases_from, max(now.wall, before.wall)))
        return Clock(now=moment, leases_from=leases_from)

    def latest(self, tx: ActorTransaction, now: Now) -> int:
        """A time that is not before any that this issuer has written, in Unix seconds: what it
        changes for all that follows is dated so, though its clock was set back."""
        row = tx.rows(DRIVEN).get(0)
        return now.wall if row is None else max(now.wall, row.wall)

    def is_gap(self, tx: ActorTransaction, now: Now) -> bool:
        """Whether nobody has driven this issuer for a lease."""
        before = tx.rows(DRIVEN).get(0)
        if before is None:
            return False
        return before.boot != now.boot or now.monotonic - before.driven_at > self.lease_ms

    def _count_anew(self, tx: ActorTransaction, now: Now) -> None:
        """Deadlines of another boot mean nothing: every open attempt is looked at again."""
        attempts = tx.rows(ATTEMPTS)
        for each in attempts.select(phase=OPEN_PHASES):
            attempts.put(replace(each, due_at=now.monotonic))

    # --- answers

    def answer(
        self,
        tx: ActorTransaction,
        to: Did,
        request: Cid,
        now: Now,
        *,
        refusal: Refusal | None = None,
        settlement: Cid | None = None,
    ) -> Signed[Answer]:
        """Answer a request; without a refusal it is accepted."""
        retry_after = None if refusal is None else refusal.retry_after
        answer = self.sign(
            tx,
            Answer(
                request=request,
                accepted=refusal is None,
                reason="" if refusal is None else refusal.word,
                detail="" if refusal is None else refusal.explanation,
                settlement=settlement,
                retry_after=None if retry_after is None else min(retry_after, RETRY_SECONDS_MAX),
            ),
        )
        self._send_answer(tx, to, answer, now)
        return answer

    def answer_again(self, tx: ActorTransaction, to: Did, answer: Cid, now: Now) -> None:
        """Send a stored answer again, with the Statement as it is now."""
        self._send_answer(tx, to, self.archive.get(tx.blocks, Answer, answer), now)

    def _send_answer(self, tx: ActorTransaction, to: Did, answer: Signed[Answer], now: Now) -> None:
        settlement = answer.body.settlement
        settled = () if settlement is None else (settlement,)
        attached = (*settled, *self.stated(tx, to, now))
        tx.outbox.put(Outgoing(to=(to,), record=answer.cid, attached=attached))

    def stated(self, tx: ActorTransaction, owner: Did, now: Now) -> tuple[Cid, ...]:
        """The blocks of an owner's Statement: itself, and the policies that it names."""
        statement = self.statement_of(tx, owner, now)
        return (statement.cid, *statement.body.policies)

    def inform(self, tx: ActorTransaction, owners: Iterable[Did], now: Now) -> None:
        """Send submitters their Statements, since others have changed their accounts: by an old one
        they might ask for nothing any more, and then never get another."""
        members = self.members(tx)
        for owner in dict.fromkeys(owners):
            if members.has_role(owner, Role.SUBMITTER, now.wall):
                statement, *policies = self.stated(tx, owner, now)
                tx.outbox.put(Outgoing(to=(owner,), record=statement, attached=tuple(policies)))

    def statement_of(self, tx: ActorTransaction, owner: Did, now: Now) -> Signed[Statement]:
        """The newest Statement of an owner; a new one where its accounts have changed since."""
        rows = tx.rows(STATEMENTS)
        row = rows.get(owner)
        newest = None if row is None else self.archive.get(tx.blocks, Statement, row.statement)
        body = self._state(tx, owner, now, newest)
        if newest is not None and newest.body == replace(
            body, sequence=newest.body.sequence, issued_at=newest.body.issued_at
        ):
            return newest
        statement = self.sign(tx, body)
        rows.put(StatementRow(owner=owner, sequence=body.sequence, statement=statement.cid))
        return statement

    def _state(
        self, tx: ActorTransaction, owner: Did, now: Now, newest: Signed[Statement] | None
    ) -> Statement:
        books = self.books(tx)
        accounts = books.accounts_of(owner)
        before = None if newest is None else newest.body
        return Statement(
            owner=owner,
            sequence=1 if before is None else before.sequence + 1,
            balances=available_by_type(accounts),
            held=held_by_type(accounts),
            policies=tx.rows(POLICIES).derived(_in_force),
            usage=usage_by_name(books.usages_of(owner)),
            issued_at=now.wall if before is None else max(now.wall, before.issued_at),
        )


def _in_force(rows: RowReader[PolicyRow]) -> tuple[Cid, ...]:
    return tuple(row.policy for row in rows.select())


def moment_of(now: Now) -> Moment:
    return Moment(wall=now.wall, monotonic=now.monotonic, boot=now.boot)


def _driven(now: Now, leases_from: int, wall: int) -> DrivenRow:
    return DrivenRow(
        number=0, boot=now.boot, driven_at=now.monotonic, leases_from=leases_from, wall=wall
    )
