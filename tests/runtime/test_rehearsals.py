"""Executions of tests: each enters one `assert_traps`, and only tests may have such calls."""

import pytest
from ccl_rehearsals import execution, load, rehearse
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from wasm_modules import wasm

from ccl.abi.test_calls import NOTHING_TRAPPED, TEST_PREFIX
from ccl.cli.testing.discovery import TestFile
from ccl.cli.testing.rehearsals import judge
from ccl.cli.testing.suite import Suite, compile_suite
from ccl.cli.testing.value_text import difference, value_lines
from ccl.pipeline import compile_text
from runtime.content.codec import decode
from runtime.execution.execution import Execution, OutcomeKind
from runtime.execution.rehearsal import Rehearsed
from runtime.module.check import Rejection, check_module

FUEL = 10_000_000


def suite_of(text: str) -> Suite:
    suite = compile_suite(TestFile(path="tests.ccl", text=text), lambda _: True)
    assert isinstance(suite, Suite), suite
    return suite


def entered(suite: Suite, name: str, entering: int) -> Execution:
    return execution(load(suite.module), TEST_PREFIX + name, entering=entering, fuel=FUEL)


def test_calls_of_tests_are_refused_elsewhere() -> None:
    suite = suite_of('test fn a() { as_caller("did:key:z6Mk1"); }')
    done = execution(load(suite.module), "test:a", entering=None, fuel=FUEL)
    assert done.deterministic.outcome.kind is OutcomeKind.REJECTED
    assert done.deterministic.outcome.reason == "this module is made of tests"
    assert done.rehearsal is None


def test_tests_change_nothing_in_the_program() -> None:
    program = (
        "state total: Integer = 0;\n"
        "fn add<T>(items: Array<T>, item: T) -> Integer { array_push(items, item) }\n"
        "execution { total += add([1], 2); total }\n"
    )
    tests = (
        'test fn a() { assert_eq(add(["a"], "b"), 2); assert_traps(array_pop(empty())); }\n'
        "fn empty() -> Array<Decimal> { [] }\n"
    )
    plain, tested = compile_text(program), compile_text(program + tests)
    assert plain.wat is not None
    assert plain.wat == tested.wat


def test_execution_outside_of_a_test_has_no_records() -> None:
    suite = suite_of("test fn a() { require(1 < 2); }")
    done = execution(load(suite.module), "test:a", entering=None, fuel=FUEL)
    assert done.deterministic.outcome.succeeded
    assert done.rehearsal is None
    assert entered(suite, "a", 0).rehearsal == Rehearsed(reached=0, entered=None, compared=None)


def test_only_the_chosen_assert_traps_is_entered() -> None:
    suite = suite_of(
        """test fn three() {
  assert_traps(require(false, "first"));
  assert_traps(require(false, "second"), "sec");
  log("in between");
  assert_traps(require(false, "third"));
}"""
    )
    details = []
    for entering in (1, 2, 3):
        done = entered(suite, "three", entering)
        assert done.rehearsal is not None
        assert done.rehearsal.reached == entering
        details.append(done.deterministic.outcome.detail)
    assert details == ["first", "second", "third"]
    second = entered(suite, "three", 2).rehearsal
    assert second is not None
    assert second.entered is not None
    assert second.entered.reason == "sec"
    last = entered(suite, "three", 4)
    assert last.deterministic.outcome.succeeded
    assert last.rehearsal == Rehearsed(reached=3, entered=None, compared=None)
    assert rehearse(suite.module, "three") == (None, 4)


def test_first_failure_is_reported_first() -> None:
    suite = suite_of(
        """test fn wrong_twice() {
  assert_traps(1 + 1);
  assert(false);
}
test fn wrong_before() {
  assert(false);
  assert_traps(1 + 1);
}"""
    )
    twice, _ = rehearse(suite.module, "wrong_twice")
    assert twice is not None
    assert twice.outcome.reason == NOTHING_TRAPPED
    before, executions = rehearse(suite.module, "wrong_before")
    assert before is not None
    assert before.expected is None
    assert executions == 1


def test_state_of_an_expected_trap_is_discarded_and_invariants_count() -> None:
    suite = suite_of(
        """state total: Integer = 3;
invariant "never below zero" { total >= 0 }

fn take(n: Integer) { total -= n; }

test fn keeps() {
  take(1);
  assert_traps(take(5), "never below zero");
  assert_eq(total, 2);
  take(2);
}

test fn begins_anew() { assert_eq(total, 3); }

test fn ends_below() { take(4); }
"""
    )
    assert rehearse(suite.module, "keeps") == (None, 2)
    assert rehearse(suite.module, "begins_anew")[0] is None
    below, _ = rehearse(suite.module, "ends_below")
    assert below is not None
    assert "never below zero" in below.outcome.reason


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("while true { total += 1; }", OutcomeKind.OUT_OF_FUEL),
        ("assert_eq(total, 1);", OutcomeKind.TRAPPED),
    ],
)
def test_implicit_bound_is_no_expected_trap(wrong: str, reason: OutcomeKind) -> None:
    suite = suite_of(f"fn go() {{ let total = 0; {wrong} }}\ntest fn a() {{ assert_traps(go()); }}")
    failure = judge(entered(suite, "a", 1))
    assert failure is not None
    assert failure.outcome.kind is reason


