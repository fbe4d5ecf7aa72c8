"""The reasons of traps that the reference lists are those that programs give."""

import re
from pathlib import Path
from typing import Any

import pytest
from ccl_machine import run

from ccl.pipeline import compile_text
from runtime.execution.execution import OutcomeKind

PAGE = Path(__file__).parents[2] / "docs" / "language" / "code.md"
BIG = "9223372036854775807"

REASONS = {
    "Integer overflow in …": f"let n = {BIG}; n + 1",
    "Decimal overflow in …": f"let n = {BIG}; decimal(n)",
    "division by zero": "let n = 0; 1 / n",
    "negative exponent": "pow(2, -1)",
    "square root of a negative number": "sqrt(-1)",
    "shift out of range": "shift_left(1, 64)",
    "index out of range": "[1][5]",
    "range out of bounds": "[1].slice(0, 5)",
    "key not found": 'let m: Map<String, Integer> = map_new(); m["a"]',
    "pop of an empty array": "let a: Array<Integer> = []; a.pop()",
    "not a DID": 'let text = "x"; did(text)',
    "not a CID": 'let text = "x"; cid(text)',
    "wrong type of data: …": "let n: Integer = member.name; n",
    "missing field …": "let n: Integer = member.age; n",
    "only times of the years 1 to 9999 are written as text, …": (
        'let end = 9999-12-31T23:59:59Z; "\\(end + 1s)"'
    ),
    "host_get_context: no answer": "proposal.yes == 1",
    "host_input_cid: no answer": "input_cid()",
    "requirement failed": "require(1 > 2);",
    "unhandled Err": "fails();",
    "call depth over 1000": "deeper(1)",
    "out of memory": 'let text = "0123456789"; while true { text = text + text; }',
}
"""Reason, and statements that end with it."""

FUNCTIONS = """
fn fails() -> Result<Integer, String> { Err("no") }
fn deeper(n: Integer) -> Integer { deeper(n) + 1 }
export fn failed() -> Result<Integer, String> { fails() }
export fn first(names: Array<String>) -> String { names[0] }
"""
MEMBER = {"name": "Ada"}


def reason_of(program: str, entry: str = "run", arguments: list[Any] | None = None) -> str:
    wasm = compile_text(program).wasm
    assert wasm is not None
    ran = run(wasm, entry=entry, arguments=arguments, records={"member": MEMBER})
    assert ran.outcome.kind is not OutcomeKind.SUCCEEDED
    return ran.outcome.reason


@pytest.mark.parametrize("reason", REASONS)
def test_reason(reason: str) -> None:
    given = reason_of(f"{FUNCTIONS}\nexecution {{ {REASONS[reason]} }}")
    assert given.startswith(reason.removesuffix("…"))
    assert reason.endswith("…") or given == reason


def test_reasons_of_entries() -> None:
    assert reason_of(FUNCTIONS, "failed") == "the entry returned Err"
    assert reason_of(FUNCTIONS, "first", [[1]]) == "malformed arguments"


def test_page_lists_these() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## Traps")[1]
    cells = re.findall(r"^\| .* \| (`.*) \|$", section, re.MULTILINE)
    listed = {reason for cell in cells for reason in re.findall(r"`([^`]+)`", cell)}
    assert listed == {*REASONS, "the entry returned Err", "malformed arguments"}
