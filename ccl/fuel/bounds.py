"""The worst-case fuel of every export, or the obstacle to a bound and its place.

Counted over the text that is assembled: `ccl.analysis.sizes.loop_bounds` bounds the iterations of
loops, a routine of the library costs its own text. Recursion, loops without a bound, and work that
depends on the size of data inside are obstacles.
"""

from collections.abc import Sequence
from typing import Final

from ccl.abi.bounds import Bound, Formula, Obstacle
from ccl.abi.call_forms import Answer, Wire
from ccl.abi.fuel import PRICES, RUN_PRICES, Price
from ccl.abi.layout import ALLOCATE_EXPORT
from ccl.abi.test_calls import ALL_CALLS
from ccl.analysis.sizes.encoded_size import (
    CONTAINER,
    HEAD,
    Extent,
    encoded_bytes_max,
    encoded_max,
    holds_text,
)
from ccl.analysis.sizes.value_sizes import (
    ITEMS,
    MOVED,
    POINT_BYTES_MAX,
    SHORT_BYTES_MAX,
    length_symbol,
)
from ccl.codegen.operations.containers import ELEMENTS, SUM
from ccl.codegen.program import Lowered, Notes
from ccl.fuel.instructions import TRAP_FUEL, Op, Pricing, Unbounded, fuel_of
from ccl.fuel.library_work import BYTES
from ccl.fuel.routines import routine_fuel
from ccl.ir.layout import is_text
from ccl.ir.typed import CallHost, Function, TextConst
from ccl.ir.types import Array
from ccl.ir.visit import everything
from ccl.source.spans import SourceMap, Span
from runtime.content.heads import weighed_items

FUEL_MAX: Final = 2**63 - 1
"""A bound is written in 64 bits."""
PAGES_FUEL: Final = 40_000
"""Growing memory costs fuel by the page: all pages that are allowed, and two refusals."""
UNKNOWN_LENGTH: Final = "the length of this text or data is unbounded"
_ITEMS_MAX: Final = 1 << 32
"""More than any constant has."""


class _Blocked(Exception):
    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.reason)
        self.obstacle = obstacle


def bounds_of(lowered: Lowered, sources: SourceMap) -> dict[str, Bound]:
    """Bounds the exports of the module, apart from those that only serve the others."""
    counter = _Counter(lowered, sources)
    return {
        name: counter.export(function)
        for name, function in lowered.module.exports
        if name != ALLOCATE_EXPORT
    }


