"""Time at an issuer: leases, wall clocks, gaps in which it is not driven, clocks that are set."""

import pytest
from issuing.records import LEASE_MS, WALL
from issuing.world import World
from msgspec.structs import replace

from mesh.actors.actor import Instant
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.work import Progress, WorkPhase
from runtime.identity.keys import SigningKey


def progress(world: World, number: int, phase: WorkPhase = WorkPhase.RUNNING) -> None:
    body = Progress(hold=world.hold.cid, sequence=number, phase=phase, fuel_estimate=None)
    world.deliver(world.signed(world.node, body))


def verify(world: World, key: SigningKey, number: int) -> None:
    body = Progress(
        hold=world.hold.cid, sequence=number, phase=WorkPhase.VERIFYING, fuel_estimate=None
    )
    world.deliver(world.signed(key, body))


def test_lease_lapses_after_the_last_stored_progress() -> None:
    world = World()
    world.held()
    world.wait(LEASE_MS - 1)
    progress(world, 1)
    world.wait(LEASE_MS - 1)
    assert world.of_kind(Settlement) == []
    world.wait(1)
    assert world.settlement.ground is Ground.SILENT


def test_older_progress_that_comes_late_renews_nothing() -> None:
    world = World()
    world.held()
    progress(world, 2)
    world.wait(LEASE_MS - 1)
    progress(world, 1)
    progress(world, 2)
    world.wait(1)
    assert world.settlement.ground is Ground.SILENT


def test_next_deadline_is_asked_for_while_an_attempt_is_open() -> None:
    world = World()
    assert world.tick() is None
    world.held()
    assert world.tick() == world.now.after(LEASE_MS // 3)
    world.wait(LEASE_MS - 500)
    assert world.tick() == world.now.after(500)
    world.wait(500)
    assert world.tick() is None


def test_gap_in_driving_gives_every_open_attempt_a_whole_lease() -> None:
    world = World()
    world.held()
    world.wait(LEASE_MS - 1)
    world.skip(LEASE_MS + 1)
    world.tick()
    world.wait(LEASE_MS - 1)
    assert world.of_kind(Settlement) == []
    world.wait(1)
    assert world.settlement.ground is Ground.SILENT


def test_late_tick_is_no_gap() -> None:
    world = World()
    world.held()
    world.wait(2 * LEASE_MS, step=LEASE_MS - 10)
    assert world.settlement.ground is Ground.SILENT


@pytest.mark.parametrize("monotonic", [5, 10**9])
def test_start_of_the_machine_gives_every_open_attempt_a_whole_lease(monotonic: int) -> None:
    world = World()
    world.held()
    world.wait(LEASE_MS - 1)
    world.now = replace(world.now, boot="second", monotonic=Instant(monotonic))
    world.tick()
    world.wait(LEASE_MS - 1)
    assert world.of_kind(Settlement) == []
    world.wait(1)
    assert world.settlement.ground is Ground.SILENT


@pytest.mark.parametrize("seconds", [-1_000_000, -10, 10, 400])
def test_clock_that_is_set_ends_no_attempt(seconds: int) -> None:
    world = World()
    asked = world.held()
    progress(world, 1)
    world.now = replace(world.now, wall=world.now.wall + seconds)
    world.wait(LEASE_MS - 1)
    assert world.of_kind(Settlement) == []
    world.deliver_receipt(asked)
    for each in world.drawn():
        world.attest(each)
    assert world.settlement.ground is Ground.VERIFIED
    assert world.settlement.issued_at >= world.hold.body.issued_at
    assert world.statement.issued_at >= WALL


def test_wall_clock_counts_from_the_first_sign_of_running() -> None:
    world = World()
    world.held()
    for number in range(1, 21):
        progress(world, number, WorkPhase.FETCHING)
        world.wait(1_000)
    for number in range(21, 81):
        assert world.of_kind(Settlement) == []
        progress(world, number)
        world.wait(1_000)
    assert world.hold.body.max_seconds == 60
    assert world.settlement.ground is Ground.WALL_CLOCK


def test_wall_clock_goes_on_while_the_issuer_is_not_driven() -> None:
    world = World()
    world.held()
    progress(world, 1)
    world.skip(59_000)
    world.tick()
    assert world.of_kind(Settlement) == []
    progress(world, 2)
    world.wait(1_000)
    assert world.settlement.ground is Ground.WALL_CLOCK


def test_verifier_that_works_for_ever_is_not_waited_for() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    slow = world.drawn()
    longest = world.hold.body.max_seconds + LEASE_MS // 1000
    for number in range(1, longest + 1):
        assert world.of_kind(Settlement) == []
        for each in slow:
            verify(world, each, number)
        world.wait(1_000)
    assert world.settlement.ground is Ground.NO_QUORUM


def test_verifier_delays_no_settlement_to_more_than_twice_the_others_time() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    first, second, slow = world.drawn()

    def work(seconds: int, start: int) -> None:
        for number in range(start, start + seconds):
            for each in (first, second, slow):
                verify(world, each, number)
            world.wait(1_000)

    work(8, 1)
    world.attest(first)
    world.attest(second)
    work(7, 9)
    assert world.of_kind(Settlement) == []
    work(1, 16)
    assert world.settlement.ground is Ground.VERIFIED
