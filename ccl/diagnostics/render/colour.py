"""Colour for terminals, without a library, whose import would take longer than a check."""

from dataclasses import dataclass
from enum import Enum


class Ink(Enum):
    """The role of a piece of text; the value is its ANSI parameter list."""

    PLAIN = ""
    ERROR = "1;31"
    WARNING = "1;33"
    TITLE = "1"
    GUTTER = "1;34"
    SECONDARY = "1;94"
    HELP = "1;36"
    ADDED = "32"
    REMOVED = "31"
    CODE = "36"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Paint:
    """Applies ink if colour is on.

    seal: the text in each escape sequence, for a writer that filters other sequences.
    """

    color: bool
    seal: str = ""

    def __call__(self, text: str, ink: Ink) -> str:
        if not self.color or ink is Ink.PLAIN or not text:
            return text
        return f"\x1b[{self.seal}{ink.value}m{text}\x1b[{self.seal}0m"

    def row(self, cells: list[tuple[str, Ink]]) -> str:
        """Characters with their ink, neighbours of the same ink joined; no trailing blanks."""
        end = len(cells)
        while end and cells[end - 1][0] == " ":
            end -= 1
        out: list[str] = []
        run: list[str] = []
        ink = Ink.PLAIN
        for text, next_ink in cells[:end]:
            if next_ink is not ink:
                out.append(self("".join(run), ink))
                run, ink = [], next_ink
            run.append(text)
        out.append(self("".join(run), ink))
        return "".join(out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """The target of rows: the paint, the cells of the line numbers, the whole width."""

    paint: Paint
    gutter: int
    width: int

    @property
    def room(self) -> int:
        """The cells left for source text, at least a useful number."""
        return max(self.width - self.gutter - 3, 24)

    def margin(self, line: int | None, sign: str = "|") -> str:
        """Formats the line number (or blanks) and the rule beside it."""
        number = "" if line is None else str(line)
        return self.paint(f"{number:>{self.gutter}} {sign}", Ink.GUTTER)
