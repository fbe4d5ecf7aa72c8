"""Backtraces of traps: the calls that the engine names, as places of the source."""

import pytest
from ccl_machine import run
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from ccl.abi.sections import CALLS_KEY, SOURCE_SECTION, CallSite, calls_from_value, calls_to_value
from ccl.pipeline import compile_text
from ccl.wasm.binary import sections
from runtime.content.codec import decode
from runtime.module.backtrace import backtrace_lines, backtrace_places, calls_to

PROGRAM = """\
import "std/text" as text;

fn outer(line: String) -> Integer {
  let first = inner("a,b") + 1;
  first + inner(line)
}

fn inner(line: String) -> Integer { text.fields(line).length() }

fn deeper(n: Integer) -> Integer { if n == 0 { 1 / n } else { deeper(n - 1) } }

fn shorter(words: Array<String>) -> Array<Integer> {
  words.map(word => text.to_integer(word))
}

export fn fields(line: String) -> Integer { outer(line) }
export fn depth(n: Integer) -> Integer { deeper(n) }
export fn numbers() -> Array<Integer> { shorter(["1", "x"]) }
export fn here() -> Integer { let none: Array<Integer> = []; none[0] }
"""


def module() -> bytes:
    compiled = compile_text(PROGRAM, path="way.ccl")
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


WASM = module()


def way(entry: str, *arguments: object) -> tuple[str, ...]:
    ran = run(WASM, entry=entry, arguments=list(arguments))
    return backtrace_places(ran.outcome, calls_to(WASM, ran.frames))


def own(places: tuple[str, ...]) -> list[str]:
    return [place for place in places if not place.startswith("std/")]


def test_trap_in_the_library_names_the_calls_of_the_program() -> None:
    found = way("fields", '"a"b')
    assert found[0].startswith("std/text.ccl:")
    assert own(found) == ["way.ccl:8:37", "way.ccl:5:11", "way.ccl:16:45"]


def test_call_before_the_trapping_one_is_not_named() -> None:
    assert "way.ccl:4:15" not in way("fields", '"a"b')


def test_inline_function_is_named_between_the_calls_of_the_library() -> None:
    found = own(way("numbers"))
    assert found[0] == "way.ccl:13:21"
    assert found[-2:] == ["way.ccl:13:3", "way.ccl:18:41"]


def test_trap_in_the_entry_itself_has_no_calls() -> None:
    assert way("here") == ("way.ccl:19:62",)


def test_calls_of_one_place_are_counted() -> None:
    found = way("depth", 5)
    assert found == ("way.ccl:10:48", *["way.ccl:10:63"] * 5, "way.ccl:17:42")
    assert list(backtrace_lines(found)) == [
        "called from way.ccl:10:63, 5 times",
        "called from way.ccl:17:42",
    ]


def test_deep_stack_names_its_innermost_calls() -> None:
    found = way("depth", 900)
    assert found[0] == "way.ccl:10:48"
    assert set(found[1:]) == {"way.ccl:10:63"}


def test_long_backtrace_is_cut() -> None:
    lines = list(backtrace_lines(("std/a.ccl:1:1", *(f"a.ccl:{n}:1" for n in range(1, 12)))))
    assert lines[:2] == ["in std/a.ccl:1:1", "called from a.ccl:1:1"]
    assert lines[-1] == "… and 3 more"


def test_backtrace_is_neither_executed_nor_compared() -> None:
    """The text of the program's functions is the same; `deterministic` has no frames."""
    ran = run(WASM, entry="fields", arguments=['"a"b'])
    assert ran.frames
    assert "frames" not in ran.outcome.to_value()


def test_every_call_of_the_table_is_a_call_of_the_source() -> None:
    (section,) = (each for each in sections(WASM) if each.name == SOURCE_SECTION)
    value = decode(WASM[section.start : section.end])
    lines = PROGRAM.splitlines()
    named = [each for each in calls_from_value(value[CALLS_KEY]) if each.file == "way.ccl"]
    assert len(named) == 9
    for each in named:
        written = lines[each.line - 1][each.column - 1 : each.end_column - 1]
        assert written.endswith(")"), each


CALLS = st.builds(
    CallSite,
    body=st.integers(0, 99),
    ordinal=st.integers(0, 9),
    file=st.sampled_from(("a.ccl", "std/b.ccl")),
    line=st.integers(1, 99),
    column=st.integers(1, 99),
    end_column=st.integers(1, 99),
)


@given(st.lists(CALLS))
def test_table_is_read_as_it_is_written(calls: list[CallSite]) -> None:
    assert calls_from_value(calls_to_value(calls)) == tuple(calls)


@pytest.mark.parametrize(
    "value", [None, {}, {"files": [], "at": [[0, 0, 0, 1, 1, 1]]}, {"files": [1], "at": []}]
)
def test_table_of_another_shape_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="malformed calls"):
        calls_from_value(value)


@examples(60)
@given(st.data(), st.lists(st.integers(0, 2**40), max_size=4))
def test_arbitrary_bytes_never_break_a_backtrace(data: st.DataObject, frames: list[int]) -> None:
    at = data.draw(st.integers(0, len(WASM) - 1))
    byte = data.draw(st.integers(0, 255))
    other = WASM[:at] + bytes([byte]) + WASM[at + 1 :]
    for each in calls_to(other, [*frames, at]):
        assert isinstance(each, CallSite)
