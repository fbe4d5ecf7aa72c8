"""The course of an attempt at its issuer, from the award to the settlement."""

from issuing.records import UNITS, result
from issuing.world import World

from mesh.actors.base import REFUSALS, MessageRefusal
from mesh.core.records.settlement import Answer, Ground, Payment, Settlement
from mesh.core.records.work import Draw, Hold, Opening
from runtime.identity.keys import SigningKey


def test_quorum_of_equal_results_pays_executor_and_agreeing_verifiers() -> None:
    world = World()
    asked = world.held()
    assert {each.to for each in world.sent} == {world.node.did, world.submitter.did}
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    world.attest(first)
    assert world.of_kind(Settlement) == []
    world.attest(second, result("wrong"))
    world.attest(third)
    settled = world.settlement
    assert settled.ground is Ground.VERIFIED
    paid = {world.node.did: 850, first.did: 50, third.did: 50}
    assert {each.to: each.amount for each in settled.payments} == paid
    assert settled.payments[0] == Payment(to=world.node.did, amount=850)
    assert settled.refunded == 50
    assert len(settled.attestations) == 3
    assert {did: world.balance(did) for did in paid} == paid
    assert world.balance(world.submitter.did) == UNITS - 950
    assert world.statement.held == {}


def test_sealed_results_are_opened_after_all_have_sealed() -> None:
    world = World(sealed=True)
    asked = world.held()
    world.deliver(world.seal(world.node))
    verifiers = world.drawn()
    for each in verifiers:
        assert world.of_kind(Opening) == []
        world.deliver(world.seal(each))
    opening = world.opened()
    assert len(opening.seals) == 4
    for each in verifiers:
        world.attest(each)
    assert world.of_kind(Settlement) == []
    world.deliver_receipt(asked)
    assert world.settlement.ground is Ground.VERIFIED
    assert world.settlement.opening is not None
    assert len(world.settlement.payments) == 4


def missing_of_three(world: World) -> SigningKey:
    """The verifier that has not voted, when the two others have."""
    asked = world.held()
    world.deliver_receipt(asked)
    first, second, third = world.drawn()
    for each in (first, second):
        world.attest(each)
    return third


def test_quorum_waits_for_the_others_who_were_drawn_so_that_they_are_paid() -> None:
    world = World()
    third = missing_of_three(world)
    assert not world.of_kind(Settlement)
    world.attest(third)
    assert world.settlement.ground is Ground.VERIFIED
    assert third.did in {each.to for each in world.settlement.payments}


def test_quorum_does_not_wait_for_a_verifier_that_is_silent_for_a_lease() -> None:
    world = World()
    third = missing_of_three(world)
    world.wait(3_000)
    assert world.settlement.ground is Ground.VERIFIED
    assert third.did not in {each.to for each in world.settlement.payments}


def test_vote_after_the_settlement_is_refused_and_gets_it() -> None:
    world = World()
    third = missing_of_three(world)
    world.wait(3_000)
    settlement = world.last(Settlement)
    world.sent.clear()
    world.attest(third)
    assert world.of_kind(Settlement, third) == [settlement]
    refused = world.within(
        lambda tx: tx.rows(REFUSALS).get(MessageRefusal.OVER.name, "Attestation")
    )
    assert refused.count == 1


def test_settlement_goes_to_all_who_took_part_with_what_it_names() -> None:
    world = World()
    asked = world.held()
    world.deliver_receipt(asked)
    for each in world.drawn():
        world.attest(each)
    sent = [each for each in world.sent if isinstance(each.record.body, Settlement)]
    wanted = {world.submitter.did, world.node.did, *(each.did for each in world.drawn())}
    assert {each.to for each in sent} == wanted
    body = world.settlement
    for each in sent:
        assert {body.receipt, body.anchor, *body.draws, *body.attestations} <= set(each.attached)


def test_repeat_of_an_award_gets_the_stored_hold_and_its_settlement() -> None:
    world = World()
    asked = world.held()
    hold = world.hold
    world.sent.clear()
    world.award(asked)
    assert [each.cid for each in world.of_kind(Hold, world.submitter)] == [hold.cid]
    world.deliver_receipt(asked)
    for each in world.drawn():
        world.attest(each)
    settlement = world.last(Settlement)
    world.sent.clear()
    world.award(asked)
    assert [each.cid for each in world.of_kind(Hold)] == [hold.cid]
    assert [each.cid for each in world.of_kind(Settlement)] == [settlement.cid]
    assert world.of_kind(Answer) == []


def test_late_receipt_is_refused_with_the_settlement() -> None:
    world = World()
    asked = world.held()
    world.wait(3_000)
    assert world.settlement.ground is Ground.SILENT
    settlement = world.last(Settlement)
    world.sent.clear()
    world.deliver_receipt(asked)
    assert world.of_kind(Settlement, world.node) == [settlement]
    assert (world.answer.accepted, world.answer.reason) == (False, "hold-settled")
    assert world.answer.settlement == settlement.cid
    assert world.of_kind(Draw) == []
