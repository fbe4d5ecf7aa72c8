"""Embedded meshes of the actors for tests: modules, and processes that drive a home.

Run as a program, `embedded_mesh.py HOME COMMAND…` is such a process, see `main`.
"""

import sys
from pathlib import Path

import wasmtime

from mesh.core.fields import JobId
from mesh.core.jobs.request import JobRequest
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Codec, cid_of

ANSWER = bytes(wasmtime.wat2wasm('(module (func (export "run") (result i64) (i64.const 42)))'))
ENDLESS = bytes(wasmtime.wat2wasm('(module (func (export "run") (loop (br 0))))'))
ANSWER_CID = cid_of(ANSWER, Codec.RAW)
ENDLESS_CID = cid_of(ENDLESS, Codec.RAW)
ENVIRONMENT = {"MESH_WORKERS": "2"}
GRANT = 1_000_000
ENDLESS_UNITS = 900_000
"""Fuel for more than a minute, whatever the machine."""


def opened(home: Path) -> EmbeddedMesh:
    return EmbeddedMesh.open(home, environment=ENVIRONMENT)


def answer(**more: object) -> JobRequest:
    return JobRequest(**{"module": ANSWER_CID, "resource_amount": 10, **more})  # type: ignore[arg-type]


def endless(**more: object) -> JobRequest:
    wanted = {"module": ENDLESS_CID, "resource_amount": ENDLESS_UNITS, **more}
    return JobRequest(**wanted)  # type: ignore[arg-type]


def main() -> None:
    """`HOME drive JOB…` drives jobs to their ends; `HOME submit COUNT` submits and drives."""
    home, command, *rest = sys.argv[1:]
    with opened(Path(home)) as mesh:
        if command == "submit":
            mesh.put_block(ANSWER)
            ids = mesh.submit_all(answer() for _ in range(int(rest[0])))
        else:
            ids = tuple(JobId(each) for each in rest)
        print("driving", flush=True)
        problems = mesh.drive(ids, auto_award=True)
        print(*(mesh.job(each).phase.value for each in ids), *problems, flush=True)


if __name__ == "__main__":
    main()
