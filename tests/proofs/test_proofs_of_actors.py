"""Proofs of jobs that the actors that ship have carried out: sealed and not, verified and lost."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pytest
from msgspec.structs import replace
from simulation import users
from simulation.cast import Cast
from simulation.driving.programs import ProgramKind, execute
from simulation.scenario import JOBS_BEGIN_MS, JobPlan, Scenario
from simulation.world import World, play

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import MEMBERSHIPS
from mesh.actors.submitter.actor import Submitter
from mesh.core.findings import Fault
from mesh.core.jobs.job import Phase
from mesh.core.proofs.check import verify_proof
from mesh.core.proofs.files import read_file
from mesh.core.proofs.membership import ChangeNames
from mesh.core.proofs.proof import Origin, Proof, to_car
from mesh.core.proofs.reading import OriginNames, collect
from mesh.core.records.membership import Role
from mesh.core.records.registry import sign
from mesh.core.records.settlement import Ground
from mesh.core.records.terms import Children
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.identity.signed import Signed

both = pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "unsealed"])


class Reader:
    """Blocks in memory."""

    def __init__(self, blocks: Mapping[Cid, bytes]) -> None:
        self._blocks = blocks

    def get(self, cid: Cid) -> bytes | None:
        return self._blocks.get(cid)

    def has(self, cid: Cid) -> bool:
        return cid in self._blocks

    def size(self, cid: Cid) -> int | None:
        block = self._blocks.get(cid)
        return None if block is None else len(block)


def reexecute(
    module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes]
) -> Deterministic:
    name = cid_of(module, Codec.RAW)
    reader = Reader({**blocks, name: module, context.cid: context.to_block()})
    return execute(reader, name, context.cid).deterministic


def played(kind: ProgramKind, *, is_sealed: bool, **job: Any) -> World:
    plan = JobPlan(number=1, submitter=1, at=JOBS_BEGIN_MS, program=kind, fuel=1_000_000, **job)
    scenario = Scenario(seed=3, is_sealed=is_sealed, jobs=(plan,))
    world, violation = play(scenario, Cast())
    assert violation is None
    return world


def proof_of(world: World, *, is_child: bool = False) -> Proof:
    """The proof of the first job, or of its first child, from its submitter's own store."""
    station, row = next(each for each in users.jobs(world) if is_child == bool(each[1].cause))

    def command(actor: Submitter, tx: ActorTransaction, now: Now) -> Proof:
        job = actor.job(tx, row.job_id)
        assert job is not None and actor.archive.mesh is not None
        changes = tuple(
            ChangeNames(change=each.change, endorsements=each.endorsements)
            for each in tx.rows(MEMBERSHIPS).select()
        )
        mesh = actor.archive.mesh
        above = None if job.cause is None else actor.job_of(tx, job.cause)
        origin = None
        if above is not None and above.hold is not None and above.settlement is not None:
            origin = OriginNames(hold=above.hold, settlement=above.settlement)
        proof = collect(job, tx.blocks.get, mesh=mesh, changes=changes, policies=(), origin=origin)
        return replace(proof, data=dict(proof.data))

    proof = station.command(command, world.at)
    assert isinstance(proof, Proof)
    return proof


@both
@pytest.mark.parametrize("kind", [ProgramKind.SUM, ProgramKind.TRAP, ProgramKind.WRITE])
def test_verified_job_of_the_actors_is_proven_from_its_file(
    kind: ProgramKind, is_sealed: bool
) -> None:
    world = played(kind, is_sealed=is_sealed)
    assert [row.phase for _, row in users.jobs(world)] == [Phase.VERIFIED]
    proof = proof_of(world)
    again = read_file(BytesIO(to_car(proof)))
    assert isinstance(again, Proof)
    assert replace(again, data=dict(again.data)) == proof
    now = proof.settlement.body.issued_at if proof.settlement is not None else 0
    found = verify_proof(again, mesh=proof.genesis.cid, reexecute=reexecute, now=now)
    assert (found.findings, found.missing) == ((), ())
    assert (found.is_verified, found.executed_again) == (True, True)


@both
def test_cancelled_attempt_of_the_actors_is_proven_as_cancelled(is_sealed: bool) -> None:
    world = played(ProgramKind.ENDLESS, is_sealed=is_sealed, cancel_at=JOBS_BEGIN_MS + 2_000)
    assert [row.phase for _, row in users.jobs(world)] == [Phase.CANCELLED]
    proof = proof_of(world)
    assert proof.settlement is not None and proof.receipt is None
    assert proof.settlement.body.ground is Ground.CANCELLED
    now = proof.settlement.body.issued_at
    found = verify_proof(proof, mesh=proof.genesis.cid, reexecute=reexecute, now=now)
    assert [(each.fault, each.subject) for each in found.findings] == [
        (Fault.NO_QUORUM, "settlement"),
        (Fault.NO_QUORUM, "attestations"),
    ]


# --- children


def verified(proof: Proof, **changes: Any) -> list[Fault]:
    """The findings about a proof, or about one of which something was changed."""
    changed = replace(proof, **changes)
    found = verify_proof(changed, mesh=proof.genesis.cid, reexecute=None, now=2_000_000_000)
    return [each.fault for each in found.findings]


