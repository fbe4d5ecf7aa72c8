"""Two changes of the members with one number: the founder is proven to equivocate, and the list
stays what it was before."""

from collections.abc import Callable

import pytest
from actor_bench import Bench, Chip
from attempt_world import World
from issuing.world import World as IssuerWorld
from membership_forks import forks
from node_runs import node_bench
from submitting import Market
from verifier_runs import verifier_bench

from mesh.actors.submitter.evidence import reputation_of
from mesh.core.membership.equivocation import is_proved
from mesh.core.records.membership import Endorsement, Fault
from mesh.core.records.registry import read
from runtime.identity.signed import Signed

BENCHES = {"node": node_bench, "verifier": verifier_bench}
workers = pytest.mark.parametrize("make", BENCHES.values(), ids=BENCHES.keys())


def check_fault(fault: Signed[Fault], evidence: list[Signed[Endorsement]]) -> None:
    assert fault.body.accused == evidence[0].signer
    assert is_proved(fault.body, [read(each.block, each.mesh) for each in evidence])


@workers
def test_worker_proves_a_fork_and_goes_back_before_it(make: Callable[..., Bench]) -> None:
    world = World(verifiers=5)
    bench = make(world, Chip())
    (first, assent), (second, other) = forks(world.founding, world.issuer)
    bench.receive(first, assent)
    assert bench.do(bench.actor.members).change == first
    bench.receive(second)
    assert bench.refusals == {"NOT_ENDORSED": 1}
    assert bench.do(bench.actor.members).change == first
    bench.receive(second, other)
    assert bench.refusals == {"NOT_ENDORSED": 1, "EQUIVOCATION": 1}
    assert bench.do(bench.actor.members).change == world.founding.change
    (fault,) = bench.signed(Fault)
    check_fault(fault, [assent, other])
    assert bench.attached(fault) == {assent.cid, other.cid}
    bench.receive(second, other)
    bench.receive(first, assent)
    assert len(bench.signed(Fault)) == 1
    assert bench.do(bench.actor.members).change == world.founding.change


def test_issuer_proves_a_fork() -> None:
    world = IssuerWorld()
    (first, assent), (second, other) = forks(world.founding, world.issuer_key)
    world.deliver(first, assent.block)
    world.deliver(second, other.block)
    (fault,) = world.of_kind(Fault, world.submitter)
    check_fault(fault, [assent, other])


def test_fork_costs_its_founder_reputation() -> None:
    market = Market()
    (first, assent), (second, other) = forks(market.founding, market.issuer_key)
    before = market.within(lambda tx: reputation_of(tx, market.issuer_key.did).score)
    market.deliver(first, assent.block)
    market.deliver(second, other.block)
    check_fault(market.last(Fault), [assent, other])
    assert market.within(lambda tx: reputation_of(tx, market.issuer_key.did).score) < before
