"""Local runs for tests: an execution whose effects mint, transfer and submit, and its application.

Run as a program, `local_runs.py HOME STATEMENT` applies a run that is not applied yet, as `ccl run`
does, and is killed (SIGKILL) at that statement to SQLite; 0: never.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import embedded_mesh
from embedded_mesh import ANSWER, ANSWER_CID

from mesh.core.jobs.request import request_of
from mesh.core.jobs.runs import LocalRun, Origin, RunJob
from mesh.embedded.commands.runs import (
    Outcome,
    Submission,
    apply,
    request_for,
    unfinished_run,
    world_now,
)
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.content.did import parse_did
from runtime.execution.context import SEED_BYTES, Context, Limits
from runtime.execution.effects import Effect, MintTokens, SubmitJob, TransferTokens
from runtime.execution.execution import Execution

FRIEND = parse_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
CALL = encode(["a call"])
KEY = cid_of(CALL, Codec.DAG_CBOR)
MOVED = 250
MINTED = 7
JOB = SubmitJob(
    wasm_cid=ANSWER_CID,
    description="of a run",
    resource_type="compute",
    resource_amount=10,
    priority="low",
)


def effects_of(mesh: EmbeddedMesh, *, moved: int = MOVED) -> tuple[Effect, ...]:
    """Units of the owner's own class come, units of the issuer's move, and a job is submitted."""
    me = mesh.submitter.did
    return (
        MintTokens(token_class="care", amount=MINTED, to=FRIEND),
        TransferTokens(token_class="compute", amount=moved, holder=me, to=FRIEND),
        JOB,
    )


def outcome_of(mesh: EmbeddedMesh, effects: tuple[Effect, ...]) -> Outcome:
    """An execution made now, with these effects."""
    world = world_now(mesh)
    around = world.around
    context = Context(
        entry="run",
        owner=mesh.submitter.did,
        caller=mesh.submitter.did,
        now=mesh.now,
        received_at=mesh.now,
        seed=bytes(SEED_BYTES),
        limits=Limits(fuel=1_000_000),
        engine=mesh.engine.text,
        balances=around.balances,
        state_root=around.state_root,
        tokens=around.tokens,
    )
    request = request_for(mesh, context, world, (ANSWER_CID, ANSWER))
    execution = mesh.sandbox.execute(request)
    assert isinstance(execution, Execution)
    return Outcome(
        context=context,
        execution=execution,
        effects=effects,
        submissions=tuple(
            Submission(position=at, request=request_of(each, None), job_id=mesh.new_job_id())
            for at, each in enumerate(effects)
            if isinstance(each, SubmitJob)
        ),
        blocks=((KEY, CALL), (ANSWER_CID, ANSWER)),
    )


def record_of(mesh: EmbeddedMesh, done: Outcome) -> LocalRun:
    return LocalRun(
        origin=Origin(file="-", source=ANSWER_CID, packed=(), fuel=1_000_000, started_at=mesh.now),
        execution=done.execution.deterministic,
        jobs=tuple(
            RunJob(job_id=each.job_id, handle=each.position + 1, depth=1)
            for each in done.submissions
        ),
        spent={},
    )


def applied(mesh: EmbeddedMesh, effects: tuple[Effect, ...], key: Cid = KEY) -> str | None:
    """Why the effects of a run made now were not applied, None if they were."""
    done = outcome_of(mesh, effects)
    return apply(mesh, key, record_of(mesh, done), done)


class KilledAt:
    """Kills this process at a statement to SQLite, counted while `is_on`; 0: never."""

    def __init__(self, statement: int) -> None:
        self.left = statement
        self.is_on = False
        self._connect = sqlite3.connect
        sqlite3.connect = self._connecting  # type: ignore[assignment]

    def _connecting(self, *args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._connect(*args, **options)
        connection.set_trace_callback(self._count)
        return connection

    def _count(self, _: str) -> None:
        if self.is_on:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Prints how many statements the application took."""
    home, statement = sys.argv[1:]
    killed = KilledAt(int(statement))
    with embedded_mesh.opened(Path(home)) as mesh:
        if unfinished_run(mesh, KEY) is None:
            done = outcome_of(mesh, effects_of(mesh))
            killed.is_on = True
            assert apply(mesh, KEY, record_of(mesh, done), done) is None
            killed.is_on = False
    print(int(statement) - killed.left)


if __name__ == "__main__":
    main()
