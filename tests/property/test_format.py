"""Formatting twice is formatting once; it changes no tree, loses no comment, moves no byte."""

import re
from collections import Counter
from typing import Any

import pytest
from ccl_sources import corpus, files, is_read, programs, relaid
from effort import examples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ccl.abi.bounds import Obstacle
from ccl.diagnostics.model import Sink
from ccl.formatter.format import format_text
from ccl.parser.parse import parse
from ccl.pipeline import compile_text
from ccl.source.spans import SourceMap, Span
from ccl.support.node import fields, is_node
from ccl.wasm.inspect import inspect_module

_SETTINGS = settings(
    examples(60),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_TOKEN = re.compile(
    r'"(?:\\\((?:[^()"]|\([^()]*\))*\)|\\.|[^"\\])*"|((?://|#)[^\n]*|/\*.*?\*/)', re.S
)


def shape(value: Any) -> Any:
    """A tree without its places."""
    if isinstance(value, tuple):
        return tuple(shape(each) for each in value)
    if is_node(value):
        inner = (getattr(value, name) for name in fields(value))
        return (type(value).__name__, *(shape(each) for each in inner if not is_span(each)))
    return value


def is_span(value: Any) -> bool:
    return isinstance(value, Span)


def tree(text: str) -> Any:
    sink = Sink()
    module = parse(SourceMap().add("a.ccl", text), sink)
    assert not sink.has_errors
    return shape(module.items)


def comments(text: str) -> Counter[str]:
    return Counter(" ".join(m[1].split()) for m in _TOKEN.finditer(text) if m[1])


def holds(text: str) -> str:
    """Everything that formatting promises; the formatted text."""
    found = format_text(text).text
    assert found is not None
    assert format_text(found).text == found
    assert tree(found) == tree(text)
    assert comments(found) == comments(text)
    return found


@pytest.mark.parametrize("name", corpus())
def test_every_program_of_the_repository(name: str) -> None:
    text = corpus()[name]
    found = holds(text)
    assert not re.search(r"[ \t\r]$|\n\n\n|\t", found, re.M)
    if found == text:
        return  # as formatted as the program itself: there is nothing to compare
    before, after = compile_text(text, "a.ccl").wasm, compile_text(found, "a.ccl").wasm
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert but_for_places(before) == but_for_places(after)


def but_for_places(wasm: bytes) -> list[tuple[str, object]]:
    """The sections of a module without what names the source and places in it."""
    module = inspect_module(wasm)
    sections: list[tuple[str, object]] = [
        (section.name, wasm[section.start : section.start + section.size_bytes])
        for section in module.sections
        if section.name not in ("ccl:source", "ccl:sites", "ccl:bounds")
    ]
    bounds = module.bounds or {}
    return [
        *sections,
        *(
            (name, bound.reason if isinstance(bound, Obstacle) else bound)
            for name, bound in bounds.items()
        ),
    ]


def test_programs_of_the_repository_are_formatted() -> None:
    unformatted = [
        str(path)
        for path in files()
        if format_text(path.read_text(encoding="utf-8")).text != path.read_text(encoding="utf-8")
    ]
    assert not unformatted, f"run `cclc fmt {' '.join(unformatted)}`"


@_SETTINGS
@given(programs())
def test_generated_programs(text: str) -> None:
    assert is_read(text), text
    holds(text)


@_SETTINGS
@given(programs().flatmap(relaid))
def test_generated_programs_in_any_layout(text: str) -> None:
    assume(is_read(text))
    holds(text)


@_SETTINGS
@given(st.sampled_from(sorted(t for t in corpus().values() if len(t) < 1000)).flatmap(relaid))
def test_programs_of_the_repository_in_any_layout(text: str) -> None:
    assume(is_read(text))
    holds(text)
