"""Errors in what a program passes to a function of the library are at the program's call."""

import json
from collections.abc import Iterator
from functools import cache

import pytest

from ccl.diagnostics.model import Sink, is_error
from ccl.diagnostics.render import JSON, SARIF, render
from ccl.parser.parse import parse
from ccl.pipeline import Compilation, check_text
from ccl.prelude.library_index import METHODS
from ccl.source.files import read_library
from ccl.source.spans import SourceMap
from ccl.syntax import ast

OWN = """
fn text_only(text: String) -> String { text }
fn two(a: Integer, b: Integer) -> Integer { a + b }
fn anything<T>(_value: T) {}
fn failing(n: Integer) -> Result<Integer, String> { if n > 9 { Err("big") } else { Ok(n) } }
fn numbers() -> Map<Integer, Integer> { let made: Map<Integer, Integer> = map_new(); made }
"""
RECEIVERS = {
    "Array": "[1, 2]",
    "Map": "numbers()",
    "Option": "Some(1)",
    "Result": "failing(1)",
}
INLINE = ("1", '"a"', "[1]", "{}", "None", "[]", "Ok(1)", "{1.5}")
NAMED = ("text_only", "two", "anything", "Ok", "Some", "submit_job", "require_proof", "map", "5")


@cache
def parameters_of(file: str) -> dict[str, list[tuple[str, bool]]]:
    """Of each function of a library file: its parameters, and whether they have types."""
    sources, sink = SourceMap(), Sink()
    module = parse(sources.add(f"{file}.ccl", read_library(file)), sink)
    assert not sink.has_errors
    return {
        item.name.text: [(each.name.text, each.type is not None) for each in item.parameters]
        for item in module.items
        if isinstance(item, ast.Function)
    }


def higher_order_methods() -> Iterator[tuple[str, str, list[tuple[str, bool]]]]:
    """Receiver, method and its further parameters, of every method that takes a function."""
    for (kind, method), function in METHODS.items():
        parameters = parameters_of(function.file)[function.name][1:]
        if not all(is_typed for _, is_typed in parameters):
            yield kind, method, parameters


CALLS = list(higher_order_methods())


def check(text: str) -> Compilation:
    return check_text(text, "own.ccl")


def places(compilation: Compilation) -> list[tuple[str, str]]:
    """Code and file of each error, as JSON and SARIF say them, which must be the same."""
    errors = [each for each in compilation.sink.diagnostics if is_error(each)]
    said = [
        json.loads(render(errors, compilation.sources, each, color=False, width=80))
        for each in (JSON, SARIF)
    ]
    of_json = [(each["code"], each["file"]) for each in said[0]["diagnostics"]]
    of_sarif = [
        (each["ruleId"], each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for each in said[1]["runs"][0]["results"]
    ]
    assert of_json == of_sarif
    return of_json


def wrong_calls(kind: str, method: str, parameters: list[tuple[str, bool]]) -> Iterator[str]:
    for function in (*INLINE, *NAMED):
        for count in (1, 2) if function in INLINE else (0,):
            names = ", ".join(f"_p{i}" for i in range(count))
            given = f"({names}) => {function}" if count else function
            arguments = ", ".join("0" if is_typed else given for _, is_typed in parameters)
            yield f"{RECEIVERS[kind]}.{method}({arguments})"


def test_methods_that_take_functions_are_listed() -> None:
    assert {kind for kind, _, _ in CALLS} == RECEIVERS.keys()
    assert len(CALLS) > 20


@pytest.mark.parametrize(("kind", "method", "parameters"), CALLS)
def test_wrong_function_argument_is_one_error_at_the_call(
    kind: str, method: str, parameters: list[tuple[str, bool]]
) -> None:
    failed = 0
    for call in wrong_calls(kind, method, parameters):
        found = places(check(f"{OWN}execution {{ {call}; }}"))
        failed += bool(found)
        assert len(found) <= 1, (call, found)
        assert {file for _, file in found} <= {"own.ccl"}, (call, found)
    assert failed > 3
