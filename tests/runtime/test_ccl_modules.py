"""Compiled CCL in the sandbox: conventions, traps with their place, failures, the charter."""

from functools import cache
from typing import Any

import pytest
from wasm_modules import HereMachine, executed, logs, output

from ccl.abi.layout import CALL_DEPTH_MAX
from ccl.abi.sections import LIMIT_REASONS
from ccl.codegen.function_builder import OUT_OF_MEMORY
from ccl.codegen.program import CALL_DEPTH
from ccl.pipeline import compile_text
from runtime.content.cid import parse_cid
from runtime.execution.context import Limits
from runtime.execution.effects import SubmitJob, effects_from_block
from runtime.execution.execution import Execution, OutcomeKind
from runtime.sandbox.pool import Sandbox

PROGRAM = """
struct Vote { id: Integer, share: Decimal, names: Array<String> }

fn divide(a: Integer, b: Integer) -> Integer { a / b }
fn half(d: Decimal) -> Decimal { d / 2.0 }
fn even(n: Integer) -> Bool { n % 2 == 0 }
fn deep(n: Integer) -> Integer { if n == 0 { return 0; } return 1 + deep(n - 1); }
fn named(v: Vote) -> Array<String> { v.names }
fn greet(name: String) -> String { "Hello, \\(name)" }
fn nothing() { }
fn strict(n: Integer) {
  require(n > 0, "n must be positive, not \\(n)");
}
fn submit(amount: Integer) -> Result<Job, String> {
  submit_job(
    wasm_cid: "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze",
    description: "Data processing task",
    resource_type: "compute",
    resource_amount: amount,
    priority: "medium"
  )
}
fn grow() -> Integer {
  let parts: Array<Integer> = [];
  while true { array_push(parts, 1); }
  0
}
fn at(i: Integer) -> Integer { let a = [1, 2, 3]; a[i] }
"""
_NAMES = "divide half even deep named greet nothing strict submit grow at"
ENTRIES = frozenset(_NAMES.split(" "))


@cache
def compiled(text: str, entries: frozenset[str]) -> bytes:
    result = compile_text(text, "rules.ccl", extra_exports=entries)
    assert result.wasm is not None, result.compilation.sink.diagnostics
    return result.wasm


def run(sandbox: Sandbox, entry: str, *arguments: Any, **changes: Any) -> Execution:
    module = compiled(PROGRAM, ENTRIES)
    return executed(sandbox, module, entry=entry, arguments=list(arguments), **changes)


@pytest.mark.parametrize(
    ("entry", "arguments", "value"),
    [
        ("divide", [7, -2], -3),
        ("half", ["0.5"], "0.25"),
        ("half", [3], "1.5"),
        ("even", [4], True),
        ("even", [5], False),
        ("greet", ["Ana"], "Hello, Ana"),
        ("named", [{"id": 1, "share": "0.66", "names": ["a", "b"]}], ["a", "b"]),
        ("nothing", [], None),
        ("deep", [900], 900),
    ],
)
def test_values_pass_through_entries(
    sandbox: Sandbox, entry: str, arguments: list[Any], value: Any
) -> None:
    result = run(sandbox, entry, *arguments)
    assert result.deterministic.outcome.kind is OutcomeKind.SUCCEEDED
    assert output(result) == value
    assert result.deterministic.fuel_used


def line(text: str) -> int:
    return PROGRAM[: PROGRAM.index(text)].count("\n") + 1


@pytest.mark.parametrize(
    ("entry", "arguments", "reason", "text"),
    [
        ("divide", [1, 0], "division by zero", "a / b"),
        ("divide", [-(1 << 63), -1], "Integer overflow", "a / b"),
        ("at", [3], "index out of range", "a[i]"),
    ],
)
def test_trap_has_a_place(
    sandbox: Sandbox, entry: str, arguments: list[Any], reason: str, text: str
) -> None:
    done = run(sandbox, entry, *arguments).deterministic
    assert done.outcome.kind is OutcomeKind.TRAPPED
    assert done.outcome.reason.startswith(reason)
    assert done.outcome.place.startswith(f"rules.ccl:{line(text)}:")
    assert done.fuel_used


def test_failed_requirement_says_why(sandbox: Sandbox) -> None:
    outcome = run(sandbox, "strict", -4).deterministic.outcome
    assert outcome.kind is OutcomeKind.TRAPPED
    assert outcome.detail == "n must be positive, not -4"
    assert outcome.place.startswith(f"rules.ccl:{line('require(n')}:")


