"""A node on the bench, brought to the moments of an attempt."""

from typing import Any

from actor_bench import Bench, Chip
from attempt_world import MODULE, MODULE_CID, START, Attempt, World, execution

from mesh.actors.node.node import Node
from mesh.actors.node.settings import NodeSettings
from mesh.core.fields import NodeId
from mesh.core.ports.work import Executed, Fetched, WorkId
from mesh.core.records.archive import Archive
from mesh.core.records.market import Bid
from runtime.execution.execution import Execution
from runtime.identity.keys import SigningKey

SETTINGS = NodeSettings(
    node_id=NodeId("node-0"), location="here", rates={"compute": 10_000_000}, running_max=3
)


def node_bench(
    world: World, chip: Chip, *, beats: bool = False, quota_bytes: int = 1 << 30
) -> Bench:
    def make(own: SigningKey, archive: Archive) -> Node:
        return Node(
            key=own, archive=archive, entropy=lambda n: b"\1" * n, machine=chip, beats=beats
        )

    bench = Bench(world, world.node, make, quota_bytes=quota_bytes)
    refused = bench.do(lambda tx: bench.actor.configure(tx, SETTINGS, bench.now))
    assert refused is None
    return bench


def bid_of(bench: Bench, number: int = 1, **changes: Any) -> Attempt:
    """The job is asked about, the node bids; the attempt that its bid could lead to."""
    manifest = bench.world.manifest(number, **changes)
    bench.receive(manifest)
    return bench.world.attempt(bench.last(Bid), manifest)


def hold_of(bench: Bench, number: int = 1, **changes: Any) -> Attempt:
    """The node has taken the hold, and fetches."""
    attempt = bid_of(bench, number, **changes)
    bench.receive(attempt.hold, *attempt.order_blocks)
    return attempt


def fetched(bench: Bench, attempt: Attempt) -> WorkId:
    """The blocks are there; the work that executes them."""
    bench.put((MODULE_CID, MODULE))
    fetch = WorkId(f"fetch/{attempt.hold.cid}/1")
    bench.finish(fetch, Fetched())
    return WorkId(f"execute/{attempt.hold.cid}/1")


def executed(bench: Bench, work: WorkId, done: Execution | None = None) -> None:
    bench.finish(
        work,
        Executed(execution=done or execution(), started_at=START + 2, ended_at=START + 3),
    )


def delivered(bench: Bench, number: int = 1, **changes: Any) -> Attempt:
    """The node has executed what it was ordered to."""
    attempt = hold_of(bench, number, **changes)
    executed(bench, fetched(bench, attempt))
    return attempt
