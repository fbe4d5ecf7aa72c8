"""Bids by what a node charges, has taken on and has shown to be fast."""

from collections.abc import Callable

from localmesh import ENDLESS_CID, Falsifying, Opener, bids, work
from msgspec.structs import replace
from wasm_modules import wasm

from mesh.core.fields import NodeId
from mesh.job import Phase
from mesh.local import JobRequest, LocalMesh
from mesh.local.audit import audit
from mesh.local.members import configure_node
from mesh.local.roll import node_views
from mesh.local.speed import CALIBRATION_SECONDS_MAX, keep_speed
from mesh.records import Requirements
from runtime.content.cid import Codec, cid_of
from runtime.execution.execution import Execution

FUEL_PER_SECOND = 1_000_000_000
MONTH = 30 * 24 * 3600


def measured(mesh: LocalMesh, speed: int = FUEL_PER_SECOND) -> None:
    """Write down a speed of this machine, whatever it really is."""
    with mesh.store.write() as tx:
        keep_speed(tx, mesh.engine, speed, now=mesh.now)


def heavy(units: int = 400_000) -> JobRequest:
    """Work for 400 seconds of a whole core that burns 1 000 million fuel a second."""
    return work(units, requirements=Requirements(max_seconds=MONTH))


def test_bids_follow_the_rate_the_share_and_the_surcharge(mesh: LocalMesh) -> None:
    measured(mesh)
    first, second, third = mesh.members.nodes
    assert bids(mesh, heavy()) == {
        "mesh-node-1": (84_000, 400),
        "mesh-node-2": (64_000, 800),
        "mesh-node-3": (72_000, 1600),
    }
    with mesh.store.write() as tx:
        configure_node(tx, mesh.archive, first, rates={"compute": 100_000})
        configure_node(tx, mesh.archive, second, surcharge_ppm=250_000)
        configure_node(tx, mesh.archive, third, share_ppm=1_000_000)
    assert bids(mesh, heavy()) == {
        "mesh-node-1": (40_000, 400),
        "mesh-node-2": (80_000, 800),
        "mesh-node-3": (72_000, 400),
    }
    views = {view.node_id: view for view in node_views(mesh)}
    assert views[NodeId("mesh-node-2")].surcharge_ppm == 250_000
    assert {view.load_ppm for view in views.values()} == {1_000_000}
    assert audit(mesh) == ()


def test_awarded_work_makes_a_node_dearer_and_later(mesh: LocalMesh) -> None:
    measured(mesh)
    alone = bids(mesh, heavy())
    waiting = mesh.submit(heavy(30_000))
    mesh.drive([waiting])
    mesh.accept(waiting, NodeId("mesh-node-2"))
    loaded = bids(mesh, heavy())
    # 30 000 million fuel take half a core a minute: twice the load of an idle node.
    assert loaded == {**alone, "mesh-node-2": (128_000, 860)}
    views = {view.node_id: (view.load_ppm, view.running) for view in node_views(mesh)}
    assert views == {
        "mesh-node-1": (1_000_000, 0),
        "mesh-node-2": (2_000_000, 1),
        "mesh-node-3": (1_000_000, 0),
    }


COUNTED = wasm("""(module (func (export "run") (local $i i32)
  (loop $more (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $more (i32.lt_u (local.get $i) (i32.const 100000))))))""")


def test_verified_executions_change_estimates_and_reputation(open_mesh: Opener) -> None:
    executor = Falsifying({})
    mesh = open_mesh(executor=executor)
    measured(mesh)
    before = bids(mesh, heavy())
    node = mesh.members.nodes[1]
    counted = cid_of(COUNTED, Codec.RAW)
    mesh.put_block(COUNTED)
    # What the node says it took, whatever this machine takes: too short to be measured, then a
    # module without a result, then one that shows next to nothing, and is believed in part.
    for module, wall_ms, speed in (
        (counted, 4, FUEL_PER_SECOND),
        (ENDLESS_CID, 1000, FUEL_PER_SECOND),
        (counted, 1000, 916_666_666),
    ):
        executor.lies[node.did] = took(wall_ms)
        job_id = mesh.submit(JobRequest(module=module, resource_amount=2))
        mesh.drive([job_id])
        mesh.accept(job_id, node.node_id)
        mesh.drive([job_id])
        assert mesh.job(job_id).phase is Phase.VERIFIED
        view = next(each for each in node_views(mesh) if each.node_id == node.node_id)
        assert view.fuel_per_second == speed // 2
    assert view.executions == 1
    assert (view.reputation.score > 50, view.reputation.is_evident) == (True, True)
    after = bids(mesh, heavy())
    assert after == {**before, "mesh-node-2": (64_000, 873)}
    others = [each.reputation for each in node_views(mesh) if each.node_id != node.node_id]
    assert [(each.score, each.is_evident) for each in others] == [(50, False)] * 2


def took(wall_ms: int) -> Callable[[Execution], Execution]:
    return lambda found: replace(found, metrics=replace(found.metrics, wall_ms=wall_ms))


def test_old_measurement_is_made_again(open_mesh: Opener) -> None:
    measured(open_mesh(), speed=1)
    assert open_mesh().world.fuel_per_second == 1
    assert open_mesh(CALIBRATION_SECONDS_MAX + 60).world.fuel_per_second > 1
