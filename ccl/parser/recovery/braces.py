"""Missing braces, found by indentation.

Runs only over a file with syntax errors. Uses the indentation only if it explains every missing
brace; each is reported once, and the file is parsed as if it were there.
"""

from dataclasses import dataclass
from typing import Final

from ccl.diagnostics.model import Edit, Fix, Label, Sink
from ccl.parser.lexer.tokens import CLOSING, OPENING, Token, Tokens
from ccl.source.spans import Source, Span

_RESTARTS: Final = frozenset({"SEMI", "COMMA", "LBRACE", "RBRACE", "LPAREN", "LBRACKET"})
"""Tokens before a part on a line of its own."""
_CONTINUES: Final = frozenset({"OP", "MINUS", "DOT", "ARROW", "RPAREN", "RBRACKET", "QUESTION"})
"""Tokens at the start of a continuation line."""
_GIVE: Final = frozenset({"LET", "EQ", "ASSIGNOP", "COLON", "RETURN"})
"""Tokens before a value; a `;` after the value ends the whole."""
_KEYS: Final = frozenset({"NAME", "STRING"})
_BEFORE_ENTRIES: Final = _KEYS | {"COLON"}


@dataclass(frozen=True, slots=True)
class _Line:
    first: int
    """The index of its first token."""
    indent: int


@dataclass(frozen=True, slots=True)
class _Open:
    at: int
    line: int
    indent: int
    """Of the line where the part that the bracket belongs to begins."""
    is_brace: bool


@dataclass(frozen=True, slots=True)
class _Lost:
    at: int
    """The index of the token before which the brace is missing."""
    opener: int | None
    """The index of the brace that is not closed; None: the opening brace is missing."""


