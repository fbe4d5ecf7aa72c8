"""Settlements of an honest issuer: whatever dishonest members send, none contradicts its records.

A settlement that does not follow from what it names is a Fault of its issuer, provable to all.
"""

from typing import Any

from issuing.world import World
from msgspec.structs import replace

from mesh.core.findings import Finding
from mesh.core.proofs.settlements import against_itself, settled_from
from mesh.core.records.jobs import Cancel, JobManifest
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.terms import Children, Parent
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed

TREE = Children(depth=2, budget=100_000)


def against_last(world: World, to: SigningKey) -> tuple[Finding, ...]:
    """What a receiver of the newest settlement finds, by what came with it and its own hold."""
    shown = next(e for e in reversed(world.sent) if (e.record.body, e.to) == (last(world), to.did))
    held = next(e for e in world.history if e.record.cid == world.hold.cid and e.to == to.did)

    def check(tx: Any) -> tuple[Finding, ...]:
        known = {*shown.attached, *held.attached, held.record.cid, world.founding.change.cid}
        settled = settled_from(
            shown.record,
            world.founding.genesis,
            lambda cid: tx.blocks.get(cid) if cid in known else None,
            world.archive.read_as,
        )
        return against_itself(settled)

    found: tuple[Finding, ...] = world.within(check)
    return found


def last(world: World) -> Settlement:
    body: Settlement = world.last(Settlement).body
    return body


def child_of(world: World, above: Signed[JobManifest], depth: int) -> Signed[JobManifest]:
    parent = Parent(cause=above.cid, position=0, depth=depth)
    return world.manifest(parent=parent, children=TREE if depth < 2 else None)


def test_attempt_withdrawn_with_its_tree_is_settled_by_the_root_s_cancel() -> None:
    world = World()
    root = world.verified(world.ask(world.manifest(children=TREE)))
    nearer = world.ask(child_of(world, root.manifest, 1))
    world.award(nearer, root.manifest.block)
    world.deliver_receipt(nearer)
    for each in world.drawn():
        world.attest(each)
    grandchild = world.ask(child_of(world, nearer.manifest, 2))
    world.award(grandchild, nearer.manifest.block, root.manifest.block)
    cancel = world.signed(world.submitter, Cancel(job=root.manifest.cid, reason="over"))
    world.deliver(cancel, root.manifest.block)
    assert (last(world).hold, last(world).ground) == (world.hold.cid, Ground.CANCELLED)
    assert against_last(world, world.node) == ()
    assert against_last(world, world.submitter) == ()


def test_settlement_by_the_cancel_of_another_s_job_is_refused() -> None:
    world = World()
    other = world.manifest(world.delegate)
    cancel = world.signed(world.delegate, Cancel(job=other.cid, reason=""))
    root = world.verified(world.ask(world.manifest(children=TREE)))
    child = world.ask(child_of(world, root.manifest, 1))
    world.award(child, root.manifest.block)
    own = world.signed(world.submitter, Cancel(job=child.manifest.cid, reason=""))
    world.deliver(own, child.manifest.block)
    forged = world.signed(world.issuer_key, replace(last(world), cancel=cancel.cid))

    def check(tx: Any) -> tuple[Finding, ...]:
        known = {each.cid: each.block for each in (other, cancel)}
        settled = settled_from(
            forged,
            world.founding.genesis,
            lambda cid: known.get(cid) or tx.blocks.get(cid),
            world.archive.read_as,
        )
        return against_itself(settled)

    (finding,) = world.within(check)
    assert "no cancellation" in finding.detail
