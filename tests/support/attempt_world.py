"""A small mesh of version 2 with all its keys, and true records of one attempt at a job."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from mesh.core.fields import JobId, NodeId
from mesh.core.ids import hold_id
from mesh.core.market.contexts import fuel_of
from mesh.core.market.terms import (
    Surroundings,
    context_for,
    max_seconds_of,
    pot_of,
)
from mesh.core.membership.founding import Founding, found_mesh
from mesh.core.membership.members import Members
from mesh.core.records.jobs import Award, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Endorsement, Genesis, Member, Membership, Role
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Ground, Payment, Settlement
from mesh.core.records.terms import Engine, Priority, Requirements, Trust
from mesh.core.records.work import Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.verification.draw import (
    Interests,
    Lottery,
    commitment_of,
    drawn,
    eligible,
    eligible_block,
    secret_of,
)
from mesh.core.verification.receipts import usage_of
from mesh.core.verification.results import result_block
from mesh.core.verification.seals import digest_of, nonce_of
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.execution import (
    Deterministic,
    Execution,
    Metrics,
    Outcome,
    OutcomeKind,
)
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType, Scope

START = 1_800_000_000
ENGINE = Engine(name="wasmtime", version="1", config="c", arch="x")
MODULE = b"\0asm module"
MODULE_CID = cid_of(MODULE, Codec.RAW)
SEED = b"\x07" * 32
NO_SURROUNDINGS = Surroundings(balances={}, policies={}, state_root=None)


def key(name: str) -> SigningKey:
    return SigningKey(name.encode().ljust(32, b"\0"))


def metrics(**changes: Any) -> Metrics:
    return replace(Metrics(wall_ms=20, memory_peak_bytes=1, host_calls=0), **changes)


def result(output: bytes = b"forty-two", fuel: int = 5_000_000) -> Deterministic:
    return Deterministic(
        outcome=Outcome(kind=OutcomeKind.SUCCEEDED),
        output=cid_of(output, Codec.RAW),
        effects=None,
        logs=None,
        fuel_used=fuel,
    )


def execution(output: bytes = b"forty-two", fuel: int = 5_000_000, wall_ms: int = 20) -> Execution:
    return Execution(
        deterministic=result(output, fuel),
        metrics=metrics(wall_ms=wall_ms),
        blocks={cid_of(output, Codec.RAW): output},
    )


class World:
    """cooperatives: of members whose names are there; others stand for themselves."""

    def __init__(
        self,
        *,
        sealed: bool = False,
        nodes: int = 2,
        verifiers: int = 4,
        cooperatives: Mapping[str, str] | None = None,
    ) -> None:
        self.cooperatives = cooperatives or {}
        self.issuer, self.submitter = key("issuer"), key("submitter")
        self.nodes = [key(f"node-{n}") for n in range(nodes)]
        self.verifiers = [key(f"verifier-{n}") for n in range(verifiers)]
        self.founding = self._found(sealed)
        self.mesh = self.founding.genesis.cid

    @property
    def members(self) -> Members:
        return self.founding.members

    @property
    def node(self) -> SigningKey:
        return self.nodes[0]

    def key_of(self, did: Did) -> SigningKey:
        everyone = (self.issuer, self.submitter, *self.nodes, *self.verifiers)
        return next(each for each in everyone if each.did == did)

    def _found(self, sealed: bool) -> Founding:
        genesis = Genesis(
            name="world",
            created_at=START,
            founders=(self.issuer.did,),
            threshold=1,
            limits={},
            quorum=2,
            sealed=sealed,
            verify_ppm=150_000,
        )
        named = [
            ("issuer", self.issuer, Role.ISSUER),
            ("submitter", self.submitter, Role.SUBMITTER),
            *((f"node-{n}", each, Role.NODE) for n, each in enumerate(self.nodes)),
            *((f"verifier-{n}", each, Role.VERIFIER) for n, each in enumerate(self.verifiers)),
        ]
        members = [
            Member(
                member=each.did,
                name=NodeId(name),
                cooperative=self.cooperatives.get(name, name),
                roles=(role,),
                expires_at=None,
            )
            for name, each, role in named
        ]
        return found_mesh(genesis, members, (self.issuer,))

    def sign(self, body: Any, by: SigningKey) -> Signed[Any]:
        return sign(body, mesh=self.mesh, key=by)

    def change(self, without: Iterable[Did] = ()) -> tuple[Signed[Membership], bytes]:
        """The next list of members, without some, and its founder's assent."""
        before = self.founding.change
        kept = tuple(each for each in before.body.members if each.member not in set(without))
        body = replace(before.body, sequence=2, previous=before.cid, members=kept)
        change = self.sign(body, self.issuer)
        return change, self.sign(Endorsement(change=change.cid, sequence=2), self.issuer).block

    # --- records of an attempt

    def manifest(self, number: int = 1, **changes: Any) -> Signed[JobManifest]:
        body = JobManifest(
            job_id=JobId(f"01890000-0000-7000-8000-{number:012x}"),
            description="",
            module=MODULE_CID,
            entry="run",
            arguments=None,
            input=None,
            ccl=None,
            requirements=Requirements(max_seconds=600),
            resource_type=ResourceType.COMPUTE,
            resource_amount=100,
            budget=10_000,
            scope=Scope("org"),
            priority=Priority.MEDIUM,
            resource_token=cid_of(b"token", Codec.DAG_CBOR),
            accepted_issuers=(),
            engine=None,
            trust=Trust(),
            award_delegate=None,
            children=None,
            parent=None,
            bid_deadline=START + 30,
            expires_at=START + 3600,
            created_at=START,
        )
        by = changes.pop("by", self.submitter)
        return self.sign(replace(body, **changes), by)

    def bid(
        self, manifest: Signed[JobManifest], by: SigningKey | None = None, **changes: Any
    ) -> Signed[Bid]:
        body = Bid(
            job=manifest.cid,
            node_id=NodeId("node-0"),
            price=1_000,
            units=manifest.body.resource_amount,
            estimated_seconds=10,
            work_seconds=5,
            location="here",
            capabilities=(),
            engine=ENGINE,
            missing_bytes=0,
            submitter_verifiers=False,
            credentials=(),
            expires_at=START + 600,
        )
        return self.sign(replace(body, **changes), by or self.node)

    def attempt(self, bid: Signed[Bid], manifest: Signed[JobManifest], **changes: Any) -> "Attempt":
        return Attempt(self, manifest, bid, changes)


