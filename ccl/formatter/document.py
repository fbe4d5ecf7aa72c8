"""Documents: text with possible line breaks, and their printing within a width.

After Wadler and Oppen: a group is printed on one line if it fits, otherwise its own lines break. A
group that contains a hard line is broken, and so are the groups around it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never


@dataclass(frozen=True, slots=True)
class Line:
    """A line break in a broken group, `flat` otherwise. `blank` leaves a line empty."""

    flat: str = " "
    hard: bool = False
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment up to the end of its line; its width never breaks the text before it.

    The text after a `//` comment begins a new line.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text as written, its first line without indentation; the following lines move with the first.
    `indent`: of the line in which the text began.

    The text after a comment of several lines begins a new line.
    """

    lines: tuple[str, ...]
    indent: int
    is_comment: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """`broken` inside a broken group, `flat` otherwise."""

    broken: str
    flat: str


@dataclass(frozen=True, slots=True)
class Concat:
    parts: tuple["Doc", ...]
    forced: bool


@dataclass(frozen=True, slots=True)
class Indent:
    body: "Doc"


@dataclass(frozen=True, slots=True)
class Group:
    body: "Doc"
    forced: bool


@dataclass(frozen=True, slots=True)
class Hug:
    """`head last` where the first line fits, the head on one line; otherwise `open`."""

    head: "Doc"
    last: "Doc"
    open: "Doc"
    forced: bool


@dataclass(frozen=True, slots=True)
class Fill:
    """As many members a line as fit."""

    members: tuple["Doc", ...]


Doc: TypeAlias = str | Line | Remark | Verbatim | Choice | Concat | Indent | Group | Hug | Fill

LINE: Final = Line()
SOFT: Final = Line("")
HARD: Final = Line(hard=True)
BLANK: Final = Line(hard=True, blank=True)
INDENT_WIDTH: Final = 2


def is_forced(doc: Doc) -> bool:
    """Reports whether the document contains a hard line end."""
    match doc:
        case str() | Choice() | Fill():
            return False
        case Line(hard=hard):
            return hard
        case Remark():
            return True
        case Verbatim(lines=lines):
            return len(lines) > 1
        case Indent(body=body):
            return is_forced(body)
        case Concat(forced=forced) | Group(forced=forced) | Hug(forced=forced):
            return forced
        case _:
            assert_never(doc)


def concat(*parts: Doc) -> Doc:
    kept = tuple(part for part in parts if part != "")
    if len(kept) == 1:
        return kept[0]
    return Concat(kept, any(map(is_forced, kept))) if kept else ""


def group(*parts: Doc, broken: bool = False) -> Doc:
    body = concat(*parts)
    return Group(body, broken or is_forced(body))


def joined(separator: Doc, parts: Iterable[Doc]) -> Doc:
    out: list[Doc] = []
    for part in parts:
        if out:
            out.append(separator)
        out.append(part)
    return concat(*out)


def words(*parts: Doc) -> Doc:
    """Joins the non-empty documents with spaces."""
    return joined(" ", (part for part in parts if part != ""))


def printed(doc: Doc, width: int) -> str:
    """Returns the text, without spaces at line ends."""
    return _Printer(width).run(doc)


_Pending: TypeAlias = tuple[int, bool, Doc]


