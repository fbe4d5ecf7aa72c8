"""Embedded meshes for tests: modules, a clock that may be ahead, and members that lie."""

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import wasmtime
from msgspec.structs import replace

from mesh.local import JobRequest, JobView, LocalMesh
from mesh.local.executor import InSandbox, MakeExecutor
from runtime.content.cid import Codec, cid_of
from runtime.content.did import Did
from runtime.execution.context import SEED_BYTES, Context, Limits
from runtime.execution.execution import Execution
from runtime.sandbox.pool import Result, Sandbox
from runtime.sandbox.request import Fault, FaultReason, Request, Ticket

ANSWER = bytes(wasmtime.wat2wasm('(module (func (export "run") (result i64) (i64.const 42)))'))
ENDLESS = bytes(wasmtime.wat2wasm('(module (func (export "run") (loop (br 0))))'))
ANSWER_CID = cid_of(ANSWER, Codec.RAW)
ENDLESS_CID = cid_of(ENDLESS, Codec.RAW)
ENVIRONMENT = {"MESH_WORKERS": "1"}
GRANT = 1_000_000
Opener = Callable[..., LocalMesh]
"""Opens the mesh of a test, with the clock ahead by some seconds and an executor."""


def open_at(home: Path, ahead_seconds: int = 0, *, executor: MakeExecutor = InSandbox) -> LocalMesh:
    """The mesh at `home`, with a clock that is ahead by some seconds."""
    return LocalMesh.open(
        home,
        environment=ENVIRONMENT,
        clock=lambda: int(time.time()) + ahead_seconds,
        executor=executor,
    )


class Falsifying:
    """Executes in the sandbox, and changes what comes back for some members.

    submitted: for whom something was executed, in order.
    """

    def __init__(self, lies: Mapping[Did, Callable[[Execution], Result]]) -> None:
        self.lies = dict(lies)
        self.submitted: list[Did] = []
        self._of: dict[Ticket, Did] = {}

    def __call__(self, sandbox: Sandbox) -> "Falsifying":
        """An executor with the signature that LocalMesh needs."""
        self._inner = InSandbox(sandbox)
        return self

    def submit(self, member: Did, request: Request) -> Ticket:
        ticket = self._inner.submit(member, request)
        self.submitted.append(member)
        self._of[ticket] = member
        return ticket

    def wait(
        self, tickets: Collection[Ticket], *, timeout_seconds: float | None
    ) -> Mapping[Ticket, Result]:
        found = self._inner.wait(tickets, timeout_seconds=timeout_seconds)
        return {ticket: self._told(self._of[ticket], result) for ticket, result in found.items()}

    def cancel(self, ticket: Ticket) -> None:
        self._inner.cancel(ticket)

    def _told(self, member: Did, result: Result) -> Result:
        lie = self.lies.get(member)
        return result if lie is None or not isinstance(result, Execution) else lie(result)


def found(home: Path) -> None:
    """A mesh without jobs, whose speed is measured, and whose modules are compiled."""
    with open_at(home) as mesh:
        assert mesh.world.fuel_per_second > 0
        for module in (ANSWER, ENDLESS):
            cid = mesh.put_block(module)
            context = Context(
                entry="run",
                owner=mesh.submitter.did,
                caller=mesh.submitter.did,
                now=mesh.now,
                received_at=mesh.now,
                seed=bytes(SEED_BYTES),
                limits=Limits(fuel=1000),
                engine=mesh.engine.text,
            )
            request = Request(module=module, module_cid=cid, context=context)
            assert isinstance(mesh.sandbox.execute(request), Execution)


def uncompiled(found: Execution) -> Fault:
    """What the sandbox says of a module that the engine took and could not compile."""
    return Fault(reason=FaultReason.NOT_COMPILED, text="too large")


def falsified(found: Execution, by: int = -1) -> Execution:
    """Another result than the one that executing gave."""
    fuel = (found.deterministic.fuel_used or 0) + by
    return replace(found, deterministic=replace(found.deterministic, fuel_used=fuel))


def work(amount: int = 500, **more: object) -> JobRequest:
    return JobRequest(module=ANSWER_CID, resource_amount=amount, **more)  # type: ignore[arg-type]


def run(mesh: LocalMesh, request: JobRequest | None = None) -> JobView:
    job_id = mesh.submit(request or work())
    assert mesh.drive([job_id], auto_award=True) == {}
    return mesh.job(job_id)


def bids(mesh: LocalMesh, request: JobRequest | None = None) -> dict[str, tuple[int, int]]:
    """Price and seconds by node."""
    job_id = mesh.submit(request or work())
    mesh.drive([job_id])
    return {bid.node_id: (bid.price, bid.estimated_seconds) for bid in mesh.job(job_id).bids}