def test_exceeded_call_depth_can_be_expected() -> None:
    suite = suite_of(
        "fn deep(n: Integer) -> Integer { deep(n + 1) + 1 }\n"
        'test fn a() { assert_traps(deep(0), "call depth"); }'
    )
    assert rehearse(suite.module, "a") == (None, 2)


def test_malformed_records_of_a_worker_are_refused() -> None:
    said = Rehearsed(reached=1, entered=None, compared=None).to_value()
    assert Rehearsed.from_value(said).reached == 1
    for wrong in ({**said, "reached": "1"}, {**said, "entered": ["a"]}, {"reached": 1}, [], None):
        with pytest.raises(TypeError):
            Rehearsed.from_value(wrong)


@pytest.mark.parametrize("name", ["test_everything", "host_log_message", "test_time"])
def test_imports_from_the_module_of_tests_are_checked(name: str) -> None:
    refused = check_module(wasm(f'(module (import "ccl_test" "{name}" (func)))'))
    assert isinstance(refused, Rejection)
    assert "ccl_test" in refused.reason


SHOWN = """
enum Choice {{ Yes, No(String), Both(Integer, Choices) }}
struct Choices {{ of: Array<Choice> }}

test fn a() {{
  let left = {left};
  let right = {right};
  assert_eq(left, right);
}}
"""


@pytest.mark.parametrize(
    ("left", "right", "shown"),
    [
        ("1", "-2", "1"),
        ('"a\\n\\"b\\""', '""', '"a\\n\\"b\\""'),
        ("1 < 2", "1 > 2", "true"),
        ("0.50", "0.25", "0.5"),
        ("2026-01-15T10:30:00Z", "2026-01-15T10:30:01Z", "2026-01-15T10:30:00Z"),
        ("2h", "1h", "7200s"),
        ("Some(3)", "None", "Some(3)"),
        ("Some(Some(3))", "Some(None)", "Some(Some(3))"),
        ("[Some(1), None]", "[]", "[Some(1), None]"),
        ("Choice::Yes", 'Choice::No("")', "Choice::Yes"),
        ('Choice::No("x")', "Choice::Yes", 'Choice::No("x")'),
        (
            "Choice::Both(1, Choices { of: [Choice::Yes] })",
            "Choice::Yes",
            "Choice::Both(1, Choices { of: [Choice::Yes] })",
        ),
    ],
)
def test_values_are_written_as_in_ccl(left: str, right: str, shown: str) -> None:
    suite = suite_of(SHOWN.format(left=left, right=right))
    failure, _ = rehearse(suite.module, "a")
    assert failure is not None
    compared = failure.compared
    assert compared is not None
    assert value_lines(compared.kind, decode(compared.left), suite.abi) == [shown]
    again = suite_of(SHOWN.format(left=left, right=shown))
    assert rehearse(again.module, "a")[0] is None, "what is shown is the value"


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_both_sides_of_a_comparison_are_kept(operator: str) -> None:
    fails = {"==": (3, 5), "!=": (3, 3), "<": (3, 3), "<=": (5, 3), ">": (3, 5), ">=": (3, 5)}
    left, right = fails[operator]
    suite = suite_of(
        f"fn id(x: Integer) -> Integer {{ x }}\n"
        f"test fn a() {{ assert(id({left}) {operator} id({right})); }}\n"
        f"test fn b() {{ assert(!(id({left}) {operator} id({right}))); }}"
    )
    failure, _ = rehearse(suite.module, "a")
    assert failure is not None
    assert failure.compared is not None
    assert decode(failure.compared.left) == left
    assert decode(failure.compared.right) == right
    assert rehearse(suite.module, "b")[0] is None


@examples(150)
@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_difference_contains_each_changed_line(left: list[str], right: list[str]) -> None:
    found = list(difference(left, right))
    only_left = [line for sign, line in found if sign == "-"]
    only_right = [line for sign, line in found if sign == "+"]
    if left == right:
        assert only_left == only_right == []
    elif "…" not in [line for _, line in found]:
        assert [line for sign, line in found if sign != "+"] == left
        assert [line for sign, line in found if sign != "-"] == right
    assert len(left) - len(only_left) == len(right) - len(only_right)
