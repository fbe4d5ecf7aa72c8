"""Symbols: the declarations that the names of a program refer to, and every occurrence of each.

The checker notes an occurrence as it resolves a name; `ccl.checking.symbol_table` computes the
table when it is first used.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from ccl.ir.types import Type
from ccl.source.spans import FileId, Span
from ccl.support.node import Node


class SymbolKind(Enum):
    LOCAL = "local variable"
    PARAMETER = "parameter"
    TYPE_PARAMETER = "type parameter"
    FUNCTION = "function"
    CONSTANT = "constant"
    STATE = "state"
    STRUCT = "struct"
    FIELD = "field"
    ENUM = "enum"
    VARIANT = "variant"
    IMPORT = "imported file"
    CONTRACT = "contract"
    ROLE = "role"
    PROPOSAL = "proposal"
    CHARTER_KEY = "key of the charter"
    PRELUDE_FUNCTION = "function of the prelude"
    PRELUDE_TYPE = "type of the prelude"
    PRELUDE_VALUE = "value of the prelude"
    LABEL = "argument of the prelude"
    HOST_RECORD = "record of the host"


class Symbol(Node, frozen=True):
    """Identified by its kind and `span`, the place of its name where it is declared; by its kind
    and name where the language declares it, which is where `span` is None."""

    kind: SymbolKind
    name: str
    span: Span | None


class Use(NamedTuple):
    """An occurrence of the name of a symbol, its declaration included."""

    span: Span
    symbol: Symbol


class Details(Node, frozen=True, kw_only=True):
    """`doc`: the text of the `///` comment before the declaration. `type` is None for what has
    none, such as a file."""

    doc: str | None = None
    type: Type | None = None


NO_DETAILS = Details()


class TypedSpan(NamedTuple):
    """An expression and its type."""

    span: Span
    type: Type


class Collected(NamedTuple):
    """What a table is made of; a place may be in `uses` more than once."""

    uses: Iterable[Use]
    details: Mapping[Symbol, Details]
    expressions: Iterable[TypedSpan]


class SymbolTable:
    """Every occurrence of every name of a program, its own files and the library's.

    A place has two symbols where a pattern or literal says `{ x }` for `{ x: x }`, and in a generic
    function whose instances mean different fields or functions by one name.
    """

    def __init__(self, collect: Callable[[], Collected]) -> None:
        """Defers `collect` to the first use of the table: most compilations need none."""
        self._collect = collect

    @cached_property
    def _collected(self) -> Collected:
        return self._collect()

    @cached_property
    def _by_symbol(self) -> Mapping[Symbol, Mapping[Span, None]]:
        found: dict[Symbol, dict[Span, None]] = {}
        for span, symbols in self._by_place.items():
            for symbol in symbols:
                found.setdefault(symbol, {})[span] = None
        return found

    @cached_property
    def _by_place(self) -> Mapping[Span, Mapping[Symbol, None]]:
        found: dict[Span, dict[Symbol, None]] = {}
        for span, symbol in self._collected.uses:
            found.setdefault(span, {})[symbol] = None
        return found

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """All of them, in the order of their declarations; those of the language last."""
        return tuple(sorted(self._by_symbol, key=_order))

    def symbols_at(self, file: FileId, offset: int) -> tuple[Symbol, ...]:
        """Returns the symbols whose name contains an offset, or ends there."""
        place = self._place_at(file, offset)
        return () if place is None else tuple(self._by_place[place])

    def _place_at(self, file: FileId, offset: int) -> Span | None:
        places = self._places.get(file, ())
        at = bisect_right(places, offset, key=lambda span: span.start) - 1
        return None if at < 0 or places[at].end < offset else places[at]

    def definition_at(self, file: FileId, offset: int) -> Symbol | None:
        """Returns the symbol at an offset: of the two of a short field, the variable."""
        found = self.symbols_at(file, offset)
        plain = (each for each in found if each.kind is not SymbolKind.FIELD)
        return next(plain, found[0] if found else None)

    def uses_of(self, symbol: Symbol) -> tuple[Span, ...]:
        """Returns every occurrence of its name, the declaration included, in order."""
        found = self._by_symbol.get(symbol, {})
        return tuple(sorted(found, key=lambda span: (span.file, span.start)))

    def is_shared(self, span: Span) -> bool:
        """Returns whether a span has more than one symbol: renaming one has to rewrite it."""
        return len(self._by_place.get(span, ())) > 1

    def details(self, symbol: Symbol) -> Details:
        return self._collected.details.get(symbol, NO_DETAILS)

    def type_at(self, file: FileId, offset: int) -> Type | None:
        """Returns the type of the name at an offset, or else of the innermost expression."""
        place = self._place_at(file, offset)
        for symbol in () if place is None or place.end == offset else self._by_place[place]:
            kind = self.details(symbol).type
            if kind is not None:
                return kind
        inside = (
            each for each in self._typed.get(file, ()) if each.span.start <= offset < each.span.end
        )
        innermost = min(inside, key=lambda each: each.span.end - each.span.start, default=None)
        return None if innermost is None else innermost.type

    @cached_property
    def _places(self) -> Mapping[FileId, tuple[Span, ...]]:
        found: dict[FileId, list[Span]] = {}
        for span in sorted(self._by_place, key=lambda span: (span.start, span.end)):
            found.setdefault(span.file, []).append(span)
        return {file: tuple(spans) for file, spans in found.items()}

    @cached_property
    def _typed(self) -> Mapping[FileId, tuple[TypedSpan, ...]]:
        found: dict[FileId, list[TypedSpan]] = {}
        for each in self._collected.expressions:
            found.setdefault(each.span.file, []).append(each)
        return {file: tuple(spans) for file, spans in found.items()}


def _order(symbol: Symbol) -> tuple[bool, int, int, str, str]:
    span = symbol.span
    place = (0, 0) if span is None else (span.file, span.start)
    return span is None, *place, symbol.kind.value, symbol.name
