"""Typed trees of programs with errors: all that is right is in them, and nothing half inferred."""

import random
from typing import Any

import pytest
from ccl_sources import corpus
from damage import damaged, programs, slip
from effort import seeds
from spec_blocks import BLOCKS

from ccl.artifacts.artifact import emit
from ccl.ir import typed
from ccl.ir.types import ErrorType
from ccl.ir.visit import everything
from ccl.pipeline import Compilation, check_text
from ccl.support.node import fields, is_node
from runtime.content.codec import encode

CASES_PER_SEED = 150
BROKEN = "\nfn the_broken_one() -> Integer { a_name_that_is_missing }\n"
IR = ("ccl.ir.types", "ccl.ir.typed", "ccl.source.spans", "builtins")


def parts(tree: Any) -> set[type]:
    """The classes of all that is in a tree."""
    pending, found = [tree], set()
    while pending:
        at = pending.pop()
        found.add(type(at))
        if isinstance(at, tuple | frozenset):
            pending += at
        elif isinstance(at, dict):
            pending += at.values()
        elif is_node(at):
            pending += (getattr(at, name) for name in fields(at))
    return found


def has_sound_trees(compilation: Compilation) -> None:
    """Nodes and types of `ccl.ir` alone; those of errors only where an error is reported."""
    partial = compilation.partial
    found = parts((partial.functions, partial.states, partial.structs, partial.enums))
    assert {each for each in found if each.__module__ not in IR} == set()
    has_symbols(compilation)
    if not compilation.sink.has_errors:
        assert compilation.program is not None
        assert found.isdisjoint({typed.ErrorExpr, ErrorType})


def has_symbols(compilation: Compilation) -> None:
    """An editor may use every query, whatever is wrong."""
    root = compilation.sources.sources[0].file
    table = compilation.symbols
    for symbol in table.symbols:
        for span in table.uses_of(symbol):
            assert symbol in table.symbols_at(span.file, span.start)
    for offset in range(0, len(compilation.sources.sources[0].text), 7):
        kind = table.type_at(root, offset)
        assert kind is None or type(kind).__module__ == "ccl.ir.types", kind
    encode(compilation.interface_of(root).value)


def test_every_block_of_the_specification_has_a_sound_tree() -> None:
    for block in BLOCKS:
        has_sound_trees(check_text(block.text, "spec.ccl"))


@pytest.mark.parametrize("seed", seeds(0, 2))
def test_damaged_program_has_a_sound_tree(seed: int) -> None:
    random_ = random.Random(seed)
    for _ in range(CASES_PER_SEED):
        _, pieces = random_.choice(programs())
        change = damaged if random_.random() < 0.3 else slip
        has_sound_trees(check_text(change(random_, pieces), "a.ccl"))


@pytest.mark.parametrize("seed", seeds(0, 2))
def test_error_in_one_function_keeps_the_others(seed: int) -> None:
    random_ = random.Random(seed)
    texts = list(corpus().items())
    compared = 0
    for name, text in random_.sample(texts, 40):
        whole = check_text(text, "a.ccl")
        if whole.program is None:
            continue
        compared += 1
        broken = check_text(text + BROKEN, "a.ccl")
        assert broken.program is None
        left = {key: each for key, each in broken.partial.functions.items() if "broken" not in key}
        assert left == whole.program.functions, name
        assert broken.partial.exports == whole.program.exports, name
        assert broken.partial.states == whole.program.states, name
        assert broken.partial.charter == whole.program.charter, name
    assert compared > 10


def test_function_keeps_what_is_right_in_it() -> None:
    text = "fn f(n: Integer) -> Integer { let a = n + 1; let b = nn + 2; a * a }"
    function = check_text(text).partial.functions["f"]
    sums = [each for each in everything(function.body) if isinstance(each, typed.Binary)]
    assert sorted(text[each.span.start : each.span.end] for each in sums) == ["a * a", "n + 1"]
    errors = [each for each in everything(function.body) if isinstance(each, typed.ErrorExpr)]
    assert errors
    assert "nn" in text[errors[0].span.start : errors[0].span.end]


@pytest.mark.parametrize(
    "wrong",
    ["missing(n + 1)", "g(n + 1, 2)", "abs(n + 1, 2)", "missing + (n + 1)", "[1].all(n + 1)"],
)
def test_wrong_expression_keeps_the_parts_that_are_right(wrong: str) -> None:
    text = f"fn g(a: Integer) -> Integer {{ a }}\nfn f(n: Integer) {{ let a = {wrong}; }}"
    found = check_text(text)
    assert found.sink.has_errors
    offset = text.index("+ 1")
    assert str(found.symbols.type_at(found.sources.sources[0].file, offset)) == "Integer"


def test_syntax_error_keeps_the_functions_around_it() -> None:
    text = "fn f() -> Integer { 1 }\nfn g() -> { 2 }\nfn h() -> Integer { 3 }\n"
    assert {"f", "h"} <= check_text(text).partial.functions.keys()


def test_partial_program_is_not_emitted() -> None:
    found = check_text("export fn f() -> Integer { missing }")
    with pytest.raises(AssertionError, match="not emitted"):
        emit(found.partial, found.names, source_cids={}, compiler_version="test")


def test_state_that_no_host_stores_is_reported_beside_another_error() -> None:
    text = f"state {'s' * 300}: Integer = 1;\nexecution {{ missing }}"
    codes = [each.code for each in check_text(text).sink.diagnostics]
    assert codes == ["CCL0605", "CCL0911", "CCL0201"]
