"""Layouts of statements and blocks, one method for each alternative."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from ccl.formatter.document import HARD, LINE, Choice, Doc, Indent, concat, group
from ccl.formatter.elements import Member, members
from ccl.formatter.expressions import Expressions
from ccl.syntax.cst import Leaf, Part, Phrase

_COMPOUND: Final = frozenset(
    {"if_", "if_else", "match", "match_open", "block", "block_final", "while_", "for_"}
)


class Code(Expressions, ABC):
    # --- blocks

    def statements(self, opener: Part, parts: Sequence[Part], closer: Part) -> Doc:
        """Lays out a block; on one line only if the author wrote a single statement on one line."""
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf)
        found = members(parts)
        laid = [self.laid(each) for each in found]
        lines = [each.line(_terminator(member)) for each, member in zip(laid, found, strict=True)]
        broken = len(lines) > 1 or (bool(lines) and self.opened(opener))
        blanks = [each.blank for each in laid]
        return self.enclosed(opener, lines, closer, pad=LINE, broken=broken, blanks=blanks)

    def open_block(self, part: Part) -> Doc:
        """Lays out a block that breaks together with its enclosing group."""
        assert isinstance(part, Phrase), "a block"
        opener, given, *final, closer = part.parts
        assert isinstance(given, list), "statements"
        return self.statements(opener, [*given, *final], closer)

    def block(self, phrase: Phrase) -> Doc:
        return group(self.open_block(phrase))

    block_final = block

    # --- statements

    def let(self, phrase: Phrase) -> Doc:
        word, name, annotation, _, value, _ = phrase.parts
        head = concat(self.lay(word), " ", self.lay(name), self.lay(annotation))
        return concat(head, self.valued(" =", value), ";")

    def assign(self, phrase: Phrase) -> Doc:
        target, sign, value = phrase.parts
        assert isinstance(sign, Leaf)
        return concat(self.lay(target), self.valued(f" {sign.text}", value))

    def first(self, phrase: Phrase) -> Doc:
        return concat(self.lay(phrase.parts[0]), ";")

    expression_statement = first

    def expression_final(self, phrase: Phrase) -> Doc:
        return self.lay(phrase.parts[0])

    # --- handlers

    def action_bare(self, phrase: Phrase) -> Doc:
        name, *body = phrase.parts
        return group(self.lay(name), " ", self.body(*body))

    def action(self, phrase: Phrase) -> Doc:
        name, label, *body = phrase.parts
        return group(self.lay(name), " ", self.lay(label), " ", self.body(*body))

    def handler_entry_plain(self, phrase: Phrase) -> Doc:
        name, label, *_ = phrase.parts
        return concat(self.lay(name), " ", self.lay(label), ";")

    def handler_entry(self, phrase: Phrase) -> Doc:
        name, _, value, *_ = phrase.parts
        closed = isinstance(value, Phrase) and value.rule == "object"
        return concat(self.lay(name), self.valued(":", value), "" if closed else ";")

    def handler_entry_object(self, phrase: Phrase) -> Doc:
        name, _, *body = phrase.parts
        return group(self.lay(name), ": ", self.body(*body, usual=","))

    @abstractmethod
    def body(self, opener: Part, given: Part, closer: Part, *, usual: str = ";") -> Doc:
        """Lays out the entries in braces of a declaration."""

    # --- control flow

    def head(self, word: Part, value: Part, *behind: Doc) -> Doc:
        """Lays out `word value ` before a brace, which is on its own line after a head of several
        lines."""
        if isinstance(value, Phrase) and value.rule == "fold":
            inner = concat(self.loose(value), *behind)
            return group(self.lay(word), " ", Indent(inner), LINE)
        return concat(self.lay(word), " ", self.lay(value), *behind, " ")

    def otherwise(self, word: Part, behind: Doc) -> Doc:
        """Lays out ` else …`, on a new line after a comment."""
        assert isinstance(word, Leaf)
        trivia = self.trivia
        remark = trivia.trailing(word.index - 1)
        if remark == "" and trivia.is_inline(word.index):
            return concat(" ", trivia.leading(word.index), word.text, " ", behind)
        return concat(remark, HARD, trivia.leading(word.index), word.text, " ", behind)

    def open_if(self, phrase: Phrase) -> Doc:
        word, condition, then, *rest = phrase.parts
        doc = concat(self.head(word, condition), self.open_block(then))
        if not rest:
            return doc
        other, behind = rest
        assert isinstance(behind, Phrase)
        chained = behind.rule in ("if_", "if_else")
        laid = self.open_if(behind) if chained else self.open_block(behind)
        return concat(doc, self.otherwise(other, laid))

    def if_(self, phrase: Phrase) -> Doc:
        return group(self.open_if(phrase))

    if_else = if_

    def while_(self, phrase: Phrase) -> Doc:
        word, condition, block = phrase.parts
        return group(self.head(word, condition), self.open_block(block))

    def for_(self, phrase: Phrase) -> Doc:
        word, names, joint, iterable, block = phrase.parts
        bound = self.commas(names) if isinstance(names, list) else self.lay(names)
        head = concat(self.lay(word), " ", bound, " ")
        return group(head, self.head(joint, iterable), self.open_block(block))

    def two(self, phrase: Phrase) -> Doc:
        first, _, second = phrase.parts
        return concat(self.lay(first), ", ", self.lay(second))

    def two_parens(self, phrase: Phrase) -> Doc:
        _, first, _, second, _ = phrase.parts
        return concat("(", self.lay(first), ", ", self.lay(second), ")")

    def match(self, phrase: Phrase) -> Doc:
        word, subject, opener, given, *final, closer = phrase.parts
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(given, list)
        found = members([*given, *final])
        laid = [self.laid(each) for each in found]
        lines = []
        for number, (member, each) in enumerate(zip(found, laid, strict=True), 1):
            last = number == len(found)
            broken = "" if _is_closed(member.part) else ","
            lines.append(each.line(Choice(broken, "" if last else ",")))
        broken_list = bool(found) and self.opened(opener)
        blanks = [each.blank for each in laid]
        arms = self.enclosed(opener, lines, closer, pad=LINE, broken=broken_list, blanks=blanks)
        return group(self.head(word, subject), arms)

    match_open = match

    def arm(self, phrase: Phrase) -> Doc:
        pattern, guard, _, body = phrase.parts
        return concat(self.lay(pattern), self.lay(guard), self.valued(" =>", body))

    arm_assign = arm


def _terminator(member: Member) -> Doc:
    """Prints the `;` of a statement that is not part of its phrase."""
    part = member.part
    assert isinstance(part, Phrase)
    match part.rule:
        case "expression_final":
            return "" if member.separator is None else ";"
        case "assign":
            return ";"
        case _:
            return ""


def _is_closed(part: Part) -> bool:
    """Reports whether the arm ends with the brace of its body."""
    assert isinstance(part, Phrase)
    body = part.parts[-1]
    return isinstance(body, Phrase) and body.rule in _COMPOUND
