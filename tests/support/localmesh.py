"""Embedded meshes for tests: modules, a clock that may be ahead, and members that lie."""

import time
from dataclasses import replace
from pathlib import Path

import wasmtime

from mesh.local import JobRequest, LocalMesh
from runtime.content.cid import Codec, cid_of
from runtime.execution import Deterministic

ANSWER = bytes(wasmtime.wat2wasm('(module (func (export "run") (result i64) (i64.const 42)))'))
ENDLESS = bytes(wasmtime.wat2wasm('(module (func (export "run") (loop (br 0))))'))
ANSWER_CID = cid_of(ANSWER, Codec.RAW)
ENDLESS_CID = cid_of(ENDLESS, Codec.RAW)
ENVIRONMENT = {"MESH_WORKERS": "1"}
GRANT = 1_000_000


def open_at(home: Path, ahead_seconds: int = 0) -> LocalMesh:
    """The mesh at `home`, with a clock that is ahead by some seconds."""
    return LocalMesh.open(
        home, environment=ENVIRONMENT, clock=lambda: int(time.time()) + ahead_seconds
    )


def found(home: Path) -> None:
    """A mesh whose speed is measured, and whose modules are compiled."""
    with open_at(home) as mesh:
        for module in (ANSWER, ENDLESS):
            mesh.put_block(module)
        warm = JobRequest(module=ANSWER_CID, resource_amount=1)
        mesh.drive([mesh.submit(warm)])
        endless = JobRequest(module=ENDLESS_CID, resource_amount=1)
        job = mesh.submit(endless)
        mesh.drive([job], auto_award=True)


def falsified(found: Deterministic, by: int = 1) -> Deterministic:
    """Another result than the one that executing gave."""
    return replace(found, fuel_used=(found.fuel_used or 0) + by)
