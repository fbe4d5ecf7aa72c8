"""Where the processes of `ccl` and `cclc` begin: Ctrl-C is answered from the first line on.

Rule: only `signal` is loaded before the answer is in place, because loading is most of the
time that a short command takes.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # what `typing` defines, without loading it
    from types import FrameType
    from typing import NoReturn

    from typer import Typer

INTERRUPTED = 130


def ccl() -> None:
    """The command `ccl`."""
    _answer_interrupts()
    from ccl.cli.ccl import app

    _run(app, "ccl")


def cclc() -> None:
    """The command `cclc`."""
    _answer_interrupts()
    from ccl.cli.cclc import app

    _run(app, "cclc")


def _run(app: Typer, name: str) -> NoReturn:
    from ccl.cli.boundary import run_app

    try:
        _raise_interrupts()
        code = run_app(app, name)
        _answer_interrupts()
    except KeyboardInterrupt:
        _leave()
    sys.exit(code)


def _answer_interrupts() -> None:
    """Leave at once. A process that was started with SIGINT ignored goes on ignoring it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def _raise_interrupts() -> None:
    """KeyboardInterrupt again, for commands that have something to put in order."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int = signal.SIGINT, _frame: FrameType | None = None) -> NoReturn:
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)
