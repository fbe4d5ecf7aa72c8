"""Checks of arguments before a call: they refuse exactly what compiled code would refuse."""

from typing import Any, Final

import pytest
import wasmtime
from wasm_modules import context, wasm

from ccl.pipeline import compile_text
from runtime.content.codec import encode
from runtime.execution.context import MEMORY_BYTES
from runtime.execution.execution import OutcomeKind
from runtime.module.check import ModuleFacts, check_module
from runtime.module.entry_plan import refusal_of
from runtime.sandbox.engine import build_engine
from runtime.sandbox.worker.executor import Executor

TYPES: Final = (
    "Array<Integer>",
    "Array<Decimal>",
    "Array<Bool>",
    "Array<Timestamp>",
    "P",
    "E",
    "Map<String, Integer>",
    "Map<Integer, Integer>",
    "Option<Integer>",
    "Option<Option<Integer>>",
    "Result<Integer, String>",
    "String",
    "Data",
)
SOURCE: Final = "struct P { a: Integer, b: String }\n" + (
    "enum E { One, Two(Integer), Three(Integer, String) }\n"
    + "".join(f"export fn f{n}(x: {kind}) -> Integer {{ 1 }}\n" for n, kind in enumerate(TYPES))
)
VALUES: Final[tuple[Any, ...]] = (
    *(None, True, 0, -5, 1 << 62, "", "x", b"ab"),
    *([], [1], ["a"], [True], [None], [[]], [[1]], [1, 2, 3], [5], {}, {"a": 1}),
    *(["1.5"], ["-0"], ["00.1"], ["1."], ["+1"], ["1.1234567"], ["\u09e7"]),
    *(["9223372036854.775807"], ["9223372036854.775808"], ["-9223372036854.775808"]),
    *({"a": 1, "b": "x"}, {"a": 1, "b": "x", "c": 2}, {"a": "x", "b": "x"}),
    *("One", "Two", {"Two": 1}, {"Two": [1]}, {"Three": [1, "x"]}, {"Three": [1]}),
    *({"One": None}, {"One": []}, {"Ok": 1}, {"Err": "x"}, {"Ok": "x"}, {"Ok": 1, "Err": "x"}),
    *([["a", 1]], [["b", 1], ["a", 2]], [["a", 1], ["a", 2]], [["a", "b"]], [["a"]]),
    *([[1, 1]], [[2, 1], [1, 1]], [[1, 1], [1, 1]], {"x": {"y": [1, "z"]}}),
)


@pytest.fixture(scope="module")
def module() -> tuple[bytes, ModuleFacts]:
    compiled = compile_text(SOURCE, path="typed.ccl").wasm
    assert compiled is not None
    facts = check_module(compiled)
    assert isinstance(facts, ModuleFacts)
    return compiled, facts


@pytest.mark.parametrize("number", range(len(TYPES)), ids=TYPES)
def test_arguments_fit_where_the_program_takes_them(
    module: tuple[bytes, ModuleFacts], number: int
) -> None:
    compiled, facts = module
    engine = build_engine()
    machine = Executor(engine)
    loaded = machine.load(bytes(wasmtime.Module(engine, compiled).serialize()), facts)
    taken = 0
    for value in VALUES:
        report = machine.execute(loaded, context(entry=f"f{number}", arguments=[value]), None)
        refused = refusal_of(facts, f"f{number}", encode([value]), MEMORY_BYTES)
        succeeded = report.outcome.kind is OutcomeKind.SUCCEEDED
        assert (refused is None) == succeeded, (TYPES[number], value, report.outcome)
        taken += succeeded
    assert 0 < taken <= len(VALUES)


def test_misfit_names_argument_place_and_type(module: tuple[bytes, ModuleFacts]) -> None:
    _, facts = module
    refused = refusal_of(facts, "f0", encode([[1, "two"]]), MEMORY_BYTES)
    assert refused is not None
    assert refused.reason == "the arguments do not fit the entry"
    assert refused.detail == 'argument 1, x: expected Integer at [1], found "two"'


@pytest.mark.parametrize(
    "kind", ["Map", "Array<" * 40_000 + "Integer" + ">" * 40_000, "<<", "Nope"]
)
def test_section_without_the_export_is_refused(kind: str) -> None:
    abi = encode(
        {
            "version": 2,
            "exports": [
                {
                    "name": "run",
                    "convention": "packed",
                    "parameters": [["x", kind]],
                    "result": "Integer",
                    "doc": None,
                }
            ],
            "states": [],
            "articles": [],
            "structs": {},
            "enums": {},
        }
    )
    text = "".join(f"\\{byte:02x}" for byte in abi)
    facts = check_module(
        wasm(
            f'(module (@custom "ccl:abi" "{text}")'
            ' (func (export "run") (param i32 i32) (result i64) (i64.const 0))'
            ' (func (export "ccl_allocate") (param i32) (result i32) (i32.const 0)))'
        )
    )
    assert isinstance(facts, ModuleFacts)
    assert refusal_of(facts, "run", encode([[[1, 1]]]), MEMORY_BYTES) is not None
