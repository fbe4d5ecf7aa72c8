"""Layouts of items: entries, sections, rules, functions, types."""

from collections.abc import Sequence
from typing import Final

from ccl.formatter.code import Code
from ccl.formatter.document import BLANK, HARD, LINE, Choice, Doc, concat, group
from ccl.formatter.elements import Laid, Member, members
from ccl.syntax.cst import Leaf, Part, Phrase

_SIMPLE: Final = frozenset(
    {"entry_plain", "call_entry", "const", "state", "import_plain", "import_as"}
)
_CLOSED_VALUES: Final = frozenset({"object", "if_", "if_else", "match", "match_open"})


class Declarations(Code):
    def file(self) -> Doc:
        """Lays out all items, each on lines of its own."""
        end = len(self.tree.leaves) - 1
        found = members(self.tree.items)
        first = found[0].first if found else end
        parts: list[Doc] = []
        kept = [each for each in range(first) if self.trivia.has_doc_before(each)]
        if kept:
            # Without the separators behind it, a `///` would document the first item.
            parts = [self.trivia.leading(0), self.trivia.verbatim(0, kept[-1])]
        for leaf in self.tree.leaves[:first]:
            for comment in self.trivia.strays(leaf.index):
                parts += [HARD, comment] if parts else [comment]
        for each, line in zip(*self._lines(found, ";"), strict=True):
            if parts:
                parts.append(BLANK if each.blank else HARD)
            parts.append(line)
        ending, blank = self.trivia.closing(end)
        if ending != "":
            if parts:
                parts.append(BLANK if blank else HARD)
            parts.append(ending)
        return concat(*parts)

    def body(self, opener: Part, given: Part, closer: Part, *, usual: str = ";") -> Doc:
        """Lays out entries in braces, without a group: on one line only if the author wrote one
        line. `usual` terminates an entry if the author has terminated none."""
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(given, list)
        found = members(given)
        laid, lines = self._lines(found, usual)
        broken = bool(found) and self.opened(opener)
        blanks = [each.blank for each in laid]
        return self.enclosed(opener, lines, closer, pad=LINE, broken=broken, blanks=blanks)

    def _lines(self, found: Sequence[Member], usual: str) -> tuple[list[Laid], list[Doc]]:
        laid = [self.laid(each) for each in found]
        written = [each.separator.text for each in found if each.separator is not None]
        if written:
            usual = "," if "," in written else ";"
        lines = []
        for number, (member, each) in enumerate(zip(found, laid, strict=True), 1):
            sign = "" if member.separator is None else member.separator.text
            last = number == len(found)
            if _is_simple(member.part):
                flat = (sign or usual) if not last else sign.replace(",", "")
                lines.append(each.line(Choice(sign or usual, flat)))
            else:
                flat = sign if not last else ""
                lines.append(each.line(Choice(sign.replace(";", ""), flat)))
        return laid, lines

    def object(self, phrase: Phrase) -> Doc:
        return group(self.body(*phrase.parts, usual=","))

    # --- entries and sections

    def entry(self, phrase: Phrase) -> Doc:
        key, _, value = phrase.parts
        return concat(self.lay(key), self.valued(":", value))

    def entry_object(self, phrase: Phrase) -> Doc:
        key, _, *body = phrase.parts
        return group(self.lay(key), ": ", self.body(*body, usual=","))

    def entry_plain(self, phrase: Phrase) -> Doc:
        key, value = phrase.parts
        return concat(self.lay(key), " ", self.lay(value))

    def section_bare(self, phrase: Phrase) -> Doc:
        key, *body = phrase.parts
        return group(self.lay(key), " ", self.body(*body))

    def section(self, phrase: Phrase) -> Doc:
        key, value, header, *body = phrase.parts
        head = concat(self.lay(key), " ", self.lay(value))
        if header is not None:
            head = concat(head, " ", self.lay(header))
        return group(head, " ", self.body(*body))

    section_contract = section

    def override(self, phrase: Phrase) -> Doc:
        return self.spaced(phrase)

    # --- rules

    def _because(self, because: Part) -> Doc:
        return "" if because is None else concat(" ", self.lay(because))

    def open_if_rule(self, phrase: Phrase) -> Doc:
        word, condition, because, opener, given, closer, *rest = phrase.parts
        head = self.head(word, condition, self._because(because))
        doc = concat(head, self.body(opener, given, closer))
        if not rest:
            return doc
        other, *behind = rest
        only = behind[0]
        if isinstance(only, Phrase):
            return concat(doc, self.otherwise(other, self.open_if_rule(only)))
        return concat(doc, self.otherwise(other, self.body(*behind)))

    def if_rule(self, phrase: Phrase) -> Doc:
        return group(self.open_if_rule(phrase))

    if_rule_else = if_rule_else_if = if_rule

    def range_rule(self, phrase: Phrase) -> Doc:
        word, band, because, *body = phrase.parts
        head = concat(self.lay(word), " ", self.lay(band))
        return group(head, self._because(because), " ", self.body(*body))

    def range_rule_key(self, phrase: Phrase) -> Doc:
        key, word, band, because, *body = phrase.parts
        head = concat(self.lay(key), " ", self.lay(word), " ", self.lay(band))
        return group(head, self._because(because), " ", self.body(*body))

    def band(self, phrase: Phrase) -> Doc:
        low, high = phrase.parts
        return concat(self.lay(low), " ", self.lay(high))

    def band_dots(self, phrase: Phrase) -> Doc:
        return concat(*map(self.lay, phrase.parts))

    # --- code at the top

    def handler(self, phrase: Phrase) -> Doc:
        word, event, block = phrase.parts
        return group(self.lay(word), " ", self.lay(event), " ", self.open_block(block))

    def execution(self, phrase: Phrase) -> Doc:
        word, block = phrase.parts
        return group(self.lay(word), " ", self.open_block(block))

    def entries_for_code(self, phrase: Phrase) -> Doc:
        raise AssertionError("reported as a syntax error, and such files are not laid out")

    def execution_colon(self, phrase: Phrase) -> Doc:
        word, _, block = phrase.parts
        return group(self.lay(word), ": ", self.open_block(block))

    def invariant(self, phrase: Phrase) -> Doc:
        word, name, block, because = phrase.parts
        head = concat(self.lay(word), " ", self.lay(name), " ")
        return group(head, self.open_block(block), self._because(because))

    def emit_object(self, phrase: Phrase) -> Doc:
        word, event, opener, given, closer, because = phrase.parts
        head = concat(self.lay(word), " ", self.lay(event), " ")
        return group(head, self.body(opener, given, closer, usual=","), self._because(because))

    def const(self, phrase: Phrase) -> Doc:
        word, name, annotation, _, value = phrase.parts
        head = concat(self.lay(word), " ", self.lay(name), self.lay(annotation))
        return concat(head, self.valued(" =", value))

    state = const

    def function(self, phrase: Phrase) -> Doc:
        modifiers, word, name, generics, opener, given, closer, result, block = phrase.parts
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(given, list)
        assert isinstance(modifiers, list)
        before = concat(*(concat(self.lay(each), " ") for each in modifiers))
        head = concat(before, self.lay(word), " ", self.lay(name), self.lay(generics))
        signature = concat(head, self.listed(opener, given, closer), self.lay(result), " ")
        return concat(signature, group(self.open_block(block)))

    def parameter(self, phrase: Phrase) -> Doc:
        return self.as_is(phrase)

    def struct(self, phrase: Phrase) -> Doc:
        word, name, generics, *body = phrase.parts
        head = concat(self.lay(word), " ", self.lay(name), self.lay(generics), " ")
        return concat(head, self.braced(*body))

    enum = struct


def _is_simple(part: Part) -> bool:
    """Reports whether the entry needs a terminator."""
    assert isinstance(part, Phrase)
    if part.rule == "override":
        return _is_simple(part.parts[1])
    if part.rule != "entry":
        return part.rule in _SIMPLE
    value = part.parts[2]
    return not (isinstance(value, Phrase) and value.rule in _CLOSED_VALUES)
