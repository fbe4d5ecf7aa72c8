"""Cancellation of a compilation, at every place where it may happen."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from ccl_sources import ROOT

from ccl.pipeline import Cancelled, check_text, compile_text
from ccl.support.cancellation import Cancellation

EXAMPLE = ROOT / "examples" / "election" / "count.ccl"
TEXT, PATH = EXAMPLE.read_text("utf-8"), str(EXAMPLE)
FUNCTIONS = 40


class _After(Cancellation):
    """Cancelled by the check number `last`, if there are so many."""

    __slots__ = ("checks", "last")

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last = last
        self.checks = 0

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.last:
            self.cancel()
        super().check()


class _Waiting(Cancellation):
    """Lets another thread go on at the first check, and waits for it."""

    __slots__ = ("began", "cancelled")

    def __init__(self) -> None:
        super().__init__()
        self.began, self.cancelled = Event(), Event()

    def check(self) -> None:
        self.began.set()
        self.cancelled.wait()
        super().check()


def _checks(compiling: Callable[[Cancellation], object]) -> int:
    counting = _After(0)
    compiling(counting)
    return counting.checks


def test_every_check_ends_the_compilation_and_leaves_nothing_behind() -> None:
    def compiling(cancellation: Cancellation) -> str | None:
        return compile_text(TEXT, PATH, cancellation=cancellation).cid

    expected = compiling(Cancellation())
    number = _checks(compiling)
    for last in range(1, number + 1):
        with pytest.raises(Cancelled):
            compiling(_After(last))
        if last % 10 == 0:
            assert compiling(Cancellation()) == expected
    assert compiling(Cancellation()) == expected


@pytest.mark.parametrize("kind", ["fn", "export fn"])
def test_checks_grow_with_functions_and_files(kind: str) -> None:
    def checks(functions: int, library: str) -> int:
        text = "".join(f"{kind} f{n}() -> Integer {{ {n} }}\n" for n in range(functions))
        return _checks(lambda token: check_text(library + text, cancellation=token))

    fewer = checks(FUNCTIONS, "")
    assert checks(2 * FUNCTIONS, "") >= fewer + FUNCTIONS
    assert checks(FUNCTIONS, 'import "std/voting" as voting;\n') > fewer


def test_every_exported_function_is_a_place_to_cancel_code_generation() -> None:
    def checks(functions: int) -> int:
        text = "".join(f"export fn f{n}() -> Integer {{ {n} }}\n" for n in range(functions))
        checking = _checks(lambda token: check_text(text, cancellation=token))
        return _checks(lambda token: compile_text(text, cancellation=token)) - checking

    assert checks(2 * FUNCTIONS) >= checks(FUNCTIONS) + FUNCTIONS


def test_another_thread_cancels() -> None:
    cancellation = _Waiting()
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(compile_text, TEXT, PATH, cancellation=cancellation)
        cancellation.began.wait()
        cancellation.cancel()
        cancellation.cancelled.set()
        with pytest.raises(Cancelled):
            outcome.result()
