"""Rewriting of the typed tree: an expression with other parts, the same node if none differs."""

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, Final, TypeAlias, TypeVar, assert_never, get_args

from ccl.ir.typed import (
    Argument,
    ArrayNew,
    Binary,
    Block,
    Break,
    Call,
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
    Leaf,
    MatchTag,
    Require,
    Return,
    SetLocal,
    SetState,
    ShortCircuit,
    Statement,
    Step,
    Store,
    StructNew,
    SubmitManifest,
    TagArm,
    Unary,
    VariantNew,
    While,
)
from ccl.support.node import Node, replace

Change = Callable[[Expr], Expr]
"""Returns an expression of the same type; a block for a block."""
_Node = TypeVar("_Node", bound=Node)
_Names: TypeAlias = tuple[str, ...]


def _parts(kind: type[Expr]) -> _Names:
    """Returns the fields of an expression that hold expressions."""
    if issubclass(kind, Leaf | Break | Continue):
        return ()
    if issubclass(kind, Binary | ShortCircuit):
        return "left", "right"
    if issubclass(kind, Call | CallHost):
        return ("arguments",)
    if issubclass(kind, Block):
        return "statements", "value"
    if issubclass(kind, If):
        return "condition", "then", "otherwise"
    if issubclass(kind, FieldGet | DataGet):
        return ("base",)
    if issubclass(kind, IndexGet):
        return "base", "index"
    if issubclass(kind, Convert | Unary):
        return ("operand",)
    if issubclass(kind, StructNew):
        return ("values",)
    if issubclass(kind, ArrayNew):
        return ("elements",)
    if issubclass(kind, VariantNew):
        return ("payload",)
    if issubclass(kind, Concat | ErrorExpr):
        return ("parts",)
    if issubclass(kind, SubmitManifest | DataNew):
        return ("fields",)
    if issubclass(kind, Return):
        return ("value",)
    if issubclass(kind, Require):
        return "condition", "message"
    if issubclass(kind, MatchTag):
        return "subject", "arms", "otherwise"
    assert_never(kind)


def _holder_parts(kind: type[Statement] | type[Step] | type[Argument] | type[TagArm]) -> _Names:
    """Returns the same of the nodes between expressions."""
    if issubclass(kind, SetLocal | SetState | Evaluate | Argument):
        return ("value",)
    if issubclass(kind, Store):
        return "value", "steps"
    if issubclass(kind, IndexStep):
        return ("index",)
    if issubclass(kind, FieldStep):
        return ()
    if issubclass(kind, While):
        return "condition", "body"
    if issubclass(kind, ForEach | ForPairs):
        return "iterable", "body"
    if issubclass(kind, TagArm):
        return ("body",)
    assert_never(kind)


_PARTS: Final[Mapping[type, _Names]] = {kind: _parts(kind) for kind in get_args(Expr)}
_HOLDERS: Final[Mapping[type, _Names]] = {
    kind: _holder_parts(kind) for kind in (*get_args(Statement), *get_args(Step), Argument, TagArm)
}


def with_parts(node: Expr, change: Change) -> Expr:
    """Returns the node with each expression directly inside changed, also in its statements."""
    return _with(node, _PARTS[type(node)], change)


def _with(node: _Node, names: _Names, change: Change) -> _Node:
    changed: dict[str, Any] = {}
    for name in names:
        part = getattr(node, name)
        new = _changed(part, change)
        if new is not part:
            changed[name] = new
    return replace(node, **changed) if changed else node


def _changed(part: Any, change: Change) -> Any:
    kind = type(part)
    if kind in _PARTS:
        return change(part)
    if kind in _HOLDERS:
        # (a mutated argument has to stay a place)
        if kind is Argument and part.mutated:
            return part
        return _with(part, _HOLDERS[kind], change)
    if isinstance(part, tuple | list):
        made = [_changed(each, change) for each in part]
        return part if all(map(is_, made, part)) else tuple(made)
    return part
