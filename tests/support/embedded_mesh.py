"""Embedded meshes of the actors for tests: modules, and processes that drive a home.

Run as a program, `embedded_mesh.py HOME COMMAND…` is such a process, see `main`.
"""

import shutil
import sys
from pathlib import Path

import wasmtime
from msgspec.structs import replace
from saying import DRIVING, say_signs_of_life

from mesh.actors.actor import Now
from mesh.adapters.reexecution import executed_in
from mesh.core.fields import JobId
from mesh.core.findings import Finding
from mesh.core.jobs.request import JobRequest
from mesh.core.proofs.check import verify_proof
from mesh.embedded.machine import clock as machine_clock
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.accounts.balances import available_units
from mesh.queries.jobs.progress_events import ProgressEvent, StatusChanged
from mesh.queries.jobs.view import find_job_row
from mesh.queries.upkeep.checks import proof_of
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import SEED_BYTES, Context, Limits
from runtime.execution.execution import Execution
from runtime.sandbox.request import Request

ANSWER = bytes(wasmtime.wat2wasm('(module (func (export "run") (result i64) (i64.const 42)))'))
ENDLESS = bytes(wasmtime.wat2wasm('(module (func (export "run") (loop (br 0))))'))
ANSWER_CID = cid_of(ANSWER, Codec.RAW)
ENDLESS_CID = cid_of(ENDLESS, Codec.RAW)
ENVIRONMENT = {"MESH_WORKERS": "2"}
GRANT = 1_000_000
_COPIES: dict[Path, list[Path]] = {}
ENDED = "ended"
ENDLESS_UNITS = 900_000
"""Fuel for more than a minute, whatever the machine."""


def opened(home: Path) -> EmbeddedMesh:
    return EmbeddedMesh.open(home, environment=ENVIRONMENT)


def open_behind(home: Path, seconds: int) -> EmbeddedMesh:
    """The mesh at `home` with a wall clock that is behind: the machine may not have run so long."""

    def behind() -> Now:
        now = machine_clock.now()
        return replace(now, wall=now.wall - seconds)

    return EmbeddedMesh.open(home, environment=ENVIRONMENT, clock=behind)


def put_block(mesh: EmbeddedMesh, data: bytes) -> Cid:
    """Store one block; its CID."""
    cid = cid_of(data, Codec.RAW)
    mesh.put_blocks([(cid, data)])
    return cid


def balances(mesh: EmbeddedMesh) -> dict[str, int]:
    """The submitter's available units by resource type, over all issuers."""
    with mesh.read() as reader:
        return available_units(reader)


def findings_of(
    mesh: EmbeddedMesh, job_id: JobId, *, reexecute: bool = True
) -> tuple[Finding, ...]:
    """What speaks against the job's proof, checked now."""
    again = executed_in(mesh.sandbox) if reexecute else None
    with mesh.read() as reader:
        proof = proof_of(reader, find_job_row(reader, job_id))
        return verify_proof(proof, mesh=mesh.members.mesh, reexecute=again, now=mesh.now).findings


def found(home: Path) -> None:
    """A mesh without jobs, whose speed is measured, and whose modules are compiled."""
    with opened(home) as mesh:
        mesh.measure()
        for module in (ANSWER, ENDLESS):
            cid = put_block(mesh, module)
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


def copied(home: Path, to: Path) -> Path:
    """A copy of a mesh, at `to`, with the modules that were compiled in its earlier copies."""
    kept = home / "cache" / "modules"
    earlier = _COPIES.setdefault(home, [])
    while earlier:
        for entry in (earlier.pop() / "cache" / "modules").glob("*"):
            if not (kept / entry.name).exists():
                shutil.copy2(entry, kept)
    earlier.append(to)
    return Path(shutil.copytree(home, to))


def answer(**more: object) -> JobRequest:
    return JobRequest(**{"module": ANSWER_CID, "resource_amount": 10, **more})  # type: ignore[arg-type]


def endless(**more: object) -> JobRequest:
    wanted = {"module": ENDLESS_CID, "resource_amount": ENDLESS_UNITS, **more}
    return JobRequest(**wanted)  # type: ignore[arg-type]


def main() -> None:
    """`HOME drive JOB…` drives jobs to their ends; `HOME submit COUNT` submits and drives. Says
    what becomes of them, and at last how they have ended."""
    home, command, *rest = sys.argv[1:]
    say_signs_of_life()
    with opened(Path(home)) as mesh:
        if command == "submit":
            put_block(mesh, ANSWER)
            ids = mesh.submit_all(answer() for _ in range(int(rest[0])))
        else:
            ids = tuple(JobId(each) for each in rest)
        print(DRIVING, flush=True)
        problems = mesh.drive(ids, on_event=say_phase, auto_award=True)
        print(ENDED, *(mesh.job(each).phase.value for each in ids), *problems, flush=True)


def say_phase(event: ProgressEvent) -> None:
    if isinstance(event, StatusChanged):
        print(event.job_id, event.phase.value, flush=True)


if __name__ == "__main__":
    main()
