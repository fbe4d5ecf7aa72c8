"""Upper bound on the cost of compiling the start of a module: its globals and element segments.

The engine writes a table that is known before it runs (constant offsets, inside the table) as data;
for everything else it compiles a function, with some instructions for each element. The weights
were measured (docs/adr/0014-a-static-budget-for-compiling.md), for memory more than time. Source:
WebAssembly core specification 2.0, sections 5.5.9 and 5.5.12.
"""

import re
from typing import Final, NamedTuple

from runtime.module.headers import Reading, Section
from runtime.module.reader import MalformedError

WRITTEN: Final = 100
"""This and what follows: estimated nanoseconds. An element that is written as data."""
DECLARED: Final = 500
LISTED: Final = 80_000
"""An element of a passive segment."""
COMPUTED: Final = 120_000
"""An element of an active segment that is not written as data: it is stored by instructions."""
GLOBAL: Final = 500
REFERENCE: Final = 40_000
"""A global that is a reference."""
EXPRESSION: Final = 5_000
"""A value, or place of a segment, that is more than a constant; and each of its bytes."""
EXPRESSION_BYTE: Final = 1_500
ELEMENT_SEGMENT: Final = 150_000

_LEB: Final = rb"[\x80-\xff]{0,4}[\x00-\x7f]"
_LONG: Final = rb"[\x80-\xff]{0,9}[\x00-\x7f]"
_NUMBER: Final = re.compile(_LEB)
_CHUNK: Final = 256
_NUMBERS: Final = re.compile(b"(?:" + _LEB + b"){%d}" % _CHUNK)
_PLACE: Final = re.compile(rb"\x41(" + _LEB + rb")\x0b")
_CONSTANT: Final = re.compile(
    rb"(?:\x41" + _LEB + rb"|\x42" + _LONG + rb"|\x43.{4}|\x44.{8}|\xfd\x0c.{16})\x0b", re.DOTALL
)
_EXPRESSION: Final = re.compile(
    rb"(?:[\x23\x41\xd0\xd2]"
    + _LEB
    + rb"|\x42"
    + _LONG
    + rb"|\x43.{4}|\x44.{8}|\xfd\x0c.{16}|[\x6a-\x6c\x7c-\x7e])*+\x0b",
    re.DOTALL,
)
_REFERENCE_TYPES: Final = (0x6F, 0x70)
_EXPLICIT, _PASSIVE, _EXPRESSIONS = 2, 1, 4
"""Of the flags of an element segment. EXPLICIT without PASSIVE: with a table's number;
with it: only declared."""


class Startup(NamedTuple):
    """cost: up to the bound that was given. references: elements and globals that name a
    function, so that it can be called from elsewhere."""

    cost: int
    references: int


def startup(module: bytes, reading: Reading, *, elements_max: int, cost_max: int) -> Startup:
    """Estimates the cost, counted no further than the bound. Raises MalformedError."""
    globals_ = _Globals(module, reading.globals)
    elements = _Elements(module, reading.elements, reading.tables, elements_max)
    cost, references = globals_.read(cost_max)
    more, listed = elements.read(cost_max - cost)
    return Startup(cost + more, references + listed)


class _Sections:
    def __init__(self, module: bytes, section: Section) -> None:
        self._data = module
        self._at = section.start
        self._end = section.end
        self._entries = section.entries
        self._cost = 0
        self._references = 0

    def _byte(self) -> int:
        if self._at >= self._end:
            raise MalformedError("the module is cut off", f"a section ends at byte {self._at}")
        self._at += 1
        return self._data[self._at - 1]

    def _matched(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        found = pattern.match(self._data, self._at, self._end)
        if found is None:
            raise MalformedError(what, f"at byte {self._at}")
        self._at = found.end()
        return found

    def _number(self) -> int:
        return number(self._matched(_NUMBER, "a number of more than 32 bits")[0])

    def _expression(self) -> None:
        """Reads an expression where only constants are allowed."""
        if found := _CONSTANT.match(self._data, self._at, self._end):
            self._at = found.end()
            return
        begin = self._at
        self._matched(_EXPRESSION, "an initial value that is not supported")
        self._cost += EXPRESSION + EXPRESSION_BYTE * (self._at - begin)


class _Globals(_Sections):
    def read(self, cost_max: int) -> Startup:
        for _ in range(self._entries):
            kind = self._byte()
            self._byte()
            self._cost += GLOBAL
            if kind in _REFERENCE_TYPES:
                self._cost += REFERENCE
                self._references += 1
            self._expression()
            if self._cost > cost_max:
                break
        return Startup(self._cost, self._references)


class _Elements(_Sections):
    def __init__(self, module: bytes, section: Section, tables: list[int], most: int) -> None:
        super().__init__(module, section)
        self._tables = tables
        self._left = most
        self._most = most
        self._written = True
        """Whether all active segments so far are written as data: those after another are not."""

    def read(self, cost_max: int) -> Startup:
        for _ in range(self._entries):
            self._segment(cost_max)
            if self._cost > cost_max:
                break
        return Startup(self._cost, self._references)

    def _segment(self, cost_max: int) -> None:
        begin, flags = self._at, self._number()
        if flags > (_EXPLICIT | _PASSIVE | _EXPRESSIONS):
            raise MalformedError("an element segment of unknown kind", f"{flags} at byte {begin}")
        is_active = not flags & _PASSIVE
        table = self._number() if flags & _EXPLICIT and is_active else 0
        place = self._place() if is_active else None
        if flags & (_EXPLICIT | _PASSIVE):
            self._byte()
        count = self._number()
        if count > self._left:
            raise MalformedError(f"more than {self._most} elements in segments")
        self._left -= count
        self._references += count
        if is_active:
            size = self._tables[table] if table < len(self._tables) else 0
            fits = place is not None and place + count <= size
            self._written = self._written and fits and not flags & _EXPRESSIONS
        each, segment = self._weights(flags)
        self._cost += segment + each * count
        if self._cost <= cost_max:
            self._skip(count, expressions=bool(flags & _EXPRESSIONS))

    def _weights(self, flags: int) -> tuple[int, int]:
        """Gives the weights of an element, and of the segment."""
        if flags & _PASSIVE:
            return (DECLARED, DECLARED) if flags & _EXPLICIT else (LISTED, ELEMENT_SEGMENT)
        return (WRITTEN, DECLARED) if self._written else (COMPUTED, ELEMENT_SEGMENT)

    def _place(self) -> int | None:
        """Reads the offset of a segment; None if it is more than a constant."""
        found = _PLACE.match(self._data, self._at, self._end)
        self._expression()
        return None if found is None else signed_as_unsigned(found[1])

    def _skip(self, count: int, *, expressions: bool) -> None:
        if expressions:
            for _ in range(count):
                self._matched(_EXPRESSION, "an element that is not supported")
            return
        chunks, rest = divmod(count, _CHUNK)
        for _ in range(chunks):
            self._matched(_NUMBERS, "a number of more than 32 bits")
        for _ in range(rest):
            self._number()


def number(leb: bytes) -> int:
    return sum((byte & 0x7F) << (7 * position) for position, byte in enumerate(leb))


def signed_as_unsigned(leb: bytes) -> int:
    """Converts a signed number of 32 bits to the offset that the engine reads."""
    value = number(leb)
    if leb[-1] & 0x40:
        value -= 1 << (7 * len(leb))
    return value & 0xFFFF_FFFF
