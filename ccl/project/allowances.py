"""Comments that allow warnings: `// ccl: allow CCL0902`, in any form of comment.

Rule: such a comment applies to the statement or entry before or below it, so that the layout does
not change its effect; before the first token it applies to the whole file.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from ccl.abi.text.suggest import nearest
from ccl.diagnostics.codes import TEMPLATES, full_code
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Diagnostic, Sink
from ccl.parser.lexer.lexer import lex
from ccl.parser.lexer.tokens import Token
from ccl.source.spans import Source, Span
from ccl.support.node import Node

ALLOW: Final = "allow"
_MENTION: Final = re.compile(r"(?://|\#|/\*)\s*ccl:")
_COMMENT: Final = re.compile(r"/\*(?P<block>.*?)\*/|(?://|\#)(?P<line>[^\n]*)", re.DOTALL)
_DIRECTIVE: Final = re.compile(r"\s*ccl:\s*(?P<verb>\w+)(?P<rest>.*)", re.DOTALL)
_REMARK: Final = re.compile(r"//|\#")
_WORD: Final = re.compile(r"[^\s,]+")
_OPENERS: Final = frozenset({"LPAREN", "LBRACKET", "LBRACE"})
_CLOSERS: Final = {"RPAREN": "LPAREN", "RBRACKET": "LBRACKET", "RBRACE": "LBRACE"}
_CONTINUATIONS: Final = frozenset(
    {"SEMI", "COMMA", "RPAREN", "RBRACKET", "DOT", "QUESTION", "FATARROW", "ELSE", "CATCH"}
    | {"OP", "MINUS", "LT", "GT"}
)
"""Tokens that continue a statement after a `}`."""


class Allowance(Node, frozen=True):
    """`codes` by their spans; `lines` are the first and last line that it applies to."""

    codes: dict[str, Span]
    lines: tuple[int, int]

    def covers(self, diagnostic: Diagnostic, line: int) -> bool:
        return diagnostic.code in self.codes and self.lines[0] <= line <= self.lines[1]


def allowances(source: Source, sink: Sink) -> tuple[Allowance, ...]:
    """Reads the comments of a file that allow warnings. Errors in one are reported; the rest of it
    applies."""
    if _MENTION.search(source.text) is None:
        return ()
    return tuple(_allowances(source, sink))


def _allowances(source: Source, sink: Sink) -> Iterator[Allowance]:
    tokens = lex(source, Sink()).items
    statements = _Statements(tokens)
    start = Token("", "", 0, 0)
    for index, (before, after) in enumerate(pairwise([start, *tokens])):
        for comment in _COMMENT.finditer(source.text, before.end, after.start):
            inner = "block" if comment["block"] is not None else "line"
            found = _DIRECTIVE.fullmatch(comment[inner])
            if found is None:
                continue
            codes = _codes(source, found, comment.start(inner), sink)
            if not codes:
                continue
            line = source.position(comment.start()).line
            if index == 0:
                lines = (1, source.line_count)
            elif source.position(before.end).line == line:
                lines = _lines(source, tokens, statements.around(index - 1))
            else:
                lines = _lines(source, tokens, statements.begun_by(index))
            yield Allowance(codes, (min(line, lines[0]), max(line, lines[1])))


def _codes(source: Source, found: re.Match[str], start: int, sink: Sink) -> dict[str, Span]:
    """Reads the warnings that a comment names, by their spans."""
    verb = found["verb"]
    head = Span(source.file, start + found.start("verb"), start + found.end("verb"))
    if verb != ALLOW:
        if nearest(verb, [ALLOW]) is not None:
            sink.report("CCL0914", head, reason=f"`{verb}` is not `{ALLOW}`", nearest=ALLOW)
        return {}
    codes: dict[str, Span] = {}
    written, _, _ = found["rest"].partition("\n")
    remark = _REMARK.search(written)
    words = _WORD.finditer(written, 0, len(written) if remark is None else remark.start())
    offset = start + found.start("rest")
    empty = True
    for each in words:
        empty = False
        span = Span(source.file, offset + each.start(), offset + each.end())
        reason = not_a_warning(each[0])
        if reason is None:
            codes.setdefault(each[0], span)
        else:
            near = nearest_warning(each[0])
            sink.report("CCL0914", span, reason=reason, nearest=near)
    if empty:
        sink.report("CCL0914", head, reason="it names no code")
    return codes


def not_a_warning(code: str) -> str | None:
    """Explains why a code has no level; None for a code that has."""
    full = full_code(code)
    if full in TEMPLATES and TEMPLATES[full].severity is not Severity.WARNING:
        return f"`{full}` is an error, and only warnings can be allowed"
    if code not in TEMPLATES:
        return f"there is no warning `{code}`"
    return None


def nearest_warning(code: str) -> str | None:
    """Suggests a warning for a code that does not exist."""
    full = full_code(code)
    if full in TEMPLATES:
        is_warning = TEMPLATES[full].severity is Severity.WARNING
        return full if is_warning and full != code else None
    warnings = [each for each in TEMPLATES if TEMPLATES[each].severity is Severity.WARNING]
    return nearest(full, warnings)


def _lines(source: Source, tokens: Sequence[Token], statement: range) -> tuple[int, int]:
    """Finds the first and last line of a statement; an empty one has none."""
    if not statement:
        return (source.line_count, 1)
    first, last = tokens[statement[0]], tokens[statement[-1]]
    return source.position(first.start).line, source.position(last.end).line


class _Statements:
    """The extents of statements and entries, from brackets and separators alone."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._kinds = [token.kind for token in tokens]
        self._partner: dict[int, int] = {}
        """The other bracket of each that has one."""
        self._inside: list[str] = []
        """The kind of the bracket around each token, empty at the top level."""
        opened: list[int] = []
        for index, kind in enumerate(self._kinds):
            if opened and _CLOSERS.get(kind) == self._kinds[opened[-1]]:
                opener = opened.pop()
                self._partner |= {index: opener, opener: index}
            self._inside.append(self._kinds[opened[-1]] if opened else "")
            if kind in _OPENERS:
                opened.append(index)

    def around(self, last: int) -> range:
        """Finds the statement of the token `last`; nothing for the end of a block."""
        if self._ends_block(last):
            return range(0)
        inner = last - 1 if self._separates(last) and last > 0 else last
        return range(self._first(inner), self._last(inner) + 1)

    def begun_by(self, first: int) -> range:
        """Finds the statement that begins at the token `first`."""
        return range(first, self._last(first) + 1)

    def _first(self, index: int) -> int:
        while True:
            if self._kinds[index] in _CLOSERS:
                index = self._partner.get(index, index)
            before = index - 1
            if before < 0 or self._separates(before) or self._ends_block(before):
                return index
            index = before

    def _last(self, index: int) -> int:
        while not self._separates(index) or self._begins_value(index):
            if self._kinds[index] in _OPENERS:
                index = self._partner.get(index, index)
            if index + 1 == len(self._kinds) or self._kinds[index + 1] == "RBRACE":
                break
            index += 1
        return index

    def _separates(self, index: int) -> bool:
        kind = self._kinds[index]
        if kind == "COMMA":
            return self._inside[index] not in ("LPAREN", "LBRACKET")
        return kind in ("SEMI", "LBRACE")

    def _begins_value(self, index: int) -> bool:
        """Reports whether a `{` is inside of a statement, as that of an inline object is."""
        partner = self._partner.get(index)
        return self._kinds[index] == "LBRACE" and partner is not None and self._continues(partner)

    def _ends_block(self, index: int) -> bool:
        return self._kinds[index] == "RBRACE" and not self._continues(index)

    def _continues(self, index: int) -> bool:
        return index + 1 < len(self._kinds) and self._kinds[index + 1] in _CONTINUATIONS
