"""Runs compiled CCL in this process: the sandbox's own machine, without its processes and without
its optimised code."""

from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import wasmtime
from quick_engine import quick_engine

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.content.did import parse_did
from runtime.execution.context import Context, Limits
from runtime.execution.effects import effects_from_block
from runtime.execution.execution import Outcome
from runtime.execution.state import EMPTY, Snapshot, advanced
from runtime.module.check import ModuleFacts, check_module
from runtime.sandbox.engine import engine_text
from runtime.sandbox.worker.executor import Executor, Loaded

NOW = 1_767_225_600
CALLER = parse_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The end of a program: its value (decoded), its log, its effects."""

    outcome: Outcome
    value: Any
    output: bytes | None
    log: list[str]
    effects: list[Any] = field(default_factory=list)
    charter: list[Any] = field(default_factory=list)
    fuel_used: int | None = None
    frames: tuple[int, ...] = ()


@dataclass
class Kept:
    """The state of one owner: each execution begins with the state that the last one left."""

    root: Cid | None = None
    blocks: dict[Cid, bytes] = field(default_factory=dict)

    def keep(self, effects: bytes | None, blocks: list[list[Any]]) -> None:
        """Apply what an execution has written."""
        if effects is None:
            return
        self.blocks |= {cid_of(data, Codec(codec)): data for codec, data in blocks}
        after = advanced(self.snapshot, effects_from_block(effects))
        self.root = after.cid
        self.blocks[after.cid] = after.to_block()

    @property
    def snapshot(self) -> Snapshot:
        return EMPTY if self.root is None else Snapshot.from_block(self.blocks[self.root])

    @property
    def stored(self) -> dict[str, dict[str, Any]]:
        """Decoded values by home and variable."""
        return {
            home: {name: decode(self.blocks[each.value]) for name, each in named.items()}
            for home, named in self.snapshot.homes.items()
        }


@cache
def engine_and_machine() -> tuple[wasmtime.Engine, Executor]:
    engine = quick_engine()
    return engine, Executor(engine)


@lru_cache(maxsize=8)
def _loaded(module: bytes) -> tuple[Executor, Loaded]:
    """A module that is run again and again is compiled once."""
    engine, machine = engine_and_machine()
    facts = check_module(module)
    assert isinstance(facts, ModuleFacts), facts
    code = bytes(wasmtime.Module(engine, module).serialize())
    return machine, machine.load(code, facts)


def run(
    module: bytes,
    *,
    entry: str = "run",
    arguments: list[Any] | None = None,
    text: str | None = None,
    records: dict[str, Any] | None = None,
    fuel: int = 200_000_000,
    kept: Kept | None = None,
    now: int = NOW,
) -> Ran:
    """Execute an export of the module. What it writes is in `kept` afterwards."""
    machine, loaded = _loaded(module)
    data = None if text is None else text.encode()
    context = Context(
        entry=entry,
        owner=CALLER,
        caller=CALLER,
        now=now,
        received_at=now,
        seed=bytes(32),
        limits=Limits(fuel=fuel),
        engine=engine_text(),
        arguments=None if arguments is None else encode(arguments),
        input=None if data is None else cid_of(data, Codec.RAW),
        balances={"compute": 1_000_000},
        records=records or {},
        state_root=None if kept is None else kept.root,
    )
    report = machine.execute(loaded, context, data, {} if kept is None else kept.blocks)
    if kept is not None:
        kept.keep(report.effects, report.blocks)
    value = None
    if report.output is not None and report.output_is_value:
        value = decode(report.output)
    return Ran(
        outcome=report.outcome,
        value=value,
        output=report.output,
        log=report.log,
        effects=[] if report.effects is None else decode(report.effects),
        charter=report.charter,
        fuel_used=report.fuel_used,
        frames=tuple(report.frames),
    )
