"""Assembly: modules that the engine would reject are bugs of the compiler."""

import pytest
from typed_trees import BOOL, INT, block, build, function, get, integer, local, op, program

from ccl.wasm.assemble import InvalidModule, assemble

_TWO_FUNCTIONS = """\
(module
  (func $fine (result i32)
    i32.const 1
  )
  (func $wrong (result i64)
    i32.const 2
  )
  (export "wrong" (func $wrong))
)
"""


def test_valid_text_becomes_a_module_with_its_sections() -> None:
    module = assemble(_TWO_FUNCTIONS.replace("i32.const 2", "i64.const 2"), {"ccl:abi": b"\xa0"})
    assert module.startswith(b"\0asm")
    assert module.endswith(b"\x07ccl:abi\xa0")


def test_invalid_text_is_rejected_with_its_function() -> None:
    with pytest.raises(InvalidModule, match="type mismatch: expected i64, found i32") as error:
        assemble(_TWO_FUNCTIONS, {})
    (note,) = error.value.__notes__
    assert "$wrong" in note
    assert "$fine" not in note


@pytest.mark.parametrize(
    "text",
    [
        '(module (import "" "" (func)) (export "a" (func 0)) (export "a" (func 0)))',
        "(module (memory 1) (memory 1))",
        "(module (memory i64 1))",
        '(module (func (export "a") (param exnref)))',
        "(module (func $f (result i32) return_call $f))",
    ],
    ids=["double export", "memories", "64-bit memory", "exceptions", "tail calls"],
)
def test_proposal_outside_the_sandbox_is_rejected(text: str) -> None:
    with pytest.raises(InvalidModule):
        assemble(text, {})


def test_ill_typed_tree_is_rejected() -> None:
    wrong = op("+", get(local(0, BOOL)), integer(1), INT)
    with pytest.raises(InvalidModule, match="type mismatch"):
        build(program(function("f", [local(0, BOOL)], block([], wrong))))
