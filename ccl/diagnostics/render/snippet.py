"""Source lines with markers under them: `^` for the error itself, `-` for related spans.

Lines longer than the terminal are shown through a window around the marked part; a span over
several lines is marked on its first and last line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from ccl.diagnostics.render.cells import Cells, safe_text
from ccl.diagnostics.render.colour import Canvas, Ink
from ccl.source.spans import Source, Span

CUT = "…"
LABEL_CELLS_MIN = 30
GAP_LINES_MAX = 1
"""So many unmarked lines between marked ones are shown; more become `...`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    span: Span
    text: str
    primary: bool
    ink: Ink


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """The part of a mark on one line, in characters; `text` only where the mark ends."""

    start: int
    end: int
    text: str
    primary: bool
    ink: Ink


def marked_lines(source: Source, marks: Sequence[Mark], canvas: Canvas) -> list[str]:
    """Yields the marked lines of one file in order."""
    pieces = _by_line(source, marks)
    out: list[str] = []
    previous: int | None = None
    for line in sorted(pieces):
        if previous is not None:
            between = range(previous + 1, line)
            if len(between) > GAP_LINES_MAX:
                out.append(canvas.paint("...", Ink.GUTTER))
            else:
                for quiet in between:
                    out.extend(_line(source, quiet, (), canvas))
        out.extend(_line(source, line, pieces[line], canvas))
        previous = line
    return out


def last_marked_line(source: Source, marks: Iterable[Mark]) -> int:
    return max(source.position(_clamped(source, mark.span)[1]).line for mark in marks)


def _clamped(source: Source, span: Span) -> tuple[int, int]:
    start = min(max(span.start, 0), len(source.text))
    return start, min(max(span.end, start), len(source.text))


def _by_line(source: Source, marks: Sequence[Mark]) -> dict[int, list[_Piece]]:
    pieces: dict[int, list[_Piece]] = {}
    for mark in marks:
        start, end = _clamped(source, mark.span)
        first, last = source.position(start), source.position(end)
        if last.line > first.line and last.column == 1:
            # The span ends with a line break: the last line that it covers is the one before.
            last = source.position(end - 1)
        for line in sorted({first.line, last.line}):
            text = source.line_text(line)
            from_column = first.column - 1 if line == first.line else _indent(text)
            to_column = last.column - 1 if line == last.line else len(text)
            # A place inside the line break is shown at the end of the line.
            from_column, to_column = min(from_column, len(text)), min(to_column, len(text))
            pieces.setdefault(line, []).append(
                _Piece(
                    start=from_column,
                    end=max(to_column, from_column),
                    text=mark.text if line == last.line else "",
                    primary=mark.primary,
                    ink=mark.ink,
                )
            )
    return pieces


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _line(source: Source, line: int, pieces: Sequence[_Piece], canvas: Canvas) -> list[str]:
    cells = Cells.of(source.line_text(line))
    low, high = _window(cells, pieces, canvas.room)
    cut_left, cut_right = low > 0, high < cells.total
    text = cells.window(low + cut_left, high - cut_right)
    text = (CUT * cut_left + text + CUT * cut_right).rstrip()
    out = [f"{canvas.margin(line)} {text}" if text else canvas.margin(line)]
    placed = [_placed(cells, piece, low, high) for piece in pieces]
    out.extend(f"{canvas.margin(None)} {row}" for row in _marker_rows(placed, canvas))
    return out


def _window(cells: Cells, pieces: Sequence[_Piece], room: int) -> tuple[int, int]:
    """Selects the cells to show: all, or `room` of them around the most important mark."""
    if cells.total <= room:
        return 0, cells.total
    if not pieces:
        return 0, room
    chief = next((piece for piece in pieces if piece.primary), pieces[0])
    start, end = cells.at(chief.start), cells.at(chief.end)
    # The whole mark in the middle if it fits, else its beginning with some lead-in.
    lead = (room - (end - start)) // 2 if end - start < room * 2 // 3 else room // 6
    low = min(max(start - lead, 0), max(cells.total - room, 0))
    # A mark just past the end of the line needs a cell of its own.
    low = max(low, end + 1 - room) if start >= cells.total else low
    return low, min(low + room, cells.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A piece in cells relative to the window; `end > start`."""

    start: int
    end: int
    text: str
    primary: bool
    ink: Ink


def _placed(cells: Cells, piece: _Piece, low: int, high: int) -> _Placed:
    start, end = cells.at(piece.start), cells.at(piece.end)
    last = max(high, low + 1)
    inside = min(max(start, low), last)
    if start > last or (start == last and high < cells.total):
        inside = last - 1
    # Only a mark at the very end of the line may be after the last cell.
    edge = last if inside < last else last + 1
    return _Placed(
        start=inside - low,
        end=max(min(end, edge), inside + 1) - low,
        text=safe_text(" ".join(piece.text.split())),
        primary=piece.primary,
        ink=piece.ink,
    )


def _marker_rows(placed: list[_Placed], canvas: Canvas) -> list[str]:
    """Lays out the row of `^` and `-` with the rightmost label, and the other labels below."""
    if not placed:
        return []
    row: list[tuple[str, Ink]] = [(" ", Ink.PLAIN)] * max(mark.end for mark in placed)
    # The shorter of two overlapping marks is drawn over the longer, else it could not be seen.
    for mark in sorted(placed, key=lambda m: (m.start - m.end, m.primary)):
        for cell in range(mark.start, mark.end):
            row[cell] = ("^" if mark.primary else "-", mark.ink)
    hanging = sorted((m for m in placed if m.text), key=lambda m: (m.start, m.primary))
    rows = [row]
    if hanging and hanging[-1].end == len(row):
        last = hanging.pop()
        column = last.end + 1
        first, *others = _label_lines(last, column, canvas)
        row.extend((char, last.ink) for char in f" {first}")
        rows.extend(_row(hanging, column, line, last.ink) for line in others)
    if hanging:
        rows.append(_row(hanging, 0, "", Ink.PLAIN))
    while hanging:
        mark = hanging.pop()
        waiting = [other for other in hanging if other.start < mark.start]
        rows.extend(
            _row(waiting, mark.start, line, mark.ink)
            for line in _label_lines(mark, mark.start, canvas)
        )
    return [canvas.paint.row(row) for row in rows]


def _label_lines(mark: _Placed, column: int, canvas: Canvas) -> list[str]:
    """Wraps the label at the end of the terminal, unless hardly a word fits on a line."""
    return wrap(mark.text, max(canvas.room - column, LABEL_CELLS_MIN), break_long_words=False)


def _row(waiting: Sequence[_Placed], column: int, text: str, ink: Ink) -> list[tuple[str, Ink]]:
    """Lays out `|` under each mark whose label follows, and `text` from `column` on."""
    row: list[tuple[str, Ink]] = []
    for mark in waiting:
        row.extend([(" ", Ink.PLAIN)] * (mark.start + 1 - len(row)))
        row[mark.start] = ("|", mark.ink)
    row.extend([(" ", Ink.PLAIN)] * (column - len(row)))
    row.extend((char, ink) for char in text)
    return row
