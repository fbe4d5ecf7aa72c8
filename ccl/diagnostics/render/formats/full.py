"""Diagnostics for people: a header, the source with markers, notes, the next step, the fix."""

from collections.abc import Iterator
from textwrap import TextWrapper

from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.cells import safe_text
from ccl.diagnostics.render.colour import Canvas, Ink, Paint
from ccl.diagnostics.render.fix_diff import change_lines
from ccl.diagnostics.render.prose import prose
from ccl.diagnostics.render.report import Report
from ccl.diagnostics.render.snippet import Mark, last_marked_line, marked_lines
from ccl.source.spans import FileId, SourceMap

WIDTH_MIN = 40


def render(report: Report) -> str:
    paint = Paint(report.color, report.seal)
    width = max(report.width, WIDTH_MIN)
    blocks = (
        "\n".join(_block(diagnostic, report.sources, paint, width))
        for diagnostic in report.shown.diagnostics
    )
    return "".join(f"{block}\n\n" for block in blocks)


def _block(diagnostic: Diagnostic, sources: SourceMap, paint: Paint, width: int) -> Iterator[str]:
    words = prose(diagnostic)
    ink = Ink.ERROR if words.severity is Severity.ERROR else Ink.WARNING
    head = paint(f"{words.severity.value}[{diagnostic.code}]", ink)
    yield head + paint(f": {safe_text(words.title)}", Ink.TITLE)

    marks = [
        Mark(span=diagnostic.span, text=words.label, primary=True, ink=ink),
        *(
            Mark(span=label.span, text=label.text, primary=False, ink=Ink.SECONDARY)
            for label in diagnostic.labels
        ),
    ]
    by_file: dict[FileId, list[Mark]] = {}
    for mark in marks:
        by_file.setdefault(mark.span.file, []).append(mark)
    gutter = len(str(_last_line(diagnostic, by_file, sources)))
    canvas = Canvas(paint=paint, gutter=gutter, width=width)
    bar = canvas.margin(None)
    for file, group in by_file.items():
        source = sources.sources[file]
        place = source.position(min(group[0].span.start, len(source.text)))
        arrow = "-->" if group[0].primary else ":::"
        yield (
            paint(f"{'':>{gutter}}{arrow}", Ink.GUTTER)
            + f" {safe_text(source.path)}:{place.line}:{place.column}"
        )
        yield bar
        yield from marked_lines(source, group, canvas)

    tail = [("note", note) for note in diagnostic.notes]
    if words.help is not None:
        tail.append(("help", words.help))
    if tail or diagnostic.fixes:
        yield bar
    for kind, text in tail:
        yield from _remark(kind, text, canvas)
    for fix in diagnostic.fixes:
        remark = "safe" if fix.safe else "unsafe: check that this is what you mean"
        yield paint("help", Ink.HELP) + f": {safe_text(fix.title)} ({remark})"
        yield bar
        yield from change_lines(fix, sources, canvas)


def _last_line(
    diagnostic: Diagnostic, by_file: dict[FileId, list[Mark]], sources: SourceMap
) -> int:
    """Finds the largest line number shown, which determines the width of the gutter."""
    marked = (last_marked_line(sources.sources[f], marks) for f, marks in by_file.items())
    edited = (
        sources.of(edit.span).position(edit.span.end).line + edit.replacement.count("\n")
        for fix in diagnostic.fixes
        for edit in fix.edits
    )
    return max(*marked, *edited, 1)


def _remark(kind: str, text: str, canvas: Canvas) -> Iterator[str]:
    """Formats `= note: …`, wrapped under its own beginning."""
    paint = canvas.paint
    lead = f"{'':>{canvas.gutter}} = "
    indent = " " * (len(lead) + len(kind) + 2)
    wrapper = TextWrapper(
        width=max(canvas.width - len(indent), 24), break_long_words=False, break_on_hyphens=False
    )
    lines = [line for part in text.split("\n") for line in wrapper.wrap(part) or [""]]
    for number, line in enumerate(lines):
        if number == 0:
            yield paint(lead, Ink.GUTTER) + paint(f"{kind}:", Ink.TITLE) + f" {safe_text(line)}"
        else:
            yield f"{indent}{safe_text(line)}".rstrip()
