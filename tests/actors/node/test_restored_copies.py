"""Nodes whose store is an old copy: they sign nothing that could contradict what they lost."""

from typing import Any

from actor_bench import Bench
from attempt_world import execution
from node_runs import delivered, executed, hold_of

from mesh.actors.node.rows import CHAIN
from mesh.core.ports.work import WorkId
from mesh.core.records.market import Bid, Decline, DeclineReason
from mesh.core.records.settlement import Ground
from mesh.core.records.work import Anchor, GaveUp, GaveUpGround, Receipt


def _restored(node: Bench) -> tuple[Bench, Any]:
    """A node over the store of before its newest receipt; and that receipt's anchor."""
    delivered(node, 1)
    copy = node.store.copy()
    delivered(node, 2)
    anchor = node.actor.archive.read_as(Anchor, node.block(node.rows(CHAIN)[0].anchor))
    return node.restart(copy), anchor


def test_restored_node_signs_nothing_once_it_is_shown_its_own_end(node: Bench) -> None:
    old, anchor = _restored(node)
    old.receive(anchor)
    sent = len(old.sent)
    old.receive(old.world.manifest(3))
    assert len(old.sent) == sent + 1
    assert old.last(Decline).body.reason is DeclineReason.CAPACITY
    assert not old.signed(Bid)


def test_restored_node_delivers_nothing_of_what_it_had_begun(node: Bench) -> None:
    delivered(node, 1)
    attempt = hold_of(node, 2)
    copy = node.store.copy()
    work = WorkId(f"execute/{attempt.hold.cid}/1")
    executed(node, work)
    anchor = node.actor.archive.read_as(Anchor, node.block(node.rows(CHAIN)[0].anchor))
    old = node.restart(copy)
    old.receive(anchor)
    executed(old, work, execution(b"another"))
    assert not old.signed(Receipt)
    assert old.last(GaveUp).body.ground is GaveUpGround.MACHINE


def test_settlement_of_a_lost_attempt_shows_a_restored_node_its_own_end(node: Bench) -> None:
    old, anchor = _restored(node)
    manifest = old.world.manifest(2)
    attempt = old.world.attempt(old.world.bid(manifest), manifest)
    old.receive(attempt.settlement(Ground.VERIFIED, 850), anchor)
    old.receive(old.world.manifest(3))
    assert not old.signed(Bid)


def test_own_anchors_that_are_here_prove_nothing(node: Bench) -> None:
    delivered(node, 1)
    node.receive(node.actor.archive.read_as(Anchor, node.block(node.rows(CHAIN)[0].anchor)))
    bids = len(node.signed(Bid))
    node.receive(node.world.manifest(2))
    assert len(node.signed(Bid)) == bids + 1