class Attempt:
    """True records of an attempt. changes: of the Hold; `fuel_limit`: of the Award; `listed`: who
    may be drawn."""

    def __init__(
        self,
        world: World,
        manifest: Signed[JobManifest],
        bid: Signed[Bid],
        changes: Mapping[str, Any],
    ) -> None:
        self.world, self.manifest, self.bid = world, manifest, bid
        self.context: Context = context_for(manifest, bid.body, surroundings=NO_SURROUNDINGS)
        self.award: Signed[Award] = world.sign(
            Award(
                job=manifest.cid,
                bid=bid.cid,
                attempt=1,
                context=self.context.cid,
                fuel_limit=changes.get("fuel_limit", fuel_of(bid.body.units)),
            ),
            world.submitter,
        )
        changes = dict(changes)
        self.listed: tuple[Did, ...] = changes.pop("listed", None) or eligible(
            world.members,
            {each.did: bid.body.engine.text for each in world.verifiers},
            self.interests,
            engine=bid.body.engine.text,
            at=START + 1,
        )
        self.secret = secret_of(SEED, hold_id(manifest.cid, 1))
        changes.pop("fuel_limit", None)
        by = changes.pop("by", world.issuer)
        self.hold: Signed[Hold] = world.sign(replace(self._hold(), **changes), by)

    @property
    def interests(self) -> Interests:
        return Interests(
            executor=self.bid.signer,
            submitter=self.manifest.signer,
            executor_verifiers=self.manifest.body.trust.executor_verifiers,
            submitter_verifiers=self.bid.body.submitter_verifiers,
        )

    def _hold(self) -> Hold:
        price = self.bid.body.price
        return Hold(
            id=hold_id(self.manifest.cid, 1),
            award=self.award.cid,
            job=self.manifest.cid,
            bid=self.bid.cid,
            executor=self.bid.signer,
            attempt=1,
            token=self.manifest.body.resource_token,
            amount=price,
            pot=pot_of(price, self.world.founding.genesis.body.verify_ppm),
            lease_ms=3_000,
            max_seconds=max_seconds_of(self.manifest.body, self.bid.body, 3_000),
            members=self.world.founding.change.cid,
            eligible=eligible_block(self.listed)[0],
            draw_commitment=commitment_of(self.secret),
            issued_at=START + 1,
        )

    @property
    def order_blocks(self) -> tuple[bytes, ...]:
        """The blocks that go along with a Hold."""
        return (
            self.award.block,
            self.manifest.block,
            self.bid.block,
            self.context.to_block(),
            eligible_block(self.listed)[1],
        )

    def receipt(self, done: Deterministic | None = None, **changes: Any) -> Signed[Receipt]:
        done = done or result()
        body = Receipt(
            job=self.manifest.cid,
            award=self.award.cid,
            hold=self.hold.cid,
            context=self.context.cid,
            module=self.manifest.body.module,
            node_id=self.bid.body.node_id,
            engine=self.bid.body.engine,
            deterministic=result_block(done)[0],
            nonce=None,
            metrics=metrics(),
            usage=usage_of(done, self.bid.body),
            started_at=START + 2,
            ended_at=START + 3,
            previous=None,
        )
        by = changes.pop("by", self.world.key_of(self.bid.signer))
        return self.world.sign(replace(body, **changes), by)

    def seal(self, by: SigningKey, done: Deterministic | None = None) -> Signed[Seal]:
        cid = result_block(done or result())[0]
        digest = digest_of(self.hold.cid, by.did, cid, nonce_of(by, self.hold.cid))
        return self.world.sign(Seal(hold=self.hold.cid, digest=digest), by)

    def draw(self, first: Cid, number: int = 1, **changes: Any) -> Signed[Draw]:
        lottery = Lottery(secret=self.secret, award=self.award.cid, first=first)
        verifiers = drawn(
            self.listed,
            self.world.members,
            lottery,
            wanted=self.manifest.body.trust.verifiers,
            round_number=number,
        )
        by = changes.pop("by", self.world.issuer)
        body = Draw(
            hold=self.hold.cid,
            first=first,
            secret=self.secret,
            verifiers=verifiers,
            round=number,
        )
        return self.world.sign(replace(body, **changes), by)

    def attestation(
        self, by: SigningKey, done: Deterministic | None = None, **changes: Any
    ) -> Signed[Attestation]:
        body = Attestation(
            hold=self.hold.cid,
            deterministic=result_block(done or result())[0],
            engine=self.bid.body.engine,
            nonce=None,
        )
        return self.world.sign(replace(body, **changes), by)

    def opening(
        self, draws: Iterable[Signed[Draw]], seals: Iterable[Signed[Seal]], **changes: Any
    ) -> Signed[Opening]:
        by = changes.pop("by", self.world.issuer)
        body = Opening(
            hold=self.hold.cid,
            draws=tuple(each.cid for each in draws),
            seals=tuple(each.cid for each in seals),
        )
        return self.world.sign(replace(body, **changes), by)

    def settlement(self, ground: Ground, paid: int = 0, **changes: Any) -> Signed[Settlement]:
        by = changes.pop("by", self.world.issuer)
        executor = self.bid.signer
        body = Settlement(
            hold=self.hold.cid,
            ground=ground,
            receipt=None,
            anchor=None,
            draws=(),
            opening=None,
            attestations=(),
            cancel=None,
            payments=(Payment(to=executor, amount=paid),) if paid else (),
            refunded=self.hold.body.amount - paid,
            detail="",
            issued_at=START + 5,
        )
        return self.world.sign(replace(body, **changes), by)
