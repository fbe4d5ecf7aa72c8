"""Stores of receivers: what costs its signer nothing does not fill them, however much it signs."""

from typing import Any

from issuing.world import World
from msgspec.structs import replace

from mesh.actors.issuer.rows import EVIDENCE, REVOCATIONS, SLOTS
from mesh.core.membership.equivocation import FAULTS_TOLD_MAX
from mesh.core.ports.tables import Table
from mesh.core.records.jobs import Cancel
from mesh.core.records.market import Credential
from mesh.core.records.membership import Fault
from mesh.core.records.settlement import Revocation
from runtime.content.cid import Cid, Codec, cid_of
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed

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


def test_tombstone_of_a_job_that_was_never_awarded_is_small() -> None:
    world = World()
    manifest = world.manifest(arguments=bytes(400_000))
    cancel = world.signed(world.submitter, Cancel(job=manifest.cid, reason=""))
    world.deliver(cancel, manifest.block)
    assert world.answer.accepted
    held = world.within(lambda tx: (tx.blocks.has(manifest.cid), tx.blocks.has(cancel.cid)))
    assert held == (False, True)


def test_cancel_of_a_member_that_submits_nothing_is_not_kept() -> None:
    world = World()
    manifest = world.manifest(world.node)
    cancel = world.signed(world.node, Cancel(job=manifest.cid, reason=""))
    world.deliver(cancel, manifest.block)
    assert not world.within(lambda tx: tx.blocks.has(cancel.cid))


def revocation(world: World, key: SigningKey, target: Cid) -> Signed[Revocation]:
    body = Revocation(target=target, reason="", revoked_at=world.now.wall)
    return world.signed(key, body)


def test_revocations_of_what_never_counted_here_are_not_kept() -> None:
    world = World()
    node = world.node
    root = world.signed(node, replace(world.token.body, audience=node.did))
    child = replace(world.token.body, audience=node.did, parent=world.token.cid)
    stolen = world.signed(node, child)
    given = world.signed(node, Credential(subject=node.did, name="a", expires_at=world.now.wall))
    for target in (root, stolen, given):
        world.deliver(revocation(world, node, target.cid), target.block)
        assert not world.answer.accepted
    assert count(world, REVOCATIONS) == 0


def test_holder_takes_back_what_it_has_handed_on_unseen() -> None:
    world = World()
    child = replace(world.token.body, audience=world.delegate.did, parent=world.token.cid, amount=9)
    token = world.signed(world.submitter, child)
    world.deliver(revocation(world, world.submitter, token.cid), token.block, world.token.block)
    assert world.answer.accepted and count(world, REVOCATIONS) == 1


def test_replaced_profiles_are_thrown_away_but_for_evidence() -> None:
    world = World()
    key = world.verifiers[0]
    profiles = [world.profile(key, sequence=number) for number in range(2, MANY)]
    for each in profiles:
        world.deliver(each)
    contradicted = profiles[-1]
    world.deliver(world.signed(key, replace(contradicted.body, location="elsewhere")))
    world.deliver(world.profile(key, sequence=MANY))
    held = world.within(lambda tx: [each.cid for each in profiles if tx.blocks.has(each.cid)])
    assert held == [contradicted.cid]