def test_submission_is_an_effect(sandbox: Sandbox) -> None:
    result = run(sandbox, "submit", 1000)
    assert output(result) == {"Ok": 1}
    cid = result.deterministic.effects
    assert cid is not None
    (job,) = effects_from_block(result.blocks[cid])
    assert job == SubmitJob(
        wasm_cid=parse_cid("bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"),
        description="Data processing task",
        resource_type="compute",
        resource_amount=1000,
        priority="medium",
    )


def test_err_is_a_failure_of_the_program(sandbox: Sandbox) -> None:
    done = run(sandbox, "submit", 1001).deterministic
    assert done.outcome.kind is OutcomeKind.FAILED
    assert done.outcome.detail == "compute: 1001 units asked for, 1000 available"
    assert done.effects is None
    assert done.fuel_used


def test_exceeded_limit_ends_as_a_limit(sandbox: Sandbox) -> None:
    assert {OUT_OF_MEMORY, CALL_DEPTH} == LIMIT_REASONS
    for entry, arguments, reason in (
        ("deep", [CALL_DEPTH_MAX + 1], CALL_DEPTH),
        ("grow", [], OUT_OF_MEMORY),
    ):
        limits = Limits(fuel=1 << 34, memory_bytes=4 << 20)
        done = run(sandbox, entry, *arguments, limits=limits).deterministic
        assert done.outcome.kind is OutcomeKind.LIMIT, done
        assert done.outcome.reason == reason
        assert done.fuel_used


@pytest.mark.parametrize(
    ("entry", "arguments", "detail"),
    [
        ("divide", [1], "1 arguments given, `divide` takes a: Integer, b: Integer"),
        ("divide", [1, "2"], "argument 2, b: expected Integer, found '2'"),
        ("even", [True], "argument 1, n: expected Integer, found True"),
        ("half", ["0.1234567"], "argument 1, d: expected Decimal, found '0.1234567'"),
        ("half", ["99999999999999999999"], "argument 1, d: expected Decimal"),
    ],
)
def test_arguments_are_checked_by_their_ccl_types(
    sandbox: Sandbox, entry: str, arguments: list[Any], detail: str
) -> None:
    outcome = run(sandbox, entry, *arguments).deterministic.outcome
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.detail.startswith(detail)


def test_packed_arguments_of_the_wrong_type_trap_in_the_program(sandbox: Sandbox) -> None:
    for argument in (5, {"id": 1}, None, [1]):
        outcome = run(sandbox, "named", argument).deterministic.outcome
        assert outcome.kind is OutcomeKind.TRAPPED
        assert outcome.reason


def test_missing_entry_names_the_programs_own(sandbox: Sandbox) -> None:
    outcome = run(sandbox, "devide").deterministic.outcome
    assert outcome.kind is OutcomeKind.REJECTED
    assert outcome.detail.endswith("did you mean divide?")
    assert "ccl_allocate" not in outcome.detail
    assert run(sandbox, "ccl_allocate", 5).deterministic.outcome.kind is OutcomeKind.REJECTED


def test_charter_is_replayed(sandbox: Sandbox) -> None:
    text = """
title: "Bylaws";
resources { compute: 1000; policies { compute: "quota"; } }
"""
    result = executed(sandbox, compiled(text, frozenset()), entry="charter")
    assert result.deterministic.outcome.kind is OutcomeKind.SUCCEEDED
    assert result.charter[0] == ["property", "title", "Bylaws"]
    section = result.charter[1]
    assert section[:2] == ["section", "resources"]
    assert ["property", "compute", 1000] in section[3]
    assert section[3][1][0] == "section"


def test_handlers_get_their_event(sandbox: Sandbox) -> None:
    text = 'on "member.joined" { host_log_message("welcome \\(ctx.name)"); }'
    module = compiled(text, frozenset())
    result = executed(sandbox, module, entry="on:member.joined", arguments=[{"name": "Ana"}])
    assert result.deterministic.outcome.kind is OutcomeKind.SUCCEEDED, result
    assert logs(result) == ["welcome Ana"]


def test_memory_that_is_refused_is_named_as_the_limit_it_met(machine: HereMachine) -> None:
    source = """export fn run() -> Integer {
  let text = "0123456789";
  while true { text = text + text; }
  text.length()
}"""
    compiled = compile_text(source, "grows.ccl")
    assert compiled.wasm is not None
    done = executed(machine, compiled.wasm, fuel=1 << 40)
    outcome = done.deterministic.outcome
    peak = done.metrics.memory_peak_bytes
    assert (outcome.kind, outcome.reason) == (OutcomeKind.LIMIT, "out of memory")
    assert outcome.detail == f"its memory had {peak} bytes, the limit is 67108864"
