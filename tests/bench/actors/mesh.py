"""All actors of an embedded mesh over SQLite, in turns, with a machine that answers at once.

Nothing is executed and no process is talked to: what is measured is the handling of records.
"""

import math
import os
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import wasmtime
from msgspec import Struct

from mesh.actors.actor import Actor, ActorTransaction, Instant, Now
from mesh.actors.machine import Fitness, Resources
from mesh.actors.stores import DeliveryTransaction, WorkRow
from mesh.actors.submitter.rows import JOBS
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.fields import JobId
from mesh.core.jobs.job import Job, Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.ports.blocks import Blocks
from mesh.core.ports.messages import Envelope
from mesh.core.ports.work import Executed, WorkId, WorkResult
from mesh.core.records.archive import Archive
from mesh.core.records.jobs import JobManifest
from mesh.core.records.terms import Capability, Engine
from mesh.embedded.driving import turns
from mesh.embedded.driving.turns import Finished, Report, Turns
from mesh.embedded.founding.actors import make_actors
from mesh.embedded.founding.founding import found, new_founding
from mesh.embedded.founding.keyring import load
from mesh.embedded.machine.clock import now
from mesh.embedded.tables import TABLES
from mesh.home.config import Config
from mesh.home.home import Home
from runtime.content.cid import Codec, cid_of
from runtime.content.did import Did
from runtime.execution.execution import Deterministic, Execution, Metrics, Outcome, OutcomeKind

NULL_MODULE = '(module (func (export "run")))'
RESULT = Execution(
    deterministic=Deterministic(
        outcome=Outcome(kind=OutcomeKind.SUCCEEDED),
        output=None,
        effects=None,
        logs=None,
        fuel_used=7,
    ),
    metrics=Metrics(wall_ms=1, memory_peak_bytes=65_536, host_calls=0),
    blocks={},
)


class BenchMachine(Struct, kw_only=True):
    """A machine of which everything is known."""

    engine: Engine = Engine(name="wasmtime", version="1", config="c", arch="x")
    processor: str = "bench"
    fuel_per_second: int = 1_000_000_000
    resources: Resources = Resources(memory_bytes=1 << 40, cpu_cores=64, storage_bytes=1 << 40)
    capabilities: tuple[Capability, ...] = ()

    def fitness(self, manifest: JobManifest, blocks: Blocks) -> Fitness:
        return Fitness(bound_units=1)


class TimedActor:
    """An actor, and the seconds of CPU time that this thread has spent in it."""

    def __init__(self, actor: Actor, seconds: Counter[str], name: str) -> None:
        self.did = actor.did
        self._actor = actor
        self._seconds = seconds
        self._name = name

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        start = time.thread_time()
        self._actor.receive(tx, envelope, now)
        self._seconds[self._name] += time.thread_time() - start

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        start = time.thread_time()
        answer = self._actor.tick(tx, now)
        self._seconds[self._name] += time.thread_time() - start
        return answer

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        start = time.thread_time()
        self._actor.finished(tx, work, result, now)
        self._seconds[self._name] += time.thread_time() - start


class BenchMesh:
    """A mesh that is founded in `folder`. seconds: of CPU time, by the role of the actor."""

    def __init__(self, folder: Path) -> None:
        home = Home(folder)
        home.keys.mkdir(parents=True)
        self.seconds: Counter[str] = Counter()
        founding = new_founding(home, int(time.time()))
        self._actors = make_actors(
            founding.members,
            lambda member: load(home.keys, member.name, member.member),
            archive=Archive(founding.genesis.cid),
            config=Config(),
            machine=BenchMachine(),
            entropy=os.urandom,
        )
        timed: dict[Did, Actor] = {
            each.did: TimedActor(each, self.seconds, type(each).__name__.lower())
            for each in self._actors
        }
        self._store = SqliteStore(home.database, TABLES, quota_bytes=1 << 40)
        # By the clock a busy machine would cut turns that a quiet one does not.
        turns.LONG_TURN_SECONDS = math.inf
        self._turns = Turns(self._store, timed, now, lambda: nullcontext(bool))
        module = bytes(wasmtime.wat2wasm(NULL_MODULE))
        self._module = cid_of(module, Codec.RAW)
        self._submitter = self._actors.submitter
        with self._turns.turn() as opened:
            found(opened, self._actors, founding)
            opened.command(self._submitter.did, lambda tx, now: tx.blocks.put(self._module, module))
            report = opened.settle()
        self._drive(report)

    def verified(self, in_flight: int) -> None:
        """Submit so many null jobs in one turn, and go on until all are verified."""
        request = JobRequest(module=self._module, resource_amount=1, description="null job")

        def submit(tx: DeliveryTransaction, now: Now) -> JobId:
            start = time.thread_time()
            job = self._submitter.submit(tx, request, now)
            assert isinstance(job, Job), str(job)
            self._submitter.auto_award(tx, job.job_id, now, is_on=True)
            self.seconds["submitter"] += time.thread_time() - start
            return job.job_id

        with self._turns.turn() as opened:
            ids = [opened.command(self._submitter.did, submit) for _ in range(in_flight)]
            report = opened.settle()
        self._drive(report)
        with self._store.view() as view:
            rows = view.rows(self._submitter.did, JOBS)
            phases = [row.phase for row in map(rows.get, ids) if row is not None]
        assert phases == [Phase.VERIFIED] * in_flight, phases

    def close(self) -> None:
        self._store.close()

    def _drive(self, report: Report) -> None:
        """Turns until nobody has anything to say, each with the results of the one before."""
        done = self._results(report.asked)
        while done or not report.is_silent:
            with self._turns.turn(done) as opened:
                report = opened.settle()
            assert not report.set_aside, report.set_aside[0].trace
            done = self._results(report.asked)

    @staticmethod
    def _results(asked: list[WorkRow]) -> tuple[Finished, ...]:
        at = int(time.time())
        result = Executed(execution=RESULT, started_at=at, ended_at=at)
        return tuple(Finished(actor=row.actor, work=row.id, result=result) for row in asked)
