"""A failed execution as text: like a compile error, at the place in the source."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

from ccl.abi.sections import SITES_SECTION, CallSite, Site, sites_from_value
from ccl.cli.running.program import Program
from ccl.diagnostics.render.colour import Canvas, Ink, Paint
from ccl.diagnostics.render.snippet import Mark, marked_lines
from ccl.source.spans import Source, Span
from ccl.wasm.binary import sections
from runtime.content.codec import decode
from runtime.execution.execution import Execution, Outcome, OutcomeKind
from runtime.module.backtrace import LIBRARY_PREFIX, backtrace_lines, backtrace_places, calls_to
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.escaping import printable

HEADS: Final = {
    OutcomeKind.TRAPPED: "trap",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.OUT_OF_FUEL: "out of fuel",
    OutcomeKind.LIMIT: "limit",
    OutcomeKind.REJECTED: "rejected",
}
"""Of reports, by the kind of the outcome."""
SITES_BYTES_MAX = 16 * 1024 * 1024


class Location(Struct, frozen=True):
    """A part of one line of a source, as the module names it."""

    file: str
    line: int
    column: int
    end_column: int


def location_of(named: Site | CallSite) -> Location:
    return Location(named.file, named.line, named.column, named.end_column)


def first_own(site: Site | None, calls: Sequence[CallSite]) -> Location | None:
    """Gives the shown place of a backtrace: the innermost one outside of the library."""
    way = [*([] if site is None else [location_of(site)]), *map(location_of, calls)]
    own = (location for location in way if not location.file.startswith(LIBRARY_PREFIX))
    return None if site is None else next(own, way[0])


def outcome_lines(
    execution: Execution, program: Program, paint: Paint, width: int
) -> Iterator[str]:
    """Writes the end of an execution: its reason, place, calls and article."""
    outcome = execution.deterministic.outcome
    head = HEADS.get(outcome.kind, outcome.kind.value)
    reason = outcome.explanation
    yield paint(head, Ink.ERROR) + (paint(f": {printable(reason)}", Ink.TITLE) if reason else "")
    calls = calls_to(program.root.wasm, execution.metrics.frames)
    location = first_own(site_of(outcome, program), calls)
    if location is not None:
        source = next((s for s in program.names.sources if s.path == location.file), None)
        canvas = Canvas(paint=paint, gutter=len(str(location.line)), width=max(width, 40))
        yield (
            paint(f"{'':>{canvas.gutter}}-->", Ink.GUTTER)
            + f" {printable(location.file)}:{location.line}:{location.column}"
        )
        if source is not None:
            yield canvas.margin(None)
            mark = Mark(
                span=_span(source, location), text=outcome.reason, primary=True, ink=Ink.ERROR
            )
            yield from marked_lines(source, [mark], canvas)
    elif outcome.place:
        yield f" --> {printable(outcome.place)}"
    for line in backtrace_lines(backtrace_places(outcome, calls)):
        yield f" = {printable(line)}"
    if outcome.article:
        yield f" = under article {printable(outcome.article)}"


def backtrace_of(execution: Execution, wasm: bytes) -> list[str]:
    """Lists the places from a trap outwards, for programs."""
    calls = calls_to(wasm, execution.metrics.frames)
    return list(backtrace_places(execution.deterministic.outcome, calls))


def outcome_error(
    outcome: Outcome, hint: str, exit_code: ExitCode = ExitCode.FAILED
) -> CommandError:
    """Makes the error of a failed execution, for programs."""
    return CommandError(
        exit_code,
        f"program-{outcome.kind.value}",
        outcome.cause or outcome.kind.value,
        hint=hint,
        details={"outcome": outcome.to_value()},
    )


def site_of(outcome: Outcome, program: Program) -> Site | None:
    """Finds the entry of `ccl:sites` that an outcome's place names."""
    return named_site(outcome, sites_in(program.root.wasm))


def named_site(outcome: Outcome, sites: Sequence[Site]) -> Site | None:
    for site in sites:
        place = f"{site.file}:{site.line}:{site.column}"
        if place == outcome.place and site.reason == outcome.reason:
            return site
    return None


def sites_in(wasm: bytes) -> tuple[Site, ...]:
    """Reads the trap sites of a module that we compiled."""
    for section in sections(wasm):
        if section.name == SITES_SECTION:
            data = wasm[section.start : section.end]
            return sites_from_value(decode(data, bytes_max=SITES_BYTES_MAX))
    return ()


def _span(source: Source, location: Location) -> Span:
    start = source.offset(location.line, location.column)
    return Span(source.file, start, start + max(location.end_column - location.column, 1))
