"""The command `ccl test`: find, compile, rehearse, report. Exit code 1 where a test failed."""

import sys
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from enum import Enum
from functools import partial
from pathlib import Path

from msgspec import Struct

from ccl.cli.compiling.report import show_findings
from ccl.cli.running.standalone import standalone_sandbox
from ccl.cli.testing.compiling import compiled
from ccl.cli.testing.discovery import TestFile, test_files
from ccl.cli.testing.json_output import as_items, as_value
from ccl.cli.testing.rehearsals import Rehearsals, Verdict, in_order
from ccl.cli.testing.suite import Broken, Suite
from ccl.cli.testing.text_output import (
    Tested,
    failure_lines,
    file_line,
    next_step,
    summary_line,
    test_lines,
)
from ccl.diagnostics.render import FULL
from ccl.diagnostics.render.cells import text_width
from ccl.diagnostics.render.colour import Ink, Paint
from runtime.sandbox.request import Fault
from runtime.terminal.answers.answer import fail, give, say_item
from runtime.terminal.boundary.report import show_error
from runtime.terminal.errors import CommandError, CommandErrors, ExitCode
from runtime.terminal.streams import SEAL, has_color, say, width_of


class Output(Enum):
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


class Options(Struct, frozen=True, kw_only=True):
    """The command line of `ccl test`. pattern: a part of the name, `*` for any text."""

    paths: tuple[Path, ...]
    pattern: str | None
    output: Output
    quiet: bool
    verbose: bool
    workers: int | None
    fuel: int
    allowed: tuple[Path, ...]
    """Folders outside of the project that imports may be in."""


def run_tests(options: Options) -> int:
    """Runs the command; returns its exit code. Raises CommandError."""
    started = time.monotonic()
    found = test_files(options.paths or (Path(),), options.allowed)
    files, unread = found.files, found.unread
    if unread and not files:
        raise CommandErrors(unread)
    for error in unread:
        show_error(error)
    if not files:
        raise _nothing(
            options, "no `test fn`", "write one: `test fn adds() { assert_eq(1 + 1, 2); }`"
        )
    show = _Showing(options, max(text_width(each.path) for each in files))
    outcomes: list[Tested | Broken] = []
    with (
        standalone_sandbox(options.workers) as sandbox,
        closing(_outcomes(files, Rehearsals(sandbox, options.fuel), options)) as tested,
    ):
        for outcome in tested:
            outcomes.append(outcome)
            show.file(outcome)
    ran = any(each.verdicts for each in outcomes if isinstance(each, Tested))
    is_broken = any(isinstance(each, Broken) for each in outcomes)
    if not ran and not is_broken and not unread:
        if options.pattern is not None:
            raise _nothing(options, f"no test named like '{options.pattern}'", "-v lists the names")
        raise _nothing(options, "no `test fn`", "the words occur in comments or texts only")
    show.end(outcomes, unread, time.monotonic() - started)
    fails = (
        bool(unread)
        or is_broken
        or any(each.failed for each in outcomes if isinstance(each, Tested))
    )
    if not fails:
        return ExitCode.OK
    fail(
        CommandError(
            ExitCode.FAILED,
            "tests-failed",
            "not all tests passed",
            hint="see `files`; `ccl test -k NAME` runs one test",
        )
    )
    return ExitCode.FAILED


def _nothing(options: Options, what: str, hint: str) -> CommandError:
    where = ", ".join(map(str, options.paths)) or "this folder"
    return CommandError(
        ExitCode.NOT_FOUND,
        "no-tests",
        f"there is {what} in {where}",
        hint=hint,
    )


def _outcomes(
    files: Sequence[TestFile], rehearsals: Rehearsals, options: Options
) -> Generator[Tested | Broken, None, None]:
    """Yields each file when all of its tests have ended, in the order of the files. While one file
    is compiled, tests of those before it are executed."""
    pending: list[Suite | Broken] = []
    verdicts: dict[str, list[Verdict]] = {}

    def collect(*, wait: bool) -> None:
        for suite, result in rehearsals.finished(wait=wait):
            if isinstance(result, Fault):
                raise _not_executed(suite, result)
            verdicts[suite.path].append(result)

    def ready() -> Iterator[Tested | Broken]:
        while pending:
            first = pending[0]
            if isinstance(first, Suite):
                if len(verdicts[first.path]) < len(first.tests):
                    return
                ordered = tuple(in_order(verdicts[first.path], first))
                yield Tested(suite=first, verdicts=ordered)
            else:
                yield first
            pending.pop(0)

    suites = compiled(files, options.pattern, options.workers, partial(collect, wait=False))
    with closing(suites):
        for suite in suites:
            pending.append(suite)
            if isinstance(suite, Suite):
                verdicts[suite.path] = []
                rehearsals.begin(suite)
            collect(wait=False)
            yield from ready()
    collect(wait=True)
    yield from ready()


def _not_executed(suite: Suite, fault: Fault) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "machine-fault",
        f"this machine could not execute the tests of {suite.path}: {fault}",
        hint="the tests may be correct; `meshctl doctor` checks this machine",
    )


class _Showing:
    """Prints files as they end; failures are explained after all of them."""

    def __init__(self, options: Options, width: int) -> None:
        self._options = options
        self._width = width
        self._paint = Paint(has_color(sys.stdout), SEAL)

    def file(self, outcome: Tested | Broken) -> None:
        match self._options.output:
            case Output.JSONL:
                for item in as_items(outcome):
                    say_item(item)
            case Output.TEXT:
                self._file(outcome)
            case Output.JSON:
                pass

    def _file(self, outcome: Tested | Broken) -> None:
        if isinstance(outcome, Broken):
            show_findings(outcome.findings, FULL)
        elif not outcome.verdicts:
            return  # none of its tests was chosen
        if self._options.quiet:
            return
        say(file_line(outcome, self._paint, self._width))
        if self._options.verbose and isinstance(outcome, Tested):
            for line in test_lines(outcome, self._paint):
                say(line)

    def end(
        self,
        outcomes: Sequence[Tested | Broken],
        unread: Sequence[CommandError],
        seconds: float,
    ) -> None:
        match self._options.output:
            case Output.JSONL:
                return
            case Output.JSON:
                give(as_value(outcomes, unread, seconds))
                return
            case Output.TEXT:
                pass
        width = width_of(sys.stdout)
        for outcome in outcomes:
            if isinstance(outcome, Tested):
                for verdict in outcome.failed:
                    say("")
                    for line in failure_lines(outcome.suite, verdict, self._paint, width):
                        say(line)
                    step = next_step(verdict, self._options.fuel)
                    if step is not None:
                        mark = self._paint("help", Ink.HELP)
                        say(f"  {self._paint('=', Ink.GUTTER)} {mark}: {step}")
        if (
            not self._options.quiet
            or unread
            or any(isinstance(each, Broken) or each.failed for each in outcomes)
        ):
            if not self._options.quiet:
                say("")
            say(summary_line(outcomes, len(unread), seconds, self._paint))
