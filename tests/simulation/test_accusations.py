"""Accusations: what an issuer signs against its own records, or twice, all members learn of it.

Rule: a fault is proven from one file that its accuser can write from its own store.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from simulation.cast import Cast
from simulation.driving.programs import ProgramKind
from simulation.faults.plan import BEGIN_MS
from simulation.scenario import Injected, JobPlan, Scenario
from simulation.world import World, play

from mesh.actors.submitter.evidence import reputation_of
from mesh.core.car.files import write_car
from mesh.core.findings import Fault as Wrong
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.faults import FaultProof, verify_fault
from mesh.core.proofs.files import read_file
from mesh.core.records.membership import Fault, FaultGround, Role
from mesh.core.records.settlement import Settlement
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

both = pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed"])


def played(kind: str, *, is_sealed: bool) -> World:
    job = JobPlan(number=1, submitter=0, at=BEGIN_MS, program=ProgramKind.SUM, fuel=20_000_000)
    faults = (Injected(kind=kind, number=1),)
    world, violation = play(
        Scenario(seed=5, is_sealed=is_sealed, jobs=(job,), faults=faults), Cast()
    )
    assert violation is None, violation
    return world


def blocks_of(world: World, did: Did) -> Mapping[Cid, bytes]:
    with world.stations[did].store.view() as view:
        blocks = view.blocks(did)
        return {cid: blocks.get(cid) or b"" for cid in view.cids(did)}


def proof_of(world: World, fault: Signed[Fault], without: Cid | None = None) -> FaultProof:
    """The fault with all blocks of its accuser's store, read back from a file."""
    blocks = {c: data for c, data in blocks_of(world, fault.signer).items() if c != without}
    proof = read_file(BytesIO(write_car((fault.cid,), blocks.items())))
    assert isinstance(proof, FaultProof)
    return proof


NEUTRAL_SCORE = 50
"""That of a member of whom nothing is known."""


def is_proven(proof: FaultProof) -> bool:
    return verify_fault(proof, mesh=proof.genesis.cid, reexecute=None).is_proven


def reputation(world: World, member: Did) -> Any:
    (station, *_) = world.of_role(Role.SUBMITTER)
    return station.command(lambda actor, tx, now: reputation_of(tx, member), world.at)


@both
def test_second_settlement_that_only_workers_see_is_proven_and_costs_reputation(
    is_sealed: bool,
) -> None:
    world = played("an issuer that settles twice for workers", is_sealed=is_sealed)
    faults = world.records.of(Fault)
    (issuer,) = world.of_role(Role.ISSUER)
    workers = {each.did for role in (Role.NODE, Role.VERIFIER) for each in world.of_role(role)}
    assert {each.signer for each in faults} <= workers and len(faults) >= 2
    for each in faults:
        assert each.body.ground is FaultGround.EQUIVOCATION
        assert each.body.accused == issuer.did
        assert is_proven(proof_of(world, each))
    assert reputation(world, issuer.did).score < NEUTRAL_SCORE


@both
def test_settlement_that_pays_nobody_is_proven_by_all_who_are_owed(is_sealed: bool) -> None:
    world = played("an issuer that pays nobody", is_sealed=is_sealed)
    faults = world.records.of(Fault)
    (issuer,) = world.of_role(Role.ISSUER)
    roles = {part.did: part.role for part in world.parts}
    accusers = {roles[each.signer] for each in faults}
    assert accusers == {Role.SUBMITTER, Role.NODE, Role.VERIFIER}
    for each in faults:
        assert each.body.ground is FaultGround.WRONG_SETTLEMENT
        assert is_proven(proof_of(world, each))
    assert reputation(world, issuer.did).score < NEUTRAL_SCORE


@both
def test_right_settlement_and_one_without_its_records_cannot_be_accused(is_sealed: bool) -> None:
    world = played("lose profiles", is_sealed=is_sealed)
    assert world.records.of(Fault) == ()
    (settlement,) = world.records.of(Settlement)
    (submitter, *_) = world.of_role(Role.SUBMITTER)
    body = Fault(
        ground=FaultGround.WRONG_SETTLEMENT,
        accused=settlement.signer,
        evidence=(settlement.cid,),
    )
    fault: Signed[Fault] = submitter.command(lambda actor, tx, now: actor.sign(tx, body), world.at)
    proof = proof_of(world, fault)
    found = verify_fault(proof, mesh=proof.genesis.cid, reexecute=None).findings
    assert [each.fault for each in found] == [Wrong.FAULT_UNPROVEN]
    with pytest.raises(ProofError, match="attestation: a block that is needed is not there"):
        proof_of(world, fault, without=settlement.body.attestations[0])
