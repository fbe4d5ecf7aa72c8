"""A test run as people read it: a line for each file, each failure with its reason and place, and
totals."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from ccl.abi.test_calls import ASSERTION_FAILED, NOTHING_TRAPPED
from ccl.cli.running.results.next_steps import less_memory
from ccl.cli.running.results.traps import HEADS, first_own, named_site
from ccl.cli.testing.rehearsals import Failure, Verdict, trap_text
from ccl.cli.testing.suite import Broken, Suite
from ccl.cli.testing.value_text import difference, value_lines
from ccl.codegen.function_builder import OUT_OF_MEMORY
from ccl.diagnostics.render.cells import text_width
from ccl.diagnostics.render.colour import Canvas, Ink, Paint
from ccl.diagnostics.render.snippet import Mark, marked_lines
from ccl.source.spans import FileId, Source, Span
from runtime.content.codec import decode
from runtime.execution.context import MEMORY_BYTES, MIB
from runtime.execution.execution import OutcomeKind
from runtime.module.backtrace import backtrace_lines, backtrace_places, calls_to
from runtime.terminal.escaping import printable

WIDTH_MIN: Final = 40
_SIGNS: Final = {" ": Ink.FAINT, "-": Ink.REMOVED, "+": Ink.ADDED}


class Tested(Struct, frozen=True, kw_only=True):
    """A file with the results of its tests, in their order."""

    suite: Suite
    verdicts: tuple[Verdict, ...]

    @property
    def failed(self) -> tuple[Verdict, ...]:
        return tuple(each for each in self.verdicts if each.failure is not None)


Outcomes = Sequence[Tested | Broken]


def file_line(tested: Tested | Broken, paint: Paint, width: int) -> str:
    """Writes the line of a file: `stdlib/tests/core.ccl   12 passed`; `width`: of the longest
    path."""
    path = tested.path if isinstance(tested, Broken) else tested.suite.path
    shown = printable(path)
    shown += " " * (width - text_width(shown))
    if isinstance(tested, Broken):
        return f"{shown}  {paint('does not compile', Ink.REMOVED)}"
    failed = len(tested.failed)
    passed = len(tested.verdicts) - failed
    parts = [paint(f"{passed} passed", Ink.ADDED)] if passed or not failed else []
    if failed:
        parts.append(paint(f"{failed} failed", Ink.REMOVED))
    return f"{shown}  {', '.join(parts)}"


def test_lines(tested: Tested, paint: Paint) -> Iterator[str]:
    """Writes a line for each test."""
    width = max((text_width(printable(each.name)) for each in tested.verdicts), default=0)
    for each in tested.verdicts:
        mark = paint("✓", Ink.ADDED) if each.failure is None else paint("✗", Ink.REMOVED)
        spent = paint(f"{each.milliseconds} ms", Ink.FAINT)
        name = printable(each.name)
        yield f"  {mark} {name}{' ' * (width - text_width(name))}  {spent}"


def summary_line(outcomes: Outcomes, unread: int, seconds: float, paint: Paint) -> str:
    """Writes the totals. `unread`: the number of files that could not be read."""
    tested = [each for each in outcomes if isinstance(each, Tested)]
    failed = sum(len(each.failed) for each in tested)
    passed = sum(len(each.verdicts) for each in tested) - failed
    broken = len(outcomes) - len(tested)
    parts = [
        paint(f"{passed} passed", Ink.ADDED if not (failed or broken or unread) else Ink.PLAIN)
    ]
    if failed:
        parts.append(paint(f"{failed} failed", Ink.ERROR))
    if broken:
        what = "1 file does" if broken == 1 else f"{broken} files do"
        parts.append(paint(f"{what} not compile", Ink.ERROR))
    if unread:
        what = "1 file" if unread == 1 else f"{unread} files"
        parts.append(paint(f"{what} cannot be read", Ink.ERROR))
    return f"{', '.join(parts)} in {seconds:.2f} s"


# --- one failure ------------------------------------------------------------------------


def failure_lines(suite: Suite, verdict: Verdict, paint: Paint, width: int) -> Iterator[str]:
    """Writes a failure: the test, reason and place, the compared values, the log."""
    failure = verdict.failure
    assert failure is not None, "only failures are explained"
    name = f"{printable(suite.path)}: {printable(verdict.name)}"
    yield f"{paint('FAIL', Ink.ERROR)} {paint(name, Ink.TITLE)}"
    yield from _why(failure, paint)
    gutter = 0
    found = failure_place(suite, failure)
    if found is not None:
        source, span, label = found
        at = source.position(span.start)
        gutter = len(str(at.line))
        canvas = Canvas(paint=paint, gutter=gutter, width=max(width, WIDTH_MIN))
        yield (
            paint(f"{'':>{gutter}}-->", Ink.GUTTER)
            + f" {printable(source.path)}:{at.line}:{at.column}"
        )
        yield canvas.margin(None)
        mark = Mark(span=span, text=label, primary=True, ink=Ink.ERROR)
        yield from marked_lines(source, [mark], canvas)
    margin = f"{'':>{gutter}} {paint('=', Ink.GUTTER)}"
    if failure.expected is not None and failure.expected.reason:
        wanted = json.dumps(failure.expected.reason, ensure_ascii=False)
        yield f"{margin} expected a trap with {printable(wanted)}"
    if failure.compared is not None:
        yield from (f"{margin} {line}" for line in _compared(suite, failure, paint))
    for line in backtrace_lines(backtrace_of(suite, failure)):
        yield f"{margin} {printable(line)}"
    if failure.outcome.article:
        yield f"{margin} under article {printable(failure.outcome.article)}"
    for line in verdict.logs:
        yield f"{margin} {paint('logged', Ink.HELP)} {printable(line)}"


def next_step(verdict: Verdict, fuel: int) -> str | None:
    """Suggests what to do where a bound of the execution has ended the test. fuel: of each
    execution."""
    assert verdict.failure is not None, "only failures are explained"
    outcome = verdict.failure.outcome
    if outcome.kind is OutcomeKind.OUT_OF_FUEL:
        return f"each execution of a test has {fuel} fuel; raise it with --fuel"
    return (
        f"the limit is {MEMORY_BYTES // MIB} MiB; {less_memory()}"
        if outcome.reason == OUT_OF_MEMORY
        else None
    )


def _why(failure: Failure, paint: Paint) -> Iterator[str]:
    outcome, expected = failure.outcome, failure.expected
    if expected is None:
        head = HEADS.get(outcome.kind, outcome.kind.value)
        text = outcome.explanation
        if outcome.reason == ASSERTION_FAILED:
            head, text = outcome.reason, outcome.detail
        yield paint(head, Ink.ERROR) + (paint(f": {printable(text)}", Ink.TITLE) if text else "")
    elif outcome.reason == NOTHING_TRAPPED:
        yield paint(outcome.reason, Ink.ERROR) + paint(": a trap was expected", Ink.TITLE)
    else:
        yield paint("another trap", Ink.ERROR) + paint(
            f": {printable(trap_text(outcome))}", Ink.TITLE
        )


def failure_place(suite: Suite, failure: Failure) -> tuple[Source, Span, str] | None:
    """Gives the place of a failure, and the message shown there."""
    outcome, expected = failure.outcome, failure.expected
    if expected is not None and outcome.reason == NOTHING_TRAPPED:
        file, start, end = map(int, expected.place.split(":"))
        span = Span(FileId(file), start, end)
        return suite.sources.of(span), span, "this came to its end"
    location = first_own(named_site(outcome, suite.sites), calls_to(suite.module, failure.frames))
    found = None if location is None else suite.place(location)
    if found is None:
        return None
    source, span = found
    return source, span, "" if outcome.reason == ASSERTION_FAILED else outcome.reason


def backtrace_of(suite: Suite, failure: Failure) -> tuple[str, ...]:
    """Lists the places from a trap outwards."""
    return backtrace_places(failure.outcome, calls_to(suite.module, failure.frames))


def _compared(suite: Suite, failure: Failure, paint: Paint) -> Iterator[str]:
    """Writes left and right, or their differences; once where they are equal."""
    compared = failure.compared
    assert compared is not None, "the caller has looked"
    left = value_lines(compared.kind, decode(compared.left), suite.abi)
    right = value_lines(compared.kind, decode(compared.right), suite.abi)
    if compared.left == compared.right:
        yield from _labelled("both", left, Ink.REMOVED, paint)
    elif len(left) == 1 and len(right) == 1:
        yield from _labelled("left ", left, Ink.REMOVED, paint)
        yield from _labelled("right", right, Ink.ADDED, paint)
    else:
        yield f"{paint('- left', Ink.REMOVED)}, {paint('+ right', Ink.ADDED)}"
        for sign, line in difference(left, right):
            yield paint(f"{sign} {printable(line)}", _SIGNS[sign])


def _labelled(label: str, lines: Sequence[str], ink: Ink, paint: Paint) -> Iterator[str]:
    for number, line in enumerate(lines):
        before = label if number == 0 else " " * len(label)
        yield f"{before}  {paint(printable(line), ink)}"
