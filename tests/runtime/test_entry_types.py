"""Entries of each type: executed, or refused before anyone is paid for it."""

from typing import Final

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from wasm_modules import HereMachine, executed, output, request, wasm

from runtime.content.codec import encode
from runtime.execution.context import MEMORY_BYTES
from runtime.execution.execution import Execution, OutcomeKind
from runtime.module.check import ModuleFacts, check_module
from runtime.module.entry_plan import refusal_of

KINDS: Final = ("i32", "i64", "f32", "f64", "v128", "funcref")
VALUES: Final = {
    "v128": "(v128.const i64x2 1 2)",
    "funcref": "(ref.null func)",
}
SHAPES: Final = ((), *((kind,) for kind in KINDS), ("i64", "i64", "v128"), ("i32", "i32"))
ARGUMENTS: Final = (None, [], [1], [1, 2], ["a"], ["a\0b"], [None], [["a"]], [True], {"a": 1})
WASI: Final = '(import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))'


def module(name: str, parameters: tuple[str, ...], results: tuple[str, ...], imports: str) -> str:
    given = "".join(f" (param {kind})" for kind in parameters)
    made = "".join(f" (result {kind})" for kind in results)
    body = " ".join(VALUES.get(kind, f"({kind}.const 1)") for kind in results)
    return f'(module {imports} (func (export "{name}"){given}{made} {body}))'


def agrees(machine: HereMachine, text: str, entry: str, arguments: object) -> bool:
    """Returns whether it is executed; a refused call is refused at submission already."""
    facts = check_module(wasm(text))
    assert isinstance(facts, ModuleFacts)
    block = None if arguments is None else encode(arguments)
    refused = refusal_of(facts, entry, block, MEMORY_BYTES)
    asked = request(text, entry=entry, arguments=arguments)
    result = machine.execute(asked)
    assert isinstance(result, Execution), result
    outcome = result.deterministic.outcome
    if refused is None:
        assert outcome.kind is OutcomeKind.SUCCEEDED, (text, arguments, outcome)
    else:
        assert outcome == refused
    return refused is None


@pytest.mark.parametrize("name", ["_start", "run"])
@pytest.mark.parametrize("imports", ["", WASI], ids=["alone", "wasi"])
@pytest.mark.parametrize("results", SHAPES)
def test_result_of_any_entry_type_is_returned(
    machine: HereMachine, name: str, results: tuple[str, ...], imports: str
) -> None:
    taken = agrees(machine, module(name, (), results, imports), name, None)
    is_command = name == "_start" and (imports or not results)
    integer = results in ((), ("i32",), ("i64",))
    assert taken == (results == () if is_command else integer)


@examples(150)
@given(st.data())
def test_any_arguments_fit_or_are_refused(machine: HereMachine, data: st.DataObject) -> None:
    kinds = st.lists(st.sampled_from(KINDS), max_size=3).map(tuple)
    name = data.draw(st.sampled_from(("_start", "run")))
    imports = data.draw(st.sampled_from(("", WASI)))
    text = module(name, data.draw(kinds), data.draw(kinds), imports)
    entry = data.draw(st.sampled_from(("run", "_start")))
    agrees(machine, text, entry, data.draw(st.sampled_from(ARGUMENTS)))


@pytest.mark.parametrize("entry", ["run", "_start"])
@pytest.mark.parametrize(
    ("arguments", "taken"),
    [
        *((each, True) for each in (None, [], [""], ["a", "--b", "é"], ["[1]"])),
        *((each, False) for each in ([1], [None], [True], ["a", 1], ["a\0b"], ["\0"])),
        *((each, False) for each in ([["a"]], [{}], [b"a"], {"a": "b"}, "a", 5)),
    ],
)
def test_wasi_program_takes_texts(
    machine: HereMachine, entry: str, arguments: object, *, taken: bool
) -> None:
    for imports in ("", WASI):
        assert agrees(machine, module("_start", (), (), imports), entry, arguments) == taken


def test_start_of_the_wrong_type_is_refused() -> None:
    facts = check_module(wasm(module("_start", ("v128",), ("i64",), WASI)))
    assert isinstance(facts, ModuleFacts)
    for entry in ("run", "_start"):
        refused = refusal_of(facts, entry, None, MEMORY_BYTES)
        assert refused is not None
        assert refused.cause == (
            "the entry `_start` cannot be called: "
            "its type is (v128) -> i64; that of a WASI program is () -> nothing"
        )


def test_integer_parameters_take_no_texts(machine: HereMachine) -> None:
    """A library that imports WASI: its entry takes the arguments."""
    text = """(module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "run") (param i64) (result i32)
        (drop (call $sizes (i32.const 0) (i32.const 4))) (i32.load (i32.const 0))))"""
    assert output(executed(machine, text, arguments=[7])) == 1
