"""Walks over the typed tree: the parts of a node, the variables that it binds and writes, places.

Rule: each property of a class of nodes is defined here once, by a function that mypy finds
incomplete when a class is added.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Never, TypeAlias, assert_never, get_args

from ccl.ir.typed import (
    Argument,
    ArrayNew,
    Binary,
    Block,
    Break,
    Call,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Continue,
    Convert,
    DataGet,
    DataNew,
    ErrorExpr,
    Evaluate,
    Expr,
    FieldGet,
    FieldStep,
    ForEach,
    ForPairs,
    If,
    IndexGet,
    IndexStep,
    Jump,
    Leaf,
    Local,
    LocalGet,
    MatchTag,
    Operation,
    Require,
    Return,
    SetLocal,
    SetState,
    ShortCircuit,
    StateGet,
    Statement,
    Step,
    Store,
    StructNew,
    SubmitManifest,
    Unary,
    VariantNew,
    While,
)


def children(node: Expr) -> Sequence[Expr]:
    """Returns the expressions directly inside an expression, those of its statements included."""
    return _INSIDE[type(node)](node)


def operands_of(node: Leaf | Operation | Jump) -> Sequence[Expr]:
    """Returns the same for a node that does no more to variables than its parts do.

    An analysis names the other classes and ends with this function; mypy rejects it for a class
    that belongs to neither group.
    """
    return _INSIDE[type(node)](node)


def statement_children(statement: Statement) -> Sequence[Expr]:
    """Returns the expressions directly inside a statement."""
    return _INSIDE[type(statement)](statement)


def _none(_: Any) -> tuple[Expr, ...]:
    return ()


def _base(node: FieldGet | DataGet) -> tuple[Expr, ...]:
    return (node.base,)


def _index(node: IndexGet) -> tuple[Expr, ...]:
    return (node.base, node.index)


def _two(node: Binary | ShortCircuit) -> tuple[Expr, ...]:
    return (node.left, node.right)


def _operand(node: Convert | Unary) -> tuple[Expr, ...]:
    return (node.operand,)


def _arguments(node: CallFunction | CallBuiltin) -> list[Expr]:
    return [argument.value for argument in node.arguments]


def _fields(node: SubmitManifest | DataNew) -> list[Expr]:
    return [value for _, value in node.fields]


def _block(node: Block) -> list[Expr]:
    found = [each for statement in node.statements for each in statement_children(statement)]
    if node.value is not None:
        found.append(node.value)
    return found


def _if(node: If) -> tuple[Expr, ...]:
    if node.otherwise is None:
        return (node.condition, node.then)
    return (node.condition, node.then, node.otherwise)


def _return(node: Return) -> tuple[Expr, ...]:
    return () if node.value is None else (node.value,)


def _require(node: Require) -> tuple[Expr, ...]:
    return (node.condition,) if node.message is None else (node.condition, node.message)


def _match(node: MatchTag) -> list[Expr]:
    found = [node.subject, *(arm.body for arm in node.arms)]
    if node.otherwise is not None:
        found.append(node.otherwise)
    return found


def _value(statement: SetLocal | SetState | Evaluate) -> tuple[Expr, ...]:
    return (statement.value,)


def _store(statement: Store) -> list[Expr]:
    found = [step.index for step in statement.steps if isinstance(step, IndexStep)]
    found.append(statement.value)
    return found


def _while(statement: While) -> tuple[Expr, ...]:
    return (statement.condition, statement.body)


def _for(statement: ForEach | ForPairs) -> tuple[Expr, ...]:
    return (statement.iterable, statement.body)


LEAVES: Final = frozenset((*get_args(Leaf), Break, Continue))
"""Classes of expressions without parts."""


def _reader(kind: type[Expr]) -> Callable[[Any], Sequence[Expr]]:
    if issubclass(kind, Leaf | Break | Continue):
        return _none
    if issubclass(kind, FieldGet | DataGet):
        return _base
    if issubclass(kind, IndexGet):
        return _index
    if issubclass(kind, Binary | ShortCircuit):
        return _two
    if issubclass(kind, Convert | Unary):
        return _operand
    if issubclass(kind, Call):
        return _arguments
    if issubclass(kind, CallHost):
        return lambda node: node.arguments
    if issubclass(kind, StructNew):
        return lambda node: node.values
    if issubclass(kind, ArrayNew):
        return lambda node: node.elements
    if issubclass(kind, VariantNew):
        return lambda node: node.payload
    if issubclass(kind, Concat | ErrorExpr):
        return lambda node: node.parts
    if issubclass(kind, SubmitManifest | DataNew):
        return _fields
    if issubclass(kind, Block):
        return _block
    if issubclass(kind, If):
        return _if
    if issubclass(kind, Return):
        return _return
    if issubclass(kind, Require):
        return _require
    if issubclass(kind, MatchTag):
        return _match
    assert_never(kind)


def _statement_reader(kind: type[Statement]) -> Callable[[Any], Sequence[Expr]]:
    if issubclass(kind, SetLocal | SetState | Evaluate):
        return _value
    if issubclass(kind, Store):
        return _store
    if issubclass(kind, While):
        return _while
    if issubclass(kind, ForEach | ForPairs):
        return _for
    assert_never(kind)


# By the class: trees are walked so often that trying one pattern after another costs too much.
_INSIDE: Final[Mapping[type, Callable[[Any], Sequence[Expr]]]] = {
    **{kind: _reader(kind) for kind in get_args(Expr)},
    **{kind: _statement_reader(kind) for kind in get_args(Statement)},
}


def everything(body: Expr) -> Iterator[Expr]:
    """Yields the expression and its parts at any depth, in no order."""
    pending = [body]
    while pending:
        node = pending.pop()
        yield node
        inside = _INSIDE[type(node)]
        if inside is not _none:
            pending += inside(node)


# --- variables --------------------------------------------------------------------------

Root: TypeAlias = int | str
"""A variable: a local by its index, or a state variable by its id."""
Binder: TypeAlias = SetLocal | ForEach | ForPairs | MatchTag
"""The classes of which `bindings_of` gives any."""


def bindings_of(node: Statement | Expr) -> tuple[Local, ...]:
    """Returns the locals that the node itself, not a part of it, gives a new value."""
    match node:
        case SetLocal(local=local):
            return (local,)
        case ForEach(item=item):
            return (item,)
        case ForPairs(key=key, value=value):
            return (key, value)
        case MatchTag(arms=arms):
            return tuple(local for arm in arms for _, local in arm.bindings)
        case SetState() | Store() | Evaluate() | While():
            return ()
        case _:
            return _binds_nothing(node)


def writes_of(node: Statement | Expr) -> tuple[Root, ...]:
    """Returns the variables that the node itself sets or changes in part, callees through its
    arguments included; not the items that a loop or a match binds, nor state that a callee names.
    """
    match node:
        case SetLocal(local=local):
            return (local.index,)
        case SetState(state=state):
            return (state,)
        case Store(root=root):
            return (root.state if isinstance(root, StateGet) else root.index,)
        case CallFunction(arguments=arguments) | CallBuiltin(arguments=arguments):
            return tuple(mutated_roots(arguments))
        case Evaluate() | While() | ForEach() | ForPairs():
            return ()
        case _:
            return writes_nothing(node)


def _binds_nothing(_: Leaf | Operation | Jump | Call | Block) -> tuple[Local, ...]:
    return ()


def writes_nothing(_: Leaf | Operation | Jump | Block | MatchTag) -> tuple[Never, ...]:
    """Returns no writes; mypy rejects it for a class that is not classified."""
    return ()


def writes_within(node: Expr) -> Iterator[Root]:
    """Yields the same of the node and of the statements directly in it."""
    yield from writes_of(node)
    if type(node) is Block:
        for each in node.statements:
            yield from writes_of(each)


def host_calls_of(node: Expr) -> tuple[CallHost | SubmitManifest, ...]:
    """Returns the calls of the host by the node itself, not by a part of it."""
    match node:
        case CallHost() | SubmitManifest():
            return (node,)
        case _:
            return _calls_no_host(node)


def _calls_no_host(_: Leaf | Operation | Jump | Call | Block | MatchTag) -> tuple[Never, ...]:
    return ()


def mutated_roots(arguments: Sequence[Argument]) -> Iterator[Root]:
    """Yields the variables that a call may change through its arguments."""
    for argument in arguments:
        root = root_of(argument.value) if argument.mutated else None
        if root is not None:
            yield root.state if isinstance(root, StateGet) else root.local.index


def binders_in(node: Statement | Expr) -> Iterator[Binder]:
    """Yields the node and all that is inside, at any depth, where it binds a local."""
    if isinstance(node, Statement):
        if isinstance(node, Binder):
            yield node
        for part in statement_children(node):
            yield from binders_in(part)
        return
    for each in everything(node):
        if type(each) is Block:
            yield from (s for s in each.statements if isinstance(s, Binder))
        elif type(each) is MatchTag:
            yield each


def assignments_in(node: Statement | Expr) -> Iterator[SetLocal]:
    """Yields every statement inside that sets a local."""
    return (each for each in binders_in(node) if isinstance(each, SetLocal))


# --- places -----------------------------------------------------------------------------


def root_of(node: Expr) -> LocalGet | StateGet | None:
    """Returns the variable that a path of fields and indices starts at; None if it is no path."""
    while isinstance(node, FieldGet | IndexGet):
        node = node.base
    return node if isinstance(node, LocalGet | StateGet) else None


def place_root(node: Expr) -> Local | None:
    """Returns the local that a path of fields and indices starts at; None if there is none."""
    root = root_of(node)
    return root.local if isinstance(root, LocalGet) else None


def path_of(node: Expr) -> tuple[Local | StateGet, tuple[Step, ...]] | None:
    """Splits a place into its variable and steps; None if it is no place."""
    steps: list[Step] = []
    while not isinstance(node, LocalGet | StateGet):
        match node:
            case FieldGet(base=base, index=number):
                steps.append(FieldStep(index=number, of=base.type))
            case IndexGet(base=base, index=key):
                steps.append(IndexStep(index=key, of=base.type, span=node.span))
            case _:
                return None
        node = base
    root = node.local if isinstance(node, LocalGet) else node
    return root, tuple(reversed(steps))
