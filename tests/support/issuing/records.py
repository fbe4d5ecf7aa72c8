"""Records that others send to an issuer: jobs, bids, awards, and the reports of work.

Results are made up; every record is signed by the key of its member.
"""

from abc import ABC, abstractmethod
from typing import Any

from attempt_world import NO_SURROUNDINGS
from blake3 import blake3
from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import Now
from mesh.core.fields import JobId, NodeId
from mesh.core.ids import new_job_id
from mesh.core.market.contexts import fuel_of
from mesh.core.market.terms import context_for
from mesh.core.membership.founding import Founding
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid, NodeProfile
from mesh.core.records.registry import sign
from mesh.core.records.terms import Engine, Priority, Requirements, Trust
from mesh.core.records.work import Anchor, Attestation, Hold, Receipt, Seal
from mesh.core.verification.receipts import usage_of
from mesh.core.verification.results import result_block
from mesh.core.verification.seals import digest_of
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import BYTES, encode, head
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, Metrics, Outcome, OutcomeKind
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceToken, ResourceType

WALL = 1_700_000_000
LEASE_MS = 3_000
UNITS = 1_000_000
ENGINE = Engine(name="wasmtime", version="1", config="c", arch="x86")
OTHER_ENGINE = replace(ENGINE, arch="arm")
MODULE = cid_of(b"module", Codec.RAW)


def key_of(name: str) -> SigningKey:
    return SigningKey(blake3(name.encode()).digest())


def result(label: str = "right") -> Deterministic:
    """A result; another label, another result."""
    return Deterministic(
        outcome=Outcome(kind=OutcomeKind.SUCCEEDED, detail=label),
        output=None,
        effects=None,
        logs=None,
        fuel_used=1,
    )


class Asked(Struct, frozen=True, kw_only=True):
    """A job of the submitter with a bid for it, its context and its award."""

    manifest: Signed[JobManifest]
    bid: Signed[Bid]
    context: Context
    award: Signed[Award]

    @property
    def blocks(self) -> tuple[bytes, ...]:
        return (self.manifest.block, self.bid.block, self.context.to_block())


