"""Upper bound on the cost of compiling a function, estimated from its bytes alone.

The compiler is linear in ordinary code, and worse in four things, each of which a few kilobytes can
hold thousands of: blocks (quadratic), blocks times locals, variables that many blocks change
(quadratic in the blocks of one variable), and branches times the variables that their target
changes. They are counted here in one pass. The weights were measured
(docs/adr/0014-a-static-budget-for-compiling.md); the estimate is the same on every machine. Source:
WebAssembly core specification 2.0, section 5.4 (instructions).
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct, field

WEIGHTS_VERSION: Final = 3
"""Incremented with any of the weights, also those of `runtime.module.startup_cost`: another
estimate is another verdict, so another engine."""
BYTE: Final = 1_500
"""This and what follows: estimated nanoseconds."""
FLOAT: Final = 9_500
"""Arithmetic on floats: each result's NaN is made canonical."""
CALL: Final = 10_000
VALUE: Final = 5_000
"""A parameter or result of a call beyond VALUES_FREE."""
VALUES_FREE: Final = 4
BLOCK_PAIR: Final = 15
BLOCK_LOCAL: Final = 250
LOOP_PAIR_LOCAL: Final = 10
"""Two loops and a local that may be alive in both."""
CHANGE_PAIR: Final = 60
"""Two blocks that change the same variable."""
LOOP_CHANGE_PAIR: Final = 3
"""Two changes of variables by loops: in loops in loops all their values are alive at once."""
PARAMETER_PAIR: Final = 240
"""Two blocks with a parameter in the same place: they take more memory than time."""
BRANCH_CHANGE: Final = 150
TARGET: Final = 1_500
"""An entry of a br_table."""
FUNCTION: Final = 45_000
SEGMENT: Final = 100_000
"""A data segment."""
TRAMPOLINE: Final = 70_000
"""An exported function, or one in a table; each type of a function."""

_LEB: Final = rb"[\x80-\xff]{0,9}[\x00-\x7f]"
_MEMARG: Final = _LEB + _LEB


def _any(*patterns: bytes) -> bytes:
    return b"(?:" + b"|".join(patterns) + b")"


_PLAIN: Final = _any(
    rb"[\x01\x0f\x1a\x1b\x45-\x8a\xa7-\xb1\xbc-\xc4\xd1]",
    rb"[\x20\x23\x24\x3f\x41\x42\xd0\xd2]" + _LEB,
    rb"[\x28-\x3e]" + _MEMARG,
    rb"\x43.{4}",
    rb"\x44.{8}",
    rb"\x1c\x01.",
    # truncations, data.drop, elem.drop, table.size
    rb"\xfc[\x00-\x07]",
    rb"\xfc[\x09\x0d\x10]" + _LEB,
    # vectors: loads and stores, constants and shuffles, lanes, lanes in memory
    rb"\xfd[\x00-\x0b\x5c\x5d]" + _MEMARG,
    rb"\xfd[\x0c\x0d].{16}",
    rb"\xfd[\x15-\x22].",
    rb"\xfd[\x54-\x5b]" + _MEMARG + rb".",
    rb"\xfd[\x0e-\x14\x23-\x53\x60-\x66\x6b-\x73\x76-\x79\x7b-\x7f]",
    rb"\xfd[\x80-\xdf]\x01",
)
_FLOAT: Final = _any(
    rb"[\x8b-\xa6\xb2-\xbb]",
    rb"\xfd[\x5e\x5f\x67-\x6a\x74\x75\x7a]",
    rb"\xfd[\xe0-\xff]\x01",
)
_TOKENS: Final = b"|".join(
    (
        rb"(?P<plain>" + _PLAIN + rb"{1,256}+)",
        rb"(?P<set>[\x21\x22])(?P<local>" + _LEB + rb")",
        rb"(?P<end>\x0b)",
        rb"(?P<open>[\x02-\x04])(?P<type>" + _LEB + rb")",
        rb"(?P<branch>[\x0c\x0d])(?P<depth>" + _LEB + rb")",
        rb"(?P<call>\x10)(?P<callee>" + _LEB + rb")",
        rb"(?P<indirect>\x11)(?P<signature>" + _LEB + rb")" + _LEB,
        rb"(?P<float>" + _FLOAT + rb")",
        rb"(?P<else>\x05)",
        rb"(?P<table>\x0e)(?P<targets>" + _LEB + rb")",
        # memory.init, memory.copy, memory.fill, and the same of tables; table.grow
        rb"(?P<bulk>\xfc(?:[\x08\x0a\x0c\x0e]" + _LEB + _LEB + rb"|[\x0b\x0f\x11]" + _LEB + rb"))",
        # table.get and table.set read an entry that may not be initialised yet
        rb"(?P<entry>[\x25\x26]" + _LEB + rb")",
        # memory.grow
        rb"(?P<grow>\x40" + _LEB + rb")",
        rb"(?P<trap>\x00)",
    )
)