@dataclass(slots=True)
class _Printer:
    width: int
    out: list[str] = field(default_factory=list)
    column: int = 0
    line_indent: int = 0
    is_line_full: bool = False

    def run(self, doc: Doc) -> str:
        stack: list[_Pending] = [(0, False, doc)]
        out = self.out
        while stack:
            indent, flat, item = stack.pop()
            match item:
                case str():
                    text = self._after_comment(item, indent)
                    out.append(text)
                    self.column += len(text)
                case Concat(parts=parts):
                    stack.extend([(indent, flat, part) for part in reversed(parts)])
                case Line():
                    self._line(item, indent, flat)
                case Group(body=body, forced=forced):
                    fits = not forced and (flat or self._fits(((indent, True, body),), stack))
                    stack.append((indent, fits, body))
                case Indent(body=body):
                    stack.append((indent + INDENT_WIDTH, flat, body))
                case Choice():
                    stack.append((indent, flat, item.flat if flat else item.broken))
                case Remark(text=text):
                    out.append(self._after_comment(text, indent))
                    self.is_line_full = not text.lstrip().startswith("/*")
                case Verbatim():
                    self._after_comment(item.lines[0], indent)
                    self._verbatim(item)
                case Hug():
                    stack.extend(self._choose(item, indent, flat, stack))
                case Fill(members=members):
                    self._fill(members, indent, flat, stack)
                case _:
                    assert_never(item)
        return "".join(out)

    def _after_comment(self, text: str, indent: int) -> str:
        """Prints the text, on a new line after a comment."""
        if not self.is_line_full:
            return text
        text = text.lstrip(" ")
        if text:
            self._newline(indent)
        return text

    def _line(self, line: Line, indent: int, flat: bool) -> None:
        if flat and not line.hard:
            self.out.append(line.flat)
            self.column += len(line.flat)
            return
        self._newline(indent)
        if line.blank:
            self.out.insert(-1, "\n")

    def _newline(self, indent: int) -> None:
        self.out.append("\n" + " " * indent)
        self.column = self.line_indent = indent
        self.is_line_full = False

    def _verbatim(self, item: Verbatim) -> None:
        shift = self.line_indent - item.indent
        self.out.append(item.lines[0])
        self.column += len(item.lines[0])
        for line in item.lines[1:]:
            text = line.lstrip(" ")
            indent = max(0, len(line) - len(text) + shift) if text else 0
            self.out.append("\n" + " " * indent + text)
            self.column = indent + len(text)
            self.line_indent = indent
        self.is_line_full = item.is_comment and len(item.lines) > 1

    def _choose(
        self, hug: Hug, indent: int, flat: bool, rest: Sequence[_Pending]
    ) -> tuple[_Pending, ...]:
        closed = ((indent, True, hug.last), (indent, True, hug.head))
        if not hug.forced and (flat or self._fits(closed, rest)):
            return closed
        hugging = ((indent, False, hug.last), (indent, True, hug.head))
        return hugging if self._fits(hugging, ()) else ((indent, False, hug.open),)

    def _fill(self, members: Sequence[Doc], indent: int, flat: bool, stack: list[_Pending]) -> None:
        """Prints members, each but the last with a comma."""
        pending: list[_Pending] = []
        column = self.column
        for number, member in enumerate(members):
            size = _flat_width(member)
            # (the last takes a comma more where the list is broken)
            ends = 1 + size + (number == len(members) - 1)
            if number and not flat and column + ends > self.width:
                pending.append((indent, False, HARD))
                column = indent
            elif number:
                pending.append((indent, flat, " "))
                column += 1
            pending.append((indent, flat, member))
            column += size
        stack.extend(reversed(pending))

    def _fits(self, first: Sequence[_Pending], rest: Sequence[_Pending]) -> bool:
        """Reports whether the line beginning with `first` fits, up to its first possible break."""
        left = self.width - self.column
        stack = list(first)
        behind = len(rest)
        while left >= 0:
            if stack:
                indent, flat, item = stack.pop()
            elif behind:
                behind -= 1
                indent, flat, item = rest[behind]
            else:
                return True
            match item:
                case str():
                    left -= len(item)
                case Concat(parts=parts):
                    stack.extend([(indent, flat, part) for part in reversed(parts)])
                case Line():
                    if item.hard or not flat:
                        return True
                    left -= len(item.flat)
                case Group(body=body, forced=forced):
                    stack.append((indent, flat and not forced, body))
                case Indent(body=body):
                    stack.append((indent, flat, body))
                case Choice():
                    left -= len(item.flat if flat else item.broken)
                case Remark():
                    return True
                case Verbatim(lines=lines):
                    left -= len(lines[0])
                    if len(lines) > 1:
                        return left >= 0
                case Hug():
                    stack.append((indent, flat, item.last))
                    stack.append((indent, True, item.head))
                case Fill(members=members):
                    stack.extend([(indent, flat, member) for member in reversed(members)])
                    left -= len(members) - 1
                    if not flat:
                        stack = stack[-1:]
                        left += len(members) - 1
                case _:
                    assert_never(item)
        return False


def _flat_width(doc: Doc) -> int:
    match doc:
        case str():
            return len(doc)
        case Concat(parts=parts):
            return sum(map(_flat_width, parts))
        case Line() | Remark() | Verbatim() | Choice() | Indent() | Group() | Hug() | Fill():
            raise AssertionError("only words are filled in")
        case _:
            assert_never(doc)
