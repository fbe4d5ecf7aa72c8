"""Facts of a function's tree that lowering needs before it begins.

- an expression *escapes* if it may leave by return, break or continue;
- it *clobbers* if it may change what a place holds that was read before it.
"""

from collections.abc import Callable, Iterator, Mapping

from ccl.analysis.state_effects import NO_USE, Use
from ccl.ir.typed import (
    Argument,
    Binary,
    Block,
    Break,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Continue,
    Convert,
    DataGet,
    Evaluate,
    Expr,
    FieldGet,
    Function,
    If,
    IndexGet,
    Local,
    LocalGet,
    MatchTag,
    Require,
    Return,
    ScalarConst,
    SetLocal,
    SetState,
    ShortCircuit,
    StateGet,
    Statement,
    Store,
    TextConst,
    Unary,
)
from ccl.ir.types import Prim
from ccl.ir.visit import children, everything, place_root, root_of
from ccl.support.node import Node, Record, field


class Survey(Node, frozen=True):
    """What is done inside a body: indices of locals, and ids of functions in order of calls."""

    rebound: frozenset[int]
    """Set by a statement."""
    changed: frozenset[int]
    """Changed through a path or by a callee."""
    calls: tuple[str, ...]
    blocks: tuple[Block, ...]
    """At any depth, the body among them, in no order."""

    @property
    def settings(self) -> Iterator[SetLocal]:
        """Every statement that sets a variable."""
        return (
            statement
            for each in self.blocks
            for statement in each.statements
            if isinstance(statement, SetLocal)
        )

    @property
    def written(self) -> frozenset[int]:
        return self.rebound | self.changed


def survey(body: Expr) -> Survey:
    rebound: set[int] = set()
    changed: set[int] = set()
    calls: dict[str, None] = {}
    blocks: list[Block] = []
    pending: list[Expr] = [body]
    while pending:
        node = pending.pop()
        match node:
            case LocalGet() | ScalarConst() | TextConst():
                continue
            case CallFunction(function=function, arguments=arguments):
                calls[function] = None
                changed.update(mutated_roots(arguments))
            case CallBuiltin(arguments=arguments):
                changed.update(mutated_roots(arguments))
            case Block(statements=statements):
                blocks.append(node)
                for statement in statements:
                    if isinstance(statement, SetLocal):
                        rebound.add(statement.local.index)
                    elif isinstance(statement, Store) and isinstance(statement.root, Local):
                        changed.add(statement.root.index)
        pending.extend(children(node))
    return Survey(frozenset(rebound), frozenset(changed), tuple(calls), tuple(blocks))


def changes(body: Expr, root: LocalGet | StateGet | None, uses: Mapping[str, Use]) -> bool:
    """Whether an expression may change a variable, or what it holds; None is no variable. uses: of
    functions, what they do to state."""
    if root is None:
        return False
    if isinstance(root, LocalGet):
        return root.local.index in survey(body).written
    state = root.state
    for node in everything(body):
        match node:
            case CallFunction(function=function) if state in uses.get(function, NO_USE).written:
                return True
            case CallFunction(arguments=arguments) | CallBuiltin(arguments=arguments):
                given = (root_of(each.value) for each in arguments if each.mutated)
                if any(isinstance(each, StateGet) and each.state == state for each in given):
                    return True
            case Block(statements=statements) if any(
                _sets(statement, state) for statement in statements
            ):
                return True
            case _:
                pass
    return False


def _sets(statement: Statement, state: str) -> bool:
    match statement:
        case SetState(state=changed) | Store(root=StateGet(state=changed)):
            return changed == state
        case _:
            return False


def leaves_changed(body: Expr, changed: Callable[[Expr], bool]) -> bool:
    """Whether the body of a loop leaves the loop, on every way, once it has changed something."""
    if not changed(body):
        return True
    match body:
        case Block(type=Prim.NEVER) if not any(isinstance(n, Continue) for n in everything(body)):
            return True
        case Block(statements=statements, value=value):
            inner = [each.value for each in statements if isinstance(each, Evaluate)]
            inner += [] if value is None else [value]
            rest = [each for each in statements if not isinstance(each, Evaluate)]
            others = Block(statements=tuple(rest), value=None, type=body.type, span=body.span)
            return not changed(others) and all(leaves_changed(each, changed) for each in inner)
        case If() | MatchTag():
            return all(leaves_changed(each, changed) for each in children(body))
        case _:
            return False


