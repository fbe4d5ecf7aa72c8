"""A mesh of six members and the records of one job in it, from seeds that are published here.

Its engine is that of `sums_engine`. The test vectors are made of it, and the tests of proofs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from blake3 import blake3
from msgspec.structs import replace
from sums_engine import ENGINE, MODULE, false_sums, output_of, sums

from mesh.core.fields import JobId, NodeId
from mesh.core.ids import hold_id
from mesh.core.market.terms import Surroundings, context_for, fuel_of, max_seconds_of
from mesh.core.membership.founding import Founding, found_mesh
from mesh.core.records.jobs import Award, Cancel, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Genesis, Member, Role
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Ground, Policy, Settlement
from mesh.core.records.terms import Priority, Requirements, Trust
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.settlement.payments import payments_of, pot_of
from mesh.core.verification.draw import Lottery, commitment_of, drawn, eligible_block
from mesh.core.verification.receipts import usage_of
from mesh.core.verification.results import result_block
from mesh.core.verification.seals import digest_of
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Metrics
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.policy import Quota
from runtime.tokens.token import ResourceToken, ResourceType

T = TypeVar("T")

START: Final = 1_700_000_000
VERIFIERS: Final = ("verifier-1", "verifier-2", "verifier-3")
ROLES: Final = {
    "issuer": Role.ISSUER,
    "submitter": Role.SUBMITTER,
    "node": Role.NODE,
    **dict.fromkeys(VERIFIERS, Role.VERIFIER),
}


def seed_of(name: str) -> bytes:
    """The published seed of a member's key."""
    return blake3(f"icn-ccl test key {name}".encode()).digest()


def key(name: str) -> SigningKey:
    return SigningKey(seed_of(name))


KEYS: Final = {key(name).did: key(name) for name in ROLES}


@dataclass(frozen=True, kw_only=True)
class SampleJob:
    """The records of one verified job, each by its signer, and the blocks that they name."""

    founding: Founding
    token: Signed[ResourceToken]
    policy: Signed[Policy]
    manifest: Signed[JobManifest]
    bid: Signed[Bid]
    context: Context
    award: Signed[Award]
    listed: tuple[str, ...]
    hold: Signed[Hold]
    receipt: Signed[Receipt]
    anchor: Signed[Anchor]
    draws: tuple[Signed[Draw], ...]
    opening: Signed[Opening] | None
    seals: tuple[Signed[Seal], ...]
    attestations: tuple[Signed[Attestation], ...]
    settlement: Signed[Settlement]
    cancel: Signed[Cancel]
    data: Mapping[Cid, bytes] = field(default_factory=dict)

    @property
    def mesh(self) -> Cid:
        return self.founding.genesis.cid

    @property
    def records(self) -> tuple[Signed[Any], ...]:
        """In the order in which they were signed."""
        opening = () if self.opening is None else (self.opening,)
        return (
            *(self.founding.genesis, self.founding.change, *self.founding.endorsements),
            *(self.token, self.policy, self.manifest, self.bid, self.award, self.hold),
            *(*self.seals, *self.draws, *opening, self.receipt, self.anchor),
            *(*self.attestations, self.settlement),
        )

    @property
    def blocks(self) -> dict[Cid, bytes]:
        signed = {each.cid: each.block for each in self.records}
        return signed | {self.context.cid: self.context.to_block()} | dict(self.data)


def found(*, is_sealed: bool) -> Founding:
    genesis = Genesis(
        name="test",
        created_at=START,
        founders=(key("issuer").did,),
        threshold=1,
        limits={},
        quorum=2,
        sealed=is_sealed,
        verify_ppm=150_000,
    )
    members = tuple(
        Member(
            member=key(name).did,
            name=NodeId(name),
            cooperative=f"{name}-cooperative",
            roles=(role,),
            expires_at=None,
        )
        for name, role in ROLES.items()
    )
    return found_mesh(genesis, members, (key("issuer"),))


