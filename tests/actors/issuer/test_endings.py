"""Endings of holds: for each ground what it pays, by an oracle written from the table of the mesh.

| ground | executor | agreeing verifier | next attempt |
|---|---|---|---|
| verified | amount - pot | pot // drawn | no |
| refuted | 0 | pot // drawn | no |
| no-quorum | 0 | 0 | no |
| cancelled | by the clock | 0 | no |
| gave-up | 0 | 0 | yes |
| uncompiled | 0 | 0 | no |
| silent, wall-clock | 0 | 0, for nobody is drawn | yes |
| unopened | 0 | pot // drawn to those who opened, if a quorum | yes |
"""

from collections.abc import Callable, Mapping
from typing import Final

import pytest
from issuing.records import OTHER_ENGINE, UNITS, Asked, result
from issuing.world import World

from mesh.core.records.jobs import Cancel, Transfer, TransferItem
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.work import GaveUp, GaveUpGround, Hold, Opening, Progress, WorkPhase
from runtime.content.codec import INTEGER_MAX
from runtime.identity.keys import SigningKey
from runtime.tokens.token import ResourceType

PRICE, POT, DRAWN = 1_000, 150, 3
SHARE = POT // DRAWN

Ending = Callable[[World, Asked], None]


def verified(world: World, asked: Asked) -> None:
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    world.attest(first)
    world.attest(third, result("wrong"))
    world.attest(second)


def refuted(world: World, asked: Asked) -> None:
    world.deliver_receipt(asked, result("a lie"))
    first, second, third = world.drawn()
    world.attest(first)
    world.attest(second)
    world.attest(third, result("a lie"))


def no_quorum(world: World, asked: Asked) -> None:
    world.deliver_receipt(asked)
    for number, each in enumerate(world.drawn()):
        world.attest(each, result(f"wrong {number}"))


def cancelled(world: World, asked: Asked) -> None:
    progress(world, 1)
    world.skip(2_500)
    progress(world, 2)
    cancel(world, asked)


def gave_up(world: World, asked: Asked) -> None:
    give_up(world, GaveUpGround.MACHINE)


def uncompiled(world: World, asked: Asked) -> None:
    give_up(world, GaveUpGround.MODULE)


def silent(world: World, asked: Asked) -> None:
    world.wait(3_000)


def wall_clock(world: World, asked: Asked) -> None:
    number = 0
    while not world.of_kind(Settlement):
        number += 1
        progress(world, number)
        world.wait(1_000)


def unopened(world: World, asked: Asked) -> None:
    world.deliver(world.seal(world.node))
    for each in world.drawn():
        world.deliver(world.seal(each))
    for each in world.drawn()[:2]:
        world.attest(each)
    world.wait(3_000)


ENDINGS: Final[Mapping[Ground, Ending]] = {
    Ground.VERIFIED: verified,
    Ground.REFUTED: refuted,
    Ground.NO_QUORUM: no_quorum,
    Ground.CANCELLED: cancelled,
    Ground.GAVE_UP: gave_up,
    Ground.UNCOMPILED: uncompiled,
    Ground.SILENT: silent,
    Ground.WALL_CLOCK: wall_clock,
    Ground.UNOPENED: unopened,
}

