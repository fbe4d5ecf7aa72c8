"""Where the processes of `ccl` and `cclc` begin: Ctrl-C is answered from the first line on.

Rule: only `signal` is loaded before the answer is in place, because loading is most of the
time that a short command takes.
"""

from __future__ import annotations

import gc
import sys

from runtime.terminal.interrupts import answer_interrupts, leave, raise_interrupts

GARBAGE_MIN = 100_000
"""New objects between two looks for cycles: loading makes many, and none of them is garbage."""

TYPE_CHECKING = False
if TYPE_CHECKING:  # what `typing` defines, without loading it
    from typing import NoReturn

    from typer import Typer


def ccl() -> None:
    """The command `ccl`."""
    answer_interrupts()
    gc.set_threshold(GARBAGE_MIN)
    from ccl.cli.ccl import app

    _run(app, "ccl")


def cclc() -> None:
    """The command `cclc`."""
    answer_interrupts()
    gc.set_threshold(GARBAGE_MIN)
    from ccl.cli.cclc import app

    _run(app, "cclc")


def _run(app: Typer, name: str) -> NoReturn:
    from runtime.terminal.boundary import run_app

    try:
        raise_interrupts()
        code = run_app(app, name)
        answer_interrupts()
    except KeyboardInterrupt:
        leave()
    sys.exit(code)
