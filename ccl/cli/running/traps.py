"""How a failed execution reads: like a compile error, at the place in the source."""

from collections.abc import Iterator, Sequence

from ccl.abi.sections import SITES_SECTION, Site, sites_from_value
from ccl.cli.running.program import Program
from ccl.render.paint import Canvas, Ink, Paint
from ccl.render.snippet import Mark, marked_lines
from ccl.source import Source, Span
from ccl.wasm.binary import sections
from runtime.content.codec import decode
from runtime.execution import Outcome, OutcomeKind
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.escaping import printable

_HEADS = {
    OutcomeKind.TRAPPED: "trap",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.OUT_OF_FUEL: "out of fuel",
    OutcomeKind.LIMIT: "limit",
    OutcomeKind.REJECTED: "rejected",
}
SITES_BYTES_MAX = 16 * 1024 * 1024


def outcome_lines(outcome: Outcome, program: Program, paint: Paint, width: int) -> Iterator[str]:
    """What ended the execution, where, and under which article."""
    head = _HEADS.get(outcome.kind, outcome.kind.value)
    reason = outcome.explanation
    yield paint(head, Ink.ERROR) + (paint(f": {printable(reason)}", Ink.TITLE) if reason else "")
    site = site_of(outcome, program)
    if site is not None:
        source = next((s for s in program.names.sources if s.path == site.file), None)
        canvas = Canvas(paint=paint, gutter=len(str(site.line)), width=max(width, 40))
        yield (
            paint(f"{'':>{canvas.gutter}}-->", Ink.GUTTER)
            + f" {printable(site.file)}:{site.line}:{site.column}"
        )
        if source is not None:
            yield canvas.margin(None)
            mark = Mark(span=_span(source, site), text=outcome.reason, primary=True, ink=Ink.ERROR)
            yield from marked_lines(source, [mark], canvas)
    elif outcome.place:
        yield f" --> {printable(outcome.place)}"
    if outcome.article:
        yield f" = under article {printable(outcome.article)}"


def outcome_error(
    outcome: Outcome, hint: str, exit_code: ExitCode = ExitCode.FAILED
) -> CommandError:
    """The same for programs."""
    return CommandError(
        exit_code,
        f"program-{outcome.kind.value}",
        outcome.cause or outcome.kind.value,
        hint=hint,
        details={"outcome": outcome.to_value()},
    )


def site_of(outcome: Outcome, program: Program) -> Site | None:
    """The entry of `ccl:sites` that an outcome's place names."""
    return named_site(outcome, sites_in(program.root.wasm))


def named_site(outcome: Outcome, sites: Sequence[Site]) -> Site | None:
    for site in sites:
        place = f"{site.file}:{site.line}:{site.column}"
        if place == outcome.place and site.reason == outcome.reason:
            return site
    return None


def sites_in(wasm: bytes) -> tuple[Site, ...]:
    """The trap sites of a module that we compiled."""
    for section in sections(wasm):
        if section.name == SITES_SECTION:
            data = wasm[section.start : section.end]
            return sites_from_value(decode(data, bytes_max=SITES_BYTES_MAX))
    return ()


def _span(source: Source, site: Site) -> Span:
    start = source.offset(site.line, site.column)
    return Span(source.file, start, start + max(site.end_column - site.column, 1))
