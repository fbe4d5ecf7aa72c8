"""Stores of receivers: what costs its signer nothing does not fill them, however much it signs."""

from typing import Any

from issuing.world import World
from msgspec.structs import replace

from mesh.actors.issuer.rows import EVIDENCE, SLOTS
from mesh.core.membership.equivocation import FAULTS_TOLD_MAX
from mesh.core.ports.tables import Table
from mesh.core.records.membership import Fault
from runtime.content.cid import Cid, Codec, cid_of

MANY = 3 * FAULTS_TOLD_MAX


def count(world: World, table: Table[Any]) -> int:
    found: int = world.within(lambda tx: tx.rows(table).count())
    return found


def some(number: int) -> Cid:
    return cid_of(number.to_bytes(4, "big"), Codec.DAG_CBOR)


def test_further_awards_of_an_attempt_are_kept_once() -> None:
    world = World()
    asked = world.held()
    for number in range(MANY):
        bid = world.bid(asked.manifest, world.other_node, price=100 + number)
        world.award(world.ask(asked.manifest, bid))
    assert count(world, EVIDENCE) == 1


def test_further_results_of_one_verifier_are_told_once() -> None:
    world = World()
    world.deliver_receipt(world.held())
    first = world.drawn()[0]
    attestation, block = world.attestation(first)
    for number in range(MANY):
        body = replace(attestation.body, nonce=number.to_bytes(32, "big"))
        world.deliver(world.signed(first, body), block)
    told = {each.cid for each in world.of_kind(Fault)}
    assert (len(told), count(world, EVIDENCE)) == (1, 1)


def test_contradictions_of_one_member_in_many_slots_are_told_so_often_at_most() -> None:
    world = World()
    signer = world.verifiers[0]
    for number in range(2, MANY):
        profile = world.profile(signer, sequence=number)
        world.deliver(profile)
        world.deliver(world.signed(signer, replace(profile.body, location="elsewhere")))
    told = {each.cid for each in world.of_kind(Fault)}
    assert (len(told), count(world, EVIDENCE)) == (FAULTS_TOLD_MAX, FAULTS_TOLD_MAX)


def test_further_anchors_of_one_receipt_take_no_slots() -> None:
    world = World()
    receipt, anchor, block = world.receipt(world.held())
    world.deliver(receipt, anchor.block, block)
    before = count(world, SLOTS)
    for number in range(2, MANY):
        other = world.signed(world.node, replace(anchor.body, sequence=number))
        world.deliver(receipt, other.block, block)
    assert count(world, SLOTS) == before


def test_anchors_of_a_receipt_before_its_seal_take_no_slots() -> None:
    world = World(sealed=True)
    receipt, anchor, block = world.receipt(world.held())
    before = count(world, SLOTS)
    for number in range(1, MANY):
        other = world.signed(world.node, replace(anchor.body, sequence=number))
        world.deliver(receipt, other.block, block)
    assert count(world, SLOTS) <= before + 1


def test_two_anchors_for_one_place_are_still_told() -> None:
    world = World()
    receipt, anchor, block = world.receipt(world.held())
    world.deliver(receipt, anchor.block, block)
    other = world.signed(world.node, replace(anchor.body, parents=(some(1),)))
    world.deliver(receipt, other.block, block)
    (told,) = {each.cid: each for each in world.of_kind(Fault)}.values()
    assert set(told.body.evidence) == {anchor.cid, other.cid}
