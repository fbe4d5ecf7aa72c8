"""Records of honest members, shown to an issuer by others: without what they rest on, or again.

In an unsealed mesh a submitter has the receipt and the attestations as soon as the issuer.
"""

import pytest
from issuing.world import World

from mesh.core.records.jobs import Cancel
from mesh.core.records.settlement import Answer, Ground


def test_receipt_shown_without_its_result_is_not_refused_for_good() -> None:
    world = World()
    asked = world.held()
    receipt, anchor, block = world.receipt(asked)
    world.deliver(receipt)
    world.deliver(receipt, anchor.block)
    for answer in world.of_kind(Answer, world.node):
        assert (answer.body.accepted, answer.body.retry_after) == (False, 1)
    world.deliver(receipt, anchor.block, block)
    for each in world.drawn():
        world.attest(each)
    assert world.settlement.ground is Ground.VERIFIED


def test_attestation_shown_without_its_result_is_not_refused_for_good() -> None:
    world = World()
    world.deliver_receipt(world.held())
    first = world.drawn()[0]
    attestation, block = world.attestation(first)
    world.deliver(attestation)
    answer = world.last(Answer, first).body
    assert (answer.accepted, answer.retry_after) == (False, 1)
    world.deliver(attestation, block)
    assert len(world.attempt().votes) == 1


def test_cancel_that_has_lost_its_manifest_is_not_refused_for_good() -> None:
    world = World()
    asked = world.held()
    cancel = world.signed(world.submitter, Cancel(job=world.manifest().cid, reason=""))
    world.deliver(cancel)
    assert (world.answer.accepted, world.answer.retry_after) == (False, 1)
    assert asked.manifest.cid == world.attempt().job


@pytest.mark.parametrize("times", [1, 5])
def test_reports_shown_again_after_the_end_pay_nobody_twice(times: int) -> None:
    world = World()
    asked = world.held()
    receipt = world.receipt(asked)
    world.deliver(receipt[0], receipt[1].block, receipt[2])
    votes = [world.attestation(each) for each in world.drawn()]
    for vote, block in votes:
        world.deliver(vote, block)
    paid = [world.balance(key.did) for key in (world.node, *world.verifiers)]
    for _ in range(times):
        world.deliver(asked.award, *asked.blocks, world.token.block)
        world.deliver(receipt[0], receipt[1].block, receipt[2])
        for vote, block in votes:
            world.deliver(vote, block)
    assert [world.balance(key.did) for key in (world.node, *world.verifiers)] == paid
