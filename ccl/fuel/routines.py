"""The worst-case fuel of routines, over `BYTES`, the length of the longest text among the
arguments.

The library calls nothing but itself, so its routines cost the same in every module and are counted
once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final, TypeAlias

from ccl.abi.bounds import Formula
from ccl.abi.test_calls import ALL_CALLS
from ccl.fuel.instructions import (
    Code,
    Op,
    Pricing,
    Unbounded,
    UnknownCopy,
    code_of,
    code_of_lines,
    fuel_of,
)
from ccl.fuel.library_work import BYTES, COPIES, GROWN_TEXT, TURNS
from ccl.support.node import Record, field
from ccl.wasm.model import Module
from ccl.wasm.routines import routines

_HEAD: Final = re.compile(r"\(func \$(\S+)")


HostFuel: TypeAlias = Callable[[str, Sequence[Op]], Formula]
"""Of a call of the host by name, after some instructions. Raises Unbounded."""


class RoutineFuel(Record):
    """Fuel of some routines, each counted once, and of the library routines that they call."""

    texts: Mapping[str, str | Sequence[str]]
    """By name; of a function its lines, of a routine its text."""
    host: HostFuel | None = None
    library: "RoutineFuel | None" = None
    _found: dict[str, Formula] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.texts

    def of(self, name: str, running: tuple[str, ...] = ()) -> Formula:
        """Counts a routine. Raises Unbounded. `running`: routines that have called this one."""
        if self.library is not None and name in self.library:
            return self.library.of(name)
        if name in running:
            raise Unbounded(f"`{name}` goes as deep as the value")
        found = self._found.get(name)
        if found is not None:
            return found
        if not running and name in self._refused:
            raise Unbounded(self._refused[name])
        try:
            found = self._found[name] = self._counted(name, (*running, name))
        except Unbounded as unbounded:
            reason = unbounded.reason
            if isinstance(unbounded, UnknownCopy):
                reason = f"the work of `{name}` depends on its data"
            if not running:
                self._refused[name] = reason
            raise Unbounded(reason) from None
        return found

    def _counted(self, name: str, running: tuple[str, ...]) -> Formula:
        def iterations(label: str) -> Formula:
            known = TURNS.get((name, label))
            if known is None:
                raise Unbounded(f"the work of `{name}` depends on its data")
            return known

        def plain(called: str, before: Sequence[Op]) -> Formula:
            if self.host is not None and called in ALL_CALLS:
                return self.host(called, before)
            return self.of(called, running)

        per_byte = Formula.symbol(BYTES)

        def growing(called: str, before: Sequence[Op]) -> Formula:
            if called != "resize":
                return plain(called, before)
            copying = Pricing(iterations=iterations, of_call=plain, of_copy=per_byte)
            return fuel_of(self.code(called), copying)

        grows = name in GROWN_TEXT
        pricing = Pricing(
            iterations=iterations,
            of_call=growing if grows else plain,
            of_copy=per_byte if grows else COPIES.get(name),
        )
        return fuel_of(self.code(name), pricing)

    def code(self, name: str) -> Code:
        """Parses a routine that is not of the library."""
        text = self.texts[name]
        return code_of(text) if isinstance(text, str) else code_of_lines(text)


def routine_fuel(module: Module, host: HostFuel) -> RoutineFuel:
    """Collects the routines and functions of a module."""
    library = _library_fuel()
    texts: dict[str, str | Sequence[str]] = {each.name: each.body for each in module.functions}
    for text in module.library:
        head = _HEAD.search(text)
        if head is not None and head[1] not in library:
            texts[head[1]] = text
    return RoutineFuel(texts=texts, host=host, library=library)


@cache
def _library_fuel() -> RoutineFuel:
    return RoutineFuel(texts={name: routine.text for name, routine in routines().items()})