@lru_cache(maxsize=1)
def _scanners() -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Makes the scanners of instructions and of numbers when the first body is read."""
    return re.compile(_TOKENS, re.DOTALL), re.compile(_LEB)


class TooCostly(Exception):
    """An estimate over the bound; counted no further. `why` names its cause."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


_SWITCHED_OFF: Final = (
    ("exceptions are switched off", rb"[\x06-\x0a\x18\x19\x1f]"),
    ("tail calls are switched off", rb"[\x12\x13\x15]"),
    ("typed function references are switched off", rb"[\x14\xd3-\xd6]"),
    ("threads are switched off", rb"\xfe"),
    ("garbage collection is switched off", rb"\xfb"),
    ("stack switching is switched off", rb"[\xe0-\xe6]"),
    ("wide arithmetic is switched off", rb"\xfc[\x13-\x16]"),
    ("relaxed SIMD is switched off", rb"\xfd[\x80-\xff]\x02"),
)
"""Reasons why an instruction is not accepted, by its first byte."""


class UnknownInstruction(Exception):
    """An instruction that does not exist or is not enabled. offset: in the body."""

    def __init__(self, code: bytes, offset: int) -> None:
        found = (reason for reason, begin in _SWITCHED_OFF if re.match(begin, code[offset:]))
        self.reason = next(found, "an instruction that is not known")
        self.detail = f"0x{code[offset : offset + 2].hex()}"
        self.offset = offset
        super().__init__(self.reason, offset)


class _Construct(Struct):
    """A block, loop or if. changed: variables that are set inside; branches: jumps to it."""

    values: int
    is_loop: bool = False
    changed: set[int] = field(default_factory=set)
    branches: int = 1


class Costing(Struct, frozen=True):
    """types: (parameters, results) of each type. callees: the same of each function.

    function_max: the highest estimate for one function.
    """

    types: Sequence[tuple[int, int]]
    callees: Sequence[tuple[int, int]]
    function_max: int
    targets_max: int

    def of(self, code: bytes, locals_: int) -> tuple[int, bool]:
        """Estimates the instructions of one body; returns also whether one of them is
        `memory.grow`.

        Raises TooCostly, UnknownInstruction.
        """
        body = _Body(self, locals_)
        return body.cost(code), body.grows_memory


