"""`python -m tests.bench.stv`: examples/stv beside stvpoll, which counts by the same rules.

Ours is a whole execution in a fresh store of the sandbox's machine, from the bytes of the file
to the encoded result with all stages; compilation is not timed. stvpoll's time is shown without
reading the file, and with it. Both are warm, and take turns, so that a busy machine slows
both; whom they elect is compared.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import wasmtime

from ccl.pipeline import compile_file
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode
from runtime.content.did import parse_did
from runtime.execution.context import Context, Limits
from runtime.execution.execution import OutcomeKind
from runtime.module.check import ModuleFacts, check_module
from runtime.sandbox.engine import build_engine, engine_text
from runtime.sandbox.worker.executor import Executor, Loaded
from tests.bench.environments import python_with

STVPOLL = "stvpoll==0.5.6"
PEER = Path(__file__).with_name("stvpoll_peer.py")
EXAMPLES = Path(__file__).parents[3] / "examples"
WARDS = tuple(sorted((EXAMPLES / "election" / "ballots").glob("*.csv")))
CALLER = parse_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
ROUNDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Seconds by ward, in the order of WARDS; `reading` only where it is a part of its own."""

    counting: list[float]
    reading: list[float]
    elected: list[list[str]]

    @property
    def whole(self) -> list[float]:
        return [a + b for a, b in zip(self.reading, self.counting, strict=True)]


def measure_stv() -> None:
    machine, loaded = _loaded()
    python = python_with(STVPOLL, "stvpoll")
    print(f"\nSTV by the Scottish rules (medians of {ROUNDS} rounds in turn, ms)")
    if python is None:
        ours = [_ours(machine, loaded) for _ in range(ROUNDS + 1)][1:]
        _print_ours(ours)
        return
    command = (str(python), str(PEER), *map(str, WARDS))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as peer:
        assert peer.stdin is not None
        rounds = [(_ours(machine, loaded), _theirs(peer)) for _ in range(ROUNDS + 1)][1:]
        peer.stdin.close()
    for one, other in rounds:
        assert [sorted(names) for names in one.elected] == other.elected
    _print_both(rounds)


def _loaded() -> tuple[Executor, Loaded]:
    compiled = compile_file(EXAMPLES / "stv" / "count.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    facts = check_module(compiled.wasm)
    assert isinstance(facts, ModuleFacts), facts
    engine = build_engine()
    machine = Executor(engine)
    code = bytes(wasmtime.Module(engine, compiled.wasm).serialize())
    return machine, machine.load(code, facts)


def _ours(machine: Executor, loaded: Loaded) -> Round:
    counting, elected = [], []
    for ward in WARDS:
        data = ward.read_bytes()
        context = Context(
            entry="run",
            owner=CALLER,
            caller=CALLER,
            now=0,
            received_at=0,
            seed=bytes(32),
            limits=Limits(fuel=2_000_000_000),
            engine=engine_text(),
            input=cid_of(data, Codec.RAW),
        )
        start = perf_counter()
        report = machine.execute(loaded, context, data)
        counting.append(perf_counter() - start)
        assert report.outcome.kind is OutcomeKind.SUCCEEDED, report.outcome
        assert report.output is not None
        value = decode(report.output)
        assert isinstance(value, dict)
        elected.append(value["elected"])
    return Round(counting=counting, reading=[0.0] * len(counting), elected=elected)


def _theirs(peer: subprocess.Popen[str]) -> Round:
    assert peer.stdin is not None
    assert peer.stdout is not None
    peer.stdin.write("\n")
    peer.stdin.flush()
    answer = json.loads(peer.stdout.readline())
    return Round(counting=answer["counting"], reading=answer["reading"], elected=answer["elected"])


def _print_ours(rounds: list[Round]) -> None:
    print(f"  {'':<36}{'CCL':>9}")
    for number, ward in enumerate(WARDS):
        seconds = median(each.counting[number] for each in rounds)
        print(f"  {ward.stem:<36}{seconds * 1000:>9.2f}")
    print(f"  {'all six':<36}{median(sum(each.counting) for each in rounds) * 1000:>9.2f}")


def _print_both(rounds: list[tuple[Round, Round]]) -> None:
    columns = ("CCL", "stvpoll", "ratio", "reading the file too", "ratio")
    print(f"  {'':<36}" + "".join(f"{each:>{max(9, len(each) + 2)}}" for each in columns))
    for number, ward in enumerate(WARDS):
        samples = [(a.whole[number], b.counting[number], b.whole[number]) for a, b in rounds]
        print(_line(ward.stem, samples))
    total = [(sum(a.whole), sum(b.counting), sum(b.whole)) for a, b in rounds]
    print(_line("all six", total))


def _line(name: str, samples: list[tuple[float, float, float]]) -> str:
    ours, counting, whole = (median(column) * 1000 for column in zip(*samples, strict=True))
    # each round ran side by side, so that the median of the ratios is steadier than the
    # ratio of the medians
    bare = median(theirs / mine for mine, theirs, _ in samples)
    full = median(theirs / mine for mine, _, theirs in samples)
    return f"  {name:<36}{ours:>9.2f}{counting:>9.2f}{bare:>8.1f}×{whole:>22.2f}{full:>8.1f}×"
