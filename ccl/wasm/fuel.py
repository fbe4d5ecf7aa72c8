"""The worst-case fuel of WebAssembly text, as the engine counts: one for each instruction.

Blocks, ends and `nop` cost nothing there and a call costs one more for the entry of what it
calls; measured with wasmtime 50. A jump is taken to fall through, of two branches the dearer
one counts, a loop runs once more than it turns. What only ends in a trap is not added up: it
is run once, and `TRAP_FUEL` covers it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from ccl.abi.bounds import Formula
from ccl.abi.testcalls import ALL_CALLS
from ccl.node import Node

TRAP_FUEL: Final = 4_000
"""More than any way from a failed check to its trap."""

OPERANDS_MAX: Final = max(len(call.wasm_parameters) for call in ALL_CALLS.values())
"""So many instructions before a call of the host say what it is given, if they are constants. A
charter's function makes thousands of calls; all that is before each of them would be quadratic."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|;;[^\n]*|[()]|[^\s()"]+')
_FREE: Final = frozenset({"nop", "drop", "return", "unreachable"})
_TRAPS: Final = frozenset({"trap", "trap_index", "trap_range"})
_HEAD_WORDS: Final = frozenset({"param", "result", "local", "export", "type"})


class Op(Node, frozen=True):
    name: str
    target: str
    """The first immediate: a name without its `$`, a number, or nothing."""


class Choice(Node, frozen=True):
    then: "Code"
    otherwise: "Code"


class Loop(Node, frozen=True):
    label: str
    body: "Code"


Item: TypeAlias = Op | Choice | Loop
Code: TypeAlias = tuple[Item, ...]


class Unbounded(Exception):
    """The text has no bound; the reason is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownCopy(Unbounded):
    """Memory is copied, as much as there is."""

    def __init__(self) -> None:
        super().__init__("memory is copied, as much as there is")


# --- reading ----------------------------------------------------------------------------


def code_of(text: str) -> Code:
    """The instructions of a function or routine, flat or folded or both, without its head."""
    tokens = [token for token in _TOKEN.findall(text) if not token.startswith(";;")]
    if tokens[:2] == ["(", "func"]:
        tokens = tokens[2:-1]
    if tokens and tokens[0].startswith("$") and text.startswith("("):
        tokens = tokens[1:]
    reader = _Reader(tokens)
    return tuple(reader.items(frozenset()))


class _Reader:
    """A recursive descent over tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ")"

    def _next(self) -> str:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def items(self, ends: frozenset[str]) -> Iterator[Item]:
        """Up to a closing bracket or one of the words, which is not taken."""
        while (token := self._peek()) != ")" and token not in ends:
            if token == "(":
                self._at += 1
                yield from self._folded()
                assert self._next() == ")", "brackets are balanced"
            else:
                yield from self._flat()

    def _label(self) -> str:
        label = self._next()[1:] if self._peek().startswith("$") else ""
        self._skip_shape()
        return label

    def _skip_shape(self) -> None:
        while self._peek() == "(" and self._tokens[self._at + 1] in _HEAD_WORDS:
            while self._next() != ")":
                pass

    def _immediates(self) -> str:
        first = ""
        while _is_immediate(token := self._peek()):
            self._at += 1
            first = first or token.removeprefix("$")
        return first

    def _flat(self) -> Iterator[Item]:
        word = self._next()
        end = frozenset({"end"})
        match word:
            case "block":
                self._label()
                yield from self.items(end)
                self._next()
            case "loop":
                label = self._label()
                body = tuple(self.items(end))
                self._next()
                yield Loop(label, body)
            case "if":
                self._label()
                then = tuple(self.items(frozenset({"end", "else"})))
                otherwise = tuple(self.items(end)) if self._next() == "else" else None
                if otherwise is not None:
                    self._next()
                yield Op("if", "")
                yield Choice(then, otherwise or ())
            case _:
                yield Op(word, self._immediates())

    def _folded(self) -> Iterator[Item]:
        """After the opening bracket, up to the closing one."""
        word = self._next()
        nothing: frozenset[str] = frozenset()
        match word:
            case "param" | "result" | "local" | "export" | "type" | "@name":
                while self._peek() != ")":
                    self._next()
            case "block":
                self._label()
                yield from self.items(nothing)
            case "loop":
                label = self._label()
                yield Loop(label, tuple(self.items(nothing)))
            case "if":
                self._label()
                then: Code = ()
                otherwise: Code = ()
                while self._peek() == "(":
                    self._next()
                    if self._peek() in ("then", "else"):
                        branch = self._next()
                        inner = tuple(self.items(nothing))
                        if branch == "then":
                            then = inner
                        else:
                            otherwise = inner
                    else:
                        yield from self._folded()
                    assert self._next() == ")", "brackets are balanced"
                yield Op("if", "")
                yield Choice(then, otherwise)
            case _:
                target = self._immediates()
                yield from self.items(nothing)
                yield Op(word, target)


