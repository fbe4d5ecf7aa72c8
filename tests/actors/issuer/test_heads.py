"""The end of an executor's chain is shown to it with each hold."""

from issuing.world import World

from mesh.core.records.work import Hold


def _shown(world: World) -> set[object]:
    """What went to the executor with the newest hold, besides what goes to the submitter."""
    own, others = (
        {
            cid
            for each in world.history
            if each.record.cid == world.hold.cid and (each.to == world.node.did) == is_executor
            for cid in each.attached
        }
        for is_executor in (True, False)
    )
    return own - others


def test_hold_shows_its_executor_the_newest_anchor_of_its_own() -> None:
    world = World()
    asked = world.held()
    assert _shown(world) == set()
    _, anchor, _ = world.receipt(asked)
    world.deliver_receipt(asked)
    world.held(world.ask())
    assert isinstance(world.hold.body, Hold)
    assert _shown(world) == {anchor.cid}
