"""The static budget of compiling: bombs are refused with their cause, ordinary code is not."""

from pathlib import Path

import pytest
import wasmtime
from compilation_bombs import HOSTILE
from inprocess_validator import Validated
from wasm_modules import leb, section, wasm
from wasm_proposals import HEADER, with_body

from ccl.abi.limits import MODULE_LIMITS, ModuleLimits
from ccl.pipeline import compile_text
from runtime.module.check import ModuleFacts, Rejection, check_module
from runtime.module.cost import Costing, UnknownInstruction
from runtime.sandbox.engine import build_engine

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.ccl"))
BOMB_BYTES = 250_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_bomb_is_refused_with_its_cause(kind: str) -> None:
    found = check_module(HOSTILE[kind](BOMB_BYTES))
    assert isinstance(found, Rejection)
    assert "a function that would take too long to compile" in found.reason
    assert found.detail.startswith("function 0 at byte ")


@pytest.mark.parametrize("kind", HOSTILE)
def test_small_version_of_a_bomb_compiles(kind: str) -> None:
    """The engine accepts each kind: only the amount is refused."""
    module = HOSTILE[kind](400)
    assert isinstance(check_module(module), ModuleFacts)
    wasmtime.Module(build_engine(), module)


@pytest.mark.parametrize("kind", HOSTILE)
def test_estimate_grows_with_the_module(kind: str) -> None:
    def taken(size: int, most: int) -> bool:
        limits = ModuleLimits(function_cost=most)
        return isinstance(check_module(HOSTILE[kind](size), limits), ModuleFacts)

    most = next(cost for cost in (10**power for power in range(5, 11)) if taken(400, cost))
    assert not taken(100 * 400, most)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example_costs_less_than_a_tenth(path: Path) -> None:
    compiled = compile_text(path.read_text(encoding="utf-8"), path=str(path)).wasm
    assert compiled is not None
    limits = ModuleLimits(
        function_cost=MODULE_LIMITS.function_cost // 10,
        module_cost=MODULE_LIMITS.module_cost // 10,
    )
    assert isinstance(check_module(compiled, limits), ModuleFacts)


def many(functions: int, types: bytes = b"\1\x60\0\0") -> bytes:
    return (
        HEADER
        + section(1, types)
        + section(3, leb(functions) + bytes(functions))
        + section(10, leb(functions) + b"\2\0\x0b" * functions)
    )


def test_all_functions_together_are_bounded() -> None:
    assert isinstance(check_module(many(40_000)), ModuleFacts)
    found = check_module(many(40_000), ModuleLimits(module_cost=1_000_000_000))
    assert isinstance(found, Rejection)
    assert found.reason == "a module that would take too long to compile"


def test_types_and_exports_count() -> None:
    """Each costs a trampoline, the larger the more it carries."""
    wide = b"\1\x60\x40" + b"\x7f" * 64 + b"\0"
    exports = b"".join(b"\6%06d\0" % each + leb(each) for each in range(10_000))
    module = many(10_000, wide).replace(
        section(10, leb(10_000) + b"\2\0\x0b" * 10_000),
        section(7, leb(10_000) + exports) + section(10, leb(10_000) + b"\2\0\x0b" * 10_000),
    )
    assert isinstance(check_module(many(10_000, wide)), ModuleFacts)
    limits = ModuleLimits(module_cost=3_000_000_000)
    assert isinstance(check_module(many(10_000, wide), limits), ModuleFacts)
    assert isinstance(check_module(module, limits), Rejection)


def test_long_function_is_refused() -> None:
    found = check_module(with_body(b"\1" * 600_000))
    assert isinstance(found, Rejection)
    assert found.reason == "a function of 600001 bytes, at most 524288 are compiled"


def test_data_segments_are_counted() -> None:
    data = section(11, leb(4_001) + b"\1\1x" * 4_001)
    found = check_module(many(1) + data)
    assert isinstance(found, Rejection)
    assert found.reason == "4001 data segments, at most 4000 are allowed"


def test_each_instruction_of_the_engine_is_recognised() -> None:
    """After `unreachable` any operand is there, so only decoding decides."""
    validated = Validated()
    costing = Costing([(0, 0)], [(0, 0)], 1 << 60, 9)
    before = section(4, b"\1\x70\0\1") + section(5, b"\1\0\1") + section(6, b"\1\x7f\1\x41\0\x0b")
    elements = section(9, b"\1\3\0\1\0") + section(12, b"\1")
    numbers = [bytes((each,)) for each in range(256)]
    for prefix, most in ((b"\xfc", 32), (b"\xfd", 300), (b"\xfb", 32), (b"\xfe", 80)):
        numbers += [prefix + leb(each) for each in range(most)]
    immediates = (
        b"",
        b"\0",
        b"\0\0",
        b"\0\0\0",
        bytes(4),
        bytes(8),
        bytes(16),
        b"\x40\x0b",
        b"\x70",
        b"\1\x7f",
        b"\1\0\0",
        b"\3\0",
        b"\2\0",
    )
    taken = 0
    for number in numbers:
        for immediate in immediates:
            code = b"\0" + number + immediate + b"\0"
            module = _module(code, before, elements)
            if validated(module) is None:
                taken += 1
                costing.of(code + b"\x0b", 1)
    assert taken > 400


def _module(code: bytes, before: bytes, elements: bytes) -> bytes:
    body = b"\1\1\x7f" + code + b"\x0b"
    return (
        HEADER
        + section(1, b"\1\x60\0\0")
        + section(3, b"\1\0")
        + before
        + elements
        + section(10, b"\1" + leb(len(body)) + body)
        + section(11, b"\1\1\1x")
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(drop (i32.atomic.load (i32.const 0)))", "threads are switched off"),
        ("(block $b (try_table (catch_all $b)))", "exceptions are switched off"),
        ("(drop (ref.i31 (i32.const 1)))", "garbage collection is switched off"),
        ("(return_call 0)", "tail calls are switched off"),
        (
            "(i64.add128 (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) drop drop",
            "wide arithmetic is switched off",
        ),
        (
            "(drop (f32x4.relaxed_min (v128.const i64x2 1 2) (v128.const i64x2 1 2)))",
            "relaxed SIMD is switched off",
        ),
    ],
)
def test_disabled_feature_is_named(text: str, reason: str) -> None:
    found = check_module(wasm(f'(module (memory 1) (func (export "run") {text}))'))
    assert isinstance(found, Rejection)
    assert found.reason == reason
    assert " at byte " in found.detail


def test_damaged_code_ends_the_count() -> None:
    for code in (b"\x0e\xff", b"\x44\0", b"\xfd", b"\x0e\1\xff"):
        with pytest.raises(UnknownInstruction):
            Costing([], [], 1 << 60, 9).of(code, 0)
    Costing([], [], 1 << 60, 9).of(b"\x0b\x0b\x0c\7\x10\7\x11\7\0\x03\7", 0)
