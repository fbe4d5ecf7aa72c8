"""A command as a process, from its first line to its last: Ctrl-C is exit code 130 throughout.

Rule: the process ends by `os._exit` once its streams are flushed, because an interpreter that is
shutting down dies of a signal instead of handling it.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

from runtime.terminal.interrupts import answer_interrupts, leave, raise_interrupts

GARBAGE_MIN = 100_000
"""New objects between two collections: loading makes many, and none of them is garbage."""

TYPE_CHECKING = False
if TYPE_CHECKING:  # what they define, without loading it
    from collections.abc import Callable
    from typing import NoReturn

    Command = Callable[[], int]


def run_process(load: Callable[[], Command]) -> NoReturn:
    """Loads a command, runs it, and ends the process with its exit code.

    load: imports what the command needs, which is most of the time that a short one takes.
    """
    answer_interrupts()
    gc.set_threshold(GARBAGE_MIN)
    command = load()
    sys.unraisablehook = _unraisable
    try:
        raise_interrupts()
        code = command()
        answer_interrupts()
    except KeyboardInterrupt:
        leave()
    _end(code)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    """Ends the process at an interrupt inside a finaliser or a callback, which cannot propagate."""
    if issubclass(found.exc_type, KeyboardInterrupt):
        leave()
    sys.__unraisablehook__(found)


def _end(code: int) -> NoReturn:
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # The command has already reported a stream that takes no more.
            continue
    os._exit(code)