def mutated_roots(arguments: tuple[Argument, ...]) -> Iterator[int]:
    """Indices of the variables that a call may change, through its arguments."""
    for argument in arguments:
        root = place_root(argument.value) if argument.mutated else None
        if root is not None:
            yield root.index


class Behaviour(Record):
    """Answers about expressions, each found once. `writers`: functions that may change state."""

    writers: frozenset[str] = frozenset()
    _escapes: dict[int, bool] = field(default_factory=dict)
    _clobbers: dict[int, bool] = field(default_factory=dict)

    def escapes(self, node: Expr) -> bool:
        key = id(node)
        found = self._escapes.get(key)
        if found is None:
            found = isinstance(node, Return | Break | Continue) or any(
                self.escapes(child) for child in children(node)
            )
            self._escapes[key] = found
        return found

    def clobbers(self, node: Expr) -> bool:
        key = id(node)
        found = self._clobbers.get(key)
        if found is None:
            found = self._changes(node) or any(self.clobbers(child) for child in children(node))
            self._clobbers[key] = found
        return found

    def _changes(self, node: Expr) -> bool:
        match node:
            case CallFunction(function=function, arguments=arguments):
                return function in self.writers or any(a.mutated for a in arguments)
            case CallBuiltin(arguments=arguments):
                return any(argument.mutated for argument in arguments)
            case Block(statements=statements):
                return bool(statements)
            case _:
                return False

    def invalidates(self, callee: str, argument: Expr) -> bool:
        """Whether a function may take away what it is given: a part of the state it changes."""
        return callee in self.writers and _leans_on_state(argument)


def _leans_on_state(node: Expr) -> bool:
    """Whether the value is held by a state variable."""
    if isinstance(node, Convert):
        return _leans_on_state(node.operand)
    return isinstance(root_of(node), StateGet)


def mentions(node: Expr, local: Local) -> bool:
    """Whether the variable is read anywhere inside."""
    if isinstance(node, LocalGet):
        return node.local.index == local.index
    return any(mentions(child, local) for child in children(node))


def escaping_parameters(functions: Mapping[str, Function]) -> dict[str, frozenset[int]]:
    """By function id: parameters that may be referred to beyond the reading of a part.

    Such a one may outlive the call in what it returns or stores; an object that is changed in
    place is copied before it is passed there.
    """
    kept: dict[str, set[int]] = {name: set() for name in functions}
    if not any(function.mutated for function in functions.values()):
        # nothing is changed in place, so nothing needs to know
        return {name: frozenset() for name in functions}
    passed: dict[tuple[str, int], set[tuple[str, int]]] = {}
    for name, function in functions.items():
        parameters = {p.index: number for number, p in enumerate(function.parameters)}
        pending: list[tuple[Expr, bool]] = [(function.body, True)]
        while pending:
            node, keeps = pending.pop()
            match node:
                case LocalGet(local=local):
                    if keeps and local.index in parameters:
                        kept[name].add(parameters[local.index])
                case CallFunction(function=callee, arguments=arguments):
                    for number, argument in enumerate(arguments):
                        value = argument.value
                        if isinstance(value, LocalGet) and value.local.index in parameters:
                            here = (name, parameters[value.local.index])
                            passed.setdefault((callee, number), set()).add(here)
                        else:
                            pending.append((value, True))
                case (
                    FieldGet()
                    | IndexGet()
                    | DataGet()
                    | Binary()
                    | Unary()
                    | ShortCircuit()
                    | Concat()
                    | CallHost()
                    | Require()
                ):
                    pending.extend((child, False) for child in children(node))
                case _:
                    pending.extend((child, True) for child in children(node))
    return _spread(kept, passed)


def _spread(
    kept: dict[str, set[int]], passed: dict[tuple[str, int], set[tuple[str, int]]]
) -> dict[str, frozenset[int]]:
    """A parameter passed on to where it is kept is kept."""
    pending = [(name, number) for name, numbers in kept.items() for number in numbers]
    while pending:
        for name, number in passed.get(pending.pop(), ()):
            if number not in kept[name]:
                kept[name].add(number)
                pending.append((name, number))
    return {name: frozenset(numbers) for name, numbers in kept.items()}
