"""Actors that ask for executions and note their results: to test drivers without a protocol.

Run as a program it drives a home's store: `asking_actors.py HOME ACTION…`, see `main`.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import wasmtime
from msgspec import Struct
from saying import DRIVING, say_executions

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.stores import DeliveryTransaction, View
from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.ports.messages import Envelope
from mesh.core.ports.tables import Table
from mesh.core.ports.work import Execute, Executed, WorkId, WorkResult
from mesh.core.records.terms import Priority
from mesh.embedded.driving.driver import LINGER_SECONDS, Driver
from mesh.embedded.driving.executions import PATIENCE_SECONDS, Executions
from mesh.embedded.driving.requests import Requests
from mesh.embedded.driving.set_aside import SET_ASIDE
from mesh.embedded.driving.slots import Lead, Owner, Slots
from mesh.embedded.driving.turns import Turns
from mesh.embedded.driving.turnstile import Turnstile
from mesh.embedded.driving.undelivered import UNDELIVERED
from mesh.embedded.machine.clock import now as clock
from mesh.home.home import Home, find_home
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.content.did import Did
from runtime.execution.context import SEED_BYTES, Context, Limits
from runtime.sandbox.engine import engine_text
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.request import Side

EXECUTOR, VERIFIER = Did("did:test:executor"), Did("did:test:verifier")
ANSWER = bytes(wasmtime.wat2wasm('(module (func (export "run") (result i64) (i64.const 42)))'))
ENDLESS = bytes(wasmtime.wat2wasm('(module (func (export "run") (loop (br 0))))'))
OBEDIENT = bytes(
    wasmtime.wat2wasm(
        """(module (func (export "run") (param i64) (result i64)
          (loop (br_if 0 (i64.ne (local.get 0) (i64.const 0))))
          (i64.const 42)))"""
    )
)
"""Ends where it is given 0, and never where it is given 1."""
FUEL = 1 << 50


class Outcome(Struct, frozen=True, kw_only=True):
    """How work ended, in the order of `number`, and in which process."""

    work: str
    number: int
    text: str
    process: int


OUTCOMES = Table(name="outcomes", row=Outcome, key=("work",))


class Asker:
    """Notes results."""

    def __init__(self, did: Did) -> None:
        self.did = did

    def receive(self, tx: ActorTransaction, envelope: Envelope, now: Now) -> None:
        raise AssertionError("nobody sends anything")

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        return None

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        text = "executed" if isinstance(result, Executed) else result.fault.value
        rows = tx.rows(OUTCOMES)
        rows.put(Outcome(work=work, number=rows.count(), text=text, process=os.getpid()))


def context(seed: int, given: int | None = None) -> Context:
    return Context(
        entry="run",
        owner=EXECUTOR,
        caller=EXECUTOR,
        now=1_700_000_000,
        received_at=1_700_000_000,
        seed=seed.to_bytes(SEED_BYTES),
        limits=Limits(fuel=FUEL),
        engine=engine_text(),
        arguments=None if given is None else encode([given]),
    )


def ask(
    tx: DeliveryTransaction,
    work: str,
    module: bytes,
    *,
    priority: Priority = Priority.MEDIUM,
    since: int = 0,
    seed: int = 0,
    max_seconds: int = 600,
    given: int | None = None,
) -> None:
    """Ask for an execution whose blocks are put into the actor's store."""
    block = context(seed, given).to_block()
    for codec, data in ((Codec.RAW, module), (Codec.DAG_CBOR, block)):
        tx.blocks.put(cid_of(data, codec), data)
    tx.work.put(
        WorkId(work),
        Execute(
            module=cid_of(module, Codec.RAW),
            context=cid_of(block, Codec.DAG_CBOR),
            input=None,
            max_seconds=max_seconds,
            priority=priority,
            since=since,
        ),
    )


class Driven:
    """A home with two askers, driven by this process."""

    def __init__(
        self,
        path: Path,
        *,
        workers: int,
        elapsed: Callable[[], float] = time.monotonic,
        patience_seconds: float = PATIENCE_SECONDS,
        linger_seconds: float = LINGER_SECONDS,
    ) -> None:
        self.home: Home = find_home(path, {})
        self.store = SqliteStore(
            self.home.database, (OUTCOMES, SET_ASIDE, UNDELIVERED), quota_bytes=1 << 30
        )
        self.owner = Owner(self.home)
        self.turnstile = Turnstile(self.home)
        self.sandbox = Sandbox(cache_dir=self.home.cache / "modules", workers=workers)
        self.slots = Slots(self.home, workers)
        self.executions = Executions(
            owner=self.owner,
            slots=self.slots,
            lead=Lead(self.home),
            requests=Requests(),
            side_of={EXECUTOR: Side.EXECUTOR, VERIFIER: Side.VERIFIER}.__getitem__,
            sandbox=lambda: self.sandbox,
            wall=lambda: int(time.time()),
            elapsed=elapsed,
            patience_seconds=patience_seconds,
        )
        actors = {did: Asker(did) for did in (EXECUTOR, VERIFIER)}
        self.turns = Turns(self.store, actors, clock, self.turnstile.turn)
        self.driver = Driver(
            store=self.store,
            turns=self.turns,
            executions=self.executions,
            clock=clock,
            linger_seconds=linger_seconds,
        )

    def outcomes(self, actor: Did = EXECUTOR) -> dict[str, Outcome]:
        with self.store.view() as view:
            return {row.work: row for row in view.rows(actor, OUTCOMES).select()}

    def run_all(self, timeout_seconds: float | None = 60) -> bool:
        """Drive until no work is open."""
        return self.driver.run(nothing_is_open, timeout_seconds=timeout_seconds)

    def close(self) -> None:
        self.sandbox.close()
        self.owner.close()
        self.turnstile.close()
        self.store.close()


def nothing_is_open(view: View) -> bool:
    return view.open_work().count() == 0


def claimed_by(driven: Driven) -> dict[str, str | None]:
    with driven.store.view() as view:
        return {row.id: row.claimed_by for row in view.open_work().select()}


def main() -> None:
    """`asking_actors.py HOME WORKERS`: says "driving", then drives until no work is open; says
    "claimed WORK" and "begun" of what it executes, and at last what ended here."""
    say_executions()
    driven = Driven(Path(sys.argv[1]), workers=int(sys.argv[2]))
    print(DRIVING, flush=True)
    said: set[str] = set()

    def nothing_is_open_now(view: View) -> bool:
        for row in view.open_work().select(claimed_by=driven.owner.name):
            if row.id not in said:
                said.add(row.id)
                print("claimed", row.id, flush=True)
        return nothing_is_open(view)

    driven.driver.run(nothing_is_open_now, timeout_seconds=None)
    own = [row.work for row in driven.outcomes().values() if row.process == os.getpid()]
    print(*sorted(own), flush=True)
    driven.close()


if __name__ == "__main__":
    main()
