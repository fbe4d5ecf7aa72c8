"""Compilation of files to suites, several at a time on several cores."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Final

from ccl.cli.testing.compiler import Chosen, Compiler
from ccl.cli.testing.discovery import TestFile
from ccl.cli.testing.suite import Broken, Suite, compile_suite
from runtime.sandbox.frames import FrameError
from runtime.sandbox.process import ChildEndedError, Watch
from runtime.terminal.errors import CommandError, ExitCode

FILES_PER_PROCESS: Final = 2
"""Starting a compiler costs as much as compiling a small file."""
PAUSE_SECONDS: Final = 0.02
"""Time between polls of the compilers."""


def compiled(
    files: Sequence[TestFile], pattern: str | None, workers: int | None, idle: Callable[[], None]
) -> Generator[Suite | Broken, None, None]:
    """Yields the suites in the order of the files. `idle` is called repeatedly while waiting.

    Closing the iterator early ends its processes.
    """
    processes = min(workers or os.cpu_count() or 1, len(files) // FILES_PER_PROCESS)
    if processes < 2:
        for file in files:
            yield compile_suite(file, Chosen(file.path, pattern))
            idle()
        return
    compilers: list[Compiler] = []
    watch = Watch()
    try:
        yield from _compiled_by(compilers, processes, watch, files, pattern, idle)
    except (ChildEndedError, FrameError):
        raise CommandError(
            ExitCode.FAILED,
            "machine-fault",
            "a process that compiled tests was ended from outside",
            hint="this machine may be out of memory; -j 1 compiles one file after the other",
        ) from None
    finally:
        for compiler in compilers:
            compiler.child.close()
        watch.close()


def _compiled_by(
    compilers: list[Compiler],
    processes: int,
    watch: Watch,
    files: Sequence[TestFile],
    pattern: str | None,
    idle: Callable[[], None],
) -> Iterator[Suite | Broken]:
    """Fills `compilers` as they are started. Raises ChildEndedError, FrameError."""
    waiting = iter(enumerate(files))
    outcomes: dict[int, Suite | Broken] = {}

    def begin_next(compiler: Compiler) -> None:
        for number, file in waiting:
            compiler.begin(number, file, pattern)
            break
        watch.update(compiler.child, compiler)

    for _ in range(processes):
        compiler = Compiler()
        compilers.append(compiler)
        watch.begin(compiler.child, compiler)
        begin_next(compiler)
    for number in range(len(files)):
        while number not in outcomes:
            for compiler in watch.owners(PAUSE_SECONDS):
                outcome = compiler.finished()
                watch.update(compiler.child, compiler)
                if outcome is not None:
                    assert compiler.working_on is not None, "it answers what it was given"
                    outcomes[compiler.working_on] = outcome
                    begin_next(compiler)
            idle()
        yield outcomes.pop(number)
