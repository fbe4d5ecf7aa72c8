"""Self-test of this machine's sandbox, and its speed.

One small module with known results; its text is in the tests, which assemble it again.
"""

from base64 import b64decode
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.execution.context import MIB, Context, Limits
from runtime.execution.execution import Execution, OutcomeKind
from runtime.sandbox.confinement.findings import Finding
from runtime.sandbox.engine import cpu_features, engine_text
from runtime.sandbox.pool import Result, Sandbox
from runtime.sandbox.request import Fault, Request

KERNEL: Final = b64decode(
    "AGFzbQEAAAABDQNgAX4BfmAAAX9gAAADCAcAAAABAgAABQMBAAEHNwcGbWVtb3J5AgADcnVuAAEDbmFuAAIEZ3Jv"
    "dwADBHNwaW4ABAdyZWN1cnNlAAUGZGl2aWRlAAYKrQEHHgAgACAAQg2GhSEAIAAgAEIHiIUhACAAIABCEYaFC0gC"
    "AX4Bf0LE9P3d3JHQnAEhAQNAIAEQACEBIAGnQfj/A3EhAiACIAIpAwAgAXw3AwAgAEIBfSEAIABCAFUNAAsgASAC"
    "KQMAfAsQACAAuUQAAAAAAAAAAKO9CxUAAkADQEEBQABBf0YNAQwACws/AAsHAANADAALCwwAQgEgAEIBfBAFfAsH"
    "AEIBIAB/CwBsBG5hbWUBDwIABHN0ZXAFBmRlZXBlcgIvBQABAAF4AQMABnJvdW5kcwEBeAICYXQCAQAJbnVtZXJh"
    "dG9yBQEAAW4GAQACYnkDIwMBAQAEbmV4dAMCAARmdWxsAQRtb3JlBAEACGZvcl9ldmVy"
)
KERNEL_CID: Final = cid_of(KERNEL, Codec.RAW)
_ROUNDS: Final = 1_000
_ROUNDS_RESULT: Final = 2_726_320_053_202_887_242
_CANONICAL_NAN: Final = 0x7FF8_0000_0000_0000
_PAGES: Final = 1024
_MEASURE_MS: Final = 50
_ROUNDS_MAX: Final = 1 << 28
_REPEATS: Final = 3


class UnusableError(Exception):
    """A sandbox of this machine that gives no results, or wrong ones."""


class FuelRate(Struct, frozen=True, kw_only=True):
    """Measured for one engine on one CPU; of one core, when nothing else runs."""

    fuel_per_second: int
    engine: str
    cpu: str


def calibrate(sandbox: Sandbox) -> FuelRate:
    """Measures the kernel: loads, stores, arithmetic and calls, 50 ms or more, the median of three.

    Raises UnusableError if it does not run.
    """
    rounds = 1 << 18
    run = _measured(sandbox, rounds)
    while run.metrics.wall_ms < _MEASURE_MS and rounds < _ROUNDS_MAX:
        rounds *= 2
        run = _measured(sandbox, rounds)
    runs = [run, *(_measured(sandbox, rounds) for _ in range(_REPEATS - 1))]
    rates = [(_fuel(run) * 1000) // max(run.metrics.wall_ms, 1) for run in runs]
    return FuelRate(
        fuel_per_second=sorted(rates)[_REPEATS // 2], engine=engine_text(), cpu=cpu_features()
    )


def self_test(sandbox: Sandbox) -> tuple[Finding, ...]:
    """Compares the results of this sandbox for the kernel with the required ones."""
    first, second = (_execute(sandbox, "run", _ROUNDS) for _ in range(2))
    return (
        _finding("arithmetic", _gives(first, _ROUNDS_RESULT), first),
        _finding(
            "same fuel twice",
            isinstance(first, Execution)
            and isinstance(second, Execution)
            and first.deterministic == second.deterministic
            and _fuel(first) > _ROUNDS,
            second,
        ),
        _case(sandbox, "canonical NaN", "nan", _is(_CANONICAL_NAN), 0),
        _case(sandbox, "memory ends at its limit", "grow", _is(_PAGES)),
        _case(sandbox, "endless loop ends", "spin", _ends(OutcomeKind.OUT_OF_FUEL)),
        _case(sandbox, "endless recursion ends", "recurse", _ends(OutcomeKind.LIMIT), 0),
        _case(sandbox, "division by zero traps", "divide", _ends(OutcomeKind.TRAPPED), 0),
    )


def _case(
    sandbox: Sandbox, name: str, entry: str, accepts: Callable[[Result], bool], *arguments: int
) -> Finding:
    result = _execute(sandbox, entry, *arguments)
    return _finding(name, accepts(result), result)


def _finding(name: str, holds: bool, result: Result) -> Finding:
    return Finding(name=name, holds=holds, text="as expected" if holds else _words(result))


def _words(result: Result) -> str:
    if isinstance(result, Fault):
        return str(result)
    outcome = result.deterministic.outcome
    return f"unexpected: {outcome.kind.value} {outcome.reason}".rstrip()


def _is(value: int) -> Callable[[Result], bool]:
    return lambda result: _gives(result, value)


def _ends(kind: OutcomeKind) -> Callable[[Result], bool]:
    return lambda result: (
        isinstance(result, Execution) and result.deterministic.outcome.kind is kind
    )


def _gives(result: Result, value: Any) -> bool:
    if isinstance(result, Fault) or result.deterministic.output is None:
        return False
    return bool(decode(result.blocks[result.deterministic.output]) == value)


def _measured(sandbox: Sandbox, rounds: int) -> Execution:
    result = _execute(sandbox, "run", rounds)
    if isinstance(result, Fault) or result.deterministic.fuel_used is None:
        raise UnusableError(_words(result))
    return result


def _fuel(run: Execution) -> int:
    return run.deterministic.fuel_used or 0


def _execute(sandbox: Sandbox, entry: str, *arguments: int) -> Result:
    fuel = _KERNEL_CONTEXT.limits.fuel if entry != "run" else 1 << 40
    limits = replace(_KERNEL_CONTEXT.limits, fuel=fuel)
    context = replace(
        _KERNEL_CONTEXT,
        entry=entry,
        arguments=encode(list(arguments)),
        limits=limits,
        engine=engine_text(),
    )
    return sandbox.execute(
        Request(module=KERNEL, module_cid=KERNEL_CID, context=context, wall_seconds=60.0)
    )


_NOBODY: Final = Did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
_KERNEL_CONTEXT: Final = Context(
    entry="run",
    owner=_NOBODY,
    caller=_NOBODY,
    now=0,
    received_at=0,
    seed=bytes(32),
    limits=Limits(fuel=1_000_000, memory_bytes=_PAGES * MIB // 16),
    engine="",
)
