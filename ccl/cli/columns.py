"""Columns of text for terminals."""

from collections.abc import Iterable, Sequence

from ccl.diagnostics.render.cells import text_width
from runtime.terminal.escaping import printable


def columns(rows: Iterable[Sequence[str]], *, indent: int = 0) -> str:
    """Aligns the columns of rows left, two blanks apart; the last one is not padded."""
    table = [[printable(cell) for cell in row] for row in rows]
    widths = [
        max(text_width(row[i]) for row in table if i < len(row))
        for i in range(max((len(row) for row in table), default=0))
    ]
    out: list[str] = []
    for row in table:
        cells = [
            cell + " " * (width - text_width(cell))
            for cell, width in zip(row, widths, strict=False)
        ]
        out.append(" " * indent + "  ".join(cells).rstrip() + "\n")
    return "".join(out)
