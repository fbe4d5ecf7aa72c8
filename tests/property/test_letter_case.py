"""Capital and small letters: the module, the compiler's folding, and Python's tables agree."""

import unicodedata
from collections.abc import Iterator
from functools import cache

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from typed_interpreter import Interpreter
from typed_trees import STRING, Running, block, build, builtin, function, get, local, program

from ccl.ir import typed as t
from ccl.support import letter_case

FUNCTIONS = (t.Builtin.STRING_UPPER, t.Builtin.STRING_LOWER)


@pytest.fixture(scope="module", autouse=True)
def released() -> Iterator[None]:
    """The module kept for many examples goes before the interpreter does."""
    yield
    _running.cache_clear()


@cache
def _program() -> t.Program:
    source = local(0, STRING)
    return program(
        *(
            function(each.value, [source], block([], builtin(each, STRING, get(source))))
            for each in FUNCTIONS
        )
    )


@cache
def _running() -> Running:
    return Running(build(_program()))


@examples(400)
@given(st.sampled_from(FUNCTIONS), st.text(max_size=40))
def test_texts_change_letter_for_letter(name: t.Builtin, text: str) -> None:
    case = letter_case.upper() if name is t.Builtin.STRING_UPPER else letter_case.lower()
    assert _running().apply(name.value, text) == case.of(text)
    assert _running().live_blocks() == 0


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="another version of Unicode")
def test_every_letter_is_as_in_the_tables_of_python() -> None:
    everything = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    for name, case in zip(FUNCTIONS, (letter_case.upper(), letter_case.lower()), strict=True):
        assert case.of(everything) == Interpreter(_program()).call(name.value, everything)
