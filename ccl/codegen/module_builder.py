"""A module under construction: constants, trap sites, and the routines of types in use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import assert_never

from ccl.abi.layout import IMMORTAL
from ccl.abi.sections import Site
from ccl.analysis.analyses import Analyses
from ccl.ir.typed import Function, Program
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    StructDef,
    Token,
    Type,
)
from ccl.source.spans import SourceMap, Span

DATA_START = 384
"""First address after the allocator's own words (see `memory.wat`)."""
_IDENTIFIER_SIGNS = frozenset("!#$%&'*+-./:<=>?@\\^_`|~")


@lru_cache(maxsize=4096)
def identifier(text: str) -> str:
    """Replaces what the text format does not allow in a name by `_`."""
    if text.isascii() and text.isidentifier():
        return text
    return "".join(
        c if c.isascii() and (c.isalnum() or c in _IDENTIFIER_SIGNS) else "_" for c in text
    )


@dataclass
class Constants:
    """Immortal objects and blocks in the data segment, each kept once."""

    content: bytearray = field(default_factory=bytearray)
    _texts: dict[tuple[bytes, int], int] = field(default_factory=dict)
    _variants: dict[int, int] = field(default_factory=dict)
    _blocks: dict[bytes, int] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return DATA_START + len(self.content)

    def text(self, value: str) -> int:
        """Returns the address of a String."""
        return self._sized(value.encode(), len(value))

    def packed(self, value: bytes) -> int:
        """Returns the address of Data."""
        return self._sized(value, 0)

    def variant(self, tag: int) -> int:
        """Returns the address of a variant without payload: one for all types, by its tag."""
        if tag not in self._variants:
            self._variants[tag] = self._add(_header() + tag.to_bytes(8, "little"))
        return self._variants[tag]

    def block(self, content: bytes) -> int:
        """Returns the address of bytes without a header."""
        if content not in self._blocks:
            self._blocks[content] = self._add(content)
        return self._blocks[content]

    def words(self, *values: int) -> int:
        """Returns the address of words that the program changes, so they are not shared."""
        return self._add(b"".join(value.to_bytes(4, "little") for value in values))

    def _sized(self, encoded: bytes, points: int) -> int:
        key = (encoded, points)
        if key not in self._texts:
            lengths = len(encoded).to_bytes(4, "little") + points.to_bytes(4, "little")
            self._texts[key] = self._add(_header() + lengths + encoded)
        return self._texts[key]

    def _add(self, content: bytes) -> int:
        address = self.end
        self.content += content
        self.content += b"\0" * (-len(self.content) % 8)
        return address


def _header() -> bytes:
    return IMMORTAL.to_bytes(4, "little") + b"\0\0\0\0"


@dataclass
class Sites:
    """Trap sites, numbered from 1; the same place and reason is one site."""

    _sources: SourceMap
    _numbers: dict[tuple[Span, str, str | None], int] = field(default_factory=dict)

    def number(self, span: Span, reason: str, article: str | None = None) -> int:
        key = (span, reason, article)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._numbers) + 1
        return number

    def table(self) -> tuple[Site, ...]:
        return tuple(self._site(*key) for key in self._numbers)

    def _site(self, span: Span, reason: str, article: str | None) -> Site:
        file, line, column, end_column = place_of(self._sources, span)
        return Site(
            file=file,
            line=line,
            column=column,
            end_column=end_column,
            reason=reason,
            article=article,
        )


def place_of(sources: SourceMap, span: Span) -> tuple[str, int, int, int]:
    """Returns (file, line, column, column behind the end on that line)."""
    source = sources.of(span)
    start = source.position(span.start)
    end = source.position(span.end)
    last = end.column if end.line == start.line else len(source.line_text(start.line)) + 1
    return source.path, start.line, start.column, max(last, start.column)


Writer = Callable[["ModuleBuilder", Type, str], str]
"""Writes the routine of a type under a name, as WebAssembly text."""


@dataclass
class ModuleBuilder:
    """State that the functions of one module share during lowering."""

    analyses: Analyses
    sites: Sites
    constants: Constants = field(default_factory=Constants)
    called: set[str] = field(default_factory=set)
    """Names of library routines and imports."""
    table: list[str] = field(default_factory=list)
    """Functions that are called by index."""
    _names: dict[str, str] = field(default_factory=dict)
    _states: dict[str, str] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)
    """Names in use, with the last number appended to each."""
    _routines: dict[tuple[str, Type], str] = field(default_factory=dict)
    _texts: list[str] = field(default_factory=list)
    _queue: list[tuple[Writer, Type, str]] = field(default_factory=list)

    @property
    def program(self) -> Program:
        return self.analyses.program

    def function_name(self, function: Function) -> str:
        """Returns the identifier of a function of the program."""
        name = self._names.get(function.id)
        if name is None:
            name = self._names[function.id] = self.fresh("fn." + identifier(function.name))
        return name

    def state_name(self, state: str) -> str:
        """Returns the identifier of the global that holds a state variable."""
        name = self._states.get(state)
        if name is None:
            name = self._states[state] = self.fresh("state." + identifier(state))
        return name

    @property
    def states(self) -> Mapping[str, str]:
        """Identifiers of the globals in use, by id of the variable."""
        return self._states

    def fresh(self, wanted: str) -> str:
        """Returns `wanted`, or that with a number if it is in use."""
        name, count = wanted, self._taken.get(wanted, 1)
        while name in self._taken:
            count += 1
            name = f"{wanted}.{count}"
        self._taken[wanted] = count
        self._taken.setdefault(name, 1)
        return name

    def routine(self, verb: str, kind: Type, writer: Writer) -> str:
        """Returns the name of the routine `verb` of a type, which is written once."""
        key = (verb, kind)
        name = self._routines.get(key)
        if name is None:
            name = self._routines[key] = self.fresh(identifier(f"{verb}.{kind}".replace(" ", "")))
            self._queue.append((writer, kind, name))
        return name

    def routines_of(self, verb: str) -> frozenset[str]:
        """Returns the names of the routines `verb` of all types."""
        return frozenset(name for (each, _), name in self._routines.items() if each == verb)

    def grave(self, dropper: str) -> int:
        """Returns the address of a recursive type's words (see `memory.wat`), by what frees its
        objects.
        """
        self.table.append(dropper)
        return self.constants.words(0, 0, len(self.table) - 1)

    def routine_texts(self) -> tuple[str, ...]:
        """Returns the text of every routine in use, at any depth."""
        while self._queue:
            writer, kind, name = self._queue.pop(0)
            self._texts.append(writer(self, kind, name))
        return tuple(self._texts)

    def struct(self, struct_id: str) -> StructDef:
        return self.program.structs[struct_id]

    def variants(self, kind: Type) -> tuple[tuple[str, tuple[Type, ...]], ...]:
        """Returns (name, payload types) by tag, of an enum, Option or Result."""
        match kind:
            case Option(value=value):
                return (("None", ()), ("Some", (value,)))
            case Result(ok=ok, err=err):
                return (("Ok", (ok,)), ("Err", (err,)))
            case Enumeration(id=enum_id):
                return self.program.enums[enum_id].variants
            case Prim() | Token() | Array() | Map() | Struct() | ErrorType():
                raise AssertionError(f"{kind} has no variants")
            case _:
                assert_never(kind)
