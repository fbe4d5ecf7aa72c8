"""What functions do to the program's state, directly and through what they call."""

from collections.abc import Iterator, Mapping

from ccl.node import Node
from ccl.typed import (
    Block,
    CallBuiltin,
    CallFunction,
    Expr,
    Function,
    SetState,
    StateGet,
    Store,
)
from ccl.walk import everything, root_of


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


def state_uses(functions: Mapping[str, Function]) -> dict[str, Use]:
    """By function id; of functions that call each other, all that any of them does."""
    uses: dict[str, Use] = {}
    callers: dict[str, set[str]] = {}
    for name, function in functions.items():
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
