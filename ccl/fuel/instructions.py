"""The worst-case fuel of WebAssembly text, as the engine counts: one for each instruction.

Blocks, ends and `nop` cost nothing there and a call costs one more for the entry of what it
calls; measured with wasmtime 50. A jump is taken to fall through, of two branches the dearer
one counts, a loop runs once more than it turns. What only ends in a trap is not added up: it
is run once, and `TRAP_FUEL` covers it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from ccl.abi.bounds import Formula
from ccl.abi.test_calls import ALL_CALLS
from ccl.support.node import Node, Record

TRAP_FUEL: Final = 4_000
"""More than any way from a failed check to its trap."""

OPERANDS_MAX: Final = max(len(call.wasm_parameters) for call in ALL_CALLS.values())
"""So many instructions before a call of the host say what it is given, if they are constants. A
charter's function makes thousands of calls; all that is before each of them would be quadratic."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;;[^\n]*|[()]|[^\s()"]+')
_TRAPS: Final = frozenset({"trap", "trap_index", "trap_range"})
_HEAD_WORDS: Final = frozenset({"param", "result", "local", "export", "type", "@name"})
_STRUCTURE: Final = frozenset({"block", "loop", "if"})
_NOTHING: Final = Formula.constant(0)
_ONE: Final = Formula.constant(1)


class Op(Node, frozen=True):
    name: str
    target: str
    """The first immediate or the label: a name without its `$`, a number, or nothing."""


Code: TypeAlias = Iterable[Op]
"""Instructions as they run; `block`, `loop`, `if`, `else` and `end` are among them."""

_ELSE: Final = Op("else", "")
_END: Final = Op("end", "")
_ENDED: Final = Op("", "")
"""Among what was seen: a structure with all that is in it."""


