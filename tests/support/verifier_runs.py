"""A verifier on the bench, brought to the moments of a verification."""

from typing import Any

from actor_bench import Bench, Chip
from attempt_world import MODULE, MODULE_CID, START, Attempt, World, execution
from msgspec import Struct

from mesh.actors.verifier.rows import VerifierSettings
from mesh.actors.verifier.verifier import Verifier
from mesh.core.fields import NodeId
from mesh.core.ports.work import Executed, Fetched, WorkId
from mesh.core.records.archive import Archive
from mesh.core.records.work import Draw
from runtime.execution.execution import Execution
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed


class Drawn(Struct, frozen=True, kw_only=True):
    """A draw that names the verifier. first: the executor's Receipt or Seal."""

    attempt: Attempt
    first: Signed[Any]
    draw: Signed[Draw]

    @property
    def attached(self) -> tuple[bytes, ...]:
        own = (self.first.block,) if self.attempt.world.founding.genesis.body.sealed else ()
        return (self.attempt.hold.block, *self.attempt.order_blocks, *own)


def verifier_bench(world: World, chip: Chip) -> Bench:
    def make(own: SigningKey, archive: Archive) -> Verifier:
        return Verifier(
            key=own, archive=archive, entropy=lambda n: b"\1" * n, machine=chip, beats=False
        )

    bench = Bench(world, world.verifiers[0], make)
    settings = VerifierSettings(node_id=NodeId("verifier-0"), location="here")
    assert bench.do(lambda tx: bench.actor.configure(tx, settings, bench.now)) is None
    return bench


def draw_of(bench: Bench, *, number: int = 1, first_job: int = 1) -> Drawn:
    """The first of some jobs whose draw of that round names the verifier."""
    world = bench.world
    for job in range(first_job, first_job + 200):
        manifest = world.manifest(job)
        attempt = world.attempt(world.bid(manifest), manifest)
        sealed = world.founding.genesis.body.sealed
        first: Signed[Any] = attempt.seal(world.node) if sealed else attempt.receipt()
        draw = attempt.draw(first.cid, number)
        if bench.own.did in draw.body.verifiers:
            return Drawn(attempt=attempt, first=first, draw=draw)
    raise AssertionError("nobody is left out for ever")


def taken(bench: Bench, number: int = 1) -> Drawn:
    """The verifier has taken a draw, and fetches."""
    found = draw_of(bench, first_job=number)
    bench.receive(found.draw, *found.attached)
    return found


def fetched(bench: Bench, found: Drawn) -> WorkId:
    bench.put((MODULE_CID, MODULE))
    bench.finish(WorkId(f"fetch/{found.attempt.hold.cid}/1"), Fetched())
    return WorkId(f"execute/{found.attempt.hold.cid}/1")


def executed(bench: Bench, work: WorkId, done: Execution | None = None) -> None:
    bench.finish(
        work,
        Executed(execution=done or execution(), started_at=START + 4, ended_at=START + 5),
    )


def observed(bench: Bench, done: Execution | None = None) -> Drawn:
    """The verifier has executed what it was drawn for."""
    found = taken(bench)
    executed(bench, fetched(bench, found), done)
    return found
