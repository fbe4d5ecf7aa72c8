"""Layouts of expressions, types and patterns, one method for each alternative."""

from collections.abc import Sequence
from typing import Final

from ccl.formatter.document import LINE, SOFT, Doc, Indent, concat, group, joined, words
from ccl.formatter.elements import Elements, members
from ccl.syntax.cst import Leaf, Part, Phrase

_PRECEDENCES: Final = (
    frozenset({"||"}),
    frozenset({"&&"}),
    frozenset({"==", "!=", "<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/", "%"}),
)
_OPEN_ENDED: Final = frozenset({"INT", "DID", "TIMESTAMP"})
"""Literals that could continue into an adjacent token."""


class Expressions(Elements):
    # --- literals and names

    def as_is(self, phrase: Phrase) -> Doc:
        """Concatenates the parts."""
        return concat(*map(self.lay, phrase.parts))

    integer = decimal = percent = duration = as_is
    bool_ = did = timestamp = size = string = as_is
    name = path_name = colon_path_two = colon_path_more = as_is
    base = base_of_import = type_path = type_path_more = named_type = list_type = as_is
    try_postfix = argument = field_value_short = as_is
    variant = wildcard = pattern_name = pattern_literal = pattern_variant = as_is
    pattern_negative = pattern_range = names_two = names_more = as_is
    pattern_rest = pattern_rest_named = as_is
    pattern_array_empty = field_pattern_short = key_name = key_string = as_is
    break_ = continue_ = return_none = unary = as_is

    def spaced(self, phrase: Phrase) -> Doc:
        """Joins the parts with spaces."""
        return words(*map(self.lay, phrase.parts))

    ident_mut = return_ = lambda_one = try_ = spaced
    import_plain = import_as = header_version = header_extends = spaced
    header_both = header_both_swapped = because = spaced

    def labelled(self, phrase: Phrase) -> Doc:
        """Lays out `name: value`."""
        name, _, value = phrase.parts
        return concat(self.lay(name), ": ", self.lay(value))

    argument_named = field_value = struct_field = field_pattern = labelled

    def interpolated(self, phrase: Phrase) -> Doc:
        return self.trivia.verbatim(phrase.first, phrase.last)

    def field(self, phrase: Phrase) -> Doc:
        base, dot, name = phrase.parts
        return concat(self.lay(base), self._dot(dot), self.lay(name))

    field_path = field

    def _dot(self, dot: Part) -> Doc:
        assert isinstance(dot, Leaf), "the grammar says so"
        before = self.tree.leaves[dot.index - 1]
        return " ." if before.kind in _OPEN_ENDED and before.end != dot.start else "."

    def index(self, phrase: Phrase) -> Doc:
        base, _, index, _ = phrase.parts
        return concat(
            self.lay(base), group("[", Indent(concat(SOFT, self.loose(index))), SOFT, "]")
        )

    def paren(self, phrase: Phrase) -> Doc:
        return group("(", Indent(concat(SOFT, self.loose(phrase.parts[1]))), SOFT, ")")

    # --- operators

    def fold(self, phrase: Phrase) -> Doc:
        first, rest = self._chain(phrase)
        return group(first, Indent(rest))

    def loose(self, part: Part) -> Doc:
        """Lays out an expression that breaks together with its enclosing group."""
        if isinstance(part, Phrase) and part.rule == "fold":
            return concat(*self._chain(part))
        return self.lay(part)

    def _chain(self, phrase: Phrase) -> tuple[Doc, Doc]:
        links = phrase.parts[0]
        assert isinstance(links, list), "a chain is a list of operands and operators"
        return self._split(links)

    def _split(self, links: Sequence[Part]) -> tuple[Doc, Doc]:
        """Splits a chain into the first operand, and each other operand with its operator."""
        used = {link.text for link in links[1::2] if isinstance(link, Leaf)}
        level = next(level for level in _PRECEDENCES if level & used)
        parts: list[tuple[Part, list[Part]]] = [(None, [links[0]])]
        for operator, operand in zip(links[1::2], links[2::2], strict=True):
            assert isinstance(operator, Leaf), "operators and operands take turns"
            if operator.text in level:
                parts.append((operator, [operand]))
            else:
                parts[-1][1].extend((operator, operand))
        docs: list[Doc] = []
        for operator, operands in parts:
            if len(operands) == 1:
                doc = self.lay(operands[0])
            else:
                first, rest = self._split(operands)
                doc = group(first, Indent(rest))
            docs.append(doc if operator is None else concat(LINE, self.lay(operator), " ", doc))
        return docs[0], concat(*docs[1:])

    def valued(self, sign: str, part: Part) -> Doc:
        """Lays out `sign value`; a long chain of operators begins on a line of its own."""
        if isinstance(part, Phrase) and part.rule == "fold":
            return group(sign, Indent(concat(LINE, group(self.loose(part)))))
        return concat(sign, " ", self.lay(part))

    # --- calls, collections, structs

    def arguments(self, opener: Part, given: Part, closer: Part) -> Doc:
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(given, list)
        return self.listed(opener, given, closer, hugs=True)

    def call(self, phrase: Phrase) -> Doc:
        callee, *rest = phrase.parts
        return concat(self.lay(callee), self.arguments(*rest))

    call_entry = call

    def call_generic(self, phrase: Phrase) -> Doc:
        name, _, types, _, *rest = phrase.parts
        return concat(self.lay(name), self.types(types), self.arguments(*rest))

    def method_generic(self, phrase: Phrase) -> Doc:
        base, dot, name, _, types, _, *rest = phrase.parts
        given = self.arguments(*rest)
        return concat(self.lay(base), self._dot(dot), self.lay(name), self.types(types), given)

    def array(self, phrase: Phrase) -> Doc:
        opener, elements, closer = phrase.parts
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(elements, list)
        return self.listed(opener, elements, closer)

    def braced(self, opener: Part, given: Part, closer: Part) -> Doc:
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(given, list)
        return self.listed(opener, given, closer, pad=LINE)

    def struct_name(self, phrase: Phrase) -> Doc:
        name, *rest = phrase.parts
        return concat(self.lay(name), " ", self.braced(*rest))

    struct_path = pattern_struct = pattern_struct_name = struct_name

    def struct_field_path(self, phrase: Phrase) -> Doc:
        base, dot, name, *rest = phrase.parts
        return concat(self.lay(base), self._dot(dot), self.lay(name), " ", self.braced(*rest))

    struct_colon_path = struct_field_path

    def lambda_none(self, phrase: Phrase) -> Doc:
        return concat("() => ", self.lay(phrase.parts[3]))

    def lambda_many(self, phrase: Phrase) -> Doc:
        _, names, _, _, body = phrase.parts
        return concat("(", self.commas(names), ") => ", self.lay(body))

    # --- words

    def require(self, phrase: Phrase) -> Doc:
        word, opener, given, closer, because = phrase.parts
        call = concat(self.lay(word), self.arguments(opener, given, closer))
        return words(call, self.lay(because))

    def emit(self, phrase: Phrase) -> Doc:
        word, event, because = phrase.parts
        said = concat(self.lay(word), " ", self.lay(event))
        return said if because is None else concat(said, " ", self.lay(because))

    def try_catch(self, phrase: Phrase) -> Doc:
        word, body, catch, handler = phrase.parts
        return concat(
            self.lay(word),
            " ",
            self.lay(body),
            " ",
            self.lay(catch),
            " ",
            self.lay(handler),
        )

    def try_catch_binding(self, phrase: Phrase) -> Doc:
        word, body, catch, name, _, handler = phrase.parts
        return concat(
            self.lay(word),
            " ",
            self.lay(body),
            " ",
            self.lay(catch),
            " ",
            self.lay(name),
            " => ",
            self.lay(handler),
        )

    # --- types and patterns

    def commas(self, parts: Part) -> Doc:
        assert isinstance(parts, list), "a repetition"
        return joined(", ", (self.lay(member.part) for member in members(parts)))

    def types(self, parts: Part) -> Doc:
        return concat("<", self.commas(parts), ">")

    def generic_type(self, phrase: Phrase) -> Doc:
        return concat(self.lay(phrase.parts[0]), self.types(phrase.parts[2]))

    type_value = generic_type

    def variant_payload(self, phrase: Phrase) -> Doc:
        name, _, given, _ = phrase.parts
        return concat(self.lay(name), "(", self.commas(given), ")")

    def pattern_payload(self, phrase: Phrase) -> Doc:
        name, opener, given, closer = phrase.parts
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(given, list)
        return concat(self.lay(name), self.listed(opener, given, closer))

    pattern_payload_name = pattern_payload

    def pattern_array(self, phrase: Phrase) -> Doc:
        opener, given, closer = phrase.parts
        assert isinstance(opener, Leaf) and isinstance(closer, Leaf) and isinstance(given, list)
        return self.listed(opener, given, closer)

    def pattern_or(self, phrase: Phrase) -> Doc:
        alternatives: list[Part] = []
        part: Part = phrase
        while isinstance(part, Phrase) and part.rule == "pattern_or":
            alternatives.append(part.parts[2])
            part = part.parts[0]
        alternatives.append(part)
        return group(
            Indent(joined(concat(LINE, "| "), (self.lay(each) for each in reversed(alternatives))))
        )

    def second(self, phrase: Phrase) -> Doc:
        """Lays out an optional phrase after its sign, or a pattern in parentheses."""
        sign, what = phrase.parts[:2]
        assert isinstance(sign, Leaf), "it begins with its sign"
        match sign.kind:
            case "COLON":
                return concat(": ", self.lay(what))
            case "ARROW":
                return concat(" -> ", self.lay(what))
            case "IF":
                return concat(" if ", self.lay(what))
            case "LPAREN" | "LLAMBDA":
                return concat("(", self.lay(what), ")")
            case _:
                return self.types(what)