def read_lost_braces(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Puts the missing braces into `tokens`, and reports each."""
    items = tokens.items
    opened = sum(token.kind == "LBRACE" for token in items)
    closed = sum(token.kind == "RBRACE" for token in items)
    if opened == closed:
        return
    lost = _Layout(source.text, items, lacks_closers=opened > closed).lost()
    if len(lost) != abs(opened - closed):
        return
    for each in lost:
        _report(source, items, each, sink)
    tokens.items = _with(items, lost)


def _report(source: Source, items: list[Token], lost: _Lost, sink: Sink) -> None:
    end = items[lost.at - 1].end
    place = Span(source.file, end, end)
    if lost.opener is not None:
        opener = items[lost.opener]
        label = Label(Span(source.file, opener.start, opener.end), "opened here")
        fix = Fix("add `}`", (Edit(place, "}"),), safe=False)
        sink.report("CCL0113", place, closer="}", labels=(label,), fixes=(fix,))
        return
    following = items[lost.at]
    found = "this string" if following.kind.startswith("STRING") else f"`{following.text}`"
    fix = Fix("add `{`", (Edit(place, " {"),), safe=False)
    sink.report("CCL0114", place, sign="{", found=found, fixes=(fix,))


def _with(items: list[Token], lost: tuple[_Lost, ...]) -> list[Token]:
    before: dict[int, list[Token]] = {}
    for each in lost:
        end = items[each.at - 1].end
        put = ("RBRACE", "}") if each.opener is not None else ("LBRACE", "{")
        before.setdefault(each.at, []).append(Token(*put, end, end))
    return [each for at, token in enumerate(items) for each in (*before.get(at, ()), token)]


class _Layout:
    def __init__(self, text: str, items: list[Token], *, lacks_closers: bool) -> None:
        self._text = text
        self._items = items
        self._lacks_closers = lacks_closers
        self._lines: list[_Line] = []
        self._stack: list[_Open] = []
        self._lost: list[_Lost] = []
        self._closed = 0
        """The indentation of the brace that was closed last."""

    def lost(self) -> tuple[_Lost, ...]:
        """Lists the missing braces; () if the indentation does not explain all of them."""
        part_indent = 0
        restarts = True
        for at, token in enumerate(self._items):
            is_first = at == 0 or "\n" in self._text[self._items[at - 1].end : token.start]
            if is_first:
                self._lines.append(_Line(first=at, indent=self._indent(at)))
            indent = self._lines[-1].indent
            if restarts or (is_first and token.kind not in _CONTINUES):
                part_indent = indent
            restarts = token.kind in _RESTARTS
            if self._lacks_closers:
                self._close_before(at, token, indent, is_first)
            if token.kind in OPENING:
                is_brace = token.kind == "LBRACE"
                self._stack.append(_Open(at, len(self._lines), part_indent, is_brace))
            elif token.kind == "RBRACE":
                if not self._close(at, indent, is_first):
                    return ()
            elif token.kind in CLOSING:
                self._close_group()
        return tuple(self._lost)

    def _indent(self, at: int) -> int:
        token = self._items[at]
        indent = token.start - self._text.rfind("\n", 0, token.start) - 1
        # Where `} else` lost its brace, its blank is still there.
        return indent - (token.text in ("else", "because") and self._closed != indent)

    def _top(self) -> _Open | None:
        """Returns the last open brace, and drops the brackets that are open within it."""
        while self._stack and not self._stack[-1].is_brace:
            self._stack.pop()
        return self._stack[-1] if self._stack else None

    def _close_before(self, at: int, token: Token, indent: int, is_first: bool) -> None:
        """Reports whether an open brace must have ended before this token."""
        if (
            token.kind == "ELSE"
            and at
            and (self._items[at - 1].kind != "RBRACE" or (is_first and self._closed > indent))
        ):
            if top := self._top():
                self._lose(at, top)
        elif token.kind in ("RPAREN", "RBRACKET"):
            groups = [each for each in self._stack if not each.is_brace]
            top = self._stack[-1] if self._stack else None
            if top and top.is_brace and groups and groups[-1].line == top.line == len(self._lines):
                self._lose(at, top)
        elif is_first:
            while top := self._top():
                same = indent == top.indent
                if indent > top.indent or (same and token.kind in CLOSING):
                    return
                self._lose(self._end_of_body(top, at), top)

    def _lose(self, at: int, opener: _Open) -> None:
        self._lost.append(_Lost(at, opener.at))
        self._stack.pop()

    def _end_of_body(self, opener: _Open, end: int) -> int:
        """Finds the token before which a body that its line begins and does not close has ended."""
        *_, last = (line for line in self._lines if line.first <= opener.at)
        if any(line.first > opener.at for line in self._lines if line.first < end):
            return end
        for at in range(opener.at + 1, end):
            if self._items[at].text == "because" and self._items[at + 1].text == "article":
                return at
        is_value = any(each.kind in _GIVE for each in self._items[last.first : opener.at])
        ends = self._items[end - 1].kind in ("SEMI", "COMMA")
        return end - 1 if is_value and ends else end

    def _close_group(self) -> None:
        if self._stack and not self._stack[-1].is_brace:
            self._stack.pop()

    def _close(self, at: int, indent: int, is_first: bool) -> bool:
        """Takes the opening brace of the closing one at `at`, or finds where it was lost."""
        within = self._stack[-1] if self._stack else None
        is_grouped = within and not within.is_brace and within.line == len(self._lines)
        if is_grouped and not self._lacks_closers:
            return self._open_at(self._head_within(at))
        top = self._top()
        if top is not None and (
            top.indent >= indent
            if is_first
            else self._lacks_closers or top.line == len(self._lines)
        ):
            self._closed = self._stack.pop().indent
            return True
        if self._lacks_closers:
            return False
        return self._open_at(self._head_above(indent) if is_first else self._head_within(at))

    def _open_at(self, at: int | None) -> bool:
        if at is not None:
            self._lost.append(_Lost(at, None))
        return at is not None

    def _head_above(self, indent: int) -> int | None:
        """Finds the index after the last line that is indented like the closing brace."""
        for number in range(len(self._lines) - 2, -1, -1):
            above = self._lines[number].indent
            if above < indent:
                return None
            if above == indent:
                break
        else:
            return None
        number += 1
        while self._items[self._lines[number].first].kind in _CONTINUES:
            number += 1
        end = self._lines[number].first
        return None if self._items[end - 1].kind in _RESTARTS else end

    def _head_within(self, at: int) -> int | None:
        """Finds the index after the head of a body, or before a key, in the line of the brace."""
        depth = 0
        for place in range(at - 1, self._lines[-1].first, -1):
            kind = self._items[place].kind
            depth += (kind == "RBRACE") - (kind == "LBRACE")
            if depth == 0 and kind != "LBRACE" and self._opens_body(place):
                return place
        return None

    def _opens_body(self, at: int) -> bool:
        """Reports whether a `{` before the token at `at` would begin a body."""
        before, here, after = (self._items[index] for index in range(at - 1, at + 2))
        return (
            before.kind == "ELSE"
            or before.text == "execution"
            or (here.kind in _KEYS and after.kind == "COLON" and before.kind in _BEFORE_ENTRIES)
            or (before.kind == "STRING" and here.kind not in _RESTARTS | _CONTINUES | CLOSING)
            or (before.kind == here.kind == "NAME" and before.text[:1].isupper())
        )