def unaltered(body: Any) -> Any:
    return body


def sample_job(
    *,
    is_sealed: bool = True,
    liars: Iterable[str] = (),
    alter: Callable[[Any], Any] = unaltered,
) -> SampleJob:
    """A job that was verified. liars: members who sign the false result; alter: gives the body that
    is signed in place of each, on which all later records rest."""
    founding = found(is_sealed=is_sealed)
    mesh, members = founding.genesis.cid, founding.members
    lying = frozenset(liars)

    def signed(name: str, body: T) -> Signed[T]:
        return sign(alter(body), mesh=mesh, key=key(name))

    token = signed("issuer", TOKEN)
    policy = signed("issuer", POLICY)
    manifest = signed("submitter", replace(MANIFEST, resource_token=token.cid))
    bid = signed("node", replace(BID, job=manifest.cid))
    surroundings = Surroundings(balances={"compute": 1_000_000}, policies={}, state_root=None)
    context = context_for(manifest, bid.body, surroundings=surroundings)
    award = signed(
        "submitter",
        Award(
            job=manifest.cid,
            bid=bid.cid,
            attempt=1,
            context=context.cid,
            fuel_limit=fuel_of(bid.body.units),
        ),
    )
    secret = blake3(b"secret of the sample").digest()
    listed = tuple(sorted(key(name).did for name in VERIFIERS))
    eligible, eligible_bytes = eligible_block(listed)
    amount = bid.body.price
    hold = signed(
        "issuer",
        Hold(
            id=hold_id(manifest.cid, 1),
            award=award.cid,
            job=manifest.cid,
            bid=bid.cid,
            executor=key("node").did,
            attempt=1,
            token=token.cid,
            amount=amount,
            pot=pot_of(amount, founding.genesis.body.verify_ppm),
            lease_ms=3000,
            max_seconds=max_seconds_of(manifest.body, bid.body, 3000),
            members=founding.change.cid,
            eligible=eligible,
            draw_commitment=commitment_of(secret),
            issued_at=START + 2,
        ),
    )
    results = {
        name: (false_sums if name in lying else sums)(MODULE, context, None)
        for name in ("node", *VERIFIERS)
    }
    nonces = {name: blake3(f"nonce of {name}".encode()).digest() for name in results}
    names = {key(name).did: name for name in results}

    def nonce(name: str) -> bytes | None:
        return nonces[name] if is_sealed else None

    def seal(name: str) -> Signed[Seal]:
        deterministic = result_block(results[name])[0]
        digest = digest_of(hold.cid, key(name).did, deterministic, nonces[name])
        return signed(name, Seal(hold=hold.cid, digest=digest))

    result, _ = result_block(results["node"])
    receipt = signed(
        "node",
        Receipt(
            job=manifest.cid,
            award=award.cid,
            hold=hold.cid,
            context=context.cid,
            module=manifest.body.module,
            node_id=bid.body.node_id,
            engine=ENGINE,
            deterministic=result,
            nonce=nonce("node"),
            metrics=Metrics(wall_ms=12, memory_peak_bytes=65_536, host_calls=0),
            usage=usage_of(results["node"], bid.body),
            started_at=START + 3,
            ended_at=START + 4,
            previous=None,
        ),
    )
    anchor = signed("node", Anchor(receipt=receipt.cid, parents=(), sequence=1))
    executors_seal = seal("node") if is_sealed else None
    first = receipt.cid if executors_seal is None else executors_seal.cid
    chosen = drawn(
        listed,
        members,
        Lottery(secret=secret, award=award.cid, first=first),
        wanted=manifest.body.trust.verifiers,
        round_number=1,
    )
    draw = signed(
        "issuer", Draw(hold=hold.cid, first=first, secret=secret, verifiers=chosen, round=1)
    )
    seals = (
        () if executors_seal is None else (executors_seal, *(seal(names[did]) for did in chosen))
    )
    opening = (
        signed(
            "issuer",
            Opening(hold=hold.cid, draws=(draw.cid,), seals=tuple(each.cid for each in seals)),
        )
        if is_sealed
        else None
    )
    attestations = tuple(
        signed(
            name,
            Attestation(
                hold=hold.cid,
                deterministic=result_block(results[name])[0],
                engine=ENGINE,
                nonce=nonce(name),
            ),
        )
        for name in (names[did] for did in chosen)
    )
    agreeing = tuple(key(name).did for name in VERIFIERS if results[name] == results["node"])
    is_refuted = len(agreeing) < manifest.body.trust.quorum
    if is_refuted:
        agreeing = tuple(key(name).did for name in VERIFIERS if name not in lying)
    ground = Ground.REFUTED if is_refuted else Ground.VERIFIED
    payments = payments_of(
        ground,
        amount=amount,
        pot=hold.body.pot,
        executor=hold.body.executor,
        agreeing=agreeing,
        drawn=len(chosen),
        running_ms=0,
        work_seconds=bid.body.work_seconds,
    )
    settlement = signed(
        "issuer",
        Settlement(
            hold=hold.cid,
            ground=ground,
            receipt=receipt.cid,
            anchor=anchor.cid,
            draws=(draw.cid,),
            opening=None if opening is None else opening.cid,
            attestations=tuple(each.cid for each in attestations),
            cancel=None,
            payments=payments,
            refunded=amount - sum(each.amount for each in payments),
            detail="",
            issued_at=START + 6,
        ),
    )
    output = output_of(MODULE + b"!" if "node" in lying else MODULE, context)
    data = {
        cid_of(MODULE, Codec.RAW): MODULE,
        eligible: eligible_bytes,
        cid_of(output, Codec.RAW): output,
        **dict(result_block(each) for each in results.values()),
    }
    return SampleJob(
        founding=founding,
        token=token,
        policy=policy,
        manifest=manifest,
        bid=bid,
        context=context,
        award=award,
        listed=listed,
        hold=hold,
        receipt=receipt,
        anchor=anchor,
        draws=(draw,),
        opening=opening,
        seals=seals,
        attestations=attestations,
        settlement=settlement,
        cancel=signed("submitter", Cancel(job=manifest.cid, reason="no longer needed")),
        data=data,
    )


