"""Bracketed sequences: on one line, or a line for each member, with the comments between."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ccl.formatter.document import (
    BLANK,
    HARD,
    LINE,
    SOFT,
    Choice,
    Doc,
    Fill,
    Hug,
    Indent,
    Line,
    concat,
    group,
    is_forced,
)
from ccl.formatter.trivia import Trivia
from ccl.syntax.cst import Concrete, Leaf, Part, Phrase

FILLED_MIN: Final = 4
"""Numbers beyond which a broken list of them has many a line."""
_NUMBERS: Final = frozenset({"integer", "decimal"})
_BRACKETED: Final = frozenset(
    {"object", "block", "block_final", "array", "struct_name", "struct_path"}
    | {"struct_field_path", "struct_colon_path", "match", "match_open"}
)
_CALLS: Final = frozenset({"call", "call_generic", "method_generic", "require"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a sequence, the separator after it, and the rest of the sequence."""

    part: Leaf | Phrase
    separator: Leaf | None
    strays: tuple[Leaf, ...] = ()

    @property
    def separators(self) -> tuple[Leaf, ...]:
        return () if self.separator is None else (self.separator, *self.strays)

    @property
    def first(self) -> int:
        return self.part.index if isinstance(self.part, Leaf) else self.part.first

    @property
    def last(self) -> int:
        return self.part.index if isinstance(self.part, Leaf) else self.part.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A member laid out: comments before it, itself, comments at the end of its line.
    `is_separated`: the body contains the separator as written."""

    before: Doc
    body: Doc
    after: Doc
    blank: bool
    is_separated: bool = False

    def line(self, separator: Doc) -> Doc:
        return concat(self.before, self.body, "" if self.is_separated else separator, self.after)


def members(parts: Sequence[Part]) -> list[Member]:
    """Splits a list of the tree into members. Separators before the first belong to no member."""
    found: list[Member] = []
    for part in parts:
        if not isinstance(part, Leaf) or part.kind not in ("COMMA", "SEMI"):
            assert part is not None and not isinstance(part, list), "repetitions do not nest"
            found.append(Member(part=part, separator=None))
        elif found and found[-1].separator is None:
            found[-1] = replace(found[-1], separator=part)
        elif found:
            found[-1] = replace(found[-1], strays=(*found[-1].strays, part))
    return found


class Elements:
    """The base of the tables of layouts: members, brackets and blocks."""

    def __init__(self, tree: Concrete, trivia: Trivia, lay: Callable[[Part], Doc]) -> None:
        self.tree = tree
        self.trivia = trivia
        self.lay = lay

    def whole(self, part: Leaf | Phrase) -> Doc:
        """Lays out the phrase, or keeps it as written if a comment in it has no place."""
        doc = self.lay(part)
        if isinstance(part, Phrase) and self.trivia.is_left(part.first, part.last):
            return self.trivia.verbatim(part.first, part.last)
        return doc

    def laid(self, member: Member) -> Laid:
        trivia = self.trivia
        blank = trivia.blank_before(member.first)
        before = trivia.leading(member.first)
        if any(trivia.has_doc_before(each.index) for each in member.separators):
            # Behind the separator it would document the next member.
            last = member.separators[-1].index
            body = trivia.verbatim(member.first, last)
            after = trivia.trailing(last)
            return Laid(before=before, body=body, after=after, blank=blank, is_separated=True)
        body = self.whole(member.part)
        remark = trivia.trailing(member.last)
        others: list[Doc] = []
        if member.separator is not None:
            index = member.separator.index
            if trivia.is_inline(index):
                body = concat(body, trivia.inline(index))
            if remark == "":
                remark = trivia.trailing(index)
            others += trivia.strays(index)
        for stray in member.strays:
            others += trivia.strays(stray.index)
        after = concat(remark, *(part for other in others for part in (HARD, other)))
        return Laid(before=before, body=body, after=after, blank=blank)

    def opened(self, opener: Leaf) -> bool:
        """Reports whether the author broke the line after the bracket."""
        return self.trivia.line_before(opener.index + 1)

    def enclosed(
        self,
        opener: Leaf,
        lines: Sequence[Doc],
        closer: Leaf,
        *,
        pad: Line,
        broken: bool,
        blanks: Sequence[bool],
    ) -> Doc:
        """Lays out brackets around lines that contain their own separators, without a group."""
        trivia = self.trivia
        remark = trivia.trailing(opener.index)
        inline = concat()
        if trivia.is_inline(closer.index):
            inline = trivia.inline(closer.index)
            ending, blank = concat(), False
        else:
            ending, blank = trivia.closing(closer.index)
        if not lines and ending == "":
            if remark == "":
                return concat(opener.text, inline, closer.text)
            return concat(opener.text, remark, HARD, closer.text)
        inner: list[Doc] = []
        for line, is_blank in zip(lines, blanks, strict=True):
            if inner:
                inner.append(Line(pad.flat or " ", blank=True) if is_blank else LINE)
            inner.append(line)
        if inline != "":
            inner.append(inline)
        if ending != "":
            if inner:
                inner.append(BLANK if blank else HARD)
            inner.append(ending)
        forced = HARD if broken or remark != "" or ending != "" else pad
        return concat(opener.text, remark, Indent(concat(forced, *inner)), forced, closer.text)

    def listed(
        self,
        opener: Leaf,
        parts: Sequence[Part],
        closer: Leaf,
        *,
        pad: Line = SOFT,
        last_comma: bool = True,
        hugs: bool = False,
    ) -> Doc:
        """Members between brackets, separated by commas."""
        found = members(parts)
        broken = bool(found) and self.opened(opener)
        is_free = not broken and not self.trivia.has_leading(closer.index)
        if hugs and is_free and found and _may_hug(found):
            return self._hugging(opener, found, closer)
        if len(found) > FILLED_MIN and all(_is_number(each.part) for each in found):
            filled = self._filled(opener, found, closer, broken)
            if filled is not None:
                return filled
        laid = [self.laid(each) for each in found]
        lines = self._comma_lines(laid, last_comma and not _is_rest(found))
        blanks = [each.blank for each in laid]
        return group(self.enclosed(opener, lines, closer, pad=pad, broken=broken, blanks=blanks))

    def _comma_lines(self, laid: Sequence[Laid], last_comma: bool) -> list[Doc]:
        end: Doc = Choice(",", "") if last_comma else ""
        return [
            each.line("," if number < len(laid) else end) for number, each in enumerate(laid, 1)
        ]

    def _filled(
        self, opener: Leaf, found: Sequence[Member], closer: Leaf, broken: bool
    ) -> Doc | None:
        """Lays out numbers, as many per line as fit; None if there are comments among them."""
        if self.trivia.is_left(opener.index, closer.index):
            return None
        texts = [self.lay(each.part) for each in found]
        fill = Fill((*(concat(each, ",") for each in texts[:-1]), texts[-1]))
        edge = HARD if broken else SOFT
        return group(opener.text, Indent(concat(edge, fill, Choice(",", ""))), edge, closer.text)

    def _hugging(self, opener: Leaf, found: Sequence[Member], closer: Leaf) -> Doc:
        """Lays out a sequence whose last member opens a bracket; its lines are indented once."""
        laid = [self.laid(each) for each in found]
        blanks = [False for _ in laid]
        lines = self._comma_lines(laid, True)
        plain = group(self.enclosed(opener, lines, closer, pad=SOFT, broken=False, blanks=blanks))
        others = [is_forced(line) for line in lines[:-1]]
        last = laid[-1]
        if any(others) or last.before != "" or last.after != "" or is_forced(laid[0].before):
            return plain
        head = [part for line in lines[:-1] for part in (line, " ")]
        open_ = group(self.enclosed(opener, lines, closer, pad=SOFT, broken=True, blanks=blanks))
        return Hug(
            head=concat(opener.text, *head),
            last=concat(last.body, closer.text),
            open=open_,
            forced=is_forced(last.body),
        )


def _is_number(part: Leaf | Phrase) -> bool:
    return isinstance(part, Phrase) and (
        part.rule in _NUMBERS
        or (
            part.rule == "unary" and isinstance(part.parts[1], Phrase) and _is_number(part.parts[1])
        )
    )


def _is_rest(found: Sequence[Member]) -> bool:
    """Recognizes `..`, which takes no comma after it."""
    return bool(found) and isinstance(found[-1].part, Leaf) and found[-1].part.kind == "DOTDOT"


def _may_hug(found: Sequence[Member]) -> bool:
    value: Part = found[-1].part
    while isinstance(value, Phrase) and (
        value.rule.startswith("lambda_") or value.rule in ("argument", "argument_named")
    ):
        value = value.parts[-1]
    if not isinstance(value, Phrase):
        return False
    return value.rule in _BRACKETED or (value.rule in _CALLS and len(found) == 1)