class _Counter:
    """Counts each function once."""

    def __init__(self, lowered: Lowered, sources: SourceMap) -> None:
        module = lowered.module
        self._program = lowered.program
        self._data = module.data
        self._notes = lowered.notes
        self._longest_in = {each.function.id: each.longest for each in lowered.notes.values()}
        self._sources = sources
        self._routines = routine_fuel(module, self._plain_call)
        self._behind = lowered.behind
        self._decoders = lowered.decoders
        self._found: dict[str, Formula | Obstacle] = {}
        self._running: set[str] = set()

    def export(self, name: str) -> Bound:
        function = self._behind.get(name)
        try:
            if name in self._notes:
                fuel = self._program_function(name) + self._arguments(function)
            elif function is not None:
                fuel = self._entry(name, function)
            else:
                fuel = self._routines.of(name)
                if BYTES in fuel.symbols():
                    raise Unbounded(f"the work of `{name}` depends on its data")
        except _Blocked as blocked:
            return blocked.obstacle
        except Unbounded as unbounded:
            span = None if function is None else function.span
            return self._obstacle(span, unbounded.reason)
        assert BYTES not in fuel.symbols(), "the caller of a routine bounds its texts"
        fuel = fuel + Formula.constant(TRAP_FUEL + PAGES_FUEL)
        if max(fuel.terms.values()) > FUEL_MAX:
            span = None if function is None else function.span
            return self._obstacle(span, "the bound is more than any fuel")
        return fuel

    def _obstacle(self, span: Span | None, reason: str) -> Obstacle:
        if span is None:
            return Obstacle(file="", line=0, column=0, reason=reason)
        source = self._sources.of(span)
        at = source.position(span.start)
        return Obstacle(file=source.path, line=at.line, column=at.column, reason=reason)

    # --- functions of the program ---

    def _program_function(self, name: str) -> Formula:
        """Counts a function over its own parameters. Raises _Blocked."""
        notes = self._notes[name]
        found = self._found.get(name)
        if found is None:
            if name in self._running:
                reason = f"`{notes.function.name}` calls itself"
                raise _Blocked(self._obstacle(notes.function.span, reason))
            self._running.add(name)
            try:
                found = fuel_of(self._routines.code(name), self._own_pricing(notes))
            except _Blocked as blocked:
                found = blocked.obstacle
            except Unbounded as unbounded:
                found = self._obstacle(notes.function.span, unbounded.reason)
            finally:
                self._running.discard(name)
            self._found[name] = found
        if isinstance(found, Obstacle):
            raise _Blocked(found)
        return found

    def _own_pricing(self, notes: Notes) -> Pricing:
        def iterations(label: str) -> Formula:
            known = notes.iteration_bounds.get(label)
            if isinstance(known, Formula):
                return known
            reason = "the number of iterations is unbounded"
            raise _Blocked(self._obstacle(known, reason))

        found: dict[str, Formula] = {}

        def of_call(name: str, before: Sequence[Op]) -> Formula:
            if name in ALL_CALLS and not notes.callees.get(name):
                return self._plain_call(name, before)
            if name not in found:
                found[name] = self._call(name, notes)
            return found[name]

        return Pricing(iterations=iterations, of_call=of_call)

    def _call(self, name: str, notes: Notes) -> Formula:
        """Counts the dearest of a function's calls of that name. Raises Unbounded, _Blocked."""
        if name in ALL_CALLS:
            return self._host_call(name, notes)
        if name not in self._notes:
            fuel = self._routines.of(name)
            if ELEMENTS in fuel.symbols():
                return self._sum(fuel, notes)
            return self._with_texts(fuel, notes)
        fuel = self._program_function(name)
        total = Formula.constant(0)
        for site in notes.callees.get(name, ()):
            sizes = {key: size for key, size in site.sizes.items() if size is not None}
            missing = sorted(fuel.symbols() - sizes.keys())
            if missing:
                callee = self._notes[name].function.name
                reason = f"{missing[0]} of `{callee}` is unbounded in this call"
                raise _Blocked(self._obstacle(site.span, reason))
            total = total.most(fuel.replaced(sizes))
        return total

    def _sum(self, fuel: Formula, notes: Notes) -> Formula:
        total = Formula.constant(0)
        for site in notes.callees[SUM]:
            length = site.sizes[ELEMENTS]
            if length is None:
                reason = "the length of this array is unbounded"
                raise _Blocked(self._obstacle(site.span, reason))
            total = total.most(fuel.replaced({ELEMENTS: length}))
        return total

    def _with_texts(self, fuel: Formula, notes: Notes) -> Formula:
        """Counts a routine that may walk the texts and Data of a function."""
        if BYTES not in fuel.symbols():
            return fuel
        longest = notes.longest()
        if isinstance(longest, Formula):
            return fuel.replaced({BYTES: longest})
        raise _Blocked(self._obstacle(longest, UNKNOWN_LENGTH))

    def _host_call(self, name: str, notes: Notes) -> Formula:
        total = Formula.constant(0)
        for site in notes.callees[name]:
            moved, items = site.sizes[MOVED], site.sizes[ITEMS]
            if moved is None or items is None:
                raise _Blocked(self._unknown_bytes(name, notes.function, site.span))
            total = total.most(_priced(PRICES[name], moved, items))
        return total

    def _unknown_bytes(self, name: str, function: Function, span: Span) -> Obstacle:
        if name not in ("host_read_state", "host_write_state"):
            return self._obstacle(span, f"`{name}` moves as many bytes as there are")
        calls = [
            (node.span, node.arguments[1])
            for node in everything(function.body)
            if isinstance(node, CallHost) and node.call == name
        ]
        span, variable = min(calls, key=lambda call: (call[0].file, call[0].start))
        assert isinstance(variable, TextConst), "names of variables are constants"
        reason = f"the state `{variable.value}` is as large as what is stored"
        return self._obstacle(span, reason)

    # --- routines and the host ---

    def _foreign(self, name: str, before: Sequence[Op]) -> Formula:
        if name in ALL_CALLS:
            return self._plain_call(name, before)
        return self._routines.of(name)

    # --- entries ---

    def _entry(self, name: str, function: Function) -> Formula:
        """Counts a packed export: it reads arguments, calls the function, and writes its result."""
        arrays = [p for p in function.parameters if isinstance(p.type, Array)]
        symbols = Formula.constant(0)
        for parameter in arrays:
            symbols = symbols + Formula.symbol(length_symbol(parameter.name))

        def of_call(called: str, before: Sequence[Op]) -> Formula:
            if called in self._notes:
                return self._program_function(called)
            if called in self._decoders and arrays:
                return self._reading(called, symbols)
            return self._foreign(called, before)

        def iterations(label: str) -> Formula:
            raise Unbounded(f"the loop {label} of {name}")

        allocated = self._routines.of("allocate")
        fuel = allocated + fuel_of(
            self._routines.code(name), Pricing(iterations=iterations, of_call=of_call)
        )
        fuel = fuel + self._arguments(function) + self._value(function)
        if BYTES not in fuel.symbols():
            return fuel
        crossing = self._crossing(function)
        return fuel.replaced(
            {BYTES: crossing, **{each: Formula.symbol(each) for each in fuel.symbols() - {BYTES}}}
        )

    def _arguments(self, function: Function | None) -> Formula:
        """Counts reading the list of arguments. Raises Unbounded."""
        size, items = Formula.constant(CONTAINER.bytes), Formula.constant(CONTAINER.items)
        for parameter in () if function is None else function.parameters:
            kind, length = parameter.type, Formula.symbol(length_symbol(parameter.name))
            extent: Extent | None
            if is_text(kind):
                extent, times = Extent(POINT_BYTES_MAX, 0), length
                size, items = size + Formula.constant(HEAD.bytes), items + Formula.constant(1)
            elif isinstance(kind, Array):
                extent, times = encoded_max(self._program, kind.element), length
                size = size + Formula.constant(CONTAINER.bytes)
                items = items + Formula.constant(CONTAINER.items)
            else:
                extent, times = encoded_max(self._program, kind), Formula.constant(1)
            if extent is None:
                raise Unbounded("an argument has parts of any length")
            size = size + Formula.constant(extent.bytes) * times
            items = items + Formula.constant(extent.items) * times
        return _priced(RUN_PRICES["arguments"], size, items)

    def _value(self, function: Function) -> Formula:
        """Counts reading the value of a packed entry. Raises Unbounded, _Blocked."""
        known = encoded_max(self._program, function.result)
        if known is not None:
            size, items = Formula.constant(known.bytes), known.items
        elif is_text(function.result):
            size, items = self._longest(function) + Formula.constant(HEAD.bytes), 1
        else:
            raise Unbounded("the result has parts of any length")
        return _priced(RUN_PRICES["value"], size, Formula.constant(items))

    def _longest(self, function: Function) -> Formula:
        """Bounds the bytes of the longest text in it. Raises _Blocked."""
        longest = self._longest_in[function.id]()
        if isinstance(longest, Formula):
            return longest
        raise _Blocked(self._obstacle(longest, UNKNOWN_LENGTH))

    def _crossing(self, function: Function) -> Formula:
        """Bounds the longest text that an entry takes or returns. Raises Unbounded, _Blocked."""
        total = Formula.constant(SHORT_BYTES_MAX)
        for parameter in function.parameters:
            if is_text(parameter.type):
                points = Formula.symbol(length_symbol(parameter.name))
                total = total + Formula.constant(POINT_BYTES_MAX) * points
            elif holds_text(self._program, parameter.type):
                raise Unbounded("an argument has parts of any length")
        given = encoded_bytes_max(self._program, function.result)
        if given is not None:
            return total + Formula.constant(given)
        if not is_text(function.result):
            raise Unbounded("the result has parts of any length")
        return total + self._longest(function)

    def _reading(self, routine: str, length: Formula) -> Formula:
        """Counts reading an array of numbers, as long as all array arguments together."""

        def of_call(called: str, before: Sequence[Op]) -> Formula:
            if called in self._decoders or called in ("take_text", "take_data"):
                raise Unbounded("an argument has parts of any length")
            return self._foreign(called, before)

        def iterations(label: str) -> Formula:
            return length

        return fuel_of(
            self._routines.code(routine),
            Pricing(iterations=iterations, of_call=of_call, array_slots=length),
        )

    def _plain_call(self, name: str, before: Sequence[Op]) -> Formula:
        """Counts a host call with constants only, and an answer that is a number or has a limit."""
        call, price = ALL_CALLS[name], PRICES[name]
        count = len(call.wasm_parameters)
        last = before[len(before) - count :]
        constants = [
            int(item.target, 0)
            for item in last
            if isinstance(item, Op) and item.name in ("i32.const", "i64.const")
        ]
        texts = any(parameter.wire is not Wire.INTEGER for parameter in call.parameters)
        is_open = call.answer is Answer.BUFFER and call.answer_bytes_max is None
        if is_open or (texts and len(constants) < count):
            raise Unbounded(f"`{name}` moves as many bytes as there are")
        size, items, position = call.answer_bytes_max or 0, 0, 0
        for parameter in call.parameters:
            if parameter.wire is Wire.INTEGER:
                position += 1
                continue
            address, length = constants[position : position + 2]
            position += 2
            size += length
            if parameter.wire is Wire.BYTES and price.item:
                items += weighed_items(self._constant(address, length), items_max=_ITEMS_MAX)
        return _priced(price, Formula.constant(size), Formula.constant(items))

    def _constant(self, address: int, length: int) -> bytes:
        """Returns bytes of the data segments."""
        for data in self._data:
            start = address - data.address
            if 0 <= start <= len(data.content) - length:
                return data.content[start : start + length]
        raise AssertionError("a constant is in one of the module's data segments")


def _priced(price: Price, moved: Formula, items: Formula) -> Formula:
    return (
        Formula.constant(price.call + price.suggestion)
        + Formula.constant(price.byte) * moved
        + Formula.constant(price.item) * items
    )