class Unbounded(Exception):
    """The text has no bound; the reason is for users."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownCopy(Unbounded):
    """A copy of unknown size."""

    def __init__(self) -> None:
        super().__init__("memory is copied, as much as there is")


# --- reading ----------------------------------------------------------------------------


def code_of(text: str) -> tuple[Op, ...]:
    """Parses a function or routine, flat or folded or both, without its head."""
    tokens = [token for token in _TOKEN.findall(text) if not token.startswith(";;")]
    if tokens[:2] == ["(", "func"]:
        tokens = tokens[2:-1]
        if tokens and tokens[0].startswith("$"):
            del tokens[0]
    return tuple(_unfolded(tokens))


def code_of_lines(lines: Iterable[str]) -> Iterator[Op]:
    """Parses lines that are each complete but for `end` and `else`."""
    for line in lines:
        yield from _line(line)


@lru_cache(maxsize=1 << 14)
def _line(line: str) -> tuple[Op, ...]:
    """Parses a line; most occur in many functions."""
    word, _, target = line.partition(" ")
    if "(" in line or " " in target:
        return code_of(line)
    return (Op(word, target.removeprefix("$")),)


def _unfolded(tokens: Sequence[str]) -> Iterator[Op]:
    """Yields operands before their operation, and each structure with its `end`."""
    pending: list[Op | None] = []
    """By opening bracket, what runs when it closes."""
    at, count = 0, len(tokens)
    while at < count:
        word = tokens[at]
        at += 1
        if word == ")":
            last = pending.pop()
            if last is not None:
                yield last
            continue
        is_folded = word == "("
        if is_folded:
            word = tokens[at]
            at += 1
            if word in _HEAD_WORDS:
                at = tokens.index(")", at) + 1
                continue
        target = ""
        while at < count and _is_immediate(tokens[at]):
            target = target or tokens[at].removeprefix("$")
            at += 1
        op = Op(word, target)
        if not is_folded:
            yield op
        elif word == "if":
            # it runs behind its condition, which is inside
            pending.append(_END)
        elif word == "then":
            yield Op("if", "")
            pending.append(None)
        elif word == "else":
            yield _ELSE
            pending.append(None)
        elif word in _STRUCTURE:
            yield op
            pending.append(_END)
        else:
            pending.append(op)
    assert not pending, "brackets are balanced"


def _is_immediate(token: str) -> bool:
    return token[0] in "$-0123456789" or "=" in token


# --- counting ---------------------------------------------------------------------------


class Pricing(Node, frozen=True, kw_only=True):
    """Quantities that the text alone does not show: `iterations` of a loop by label, fuel `of_call`
    by name.

    Both raise Unbounded if there is none.
    """

    iterations: Callable[[str], Formula]
    of_call: Callable[[str, Sequence[Op]], Formula]
    """Also given the code before the call, at most `OPERANDS_MAX` instructions."""
    of_copy: Formula | None = None
    """Fuel for the bytes of a copy whose size is not written there."""
    array_slots: Formula | None = None
    """Slots of a new array whose size is not written there."""


class _Part(Record):
    """A loop, a branch or the whole code during counting."""

    start: int = 0
    """How many instructions were seen before it."""
    fixed: int = 0
    total: Formula = _NOTHING
    iterations: Formula | None = None
    """Of a loop."""
    then: "_Part | None" = None
    """Of a second branch: the first one."""
    traps: bool = False
    only_traps: bool = True
    """Whether nothing is called or decided in it, but for a trap."""

    def add(self, fuel: Formula) -> None:
        if len(fuel.terms) == 1 and () in fuel.terms:
            self.fixed += fuel.terms[()]
        else:
            self.total = self.total + fuel

    @property
    def fuel(self) -> Formula:
        return self.total + Formula.constant(self.fixed)

    @property
    def taken(self) -> Formula:
        """Counts it as a first branch: one that only pushes values and traps is not added up."""
        return _NOTHING if self.traps and self.only_traps else self.fuel


_COST: Final[Mapping[str, int]] = {
    **dict.fromkeys(("nop", "drop", "return", "unreachable"), 0),
    **dict.fromkeys(("block", "loop", "if", "else", "end"), -1),
    **dict.fromkeys(("call", "memory.copy", "memory.fill", "call_indirect", "br_table"), -1),
}
"""Of an instruction; 1 where it is not here, negative where its name does not decide."""


def fuel_of(code: Code, pricing: Pricing) -> Formula:
    """Counts one run of the code, without the entry of the function. Raises Unbounded."""
    part = _Part()
    around: list[_Part] = []
    """By structure that is not ended; a block is part of what is around it."""
    seen: list[Op] = []
    for op in code:
        cost = _COST.get(op.name, 1)
        if cost >= 0:
            part.fixed += cost
            seen.append(op)
            continue
        match op.name:
            case "block":
                around.append(part)
            case "if" | "loop":
                around.append(part)
                part.only_traps = False
                iterations = None
                if op.name == "if":
                    part.fixed += 1
                    seen.append(op)
                else:
                    iterations = pricing.iterations(op.target) + _ONE
                part = _Part(len(seen), iterations=iterations)
            case "else":
                del seen[part.start :]
                part = _Part(part.start, then=part)
            case "end":
                outer = around.pop()
                if outer is not part:
                    _end(outer, part)
                    # what is inside says nothing of the code before a call behind it
                    seen[part.start :] = (_ENDED,)
                    part = outer
            case _:
                first = max(part.start, len(seen) - OPERANDS_MAX)
                _special(part, op, seen[first:], pricing)
                seen.append(op)
    return part.fuel


def _end(outer: _Part, part: _Part) -> None:
    """Adds a loop or the branches of an `if` to the part around it."""
    if part.iterations is not None:
        outer.add(part.iterations * part.fuel)
    elif part.then is None:
        outer.add(part.taken)
    else:
        outer.add(part.then.taken.most(part.fuel))


def _special(part: _Part, op: Op, before: Sequence[Op], pricing: Pricing) -> None:
    """Adds an instruction whose cost depends on its operands. Raises Unbounded."""
    match op.name:
        case "call":
            part.traps |= op.target in _TRAPS
            if op.target in _TRAPS:
                return
            part.only_traps = False
            part.fixed += 2
            part.add(pricing.of_call(op.target, before))
            if op.target == "array_new":
                part.add(_first_growth(before[-2], pricing))
        case "memory.copy" | "memory.fill":
            copied = pricing.of_copy
            if copied is None:
                copied = Formula.constant(_constant(before[-1]))
            part.fixed += 1
            part.add(copied)
        case "call_indirect":
            raise Unbounded("values of a recursive type are freed")
        case _:
            raise Unbounded("a table of jumps")


def _first_growth(slots: Op, pricing: Pricing) -> Formula:
    """Returns the charge of a new array for its first growth, when its block is copied.

    The block has room for half as many slots again, of 8 bytes each.
    """
    if pricing.array_slots is not None:
        return Formula.constant(12) * pricing.array_slots
    return Formula.constant(12 * _constant(slots))


def _constant(op: Op) -> int:
    if op.name == "i32.const":
        return int(op.target, 0)
    raise UnknownCopy
