"""Compilations in several threads of one process: each as if it were alone.

Rule: no library call changes what belongs to the process.
"""

import gc
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from ccl_sources import files

from ccl.formatter.format import format_text
from ccl.parser.outline import outline
from ccl.pipeline import check_text, compile_tests, compile_text
from ccl.support.recursion import FRAMES_MAX, TooLittleRoomError

THREADS = 4
ROUNDS = 3
SHORT = 200
"""Python frames above those of the test: room for plain programs, and not for deep ones."""
DEEP = "s { " * 100 + "a: 1; " + "} " * 100 + "execution { " + "!" * 280 + "true }"
PLAIN = "execution { 1 + 2 }"
LIBRARY_CALLS: dict[str, Callable[[str], object]] = {
    "check_text": check_text,
    "compile_text": compile_text,
    "compile_tests": lambda text: compile_tests(text, "a.ccl"),
    "format_text": format_text,
    "outline": outline,
}


def _programs() -> list[tuple[str, str]]:
    """Examples of every size, a deep program, and one with more unknown names than are compared."""
    found = [(path.read_text("utf-8"), str(path)) for path in files() if "examples" in str(path)]
    unknown = "".join(f"let a{n} = unknwon{n}; " for n in range(120))
    return [*found, (DEEP, "deep.ccl"), (f"execution {{ {unknown} }}", "unknown.ccl")]


def _outcome(program: tuple[str, str]) -> tuple[str | None, list[object]]:
    compiled = compile_text(*program)
    found = compiled.compilation.sink.diagnostics
    return compiled.cid, [(each.code, each.span, each.facts, each.notes) for each in found]


def test_threads_give_the_same_modules_and_diagnostics_as_one_after_the_other() -> None:
    programs = _programs()
    alone = [_outcome(each) for each in programs]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for seed in range(ROUNDS):
            order = list(range(len(programs)))
            random.Random(seed).shuffle(order)
            with ThreadPoolExecutor(THREADS) as pool:
                outcomes = dict(
                    zip(order, pool.map(_outcome, [programs[i] for i in order]), strict=True)
                )
            assert [outcomes[i] for i in range(len(programs))] == alone, f"seed {seed}"
    finally:
        sys.setswitchinterval(before)


def _deepest_frame() -> int:
    depth, frame = 0, sys._getframe()
    while (outer := frame.f_back) is not None:
        depth, frame = depth + 1, outer
    return depth


@contextmanager
def _little_room() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(_deepest_frame() + SHORT)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("name", LIBRARY_CALLS)
def test_library_call_without_room_says_what_it_lacks(name: str) -> None:
    call = LIBRARY_CALLS[name]
    call(PLAIN)
    with _little_room():
        call(PLAIN)
        with pytest.raises(TooLittleRoomError, match=str(FRAMES_MAX)):
            call(DEEP)
    call(DEEP)


@pytest.mark.parametrize("name", LIBRARY_CALLS)
def test_library_call_leaves_the_process_as_it_is(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a library call changes the process")

    LIBRARY_CALLS[name](PLAIN)  # what is loaded late is loaded
    monkeypatch.setattr(sys, "setrecursionlimit", refuse)
    for function in ("disable", "enable", "set_threshold", "freeze", "collect"):
        monkeypatch.setattr(gc, function, refuse)
    LIBRARY_CALLS[name](DEEP)
