"""Proofs of jobs that the actors that ship have carried out: sealed and not, verified and lost."""

from collections.abc import Mapping
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
from mesh.core.proofs.proof import Proof, to_car
from mesh.core.proofs.reading import collect
from mesh.core.records.settlement import Ground
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic

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


def proof_of(world: World) -> Proof:
    """The proof of the first job, from its submitter's own store."""
    station, row = next(users.jobs(world))

    def command(actor: Submitter, tx: ActorTransaction, now: Now) -> Proof:
        job = actor.job(tx, row.job_id)
        assert job is not None and actor.archive.mesh is not None
        changes = tuple(
            ChangeNames(change=each.change, endorsements=each.endorsements)
            for each in tx.rows(MEMBERSHIPS).select()
        )
        mesh = actor.archive.mesh
        proof = collect(job, tx.blocks.get, mesh=mesh, changes=changes, policies=())
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
    assert [each.fault for each in found.findings] == [Fault.NO_QUORUM]
