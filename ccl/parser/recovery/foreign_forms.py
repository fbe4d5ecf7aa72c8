"""Forms of other languages: closures, `new`, tuple types, numbers that begin or end with a dot.

Runs only over a file with syntax errors. Each is reported once with the corresponding CCL form, and
parsed as that.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import LITERALS, Token, Tokens
from ccl.source.spans import Source, Span
from ccl.syntax.tables import END

_OPERAND_ENDS: Final = LITERALS | {"NAME", "RPAREN", "RBRACKET", "RBRACE", "STRING_TAIL", "GT"}
_BEFORE_VALUES: Final = frozenset(
    {"LPAREN", "LBRACKET", "COMMA", "EQ", "COLON", "RETURN", "FATARROW"}
)
_BEFORE_TYPES: Final = frozenset({"COLON", "ARROW", "LT", "COMMA", "LBRACKET"})
_IN_TYPES: Final = frozenset(
    {"NAME", "DOT", "COLONCOLON", "LT", "GT", "COMMA", "LBRACKET", "RBRACKET", "LPAREN", "RPAREN"}
)
_AFTER_TYPES: Final = frozenset({"COMMA", "GT", "RBRACKET", "RPAREN"})
_TYPE_TOKENS_MAX: Final = 100
_Reading: TypeAlias = tuple[list[Token], int] | None
"""The tokens that replace the form at a place, and the index after it; None for no such form."""


def read_foreign_forms(source: Source, tokens: Tokens, sink: Sink) -> None:
    """Replaces these forms in `tokens` by those of CCL, and reports each."""
    tokens.items = _Forms(source, tokens.items, sink).read()


class _Forms:
    def __init__(self, source: Source, items: list[Token], sink: Sink) -> None:
        self._source = source
        self._items = items
        self._sink = sink

    def read(self) -> list[Token]:
        readers: dict[str, tuple[Callable[[int], _Reading], ...]] = {
            "PIPE": (self._closure,),
            "OP": (self._closure,),
            "FN": (self._anonymous,),
            "NAME": (self._new, self._prefixed),
            "TRY": (self._try_block,),
            "IMPORT": (self._bare_import,),
            "DOT": (self._leading_dot,),
            "INT": (self._trailing_dot,),
            "LPAREN": (self._type,),
        }
        read: list[Token] = []
        at = 0
        while at < len(self._items):
            token = self._items[at]
            for reader in readers.get(token.kind, ()):
                if (found := reader(at)) is not None:
                    put, at = found
                    read.extend(put)
                    break
            else:
                read.append(token)
                at += 1
        return read

    def _kind(self, at: int) -> str:
        return self._items[at].kind if 0 <= at < len(self._items) else END

    def _foreign(self, at: int, end: int, instead: str) -> None:
        """Reports the tokens from `at` to before `end`."""
        place = Span(self._source.file, self._items[at].start, self._items[end - 1].end)
        found = " ".join(self._source.text[place.start : place.end].split())
        fix = Fix(f"write `{instead}`", (Edit(place, instead),))
        self._sink.report("CCL0119", place, found=found, instead=instead, fixes=(fix,))

    def _names(self, at: int, closer: str) -> tuple[list[Token], int] | None:
        """Reads the names, with or without types, of a list from `at` to its closer; returns the
        index after it."""
        names: list[Token] = []
        while self._kind(at) != closer:
            if self._kind(at) not in ("NAME", "UNDERSCORE"):
                return None
            names.append(self._items[at])
            at += 1
            if self._kind(at) == "COLON":
                at = self._after_type(at + 1)
            if self._kind(at) == "COMMA":
                at += 1
            elif self._kind(at) != closer:
                return None
        return names, at + 1

    def _after_type(self, at: int) -> int:
        depth = 0
        for index in range(at, min(at + _TYPE_TOKENS_MAX, len(self._items))):
            kind = self._items[index].kind
            if kind not in _IN_TYPES or (depth == 0 and kind in _AFTER_TYPES):
                return index
            depth += (kind in ("LT", "LBRACKET", "LPAREN")) - (kind in ("GT", "RBRACKET", "RPAREN"))
        return at

    def _lambda(self, at: int, end: int, names: list[Token]) -> list[Token]:
        """Replaces the tokens from `at` by the head of an inline function."""
        words = [name.text for name in names]
        head = words[0] if len(words) == 1 else f"({', '.join(words)})"
        self._foreign(at, end, f"{head} =>")
        first, last = self._items[at], self._items[end - 1]
        put = [each for name in names for each in (name, Token("COMMA", ",", name.end, name.end))]
        put = put[:-1]
        if len(names) != 1:
            opening = Token("LPAREN", "(", first.start, first.start)
            put = [opening, *put, Token("RPAREN", ")", last.start, last.start)]
        return [*put, Token("FATARROW", "=>", last.end, last.end)]

    def _closure(self, at: int) -> _Reading:
        """Reads `|x| …` and `|| …`."""
        if self._kind(at - 1) in _OPERAND_ENDS or self._items[at].text not in ("|", "||"):
            return None
        if self._items[at].text == "||":
            begins_value = self._kind(at - 1) in _BEFORE_VALUES
            return (self._lambda(at, at + 1, []), at + 1) if begins_value else None
        found = self._names(at + 1, "PIPE")
        if found is None or not found[0]:
            return None
        names, end = found
        return self._lambda(at, end, names), end

    def _anonymous(self, at: int) -> _Reading:
        """Reads `fn(x) { … }` as a value."""
        if self._kind(at + 1) != "LPAREN" or self._kind(at - 1) not in _BEFORE_VALUES:
            return None
        found = self._names(at + 2, "RPAREN")
        if found is None:
            return None
        names, end = found
        behind = end
        if self._kind(behind) == "ARROW":
            behind = self._after_type(behind + 1)
        if self._kind(behind) == "FATARROW":
            behind += 1
        elif self._kind(behind) != "LBRACE":
            return None
        return self._lambda(at, behind, names), behind

    def _new(self, at: int) -> _Reading:
        """Reads `new Name { … }` and `new Name(…)`."""
        token = self._items[at]
        if token.text != "new" or self._kind(at + 1) != "NAME":
            return None
        if self._kind(at + 2) not in ("LPAREN", "LBRACE", "DOT", "LT"):
            return None
        name = self._items[at + 1]
        place = Span(self._source.file, token.start, name.start)
        fix = Fix("remove `new`", (Edit(place, ""),))
        shown = Span(self._source.file, token.start, name.end)
        instead = f"{name.text} {{ … }}"
        found = f"new {name.text}"
        self._sink.report("CCL0119", shown, found=found, instead=instead, fixes=(fix,))
        return [], at + 1

    def _prefixed(self, at: int) -> _Reading:
        """Reads `f"hi {name}"`."""
        prefix, text = self._items[at], self._items[min(at + 1, len(self._items) - 1)]
        if prefix.text not in ("f", "F") or text.kind != "STRING" or prefix.end != text.start:
            return None
        if self._kind(at - 1) not in _BEFORE_VALUES | {"OP"}:
            return None
        instead = f'"{_interpolated(text.text)}"'
        place = Span(self._source.file, prefix.start, text.end)
        fix = Fix(f"write `{instead}`", (Edit(place, instead),))
        found = self._source.text[place.start : place.end]
        self._sink.report(
            "CCL0119", place, found=found, instead=instead, advice="text", fixes=(fix,)
        )
        return [text], at + 2

    def _try_block(self, at: int) -> _Reading:
        """Reads `try { … } catch e { … }` as `if true { … } else { }`."""
        if self._kind(at + 1) != "LBRACE":
            return None
        end = self._closer(at + 1) + 1
        if self._kind(end) != "CATCH":
            return None
        brace = end + 1
        while self._kind(brace) in ("NAME", "LPAREN", "RPAREN", "UNDERSCORE", "COLON"):
            brace += 1
        if self._kind(brace) != "LBRACE":
            return None
        word, catch = self._items[at], self._items[end]
        place = Span(self._source.file, word.start, word.end)
        instead = "try … catch …"
        self._sink.report("CCL0119", place, found="try {", instead=instead, advice="trap")
        closer = self._closer(brace)
        braces = [self._items[brace], self._items[closer]]
        condition = Token("BOOL", "true", word.end, word.end)
        head = [Token("IF", "if", word.start, word.end), condition]
        otherwise = Token("ELSE", "else", catch.start, catch.end)
        body = _Forms(self._source, self._items[at + 1 : end], self._sink).read()
        return [*head, *body, otherwise, *braces], closer + 1

    def _closer(self, opener: int) -> int:
        """Finds the brace that closes the one at `opener`, or the last token."""
        depth = 0
        for index in range(opener, len(self._items) - 1):
            depth += (self._kind(index) == "LBRACE") - (self._kind(index) == "RBRACE")
            if depth == 0:
                return index
        return len(self._items) - 2

    def _bare_import(self, at: int) -> _Reading:
        """Reads `import name;` and `import name as other;`."""
        word, name = self._items[at], self._items[min(at + 1, len(self._items) - 1)]
        if name.kind != "NAME":
            return None
        end = at + 2
        alias = name
        if self._items[end].text == "as" and self._kind(end + 1) == "NAME":
            alias, end = self._items[end + 1], end + 2
        if self._kind(end) != "SEMI":
            return None
        self._foreign(at, end, f'import "{name.text}" as {alias.text}')
        path = Token("STRING", name.text, name.start, name.end)
        named = Token("AS", "as", name.end, name.end)
        return [word, path, named, alias], end

    def _leading_dot(self, at: int) -> _Reading:
        """Reads `.5`."""
        dot, number = self._items[at], self._items[min(at + 1, len(self._items) - 1)]
        if number.kind != "INT" or dot.end != number.start or self._kind(at - 1) in _OPERAND_ENDS:
            return None
        self._foreign(at, at + 2, f"0.{number.text}")
        return [Token("DECIMAL", f"0.{number.text}", dot.start, number.end)], at + 2

    def _trailing_dot(self, at: int) -> _Reading:
        """Reads `5.`."""
        number, dot = self._items[at], self._items[min(at + 1, len(self._items) - 1)]
        if dot.kind != "DOT" or number.end != dot.start or self._kind(at + 2) in ("NAME", "INT"):
            return None
        self._foreign(at, at + 2, f"{number.text}.0")
        return [Token("DECIMAL", f"{number.text}.0", number.start, dot.end)], at + 2

    def _type(self, at: int) -> _Reading:
        """Reads `(Integer, String)`, `(Integer)`, `()` or `(Integer) -> Integer` as a type: the
        first type in it."""
        before = self._kind(at - 1)
        if before not in _BEFORE_TYPES or self._kind(at + 1) not in ("NAME", "LPAREN", "RPAREN"):
            return None
        end = self._after_type(at)
        inside = self._items[at:end]
        types = [each for each in inside if each.kind == "NAME"]
        if end == at or not all(_is_type(each.text) for each in types):
            return None
        first = types[0] if types else Token("NAME", "Unit", inside[0].start, inside[-1].end)
        if before == "COLON" and self._kind(end) == "ARROW":
            end = self._after_type(end + 1)
            self._report_type(at, end, "function", "function type")
        elif any(each.kind == "COMMA" for each in inside):
            self._report_type(at, end, "tuple", "tuple type")
        elif before == "ARROW":
            name = "".join(each.text for each in inside if each.kind not in ("LPAREN", "RPAREN"))
            self._foreign(at, end, name or "Unit")
        else:
            return None
        return [first], end

    def _report_type(self, at: int, end: int, found: str, advice: str) -> None:
        place = Span(self._source.file, self._items[at].start, self._items[end - 1].end)
        self._sink.report("CCL0112", place, found=found, expected="one type", advice=advice)


_FIELD: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def _interpolated(text: str) -> str:
    """Rewrites `{value}` in a string as an interpolation of CCL, without its format specifier."""

    def instead(found: re.Match[str]) -> str:
        value = found.group(1)
        if value is None:
            return found.group()[0]
        return f"\\({re.sub(r'(?:![rsa])?(?::[^:]*)?=?$', '', value).strip()})"

    return _FIELD.sub(instead, text)


def _is_type(name: str) -> bool:
    """Reports whether the name has the letter case of a type rather than of a constant."""
    return name[:1].isupper() and (len(name) == 1 or any(each.islower() for each in name))
