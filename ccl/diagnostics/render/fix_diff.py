"""A fix as a small diff: the lines it changes, before and after."""

from collections.abc import Iterator

from ccl.diagnostics.fixes import apply_edits
from ccl.diagnostics.model import Edit, Fix
from ccl.diagnostics.render.cells import Cells
from ccl.diagnostics.render.colour import Canvas, Ink
from ccl.diagnostics.render.snippet import CUT
from ccl.source.spans import SourceMap, Span

REGIONS_MAX = 4
LINES_MAX = 8
"""More than this is summed up: a diff is there to be read at a glance."""


def change_lines(fix: Fix, sources: SourceMap, canvas: Canvas) -> list[str]:
    """Yields the rows of the diff of `fix`, region by region."""
    out: list[str] = []
    regions = list(_regions(fix, sources))
    for edits, first, last in regions[:REGIONS_MAX]:
        source = sources.of(edits[0].span)
        start = edits[0].span.start - source.position(edits[0].span.start).column + 1
        end = source.text.find("\n", max(start, edits[-1].span.end))
        before = source.text[start : end if end >= 0 else len(source.text)]
        shifted = [
            Edit(Span(source.file, e.span.start - start, e.span.end - start), e.replacement)
            for e in edits
        ]
        old, new = before.split("\n"), apply_edits(before, shifted).split("\n")
        assert len(old) == last - first + 1, "a region is whole lines"
        out.extend(_diff(first, old, new, canvas))
    if len(regions) > REGIONS_MAX:
        rest = len(regions) - REGIONS_MAX
        places = "place" if rest == 1 else "places"
        out.append(_summed_up(f"and {rest} more {places}", canvas))
    return out


def _regions(fix: Fix, sources: SourceMap) -> Iterator[tuple[list[Edit], int, int]]:
    """Edits grouped by the lines they touch: (edits, first line, last line)."""
    group: list[Edit] = []
    first = last = 0
    for edit in sorted(fix.edits, key=lambda e: (e.span.file, e.span.start, e.span.end)):
        source = sources.of(edit.span)
        top = source.position(edit.span.start).line
        bottom = source.position(edit.span.end).line
        if group and edit.span.file == group[0].span.file and top <= last:
            group.append(edit)
            last = max(last, bottom)
            continue
        if group:
            yield group, first, last
        group, first, last = [edit], top, bottom
    if group:
        yield group, first, last


def _diff(first: int, old: list[str], new: list[str], canvas: Canvas) -> Iterator[str]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    # Lines too long for the terminal are cut to where the first of them begins to differ.
    focus = _common_prefix(gone[0] if gone else "", come[0] if come else "")
    for sign, ink, lines in (("-", Ink.REMOVED, gone), ("+", Ink.ADDED, come)):
        for offset, line in enumerate(lines[:LINES_MAX]):
            margin = canvas.margin(first + head + offset, sign)
            text = _fitted(line, focus, canvas.room).rstrip()
            yield f"{margin} {canvas.paint(text, ink)}" if text else margin
        if len(lines) > LINES_MAX:
            yield _summed_up(f"{len(lines) - LINES_MAX} more lines", canvas)


def _common_prefix(a: str, b: str) -> int:
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return length


def _summed_up(text: str, canvas: Canvas) -> str:
    return " " * (canvas.gutter + 1) + canvas.paint(f"… {text}", Ink.FAINT)


def _fitted(line: str, focus: int, room: int) -> str:
    cells = Cells.of(line.removesuffix("\r"))
    if cells.total <= room:
        return cells.window(0, cells.total)
    low = min(max(cells.at(focus) - room // 3, 0), cells.total - room)
    cut_left, cut_right = low > 0, low + room < cells.total
    text = cells.window(low + cut_left, low + room - cut_right)
    return CUT * cut_left + text + CUT * cut_right
