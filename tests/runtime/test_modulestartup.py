"""The budget of a module's start: its tables and globals are compiled, too."""

import random
from collections.abc import Callable, Mapping
from typing import Final

import pytest
import wasmtime
from wasm_modules import leb, section
from wasm_proposals import HEADER

from ccl.abi.limits import ModuleLimits
from runtime.module.check import ModuleFacts, Rejection, check_module
from runtime.sandbox.engine import build_engine

TABLE = section(4, b"\1\x70\0" + leb(1_000_000))
TYPES = section(1, b"\1\x60\0\0") + section(3, b"\1\0")
CODE = section(10, b"\1\2\0\x0b")
OFFSET = b"\x41\0\x0b"
COMPUTED_OFFSET = b"\x41\0\x41\0\x6a\x0b"
TOO_LONG = "a module whose start would take too long to compile"


def starting(*, elements: bytes = b"", globals_: bytes = b"", table: bytes = TABLE) -> bytes:
    return (
        HEADER
        + TYPES
        + table
        + (section(6, globals_) if globals_ else b"")
        + (section(9, elements) if elements else b"")
        + CODE
    )


def expressions(count: int) -> bytes:
    return leb(count) + b"\xd2\0\x0b" * count


def indices(count: int) -> bytes:
    return leb(count) + bytes(count)


SLOW: Final[Mapping[str, Callable[[int], bytes]]] = {
    "active expressions": lambda n: starting(elements=b"\1\4" + OFFSET + expressions(n)),
    "passive expressions": lambda n: starting(elements=b"\1\5\x70" + expressions(n)),
    "passive indices": lambda n: starting(elements=b"\1\1\0" + indices(n)),
    "a computed offset": lambda n: starting(elements=b"\1\0" + COMPUTED_OFFSET + indices(n)),
    "a table by number": lambda n: starting(
        elements=b"\1\2\0" + COMPUTED_OFFSET + b"\0" + indices(n)
    ),
    "expressions for a table": lambda n: starting(
        elements=b"\1\6\0" + OFFSET + b"\x70" + expressions(n)
    ),
    "outside the table": lambda n: starting(
        elements=b"\1\0" + OFFSET + indices(n), table=section(4, b"\1\x70\0\1")
    ),
    "after one that is computed": lambda n: starting(
        elements=b"\2\0" + COMPUTED_OFFSET + indices(1) + b"\0" + OFFSET + indices(n)
    ),
    "a long expression": lambda n: starting(
        globals_=b"\1\x7f\0\x41\0" + b"\x41\0\x6a" * (20 * n) + b"\x0b"
    ),
}
QUICK = {
    "indices at a constant offset": starting(elements=b"\1\0" + OFFSET + indices(900_000)),
    "declared alone": starting(elements=b"\1\3\0" + indices(900_000)),
    "constants": starting(globals_=leb(50_000) + b"\x7f\0\x41\0\x0b" * 50_000),
}


@pytest.mark.parametrize("kind", SLOW)
def test_code_for_the_start_is_bounded(kind: str) -> None:
    found = check_module(SLOW[kind](200_000))
    assert isinstance(found, Rejection)
    assert found.reason == TOO_LONG


@pytest.mark.parametrize("kind", SLOW)
def test_small_version_of_a_bomb_is_accepted(kind: str) -> None:
    module = SLOW[kind](100)
    assert isinstance(check_module(module), ModuleFacts)
    wasmtime.Module(build_engine(), module)


@pytest.mark.parametrize("kind", QUICK)
def test_elements_written_as_data_cost_little(kind: str) -> None:
    module = QUICK[kind]
    assert isinstance(check_module(module, ModuleLimits(module_cost=1_000_000_000)), ModuleFacts)
    wasmtime.Module(build_engine(), module)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (starting(elements=leb(4_001) + b"\3\0\0" * 4_001), "4001 element segments"),
        (starting(globals_=leb(50_001) + b"\x7f\0\x41\0\x0b" * 50_001), "50001 globals"),
        (starting(elements=b"\1\3\0" + indices(1_000_001)), "more than 1000000 elements"),
        (starting(table=section(4, b"\2" + 2 * (b"\x70\0" + leb(600_000)))), "tables of 1200000"),
    ],
    ids=["segments", "globals", "elements", "tables"],
)
def test_counts_are_bounded(module: bytes, reason: str) -> None:
    found = check_module(module)
    assert isinstance(found, Rejection)
    assert found.reason.startswith(reason)


def test_functions_that_globals_refer_to_can_be_called_from_elsewhere() -> None:
    """Each costs a trampoline, as one in a table does."""
    many = 4_000
    functions = section(1, b"\1\x60\0\0") + section(3, leb(many) + bytes(many))
    referring = b"".join(b"\x70\0\xd2" + leb(each) + b"\x0b" for each in range(many))
    code = section(10, leb(many) + b"\2\0\x0b" * many)
    limits = ModuleLimits(module_cost=500_000_000)
    plain = HEADER + functions + code
    assert isinstance(check_module(plain, limits), ModuleFacts)
    module = HEADER + functions + section(6, leb(many) + referring) + code
    assert isinstance(check_module(module, limits), Rejection)
    assert isinstance(check_module(module), ModuleFacts)


def test_damaged_starts_are_refused_or_left_to_the_engine() -> None:
    """Any bytes get a verdict, and never a refusal where the engine accepts them."""
    engine, chance = build_engine(), random.Random(17)
    taken = 0
    for kind in sorted(SLOW):
        module = SLOW[kind](20)
        for _ in range(150):
            damaged = bytearray(module)
            damaged[chance.randrange(8, len(module))] = chance.randrange(256)
            found = check_module(bytes(damaged))
            try:
                wasmtime.Module.validate(engine, bytes(damaged))
            except wasmtime.WasmtimeError:
                continue
            taken += 1
            assert isinstance(found, ModuleFacts) or "at most" in str(found), found
    assert taken > 50
