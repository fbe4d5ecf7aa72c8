"""Nodes and verifiers among strangers: what these sign for them is not kept, nor built on."""

from typing import Any

import pytest
from actor_bench import Bench, Chip
from attempt_world import START, World, key
from node_runs import node_bench
from verifier_runs import verifier_bench

from mesh.actors.node.rows import HEADS
from mesh.actors.profiles import CREDENTIALS
from mesh.core.records.market import Credential
from mesh.core.records.settlement import Revocation
from mesh.core.records.work import Anchor
from runtime.content.codec import INTEGER_MAX
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed


def given(world: World, subject: SigningKey, by: SigningKey) -> tuple[Signed[Any], Signed[Any]]:
    credential = world.sign(Credential(subject=subject.did, name="a", expires_at=START + 60), by)
    revocation = Revocation(target=credential.cid, reason="", revoked_at=START)
    return credential, world.sign(revocation, by)


@pytest.mark.parametrize("make", [node_bench, verifier_bench])
def test_revocation_of_a_stranger_s_own_credential_is_not_kept(make: Any) -> None:
    world = World()
    bench: Bench = make(world, Chip())
    for by in (key("stranger"), world.submitter):
        credential, revocation = given(world, bench.own, by)
        bench.receive(revocation, credential.block)
    assert (bench.rows(CREDENTIALS), bench.refusals) == ((), {"WRONG_ROLE": 2})
    credential, revocation = given(world, bench.own, world.issuer)
    bench.receive(revocation, credential.block)
    assert [each.is_revoked for each in bench.rows(CREDENTIALS)] == [True]


def test_chain_of_a_member_that_executes_nothing_is_no_parent() -> None:
    world = World()
    bench = node_bench(world, Chip())
    for by, sequence in ((world.submitter, INTEGER_MAX), (world.nodes[1], 5)):
        bench.receive(world.sign(Anchor(receipt=world.mesh, parents=(), sequence=sequence), by))
    assert [each.member for each in bench.rows(HEADS)] == [world.nodes[1].did]