TOKEN: Final = ResourceToken(
    resource_type=ResourceType.COMPUTE,
    amount=1_000_000,
    scope="",
    expires_at=START + 10_000_000,
    issuer=key("issuer").did,
    audience=key("submitter").did,
    parent=None,
    nonce=bytes(range(16)),
)
POLICY: Final = Policy(
    resource_type=ResourceType.COMPUTE,
    scope="",
    edition=1,
    rule=Quota(limit=1_000_000),
    effective_at=START,
)
MANIFEST: Final = JobManifest(
    job_id=JobId("019b2f5e-8c00-7000-8000-000000000001"),
    description="a sum",
    module=cid_of(MODULE, Codec.RAW),
    entry="run",
    arguments=None,
    input=None,
    ccl=None,
    requirements=Requirements(),
    resource_type=ResourceType.COMPUTE,
    resource_amount=500,
    budget=500,
    scope="",
    priority=Priority.MEDIUM,
    resource_token=cid_of(b"", Codec.DAG_CBOR),
    accepted_issuers=(key("issuer").did,),
    engine=None,
    trust=Trust(verifiers=3, quorum=2),
    award_delegate=None,
    children=None,
    parent=None,
    bid_deadline=START + 30,
    expires_at=START + 3600,
    created_at=START,
)
BID: Final = Bid(
    job=cid_of(b"", Codec.DAG_CBOR),
    node_id=NodeId("node"),
    price=400,
    units=500,
    estimated_seconds=2,
    work_seconds=1,
    location="DE",
    capabilities=(),
    engine=ENGINE,
    missing_bytes=0,
    submitter_verifiers=False,
    credentials=(),
    expires_at=START + 60,
)
