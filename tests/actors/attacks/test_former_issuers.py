"""Former and careless issuers: holds that are dated back, leases that are too short to work by."""

import pytest
from actor_bench import Bench, Chip
from attempt_world import World
from node_runs import bid_of, node_bench
from verifier_runs import draw_of, verifier_bench

from mesh.actors.orders import MEMBERS_STALE_SECONDS
from mesh.actors.verifier.rows import DUTIES
from mesh.core.market.terms import max_seconds_of
from mesh.core.records.market import Bid
from mesh.core.records.work import Progress

KNOWN_MS = 1_000 * MEMBERS_STALE_SECONDS


def verifier_of(world: World, known_ms: int) -> Bench:
    bench = verifier_bench(world, Chip())
    bench.receive(*world.change([world.issuer.did]))
    bench.later(known_ms)
    return bench


@pytest.mark.parametrize("sealed", [True, False])
def test_draw_for_a_hold_that_is_dated_back_is_refused(sealed: bool) -> None:
    bench = verifier_of(World(sealed=sealed), KNOWN_MS)
    drawn = draw_of(bench)
    bench.receive(drawn.draw, *drawn.attached)
    assert (bench.refusals, bench.rows(DUTIES)) == ({"OVER": 1}, ())


def test_draw_of_an_issuer_that_has_ceased_just_now_is_followed() -> None:
    bench = verifier_of(World(), KNOWN_MS - 1_000)
    drawn = draw_of(bench)
    bench.receive(drawn.draw, *drawn.attached)
    assert (bench.refusals, len(bench.rows(DUTIES))) == ({}, 1)


def test_node_works_for_no_former_issuer() -> None:
    world = World()
    bench = node_bench(world, Chip())
    attempt = bid_of(bench)
    bench.receive(*world.change([world.issuer.did]))
    bench.later(KNOWN_MS)
    bench.receive(attempt.hold, *attempt.order_blocks)
    assert bench.refusals == {"OVER": 1}
    assert not bench.open_work()


def test_lease_of_a_millisecond_makes_no_flood_of_signs() -> None:
    world = World()
    bench = node_bench(world, Chip())
    manifest = world.manifest()
    bench.receive(manifest)
    bid = bench.last(Bid)
    seconds = max_seconds_of(manifest.body, bid.body, 1)
    attempt = world.attempt(bid, manifest, lease_ms=1, max_seconds=seconds)
    bench.receive(attempt.hold, *attempt.order_blocks)
    before = len(bench.signed(Progress))
    for _ in range(50):
        bench.later(2)
    assert before == 1
    assert len(bench.signed(Progress)) <= 2