def _is_immediate(token: str) -> bool:
    return token[0] in "$-0123456789" or "=" in token


# --- counting ---------------------------------------------------------------------------


class Pricing(Node, frozen=True, kw_only=True):
    """What the text alone does not say: `turns` of a loop by label, fuel `of_call` by name.

    Both raise Unbounded where there is none.
    """

    turns: Callable[[str], Formula]
    of_call: Callable[[str, Code], Formula]
    """Also given what stands before the call, at most `OPERANDS_MAX` instructions."""
    of_copy: Formula | None = None
    """Fuel for the bytes of a copy whose size is not written there."""
    array_slots: Formula | None = None
    """Slots of a new array whose size is not written there."""


def fuel_of(code: Code, pricing: Pricing) -> Formula:
    """Of running the code once, without the entry of the function. Raises Unbounded."""
    fixed = 0
    total = Formula.constant(0)
    for position, item in enumerate(code):
        match item:
            case Op(name="call", target=target) if target in _TRAPS:
                continue
            case Op(name="call", target=target):
                fixed += 2
                before = code[max(0, position - OPERANDS_MAX) : position]
                total = total + pricing.of_call(target, before)
                if target == "array_new":
                    total = total + _first_growth(code[position - 2], pricing)
            case Op(name="memory.copy" | "memory.fill"):
                copied = pricing.of_copy
                if copied is None:
                    copied = Formula.constant(_constant(code[position - 1]))
                fixed += 1
                total = total + copied
            case Op(name="call_indirect"):
                raise Unbounded("values of a recursive type are freed")
            case Op(name="br_table"):
                raise Unbounded("a table of jumps")
            case Op(name=name):
                fixed += name not in _FREE
            case Choice(then=then, otherwise=otherwise):
                taken = Formula.constant(0) if _only_traps(then) else fuel_of(then, pricing)
                total = total + taken.most(fuel_of(otherwise, pricing))
            case Loop(label=label, body=body):
                turns = pricing.turns(label) + Formula.constant(1)
                total = total + turns * fuel_of(body, pricing)
    return total + Formula.constant(fixed)


def _first_growth(slots: Item, pricing: Pricing) -> Formula:
    """What a new array is charged beforehand: when it first grows, its block is copied.

    The block has room for half as many slots again, of 8 bytes each.
    """
    if pricing.array_slots is not None:
        return Formula.constant(12) * pricing.array_slots
    return Formula.constant(12 * _constant(slots))


def _constant(item: Item) -> int:
    if isinstance(item, Op) and item.name == "i32.const":
        return int(item.target, 0)
    raise UnknownCopy


def _only_traps(code: Code) -> bool:
    """Values are pushed and a trap is raised."""
    return (
        any(isinstance(item, Op) and item.target in _TRAPS for item in code)
        and all(isinstance(item, Op) for item in code)
        and all(
            item.name != "call" or item.target in _TRAPS for item in code if isinstance(item, Op)
        )
    )
