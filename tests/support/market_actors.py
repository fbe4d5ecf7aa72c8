"""The actors of a market: a submitter and its issuer over one store in memory, with the keys of
nodes and verifiers, whose records are signed by hand.

Everything is real but the executions. What is sent between the two actors arrives at once, unless a
test holds it back.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from issuing.mesh import FoundedMesh
from issuing.records import ENGINE, UNITS, key_of
from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import Instant
from mesh.actors.base import REFUSALS
from mesh.actors.issuer.issuer import Issuer
from mesh.actors.submitter.actor import Submitter
from mesh.actors.submitter.journal import Settings
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.events import Event
from mesh.core.jobs.job import Job
from mesh.core.jobs.step import replay
from mesh.core.ports.messages import Envelope
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Member, Role
from mesh.core.records.work import Hold
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.did import Did
from runtime.execution.context import Limits
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType

T = TypeVar("T")
MODULE_BYTES = b"module"
SETTINGS = Settings(
    bid_window_seconds=3_600,
    job_seconds=3_600,
    presence_seconds=None,
    allowed=Limits(fuel=0),
    module_bytes=1 << 20,
    memory_bytes=1 << 28,
    description_bytes=4_096,
    token_chain=8,
)


class Mail(Struct, frozen=True, kw_only=True):
    """A message that was sent. attached: the blocks themselves."""

    to: Did
    record: Signed[Any]
    attached: tuple[bytes, ...]


class MarketActors(FoundedMesh):
    """One submitter, its issuer, nodes and verifiers, each its own cooperative."""

    def __init__(
        self,
        *,
        nodes: int = 2,
        sealed: bool = False,
        units: int = UNITS,
        settings: Settings = SETTINGS,
        cooperatives: dict[str, str] | None = None,
    ) -> None:
        self.issuer_key, self.submitter, self.delegate = map(
            key_of, ("issuer", "submitter", "delegate")
        )
        self.nodes = tuple(key_of(f"node {number}") for number in range(nodes))
        self.node, self.other_node = self.nodes[0], self.nodes[-1]
        self.verifiers = tuple(key_of(f"verifier {number}") for number in range(3))
        self.found(self._members(cooperatives or {}), sealed=sealed)
        self.mail: list[Mail] = []
        self.held_back: list[Mail] = []
        self.is_held_back: Callable[[Mail], bool] = lambda mail: False
        self.actor = Submitter(
            key=self.submitter, archive=self.archive, entropy=self.entropy, settings=settings
        )
        for each in (self.issuer, self.actor):
            self._within(each, lambda tx, each=each: self.begin(tx, each))
        self.within(lambda tx: tx.blocks.put(cid_of(MODULE_BYTES, Codec.RAW), MODULE_BYTES))
        self.token = self.issue(units)
        for number, key in enumerate(self.nodes):
            self.deliver(self.node_profile(key, number))
        for key in self.verifiers:
            profile = self.profile(key)
            self.deliver(profile, to=self.issuer_key.did)
            self.deliver(profile)

    def _members(self, cooperatives: dict[str, str]) -> tuple[Member, ...]:
        named = {
            "issuer": (self.issuer_key, Role.ISSUER),
            "submitter": (self.submitter, Role.SUBMITTER),
            "delegate": (self.delegate, Role.SUBMITTER),
            **{f"node-{n}": (key, Role.NODE) for n, key in enumerate(self.nodes)},
            **{f"verifier-{n}": (key, Role.VERIFIER) for n, key in enumerate(self.verifiers)},
        }
        return tuple(
            Member(
                member=key.did,
                name=NodeId(name),
                cooperative=cooperatives.get(name, name),
                roles=(role,),
                expires_at=None,
            )
            for name, (key, role) in named.items()
        )

    # --- driving

    def within(self, act: Callable[[Any], T]) -> T:
        """Do something in a turn of the submitter; what it sends arrives."""
        return self._within(self.actor, act)

    def _within(self, actor: Issuer | Submitter, act: Callable[[Any], T]) -> T:
        with self.store.turn(self.now) as turn:
            with turn.delivery(actor.did) as tx:
                found = act(tx)
            mail = [self._mail(turn, each) for each in turn.take_sent()]
            self.fetches = turn.take_asked()
        self._post(mail)
        return found

    def send_again(self) -> None:
        """What is unanswered and due is sent again."""
        with self.store.turn(self.now) as turn:
            mail = [self._mail(turn, each) for each in turn.take_due()]
        self._post(mail)

    def _mail(self, turn: Any, sending: Any) -> Mail:
        return Mail(
            to=sending.to,
            record=self.archive.read(self._block(turn, sending.sender, sending.record)),
            attached=tuple(self._block(turn, sending.sender, cid) for cid in sending.attached),
        )

    def _post(self, mail: list[Mail]) -> None:
        for each in mail:
            self.mail.append(each)
            if self.is_held_back(each):
                self.held_back.append(each)
            else:
                self.forward(each)

    def _block(self, turn: Any, actor: Did, cid: Cid) -> bytes:
        block: bytes | None = turn.blocks(actor).get(cid)
        assert block is not None, "what is sent is stored"
        return block

    def forward(self, mail: Mail) -> None:
        if mail.to in (self.submitter.did, self.issuer_key.did):
            self.deliver(mail.record, *mail.attached, to=mail.to)

    def deliver(self, record: Signed[Any], *attached: bytes, to: Did | None = None) -> None:
        """A message arrives, at the submitter where nobody is named."""
        to = to or self.submitter.did
        actor = self.actor if to == self.submitter.did else self.issuer
        envelope = Envelope(sender=record.signer, to=to, blocks=(record.block, *attached))
        self._within(actor, lambda tx: actor.receive(tx, envelope, self.now))

    def tell_both(self, record: Signed[Any], *attached: bytes) -> None:
        """A message to issuer and submitter."""
        self.deliver(record, *attached, to=self.issuer_key.did)
        self.deliver(record, *attached)

    def tick(self) -> Instant | None:
        found = self.within(lambda tx: self.actor.tick(tx, self.now))
        self._within(self.issuer, lambda tx: self.issuer.tick(tx, self.now))
        return found

    # --- what they have

    def issue(self, amount: int, scope: str = "", seconds: int = 100_000) -> Signed[Any]:
        token: Any = self._within(
            self.issuer,
            lambda tx: self.issuer.issue_token(
                tx,
                owner=self.submitter.did,
                resource_type=ResourceType.COMPUTE,
                amount=amount,
                scope=scope,
                expires_at=self.now.wall + seconds,
                now=self.now,
            ),
        )
        assert isinstance(token, Signed), str(token)
        return token

    def refusals(self) -> dict[str, int]:
        """How often the submitter refused a message, by reason."""
        found: dict[str, int] = {}
        for row in self.within(lambda tx: tx.rows(REFUSALS).select()):
            found[row.reason] = found.get(row.reason, 0) + row.count
        return found

    def job(self, job_id: JobId) -> Job:
        job = self.within(lambda tx: self.actor.job(tx, job_id))
        assert job is not None, "there is such a job"
        return job

    def events(self, job_id: JobId) -> list[Event]:
        return [each.event for each in self.within(lambda tx: self.actor.history(tx, job_id))]

    def replayed(self, job_id: JobId) -> Job | None:
        return replay(self.within(lambda tx: self.actor.history(tx, job_id)))

    def last(self, kind: type[Any]) -> Signed[Any]:
        """The newest record of a kind that was ever sent."""
        return self.mails(kind)[-1].record

    def mails(self, kind: type[Any]) -> list[Mail]:
        return [each for each in self.mail if isinstance(each.record.body, kind)]

    @property
    def hold(self) -> Signed[Hold]:
        return self.last(Hold)

    def place_of(self, hold: Cid) -> int:
        """The place of a hold's receipt in the executor's chain."""
        found = dict.fromkeys(each.record.cid for each in self.mails(Hold))
        return list(found).index(hold) + 1

    def node_profile(self, key: SigningKey, number: int, **changes: Any) -> Signed[NodeProfile]:
        body = NodeProfile(
            node_id=NodeId(f"node-{number}"),
            sequence=1,
            location="here",
            capabilities=(),
            memory_bytes=1 << 30,
            cpu_cores=4,
            storage_bytes=1 << 30,
            rates={"compute": 1_000_000},
            surcharge_ppm=0,
            share_ppm=1_000_000,
            running_max=4,
            accepted_issuers=(),
            credentials=(),
            engine=ENGINE,
        )
        return self.signed(key, replace(body, **changes))