class _Body:
    def __init__(self, costing: Costing, locals_: int) -> None:
        self._costing = costing
        self._locals = locals_
        self._open = [_Construct(0)]
        self._changes: dict[int, int] = defaultdict(int)
        self._blocks = 0
        self._changing = 0
        self._loops = 0
        self._looping = 0
        self._cost = FUNCTION
        self.grows_memory = False

    def cost(self, code: bytes) -> int:
        self._cost += BYTE * len(code)
        at, size = 0, len(code)
        instructions, _ = _scanners()
        most = self._costing.function_max
        while at < size:
            token = instructions.match(code, at)
            if token is None:
                raise UnknownInstruction(code, at)
            at = token.end()
            match token.lastgroup:
                case "plain" | "trap":
                    continue
                case "local":
                    self._open[-1].changed.add(_number(token["local"]))
                    continue
                case "float":
                    self._cost += FLOAT
                case "end":
                    self._close()
                case "type":
                    self._begin(token["type"], is_loop=token["open"] == b"\x03")
                case "depth":
                    self._branch(_number(token["depth"]))
                case "callee":
                    self._call(self._costing.callees, token["callee"])
                case "signature":
                    self._blocks += 2
                    self._call(self._costing.types, token["signature"])
                case "bulk" | "grow":
                    self.grows_memory = self.grows_memory or token.lastgroup == "grow"
                    # Each ends in a check of its own, and values live on across it.
                    self._blocks += 2
                    self._cost += CALL
                case "targets":
                    at = self._table(code, at, _number(token["targets"]))
                case _:
                    self._blocks += 1
            if self._total > most:
                raise TooCostly(self._why())
        return self._total

    @property
    def _total(self) -> int:
        return (
            self._cost
            + self._blocks * (BLOCK_PAIR * self._blocks + BLOCK_LOCAL * self._locals)
            + LOOP_PAIR_LOCAL * self._loops * self._loops * self._locals
            + LOOP_CHANGE_PAIR * self._looping * self._looping
        )

    def _begin(self, type_: bytes, *, is_loop: bool) -> None:
        self._blocks += 1
        self._loops += is_loop
        parameters, results = self._shape(type_)
        for position in range(parameters):
            self._change(-1 - position, PARAMETER_PAIR)
        self._cost += PARAMETER_PAIR * results * (2 * len(self._open) - 1)
        self._open.append(_Construct(parameters + results, is_loop))

    def _shape(self, type_: bytes) -> tuple[int, int]:
        if len(type_) == 1 and type_[0] >= 0x40:
            return 0, int(type_[0] != 0x40)
        index = _number(type_)
        return self._costing.types[index] if index < len(self._costing.types) else (0, 0)

    def _close(self) -> None:
        if len(self._open) < 2:
            return
        closed = self._open.pop()
        for local in closed.changed:
            self._change(local)
        self._open[-1].changed |= closed.changed
        if closed.is_loop:
            self._looping += len(closed.changed) + closed.values
        self._cost += BRANCH_CHANGE * closed.branches * (len(closed.changed) + closed.values)

    def _change(self, variable: int, weight: int = CHANGE_PAIR) -> None:
        before = self._changes[variable]
        self._changes[variable] = before + 1
        self._cost += weight * (2 * before + 1)
        self._changing += 1

    def _branch(self, depth: int) -> None:
        self._blocks += 1
        if depth < len(self._open):
            self._open[-1 - depth].branches += 1

    def _call(self, shapes: Sequence[tuple[int, int]], named: bytes) -> None:
        index = _number(named)
        values = sum(shapes[index]) if index < len(shapes) else 0
        self._cost += CALL + VALUE * max(0, values - VALUES_FREE)

    def _table(self, code: bytes, at: int, targets: int) -> int:
        if targets > self._costing.targets_max:
            raise TooCostly(f"a br_table of {targets} targets")
        _, numbers = _scanners()
        self._blocks += 1
        self._cost += TARGET * targets
        for _ in range(targets + 1):
            target = numbers.match(code, at)
            if target is None:
                raise UnknownInstruction(code, at)
            at = target.end()
            depth = _number(target[0])
            if depth < len(self._open):
                self._open[-1 - depth].branches += 1
        return at

    def _why(self) -> str:
        return (
            f"{self._blocks} blocks and branches, {self._locals} locals, "
            f"{self._changing} changes of variables across them"
        )


def _number(leb: bytes) -> int:
    value = 0
    for position, byte in enumerate(leb):
        value |= (byte & 0x7F) << (7 * position)
    return value


def calls_before(code: bytes, offset: int) -> int | None:
    """Counts the direct calls that begin in a body before the one at a place in it; None if none is
    there."""
    at = calls = 0
    token = _scanners()[0]
    while at < offset:
        found = token.match(code, at)
        if found is None:
            return None
        calls += found.lastgroup == "callee"
        at = found.end()
    return calls if at == offset and code[at : at + 1] == b"\x10" else None
