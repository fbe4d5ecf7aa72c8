"""Embedded meshes for tests: modules, a clock that may be ahead, and members that lie."""

import time
from dataclasses import replace
from pathlib import Path

import wasmtime

from mesh.local import LocalMesh
from runtime.content.cid import Codec, cid_of
from runtime.context import SEED_BYTES, Context, Limits
from runtime.execution import Deterministic, Execution
from runtime.sandbox import Request

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
    """A mesh without jobs, whose speed is measured, and whose modules are compiled."""
    with open_at(home) as mesh:
        assert mesh.world.fuel_per_second > 0
        for module in (ANSWER, ENDLESS):
            cid = mesh.put_block(module)
            context = Context(
                entry="run",
                caller=mesh.submitter.did,
                now=mesh.now,
                seed=bytes(SEED_BYTES),
                limits=Limits(fuel=1000),
                engine=mesh.engine.text,
            )
            request = Request(module=module, module_cid=cid, context=context)
            assert isinstance(mesh.sandbox.execute(request), Execution)


def falsified(found: Deterministic, by: int = 1) -> Deterministic:
    """Another result than the one that executing gave."""
    return replace(found, fuel_used=(found.fuel_used or 0) + by)