@both
def test_child_is_proven_with_its_parent_and_the_settlement_that_made_it(is_sealed: bool) -> None:
    world = played(ProgramKind.SPAWN, is_sealed=is_sealed)
    proof = proof_of(world, is_child=True)
    assert proof.origin is not None and proof.manifest.body.parent is not None
    assert proof.origin.parents[0].cid == proof.manifest.body.parent.cause
    again = read_file(BytesIO(to_car(proof)))
    assert isinstance(again, Proof)
    assert replace(again, data=dict(again.data)) == proof
    assert (again.ignored, again.missing) == ((), ())
    found = verify_proof(again, mesh=proof.genesis.cid, reexecute=reexecute, now=2_000_000_000)
    assert (found.findings, found.is_verified) == ((), True)


def test_child_without_its_parent_is_not_proven() -> None:
    proof = proof_of(played(ProgramKind.SPAWN, is_sealed=False), is_child=True)
    assert verified(proof, origin=None) == [Fault.MISSING]


def signed_by(world: World, role: Role, body: Any) -> Signed[Any]:
    part = next(each for each in world.parts if each.role is role)
    return sign(body, mesh=world.founding.genesis.cid, key=part.key)


LIES: dict[str, tuple[Callable[[World, Proof, Origin], dict[str, Any]], Fault]] = {
    "no delegation": (lambda w, p, o: parent(w, o, children=None), Fault.NOT_DELEGATED),
    "smaller budget": (
        lambda w, p, o: parent(w, o, children=Children(depth=1, budget=1)),
        Fault.NOT_DELEGATED,
    ),
    "other parent": (lambda w, p, o: parent(w, o, description="x"), Fault.PARENT_DIFFERS),
    "other issuer": (
        lambda w, p, o: {"settlement": signed_by(w, Role.NODE, o.settlement.body)},
        Fault.NOT_AN_ISSUERS,
    ),
    "lost attempt": (
        lambda w, p, o: {"settlement": issued(w, o, ground=Ground.SILENT)},
        Fault.GROUND_WRONG,
    ),
    "later settlement": (
        lambda w, p, o: {"settlement": issued(w, o, issued_at=1_900_000_000)},
        Fault.TIMES_WRONG,
    ),
    "other receipt": (
        lambda w, p, o: {"receipt": signed_by(w, Role.NODE, replace(o.receipt.body, nonce=None))},
        Fault.OTHER_RECEIPT,
    ),
    "other hold": (
        lambda w, p, o: {"hold": signed_by(w, Role.ISSUER, replace(o.hold.body, job=p.hold.cid))},
        Fault.OTHER_JOB,
    ),
}


def parent(world: World, origin: Origin, **changes: Any) -> dict[str, Any]:
    other = signed_by(world, Role.SUBMITTER, replace(origin.parents[0].body, **changes))
    return {"parents": (other, *origin.parents[1:])}


def issued(world: World, origin: Origin, **changes: Any) -> Signed[Any]:
    return signed_by(world, Role.ISSUER, replace(origin.settlement.body, **changes))


@pytest.mark.parametrize("name", LIES)
def test_child_with_another_origin_is_not_proven(name: str) -> None:
    world = played(ProgramKind.SPAWN, is_sealed=True)
    proof = proof_of(world, is_child=True)
    assert proof.origin is not None
    lie, fault = LIES[name]
    origin = replace(proof.origin, **lie(world, proof, proof.origin))
    assert fault in verified(proof, origin=origin)


CHANGES: dict[str, tuple[dict[str, Any], Fault]] = {
    "position": ({"position": 1_000}, Fault.PARENT_DIFFERS),
    "depth": ({"depth": 2}, Fault.PARENT_DIFFERS),
}


@pytest.mark.parametrize("name", CHANGES)
def test_child_at_another_place_is_not_proven(name: str) -> None:
    world = played(ProgramKind.SPAWN, is_sealed=False)
    proof = proof_of(world, is_child=True)
    changes, fault = CHANGES[name]
    body = proof.manifest.body
    assert body.parent is not None
    other = replace(body, parent=replace(body.parent, **changes))
    assert fault in verified(proof, manifest=signed_by(world, Role.SUBMITTER, other))


def test_child_that_asks_for_something_else_is_not_proven() -> None:
    world = played(ProgramKind.SPAWN, is_sealed=False)
    proof = proof_of(world, is_child=True)
    other = replace(proof.manifest.body, resource_amount=99, budget=99)
    found = verify_proof(
        replace(proof, manifest=signed_by(world, Role.SUBMITTER, other)),
        mesh=proof.genesis.cid,
        reexecute=None,
        now=2_000_000_000,
    )
    assert "different: resource_amount, budget" in " ".join(map(str, found.findings))


def test_child_that_neither_submitter_nor_delegate_signed_is_not_proven() -> None:
    world = played(ProgramKind.SPAWN, is_sealed=False)
    proof = proof_of(world, is_child=True)
    other = signed_by(world, Role.NODE, proof.manifest.body)
    assert Fault.NOT_THE_SUBMITTERS in verified(proof, manifest=other)
