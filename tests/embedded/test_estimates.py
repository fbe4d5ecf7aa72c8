"""Bids by what a node charges, has taken on and has shown to be fast."""

from collections.abc import Callable

from changed_mesh import audit, bids, configure, executed, lying, views_of, work
from embedded_mesh import ENDLESS_CID, put_block
from msgspec.structs import replace
from wasm_modules import wasm

from mesh.core.fields import NodeId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.ports.work import WorkResult
from mesh.core.records.terms import Requirements
from mesh.embedded.machine.sandboxed import CALIBRATION_SECONDS_MAX
from mesh.embedded.mesh import EmbeddedMesh
from mesh.embedded.rows import HOME, SPEEDS, SpeedRow
from runtime.content.cid import Codec, cid_of
from runtime.execution.execution import Execution

FUEL_PER_SECOND = 1_000_000_000
MONTH = 30 * 24 * 3600


def measured(mesh: EmbeddedMesh, speed: int = FUEL_PER_SECOND) -> None:
    """Write down a speed of this machine, whatever it really is."""
    row = SpeedRow(machine=mesh.machine_name, fuel_per_second=speed, measured_at=mesh.now)
    with mesh.store.turn(mesh.clock()) as turn, turn.delivery(HOME) as tx:
        tx.rows(SPEEDS).put(row)


def heavy(units: int = 400_000) -> JobRequest:
    """Work for 400 seconds of a whole core that burns 1 000 million fuel a second."""
    return work(units, requirements=Requirements(max_seconds=MONTH))


def test_bids_follow_the_rate_the_share_and_the_surcharge(mesh: EmbeddedMesh) -> None:
    measured(mesh)
    assert bids(mesh, heavy()) == {
        "mesh-node-1": (84_000, 400),
        "mesh-node-2": (64_000, 800),
        "mesh-node-3": (72_000, 1600),
    }
    configure(mesh, "mesh-node-1", rates={"compute": 100_000})
    configure(mesh, "mesh-node-2", surcharge_ppm=250_000)
    configure(mesh, "mesh-node-3", share_ppm=1_000_000)
    assert bids(mesh, heavy()) == {
        "mesh-node-1": (40_000, 400),
        "mesh-node-2": (80_000, 800),
        "mesh-node-3": (72_000, 400),
    }
    views = views_of(mesh)
    assert views[NodeId("mesh-node-2")].surcharge_ppm == 250_000
    assert {view.load_ppm for view in views.values()} == {1_000_000}
    assert audit(mesh) == ()


def test_awarded_work_makes_a_node_dearer_and_later(mesh: EmbeddedMesh) -> None:
    measured(mesh)
    alone = bids(mesh, heavy())
    waiting = mesh.submit(heavy(30_000))
    mesh.drive([waiting])
    mesh.accept(waiting, NodeId("mesh-node-2"))
    loaded = bids(mesh, heavy())
    # 30 000 million fuel take half a core a minute: twice the load of an idle node.
    assert loaded == {**alone, "mesh-node-2": (128_000, 860)}
    views = {name: (view.load_ppm, view.running) for name, view in views_of(mesh).items()}
    assert views == {
        "mesh-node-1": (1_000_000, 0),
        "mesh-node-2": (2_000_000, 1),
        "mesh-node-3": (1_000_000, 0),
    }


COUNTED = wasm("""(module (func (export "run") (local $i i32)
  (loop $more (local.set $i (i32.add (local.get $i) (i32.const 1)))
    (br_if $more (i32.lt_u (local.get $i) (i32.const 100000))))))""")


def test_verified_executions_change_estimates_and_reputation(mesh: EmbeddedMesh) -> None:
    said = [0]
    lying(mesh, {"mesh-node-2": lambda found: took(found, said[0])})
    measured(mesh)
    before = bids(mesh, heavy())
    node_id = NodeId("mesh-node-2")
    counted = cid_of(COUNTED, Codec.RAW)
    put_block(mesh, COUNTED)
    # What the node says it took, whatever this machine takes: too short to be measured, then a
    # module without a result, then one that shows next to nothing, and is believed in part.
    for module, amount, wall_ms, speed in (
        (counted, 2, 4, FUEL_PER_SECOND),
        (ENDLESS_CID, 2, 1000, FUEL_PER_SECOND),
        (counted, 5000, 1000, 916_666_666),
    ):
        said[0] = wall_ms
        job_id = mesh.submit(JobRequest(module=module, resource_amount=amount))
        mesh.drive([job_id])
        mesh.accept(job_id, node_id)
        mesh.drive([job_id])
        assert mesh.job(job_id).phase is Phase.VERIFIED
        view = views_of(mesh)[node_id]
        assert view.fuel_per_second == speed // 2
    assert view.executions == 1
    assert (view.reputation.score > 50, view.reputation.is_evident) == (True, True)
    after = bids(mesh, heavy())
    assert after == {**before, "mesh-node-2": (64_000, 873)}
    others = [each.reputation for name, each in views_of(mesh).items() if name != node_id]
    assert [(each.score, each.is_evident) for each in others] == [(50, False)] * 2


def took(found: Execution, wall_ms: int) -> WorkResult:
    return executed(replace(found, metrics=replace(found.metrics, wall_ms=wall_ms)))


def test_old_measurement_is_made_again(
    mesh: EmbeddedMesh, open_later: Callable[[int], EmbeddedMesh]
) -> None:
    measured(mesh, speed=1)
    young = open_later(0)
    young.measure()
    assert young.fuel_per_second == 1
    old = open_later(CALIBRATION_SECONDS_MAX + 60)
    old.measure()
    assert old.fuel_per_second > 1
