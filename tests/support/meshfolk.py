"""Members of a mesh for tests: keys, founding records, and a program small enough to trust.

Everything is made through the real core; only the execution may be this module's own small
pure function, where a test is about the protocol and not about the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from blake3 import blake3
from msgspec.structs import replace

from mesh.core.fields import NodeId
from mesh.core.ids import issue_id, new_job_id
from mesh.federation import Ticket, commitment_of
from mesh.market import NodeState
from mesh.ports import Store
from mesh.records import Engine, Genesis, JobManifest, Priority, Requirements, Trust
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, Outcome, OutcomeKind
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed, sign
from runtime.tokens.ledger import Change, decide
from runtime.tokens.policy import AllowAll, Usage
from runtime.tokens.token import ResourceToken, ResourceType
from runtime.tokens.transfers import Issue

START = 1_800_000_000
GRANT = 1_000_000
ENGINE = Engine(name="sums", version="1", config="0", arch="any")
MODULE = b"a program for the sums engine"


def key(name: str) -> SigningKey:
    return SigningKey(blake3(name.encode()).digest())


NO_BLOCKS: Final[Mapping[Cid, bytes]] = {}


def sums(
    module: bytes,
    context: Context,
    given: bytes | None,
    blocks: Mapping[Cid, bytes] = NO_BLOCKS,
) -> Deterministic:
    """A deterministic program: its result follows from module, context and input alone."""
    digest = blake3(module + context.to_block() + (given or b"")).digest()
    fuel_used = int.from_bytes(digest[:8], "big") % (context.limits.fuel + 1)
    return Deterministic(
        outcome=Outcome(kind=OutcomeKind.SUCCEEDED),
        output=cid_of(digest, Codec.RAW),
        effects=None,
        logs=None,
        fuel_used=fuel_used,
    )


def false_sums(
    module: bytes,
    context: Context,
    given: bytes | None,
    blocks: Mapping[Cid, bytes] = NO_BLOCKS,
) -> Deterministic:
    """A lie: the result of another program, as plausible as the true one."""
    return sums(module + b"!", context, given)


@dataclass(frozen=True, kw_only=True)
class Folk:
    """The members and founding records of one mesh."""

    founder: SigningKey = field(default_factory=lambda: key("issuer"))
    submitter: SigningKey = field(default_factory=lambda: key("submitter"))
    nodes: tuple[SigningKey, ...] = tuple(key(f"node-{i}") for i in (1, 2, 3))
    verifiers: tuple[SigningKey, ...] = tuple(key(f"verifier-{i}") for i in (1, 2, 3))
    module: bytes = MODULE
    engine: Engine = ENGINE

    @property
    def genesis(self) -> Signed[Genesis]:
        body = Genesis(
            name="test",
            issuers=(self.founder.did,),
            federation=tuple(each.did for each in self.verifiers),
            created_at=START,
        )
        return sign(body, mesh=None, key=self.founder)

    @property
    def mesh(self) -> Cid:
        return self.genesis.cid

    @property
    def token(self) -> Signed[ResourceToken]:
        body = ResourceToken(
            resource_type=ResourceType.COMPUTE,
            amount=GRANT,
            scope="",
            expires_at=START + 10_000_000,
            issuer=self.founder.did,
            audience=self.submitter.did,
            parent=None,
            nonce=bytes(16),
        )
        return sign(body, mesh=self.mesh, key=self.founder)

    def found(self, store: Store) -> None:
        """Put the founding records into a store and grant the submitter its units."""
        token = self.token
        grant = Issue(
            id=issue_id(token.cid),
            issuer=self.founder.did,
            owner=self.submitter.did,
            unit=ResourceType.COMPUTE,
            amount=GRANT,
        )
        with store.write() as tx:
            for record in (self.genesis, token):
                tx.blocks.put(record.cid, record.block)
            tx.blocks.put(cid_of(self.module, Codec.RAW), self.module)
            change = decide(tx.ledger, grant, START)
            assert isinstance(change, Change)
            tx.ledger.apply(change)

    def manifest(self, number: int = 1, now: int = START, **changes: object) -> Signed[JobManifest]:
        """A signed job over the test program; `changes` replace fields."""
        body = JobManifest(
            job_id=new_job_id(now * 1000, number.to_bytes(10, "big")),
            description="sums",
            module=cid_of(self.module, Codec.RAW),
            entry="run",
            arguments=None,
            input=None,
            ccl=None,
            requirements=Requirements(max_seconds=60),
            resource_type=ResourceType.COMPUTE,
            resource_amount=500,
            budget=500,
            scope="",
            priority=Priority.MEDIUM,
            resource_token=self.token.cid,
            accepted_issuers=(),
            engine=None,
            trust=Trust(),
            award_delegate=None,
            bid_deadline=now + 300,
            expires_at=now + 3600,
            created_at=now,
        )
        return sign(replace(body, **changes), mesh=self.mesh, key=self.submitter)  # type: ignore[arg-type]

    def node_state(self, number: int) -> NodeState:
        """Node 1, 2 or 3: rates 0.21, 0.16 and 0.12, speeds 4 : 2 : 1, the last's surcharge 50%."""
        rate, speed, surcharge, place = (
            (210_000, 400_000_000, 0, "eu-west"),
            (160_000, 200_000_000, 0, "us-east"),
            (120_000, 100_000_000, 500_000, "ap-south"),
        )[number - 1]
        return NodeState(
            did=self.nodes[number - 1].did,
            node_id=NodeId(f"mesh-node-{number}"),
            location=place,
            capabilities=frozenset({"wasm"}),
            memory_bytes=1 << 30,
            cpu_cores=2,
            storage_bytes=1 << 30,
            rates={"compute": rate},
            surcharge_ppm=surcharge,
            fuel_per_second=speed,
            queued_fuel=0,
            running=0,
            running_max=4,
            engine=self.engine.text,
            accepted_issuers=frozenset({self.founder.did}),
            credentials={},
            policy=AllowAll(),
            usage=Usage(),
        )

    def secret(self, verifier: SigningKey) -> bytes:
        return blake3(b"secret of " + verifier.did.encode()).digest()

    def commitment(self, verifier: SigningKey) -> bytes:
        return commitment_of(self.secret(verifier))

    @property
    def tickets(self) -> tuple[Ticket, ...]:
        """All that the draw of verifiers is made from."""
        return tuple(
            Ticket(
                verifier=each.did,
                commitment=self.commitment(each),
                secret=self.secret(each),
            )
            for each in self.verifiers
        )