class RecordMaker(ABC):
    """The keys of a mesh, and the records that they sign."""

    founding: Founding
    mesh: Cid
    now: Now
    token: Signed[ResourceToken]
    is_sealed: bool
    submitter: SigningKey
    node: SigningKey
    other_node: SigningKey
    verifiers: tuple[SigningKey, ...]

    @property
    @abstractmethod
    def hold(self) -> Signed[Hold]:
        """The newest hold that was sent."""

    @abstractmethod
    def place_of(self, hold: Cid) -> int:
        """The place of a hold's receipt in the executor's chain."""

    @abstractmethod
    def entropy(self, count: int) -> bytes:
        """Bytes that differ from all before."""

    def signed(self, key: SigningKey, body: Any) -> Signed[Any]:
        return sign(body, mesh=self.mesh, key=key)

    def profile(self, key: SigningKey, engine: Engine = ENGINE, sequence: int = 1) -> Signed[Any]:
        member = self.founding.members.member(key.did)
        body = NodeProfile(
            node_id=NodeId("stranger") if member is None else member.name,
            sequence=sequence,
            location="here",
            capabilities=(),
            memory_bytes=1,
            cpu_cores=1,
            storage_bytes=1,
            rates={},
            surcharge_ppm=0,
            share_ppm=1,
            running_max=1,
            accepted_issuers=(),
            credentials=(),
            engine=engine,
        )
        return self.signed(key, body)

    def job_id(self) -> JobId:
        return new_job_id(WALL * 1000, self.entropy(10))

    def manifest(self, key: SigningKey | None = None, **changes: Any) -> Signed[JobManifest]:
        body = JobManifest(
            job_id=self.job_id(),
            description="",
            module=MODULE,
            entry="run",
            arguments=None,
            input=None,
            ccl=None,
            requirements=Requirements(max_seconds=100),
            resource_type=ResourceType.COMPUTE,
            resource_amount=1_000,
            budget=1_000,
            scope="",
            priority=Priority.MEDIUM,
            resource_token=self.token.cid,
            accepted_issuers=(),
            engine=None,
            trust=Trust(verifiers=3, quorum=2),
            award_delegate=None,
            children=None,
            parent=None,
            bid_deadline=self.now.wall + 10,
            expires_at=self.now.wall + 1_000,
            created_at=self.now.wall,
        )
        return self.signed(key or self.submitter, replace(body, **changes))

    def bid(
        self, manifest: Signed[JobManifest], key: SigningKey | None = None, **changes: Any
    ) -> Signed[Bid]:
        body = Bid(
            job=manifest.cid,
            node_id=NodeId("node"),
            price=1_000,
            units=100,
            estimated_seconds=10,
            work_seconds=10,
            location="here",
            capabilities=(),
            engine=ENGINE,
            missing_bytes=0,
            submitter_verifiers=False,
            credentials=(),
            expires_at=self.now.wall + 500,
        )
        return self.signed(key or self.node, replace(body, **changes))

    def ask(
        self,
        manifest: Signed[JobManifest] | None = None,
        bid: Signed[Bid] | None = None,
        *,
        attempt: int = 1,
        signer: SigningKey | None = None,
    ) -> Asked:
        manifest = manifest or self.manifest()
        bid = bid or self.bid(manifest)
        context = context_for(manifest, bid.body, surroundings=NO_SURROUNDINGS)
        award = Award(
            job=manifest.cid,
            bid=bid.cid,
            attempt=attempt,
            context=context.cid,
            fuel_limit=fuel_of(bid.body.units),
        )
        return Asked(
            manifest=manifest,
            bid=bid,
            context=context,
            award=self.signed(signer or self.submitter, award),
        )

    def ask_sized(self, wanted: int) -> Asked:
        """An order whose manifest, bid and context have so many bytes."""
        asked = self.ask(self.manifest(arguments=bytes(400_000)))
        record = len(encode("pad")) + len(head(BYTES, wanted))
        pad = bytes(wanted - sum(map(len, asked.blocks)) - record)
        context = replace(asked.context, records={"pad": pad})
        award = self.signed(self.submitter, replace(asked.award.body, context=context.cid))
        asked = replace(asked, context=context, award=award)
        assert sum(map(len, asked.blocks)) == wanted
        return asked

    def receipt(
        self, asked: Asked, found: Deterministic | None = None, **changes: Any
    ) -> tuple[Signed[Receipt], Signed[Anchor], bytes]:
        """The executor's receipt, its anchor, and the block of its result."""
        found = found or result()
        cid, block = result_block(found)
        hold = self.hold
        executor = self.node if hold.body.executor == self.node.did else self.other_node
        body = Receipt(
            job=asked.manifest.cid,
            award=asked.award.cid,
            hold=hold.cid,
            context=asked.context.cid,
            module=MODULE,
            node_id=asked.bid.body.node_id,
            engine=ENGINE,
            deterministic=cid,
            nonce=self.nonce(executor) if self.is_sealed else None,
            metrics=Metrics(wall_ms=1, memory_peak_bytes=1, host_calls=0),
            usage=usage_of(found, asked.bid.body),
            started_at=hold.body.issued_at,
            ended_at=hold.body.issued_at,
            previous=None,
        )
        receipt = self.signed(executor, replace(body, **changes))
        anchor = Anchor(receipt=receipt.cid, parents=(), sequence=self.place_of(hold.cid))
        return receipt, self.signed(executor, anchor), block

    def attestation(
        self, key: SigningKey, found: Deterministic | None = None, engine: Engine = ENGINE
    ) -> tuple[Signed[Attestation], bytes]:
        cid, block = result_block(found or result())
        body = Attestation(
            hold=self.hold.cid,
            deterministic=cid,
            engine=engine,
            nonce=self.nonce(key) if self.is_sealed else None,
        )
        return self.signed(key, body), block

    def seal(self, key: SigningKey, found: Deterministic | None = None) -> Signed[Seal]:
        cid, _ = result_block(found or result())
        digest = digest_of(self.hold.cid, key.did, cid, self.nonce(key))
        return self.signed(key, Seal(hold=self.hold.cid, digest=digest))

    def nonce(self, key: SigningKey) -> bytes:
        return blake3(b"nonce" + key.public).digest()
