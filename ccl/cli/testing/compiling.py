"""Files to suites, several at a time where there are many and this machine has the cores."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from fnmatch import fnmatchcase
from multiprocessing import get_context
from typing import Final

from msgspec import Struct

from ccl.cli.testing.finding import TestFile
from ccl.cli.testing.suite import Broken, Suite, compile_suite
from runtime.terminal.errors import CommandError, ExitCode

FILES_PER_PROCESS: Final = 2
"""Starting a compiler costs as much as compiling a small file."""
PAUSE_SECONDS: Final = 0.02
"""Between looks at what has finished meanwhile."""


class Chosen(Struct, frozen=True):
    """Which tests of a file are wanted: those with the pattern in FILE:NAME, or all."""

    path: str
    pattern: str | None

    def __call__(self, name: str) -> bool:
        return self.pattern is None or fnmatchcase(f"{self.path}:{name}", f"*{self.pattern}*")


def compiled(
    files: Sequence[TestFile], pattern: str | None, workers: int | None, idle: Callable[[], None]
) -> Iterator[Suite | Broken]:
    """The suites in the order of the files. `idle` is called again and again while waiting."""
    processes = min(workers or os.cpu_count() or 1, len(files) // FILES_PER_PROCESS)
    if processes < 2:
        for file in files:
            yield compile_suite(file, Chosen(file.path, pattern))
            idle()
        return
    with ProcessPoolExecutor(
        max_workers=processes, mp_context=get_context("spawn"), initializer=_leave_interrupts
    ) as pool:
        under_way = [pool.submit(compile_suite, file, Chosen(file.path, pattern)) for file in files]
        try:
            for each in under_way:
                yield _waited(each, idle)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _waited(each: "Future[Suite | Broken]", idle: Callable[[], None]) -> Suite | Broken:
    while not wait((each,), timeout=PAUSE_SECONDS).done:
        idle()
    try:
        return each.result()
    except BrokenProcessPool:
        raise CommandError(
            ExitCode.FAILED,
            "machine-fault",
            "a process that compiled tests was ended from outside",
            hint="this machine may be out of memory; -j 1 compiles one file after the other",
        ) from None


def _leave_interrupts() -> None:
    """Ctrl-C is answered by the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