EXECUTOR: Final = {Ground.VERIFIED: PRICE - POT, Ground.CANCELLED: (PRICE - POT) * 2_500 // 10_000}
AGREEING: Final = {Ground.VERIFIED: 2, Ground.REFUTED: 2, Ground.UNOPENED: 2}
AGAIN: Final = {Ground.GAVE_UP, Ground.SILENT, Ground.WALL_CLOCK, Ground.UNOPENED}


def test_each_ground_has_an_ending() -> None:
    assert set(ENDINGS) == set(Ground)


@pytest.mark.parametrize("ground", Ground, ids=lambda each: each.name)
def test_ground_pays_as_the_table_says(ground: Ground) -> None:
    world = World(sealed=ground is Ground.UNOPENED)
    ENDINGS[ground](world, world.held())
    settled = world.settlement
    assert settled.ground is ground
    expected = [(world.node.did, EXECUTOR[ground])] if ground in EXECUTOR else []
    agreeing = [each.did for each in world.drawn()[:2]] if ground in AGREEING else []
    expected += [(did, SHARE) for did in sorted(agreeing)]
    assert [(each.to, each.amount) for each in settled.payments] == expected
    paid = sum(amount for _, amount in expected)
    assert settled.refunded == PRICE - paid
    assert world.balance(world.submitter.did) == UNITS - paid
    for did, amount in expected:
        assert world.balance(did) == amount
    assert world.statement.held == {}
    assert world.statement.balances == {"compute": UNITS - paid}


@pytest.mark.parametrize("ground", Ground, ids=lambda each: each.name)
def test_next_attempt_is_allowed_as_the_table_says(ground: Ground) -> None:
    world = World(sealed=ground is Ground.UNOPENED)
    asked = world.held()
    ENDINGS[ground](world, asked)
    world.sent.clear()
    again = world.ask(asked.manifest, world.bid(asked.manifest, world.other_node), attempt=2)
    world.award(again)
    assert bool(world.of_kind(Hold)) is (ground in AGAIN)
    assert ground in AGAIN or world.answer.reason == "attempt-not-due"


def test_third_attempt_is_the_last() -> None:
    world = World()
    asked = world.held()
    for number in (2, 3):
        world.wait(3_000)
        world.held(world.ask(asked.manifest, world.bid(asked.manifest), attempt=number))
    assert world.hold.body.attempt == 3
    world.wait(3_000)
    assert world.attempt().ground is Ground.SILENT


@pytest.mark.parametrize(
    ("ran_ms", "paid"), [(0, 0), (1, 0), (1_000, 85), (9_999, 849), (10_000, 850), (40_000, 850)]
)
def test_cancelled_attempt_is_paid_by_the_time_that_it_ran(ran_ms: int, paid: int) -> None:
    world = World()
    manifest = world.manifest()
    bid = world.bid(manifest, estimated_seconds=30)
    asked = world.held(world.ask(manifest, bid))
    world.skip(1_500)
    progress(world, 1, WorkPhase.FETCHING)
    progress(world, 2)
    left, number = ran_ms, 2
    while left:
        part = min(left, 2_000)
        left -= part
        number += 1
        world.skip(part)
        progress(world, number)
    world.skip(900)
    cancel(world, asked)
    assert [each.amount for each in world.settlement.payments] == ([paid] if paid else [])
    assert world.settlement.cancel is not None


def test_refuters_that_contradict_each_other_do_not_outvote_an_honest_executor() -> None:
    world = World(verifiers=6)
    asked = world.held()
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    world.attest(first, result("wrong 1"))
    world.attest(second, result("wrong 2"))
    world.attest(third)
    assert world.of_kind(Settlement) == []
    for each in world.drawn():
        assert each not in (first, second, third), "the draw is widened"
        world.attest(each)
    assert world.settlement.ground is Ground.VERIFIED
    assert len(world.settlement.draws) == 2
    paid = {each.to: each.amount for each in world.settlement.payments}
    assert paid[third.did] == POT // 6
    assert first.did not in paid


def test_two_liars_of_a_widened_draw_do_not_outrun_the_honest() -> None:
    world = World(verifiers=6)
    asked = world.held()
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    world.attest(first)
    world.attest(second, result("wrong"))
    world.attest(third, result("another"))
    liar, *honest = world.drawn()
    world.attest(liar, result("wrong"))
    assert world.of_kind(Settlement) == []
    for each in honest:
        world.attest(each)
    assert world.settlement.ground is Ground.VERIFIED


def test_silent_verifiers_are_not_waited_for_after_a_lease() -> None:
    world = World(verifiers=6)
    asked = world.held()
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    world.attest(first)
    world.wait(2_000)
    world.deliver(world.signed(second, sign(world, 1)))
    world.wait(1_000)
    assert len(world.attempt().draws) == 1, "one is silent, one has just been heard of"
    world.wait(2_000)
    assert len(world.attempt().draws) == 2
    assert third not in world.drawn()
    for each in world.drawn()[:2]:
        world.attest(each)
    assert world.of_kind(Settlement) == []
    world.wait(3_000)
    assert world.settlement.ground is Ground.VERIFIED


def test_verifier_on_another_engine_says_nothing() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked, result("found"))
    first, second, third = world.drawn()
    for each in (first, second):
        attestation, block = world.attestation(each, result("other"), OTHER_ENGINE)
        world.deliver(attestation, block)
    assert world.of_kind(Settlement) == []
    world.attest(third, result("found"))
    assert world.settlement.ground is Ground.NO_QUORUM


