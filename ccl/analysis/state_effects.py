"""What functions do to the program's state, directly and through what they call."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from ccl.ir.typed import (
    Block,
    CallBuiltin,
    CallFunction,
    Expr,
    Function,
    Invariant,
    Program,
    SetState,
    State,
    StateGet,
    Store,
)
from ccl.ir.visit import everything, root_of
from ccl.support.node import Node


class Use(Node, frozen=True, kw_only=True):
    """Ids of state variables. What is changed in part is read as well."""

    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()

    @property
    def touched(self) -> frozenset[str]:
        return self.read | self.written

    def __or__(self, other: "Use") -> "Use":
        return Use(read=self.read | other.read, written=self.written | other.written)


NO_USE = Use()
NOTHING_KNOWN: Mapping[str, Use] = MappingProxyType({})


def state_uses(
    functions: Mapping[str, Function], known: Mapping[str, Use] = NOTHING_KNOWN
) -> dict[str, Use]:
    """By function id; of functions that call each other, all that any of them does.

    `known`: of functions that call no others than known ones.
    """
    uses = dict(known)
    callers: dict[str, set[str]] = {}
    for name, function in functions.items():
        if name in known:
            continue
        uses[name], callees = _direct(function.body)
        for callee in callees:
            callers.setdefault(callee, set()).add(name)
    pending = [name for name, use in uses.items() if use.touched]
    while pending:
        name = pending.pop()
        for caller in callers.get(name, ()):
            after = uses[caller] | uses[name]
            if after != uses[caller]:
                uses[caller] = after
                pending.append(caller)
    return uses


def use_of(uses: Mapping[str, Use], body: Expr) -> Use:
    """What an expression does, where the functions that it calls are known."""
    use, callees = _direct(body)
    for callee in callees:
        use = use | uses.get(callee, NO_USE)
    return use


class StateIndex:
    """States and the invariants that read them, so that an export need not look at all of them."""

    def __init__(self, program: Program, uses: Mapping[str, Use]) -> None:
        self._states = program.states
        self._invariants = program.invariants
        self._places = {state: place for place, state in enumerate(program.states)}
        self._readers: dict[str, list[int]] = {}
        for number, invariant in enumerate(program.invariants):
            for state in uses.get(invariant.function, NO_USE).read:
                self._readers.setdefault(state, []).append(number)

    def readers_of(self, states: Iterable[str]) -> list[Invariant]:
        """The invariants that read any of the variables, in the order of the program."""
        numbers = {number for state in states for number in self._readers.get(state, ())}
        return [self._invariants[number] for number in sorted(numbers)]

    def in_order(self, states: Iterable[str]) -> list[State]:
        """The variables in the order of the program."""
        return [self._states[state] for state in sorted(states, key=self._places.__getitem__)]


def _direct(body: Expr) -> tuple[Use, set[str]]:
    read: set[str] = set()
    written: set[str] = set()
    callees: set[str] = set()
    for node in everything(body):
        match node:
            case StateGet(state=state):
                read.add(state)
            case CallFunction(function=function):
                callees.add(function)
                written.update(_changed(node))
            case CallBuiltin():
                written.update(_changed(node))
            case Block(statements=statements):
                for statement in statements:
                    match statement:
                        case SetState(state=state):
                            written.add(state)
                        case Store(root=StateGet(state=state)):
                            written.add(state)
                            read.add(state)
                        case _:
                            pass
            case _:
                pass
    return Use(read=frozenset(read), written=frozenset(written)), callees


def _changed(call: CallFunction | CallBuiltin) -> Iterator[str]:
    for argument in call.arguments:
        root = root_of(argument.value) if argument.mutated else None
        if isinstance(root, StateGet):
            yield root.state
