"""An issuer's world for its tests: its actor over a store in memory.

Everything is real but the executions.
"""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from issuing.mesh import FoundedMesh
from issuing.records import UNITS, WALL, Asked, key_of
from mesh.actors.actor import Instant
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.core.fields import NodeId
from mesh.core.ports.messages import Envelope
from mesh.core.records.jobs import Award
from mesh.core.records.membership import Member, Role
from mesh.core.records.settlement import Answer, Ground, Policy, Settlement, Statement
from mesh.core.records.work import Draw, Hold, Opening
from mesh.core.settlement.attempt import Attempt
from mesh.core.settlement.books import Books
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.execution.execution import Deterministic
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.ledger import Refused
from runtime.tokens.policy import Rule
from runtime.tokens.token import ResourceToken, ResourceType
from runtime.tokens.transfers import Account, Move, TransferId


class Sent(Struct, frozen=True, kw_only=True):
    """A message that the issuer has sent. attached: by CID."""

    to: Did
    record: Signed[Any]
    attached: tuple[Cid, ...]


class World(FoundedMesh):
    """One issuer, one submitter, nodes and verifiers, each its own cooperative."""

    def __init__(
        self,
        *,
        verifiers: int = 3,
        sealed: bool = False,
        quorum: int = 2,
        verify_ppm: int = 150_000,
        units: int = UNITS,
        presence_seconds: int | None = None,
    ) -> None:
        self.issuer_key, self.submitter = key_of("issuer"), key_of("submitter")
        self.delegate, self.stranger = key_of("delegate"), key_of("stranger")
        self.node, self.other_node = key_of("node"), key_of("other node")
        self.verifiers = tuple(key_of(f"verifier {number}") for number in range(verifiers))
        self.found(
            self._members(),
            sealed=sealed,
            quorum=quorum,
            verify_ppm=verify_ppm,
            presence_seconds=presence_seconds,
        )
        self.sent: list[Sent] = []
        self.history: list[Sent] = []
        self.within(lambda tx: self.begin(tx, self.issuer))
        self.token = self.issue(units)
        for each in self.verifiers:
            self.deliver(self.profile(each))
        self.sent.clear()

    def _members(self) -> tuple[Member, ...]:
        roles = {
            self.issuer_key: Role.ISSUER,
            self.submitter: Role.SUBMITTER,
            self.delegate: Role.SUBMITTER,
            self.node: Role.NODE,
            self.other_node: Role.NODE,
            **dict.fromkeys(self.verifiers, Role.VERIFIER),
        }
        return tuple(
            Member(
                member=key.did,
                name=NodeId(f"member-{number}"),
                cooperative=f"cooperative-{number}",
                roles=(role,),
                expires_at=None,
            )
            for number, (key, role) in enumerate(roles.items())
        )

    def place_of(self, hold: Cid) -> int:
        holds = list(dict.fromkeys(each.cid for each in self.history_of(Hold)))
        return 1 + holds.index(hold)

    # --- driving

    def within(self, act: Callable[[Any], Any]) -> Any:
        """Do something in a turn of the issuer, and take what it sends."""
        with self.store.turn(self.now) as turn:
            with turn.delivery(self.issuer.did) as tx:
                found = act(tx)
                sent = tx.outbox.sent
                taken = [
                    Sent(
                        to=each.to,
                        record=self.archive.read(self._stored(tx, each.record)),
                        attached=each.attached,
                    )
                    for each in sent
                ]
                self.sent += taken
                self.history += taken
                assert all(tx.blocks.has(cid) for each in sent for cid in each.attached)
            turn.take_sent()
        return found

    def _stored(self, tx: Any, cid: Cid) -> bytes:
        block: bytes | None = tx.blocks.get(cid)
        assert block is not None, "what is sent is stored"
        return block

    def deliver(self, record: Signed[Any], *attached: bytes) -> None:
        envelope = Envelope(
            sender=record.signer, to=self.issuer.did, blocks=(record.block, *attached)
        )
        self.within(lambda tx: self.issuer.receive(tx, envelope, self.now))

    def tick(self) -> Instant | None:
        found: Instant | None = self.within(lambda tx: self.issuer.tick(tx, self.now))
        return found

    # --- what the issuer has

    def attempt(self) -> Attempt:
        found: tuple[Attempt, ...] = self.within(lambda tx: tx.rows(ATTEMPTS).select())
        return max(found, key=lambda each: each.attempt)

    def accounts(self) -> tuple[Account, ...]:
        found: tuple[Account, ...] = self.within(lambda tx: Books(tx, self.issuer.did).accounts())
        return found

    def balance(self, owner: Did) -> int:
        return sum(
            each.balance
            for each in self.accounts()
            if each.key.owner == owner and each.key.kind.value == "holdings"
        )

    def of_kind(self, kind: type[Any], to: SigningKey | None = None) -> list[Signed[Any]]:
        """The records of a kind that were sent, to one receiver where given."""
        return [
            each.record
            for each in self.sent
            if isinstance(each.record.body, kind) and (to is None or each.to == to.did)
        ]

    def last(self, kind: type[Any], to: SigningKey | None = None) -> Signed[Any]:
        """The newest record of a kind that was ever sent."""
        return self.history_of(kind, to)[-1]

    def history_of(self, kind: type[Any], to: SigningKey | None = None) -> list[Signed[Any]]:
        """The records of a kind that were ever sent, the oldest first."""
        return [
            each.record
            for each in self.history
            if isinstance(each.record.body, kind) and (to is None or each.to == to.did)
        ]

    @property
    def answer(self) -> Answer:
        body: Answer = self.last(Answer).body
        return body

    @property
    def settlement(self) -> Settlement:
        body: Settlement = self.last(Settlement).body
        return body

    @property
    def hold(self) -> Signed[Hold]:
        return self.last(Hold)

    @property
    def statement(self) -> Statement:
        body: Statement = self.within(
            lambda tx: self.issuer.statement_of(tx, self.submitter.did, self.now)
        ).body
        return body

    # --- steps of an attempt

    def issue(self, amount: int, scope: str = "") -> Signed[ResourceToken]:
        token: Signed[ResourceToken] | Refused = self.within(
            lambda tx: self.issuer.issue_token(
                tx,
                owner=self.submitter.did,
                resource_type=ResourceType.COMPUTE,
                amount=amount,
                scope=scope,
                expires_at=WALL + 10_000_000,
                now=self.now,
            )
        )
        assert not isinstance(token, Refused)
        return token

    def award(self, asked: Asked, *more: bytes) -> None:
        award, blocks = self.message(asked, *more)
        self.deliver(award, *blocks)

    def message(self, asked: Asked, *more: bytes) -> tuple[Signed[Award], tuple[bytes, ...]]:
        """An award with all that it rests on."""
        return asked.award, (*asked.blocks, self.token.block, *more)

    def held(self, asked: Asked | None = None) -> Asked:
        """A job whose price is held."""
        asked = asked or self.ask()
        self.award(asked)
        assert self.of_kind(Hold), self.of_kind(Answer)
        return asked

    def deliver_receipt(self, asked: Asked, found: Deterministic | None = None) -> None:
        receipt, anchor, block = self.receipt(asked, found)
        self.deliver(receipt, anchor.block, block)

    def attest(self, key: SigningKey, found: Deterministic | None = None) -> None:
        attestation, block = self.attestation(key, found)
        self.deliver(attestation, block)

    def drawn(self) -> tuple[SigningKey, ...]:
        """The keys of the verifiers of the newest draw, in its order."""
        draw: Draw = self.last(Draw).body
        return self.keys(draw.verifiers)

    def opened(self) -> Opening:
        body: Opening = self.last(Opening).body
        return body

    def keys(self, dids: Iterable[Did]) -> tuple[SigningKey, ...]:
        by_did = {each.did: each for each in self.verifiers}
        return tuple(by_did[did] for did in dids)

    def verified(self, asked: Asked | None = None) -> Asked:
        """A job that has ended with a verified result."""
        asked = self.held(asked)
        self.deliver_receipt(asked)
        for each in self.drawn():
            self.attest(each)
        settled = self.settlement
        assert (settled.hold, settled.ground) == (self.hold.cid, Ground.VERIFIED)
        return asked

    # --- commands of the operator

    def set_policy(self, rule: Rule, scope: str = "") -> Signed[Policy]:
        found: Signed[Policy] = self.within(
            lambda tx: self.issuer.set_policy(
                tx, resource_type=ResourceType.COMPUTE, scope=scope, rule=rule, now=self.now
            )
        )
        return found

    def allocate(self, amount: int, scope: str) -> Signed[ResourceToken] | Refused:
        found: Signed[ResourceToken] | Refused = self.within(
            lambda tx: self.issuer.allocate(
                tx,
                owner=self.submitter.did,
                resource_type=ResourceType.COMPUTE,
                amount=amount,
                scope=scope,
                expires_at=WALL + 10_000_000,
                now=self.now,
            )
        )
        return found

    def move(self, debit: SigningKey, credit: SigningKey, amount: int) -> Refused | None:
        """Move units between two holdings."""

        def act(tx: Any) -> Refused | None:
            books = Books(tx, self.issuer.did)
            command = Move(
                id=TransferId(self.entropy(32)),
                debit=books.key(ResourceType.COMPUTE, debit.did),
                credit=books.key(ResourceType.COMPUTE, credit.did),
                amount=amount,
            )
            return books.carry_out(command, now=self.now.wall)

        found: Refused | None = self.within(act)
        return found
