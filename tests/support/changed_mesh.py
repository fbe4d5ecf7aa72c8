"""Embedded meshes with another clock, and with members that change what their executions gave.

A liar is an actor that ships, in a subclass: it keeps all rules but the one that it breaks.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from embedded_mesh import ENVIRONMENT, answer
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import BaseActor
from mesh.actors.node.node import Node
from mesh.actors.submitter.rows import HISTORY
from mesh.actors.verifier.verifier import Verifier
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.request import JobRequest
from mesh.core.ports.work import Executed, Failed, WorkFault, WorkId, WorkResult
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Hold
from mesh.embedded.machine import clock
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.audit.audit import audit as audit_of
from mesh.queries.jobs.view import JobView
from mesh.queries.nodes.view import NodeView, node_views
from runtime.execution.execution import Execution
from runtime.identity.signed import Signed
from runtime.sandbox.request import Fault, FaultReason

A = TypeVar("A", Node, Verifier)

OVERDUE = 3601
"""Seconds longer than an attempt may take by default."""

Lie = Callable[[Execution], WorkResult]


def open_at(home: Path, ahead_seconds: int = 0) -> EmbeddedMesh:
    """The mesh at `home`, with clocks that are ahead by some seconds."""

    def now() -> Now:
        real = clock.now()
        return replace(
            real, wall=real.wall + ahead_seconds, monotonic=real.after(1000 * ahead_seconds)
        )

    return EmbeddedMesh.open(home, environment=ENVIRONMENT, clock=now)


# --- liars


class LyingNode(Node):
    """An executor that believes another result than the one that its machine gave."""

    lie: Lie

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        super().finished(tx, work, told(self.lie, result), now)


class LyingVerifier(Verifier):
    """A verifier that believes another result than the one that its machine gave."""

    lie: Lie

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        super().finished(tx, work, told(self.lie, result), now)


def told(lie: Lie, result: WorkResult) -> WorkResult:
    return lie(result.execution) if isinstance(result, Executed) else result


def exchange(mesh: EmbeddedMesh, actors: Iterable[BaseActor]) -> None:
    """Have other actors of the same keys in a mesh that was not driven yet."""
    own = {each.did: each for each in actors}

    def exchanged(before: tuple[A, ...]) -> tuple[A, ...]:
        return tuple(own.get(each.did, each) for each in before)  # type: ignore[misc]

    made = replace(
        mesh.actors,
        nodes=exchanged(mesh.actors.nodes),
        verifiers=exchanged(mesh.actors.verifiers),
    )
    assert "_process" not in vars(mesh), "the mesh was driven before"
    mesh.actors = made


def lying(mesh: EmbeddedMesh, lies: Mapping[str, Lie]) -> None:
    """Have members, by their names, change what their executions gave."""
    found: list[BaseActor] = []
    for actor in (*mesh.actors.nodes, *mesh.actors.verifiers):
        lie = lies.get(mesh.members.name(actor.did))
        if lie is not None:
            kind = LyingNode if isinstance(actor, Node) else LyingVerifier
            liar = kind(
                key=actor.key,
                archive=actor.archive,
                entropy=actor.entropy,
                machine=actor.machine,
                beats=actor.beats,
            )
            liar.lie = lie
            found.append(liar)
    assert len(found) == len(lies), "each name is a node's or a verifier's"
    exchange(mesh, found)


def falsified(found: Execution, by: int = -1) -> WorkResult:
    """Another result than the one that executing gave."""
    fuel = (found.deterministic.fuel_used or 0) + by
    return executed(replace(found, deterministic=replace(found.deterministic, fuel_used=fuel)))


def uncompiled(found: Execution) -> WorkResult:
    """What the sandbox says of a module that the engine took and could not compile."""
    fault = Fault(reason=FaultReason.NOT_COMPILED, text="too large")
    return Failed(fault=WorkFault.MODULE, detail=str(fault))


def failing(found: Execution) -> WorkResult:
    """A fault of the machine, each time that it is tried."""
    return Failed(fault=WorkFault.MACHINE, detail="no memory")


def executed(found: Execution) -> WorkResult:
    return Executed(execution=found, started_at=clock.now().wall, ended_at=clock.now().wall)


NODES = ("mesh-node-1", "mesh-node-2", "mesh-node-3")
VERIFIERS = ("federation-1", "federation-2", "federation-3")


def configure(mesh: EmbeddedMesh, name: str, **changes: object) -> None:
    """Change settings of a node, as its operator would."""
    (node,) = (each for each in mesh.actors.nodes if mesh.members.name(each.did) == name)

    def change(tx: ActorTransaction, now: Now) -> None:
        assert node.configure(tx, replace(node.settings(tx), **changes), now) is None

    mesh._process.driver.command(node.did, change)


# --- jobs


def work(amount: int = 500, **more: object) -> JobRequest:
    return answer(resource_amount=amount, **more)


def run(mesh: EmbeddedMesh, request: JobRequest | None = None) -> JobView:
    job_id = mesh.submit(request or work())
    assert mesh.drive([job_id], auto_award=True) == {}
    return mesh.job(job_id)


def bids(mesh: EmbeddedMesh, request: JobRequest | None = None) -> dict[str, tuple[int, int]]:
    """Price and seconds by node."""
    job_id = mesh.submit(request or work())
    mesh.drive([job_id])
    return {bid.node_id: (bid.price, bid.estimated_seconds) for bid in mesh.job(job_id).bids}


def views_of(mesh: EmbeddedMesh) -> dict[NodeId, NodeView]:
    measured = mesh.fuel_per_second
    with mesh.read() as reader:
        found = node_views(reader, machine=mesh.machine_name, measured=measured)
    return {each.node_id: each for each in found}


def paid_of(job: JobView) -> dict[str, int]:
    """What the issuer paid for the job, by member; nothing while it has not settled."""
    if job.settlement is None:
        return {}
    return {each.to: each.amount for each in job.settlement.body.payments}


def settlements(mesh: EmbeddedMesh, job_id: JobId) -> list[tuple[Signed[Settlement], Signed[Hold]]]:
    """The settlements that a job's events name, each with its hold."""
    with mesh.read() as reader:
        events = [row.stored.event for row in reader.rows(HISTORY).select(job_id=job_id)]
        named = [getattr(event, "settlement", None) for event in events]
        found = [reader.record(Settlement, cid) for cid in named if cid is not None]
        return [(each, reader.record(Hold, each.body.hold)) for each in found]


def audit(mesh: EmbeddedMesh) -> tuple[str, ...]:
    """All that does not fit together in the rows and records of all actors."""
    with mesh.store.view() as view:
        return tuple(map(str, audit_of(view, mesh.archive, mesh.members, mesh.now)))