def test_sealed_draw_that_lacks_seals_is_widened_before_anything_is_opened() -> None:
    world = World(verifiers=6, sealed=True)
    asked = world.held()
    world.deliver(world.seal(world.node))
    first, *_ = world.drawn()
    world.deliver(world.seal(first))
    world.wait(3_000)
    assert world.of_kind(Opening) == []
    assert len(world.attempt().draws) == 2
    for each in world.drawn():
        world.deliver(world.seal(each))
    assert world.of_kind(Opening) == [], "that others are silent, a tick decides"
    world.tick()
    assert len(world.opened().seals) == 5
    assert len(world.opened().draws) == 2
    world.deliver_receipt(asked)
    for each in (first, *world.drawn()):
        world.attest(each)
    assert world.settlement.ground is Ground.VERIFIED
    assert len(world.settlement.payments) == 5


def test_executor_shows_its_result_also_where_no_verifier_sealed() -> None:
    world = World(sealed=True)
    asked = world.held()
    world.deliver(world.seal(world.node))
    world.wait(3_000)
    assert len(world.opened().seals) == 1
    world.deliver_receipt(asked)
    assert world.settlement.ground is Ground.NO_QUORUM
    assert world.settlement.receipt is not None


def test_sealed_draw_without_a_quorum_after_its_opening_is_widened_and_opened_again() -> None:
    world = World(verifiers=6, sealed=True)
    asked = world.held()
    world.deliver(world.seal(world.node))
    lies = [result(f"wrong {number}") for number in range(3)]
    early = world.drawn()
    for each, lie in zip(early, lies, strict=True):
        world.deliver(world.seal(each, lie))
    world.deliver_receipt(asked)
    for each, lie in zip(early, lies, strict=True):
        world.attest(each, lie)
    assert len(world.attempt().draws) == 2
    world.sent.clear()
    for each in world.drawn():
        world.deliver(world.seal(each))
    assert {each.to for each in world.sent if isinstance(each.record.body, Opening)} == {
        each.did for each in world.drawn()
    }
    for each in world.drawn():
        world.attest(each)
    assert world.settlement.ground is Ground.VERIFIED
    assert len(world.settlement.attestations) == 6


def test_result_that_does_not_open_its_seal_is_refused() -> None:
    world = World(sealed=True)
    asked = world.held()
    world.deliver(world.seal(world.node))
    for each in world.drawn():
        world.deliver(world.seal(each))
    world.deliver_receipt(asked, result("another"))
    assert world.answer.reason == "record-wrong"
    world.attest(world.drawn()[0], result("another"))
    assert world.attempt().votes == ()
    assert world.attempt().result is None


def test_payee_whose_totals_are_full_is_paid() -> None:
    world = World()
    most = INTEGER_MAX - UNITS
    world.issue(most)
    item = TransferItem(
        position=0, to=world.node.did, resource_type=ResourceType.COMPUTE, amount=most
    )
    world.deliver(world.signed(world.submitter, Transfer(cause=world.mesh, items=(item,))))
    assert world.move(world.node, world.delegate, most) is None
    assert world.move(world.delegate, world.node, UNITS) is None
    world.verified()
    assert world.settlement.payments[0].to == world.node.did
    paid = sum(each.amount for each in world.settlement.payments)
    assert 0 < paid == PRICE - world.settlement.refunded
    assert world.statement.held == {}
    assert world.move(world.node, world.delegate, UNITS + paid) is not None
    earned = world.settlement.payments[0].amount
    assert world.move(world.node, world.delegate, UNITS + earned) is None


def give_up(world: World, ground: GaveUpGround) -> None:
    world.deliver(world.signed(world.node, GaveUp(hold=world.hold.cid, ground=ground, detail="")))


def cancel(world: World, asked: Asked) -> None:
    record = world.signed(world.submitter, Cancel(job=asked.manifest.cid, reason="no more"))
    world.deliver(record, asked.manifest.block)


def sign(world: World, number: int, phase: WorkPhase = WorkPhase.RUNNING) -> Progress:
    return Progress(hold=world.hold.cid, sequence=number, phase=phase, fuel_estimate=None)


def progress(
    world: World,
    number: int,
    phase: WorkPhase = WorkPhase.RUNNING,
    key: SigningKey | None = None,
) -> None:
    world.deliver(world.signed(key or world.node, sign(world, number, phase)))


def test_record_that_comes_late_does_not_silence_those_who_are_still_on_the_way() -> None:
    """What others had sent in time may wait behind it: silence counts where all is taken in."""
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    world.attest(first)
    world.skip(2_000)
    world.tick()
    world.skip(2_000)
    world.attest(second)
    assert world.of_kind(Settlement) == []
    world.attest(third)
    assert world.settlement.ground is Ground.VERIFIED
    assert len(world.settlement.payments) == 4
