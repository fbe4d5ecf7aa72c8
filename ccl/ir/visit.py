"""Walking the typed tree: what is directly inside an expression, and where a place starts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from ccl.ir.typed import (
    ArrayNew,
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
    DataNew,
    Evaluate,
    Expr,
    FieldGet,
    FieldStep,
    ForEach,
    ForPairs,
    If,
    IndexGet,
    IndexStep,
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
    Step,
    Store,
    StructNew,
    SubmitManifest,
    TextConst,
    Unary,
    UnitConst,
    VariantNew,
    While,
)


def children(node: Expr) -> Sequence[Expr]:
    """The expressions directly inside an expression, those of its statements included."""
    return _INSIDE[type(node)](node)


def statement_children(statement: Statement) -> Sequence[Expr]:
    """The expressions directly inside a statement."""
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


LEAVES: Final = frozenset((LocalGet, StateGet, ScalarConst, TextConst, UnitConst, Break, Continue))
"""Expressions with nothing inside."""

# By the class: trees are walked so often that trying one pattern after another costs too much.
_INSIDE: Final[Mapping[type, Callable[[Any], Sequence[Expr]]]] = {
    **dict.fromkeys(LEAVES, _none),
    **dict.fromkeys((FieldGet, DataGet), _base),
    IndexGet: _index,
    **dict.fromkeys((Binary, ShortCircuit), _two),
    **dict.fromkeys((Convert, Unary), _operand),
    **dict.fromkeys((CallFunction, CallBuiltin), _arguments),
    CallHost: lambda node: node.arguments,
    StructNew: lambda node: node.values,
    ArrayNew: lambda node: node.elements,
    VariantNew: lambda node: node.payload,
    Concat: lambda node: node.parts,
    **dict.fromkeys((SubmitManifest, DataNew), _fields),
    Block: _block,
    If: _if,
    Return: _return,
    Require: _require,
    MatchTag: _match,
    **dict.fromkeys((SetLocal, SetState, Evaluate), _value),
    Store: _store,
    While: _while,
    **dict.fromkeys((ForEach, ForPairs), _for),
}


def everything(body: Expr) -> Iterator[Expr]:
    """The expression and all that is inside, at any depth, in no order."""
    pending = [body]
    while pending:
        node = pending.pop()
        yield node
        inside = _INSIDE[type(node)]
        if inside is not _none:
            pending += inside(node)


def root_of(node: Expr) -> LocalGet | StateGet | None:
    """Where a path of fields and indices starts, if it is a path."""
    while isinstance(node, FieldGet | IndexGet):
        node = node.base
    return node if isinstance(node, LocalGet | StateGet) else None


def place_root(node: Expr) -> Local | None:
    """The variable that a path of fields and indices starts at, if it is such a path."""
    root = root_of(node)
    return root.local if isinstance(root, LocalGet) else None


def path_of(node: Expr) -> tuple[Local | StateGet, tuple[Step, ...]] | None:
    """A place as its variable and steps."""
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
