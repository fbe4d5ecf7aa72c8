"""A process that compiles files of tests: takes one at a time, answers with its suite.

Rule: it is in a session of its own, as every `Child`, so that the Ctrl-C of a terminal reaches only
the process that started it, which ends it.
"""

import gc
import os
import pickle
import sys
import traceback
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from ccl.cli.testing.discovery import TestFile
from ccl.cli.testing.suite import Broken, Suite, compile_suite
from ccl.support.recursion import make_room_for_nesting
from runtime.sandbox.frames import Pipes
from runtime.sandbox.process import Child
from runtime.terminal.process import GARBAGE_MIN

_UNBOUNDED: Final = 0
"""The compiler has limits of its own."""


class Chosen(Struct, frozen=True):
    """A selection of the tests of a file: those with the pattern in FILE:NAME, or all."""

    path: str
    pattern: str | None

    def __call__(self, name: str) -> bool:
        return self.pattern is None or fnmatchcase(f"{self.path}:{name}", f"*{self.pattern}*")


class Compiler:
    """A compiler process. working_on: the number of the file that it compiles."""

    def __init__(self) -> None:
        """Raises ChildEndedError."""
        self.child = Child(__name__, address_bytes=_UNBOUNDED, cpu_seconds=_UNBOUNDED)
        self.working_on: int | None = None

    def begin(self, number: int, file: TestFile, pattern: str | None) -> None:
        """Raises ChildEndedError."""
        self.working_on = number
        task = pickle.dumps((file, Chosen(file.path, pattern)))
        self.child.send({"folder": os.fsencode(Path.cwd()), "task": task})

    def finished(self) -> Suite | Broken | None:
        """Gives the result, once it is there. Raises ChildEndedError, FrameError."""
        self.child.flush()
        for answer in self.child.receive():
            if "bug" in answer:
                error = RuntimeError(answer["bug"])
                error.add_note(answer["trace"])
                raise error
            outcome: Suite | Broken = pickle.loads(answer["outcome"])
            return outcome
        return None


def main() -> None:
    """Compiles files until it is ended. The argument is the parent's process id."""
    from runtime.sandbox.confinement.confine import die_with_parent  # POSIX alone has what it needs

    die_with_parent(int(sys.argv[1]))
    gc.set_threshold(GARBAGE_MIN)
    make_room_for_nesting()
    pipes = Pipes()
    while (request := pipes.receive()) is not None:
        pipes.send(_answer(request))


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    os.chdir(request["folder"])
    try:
        return {"outcome": pickle.dumps(compile_suite(*pickle.loads(request["task"])))}
    except MemoryError:
        raise  # the process ends; the parent reports the likely reason
    except Exception as error:  # noqa: BLE001 - the parent reports it as an internal error
        return {"bug": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
