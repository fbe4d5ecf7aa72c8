"""A typed expression with other parts: the same node where no part is another."""

from collections.abc import Callable, Mapping
from operator import is_
from typing import Any, Final, TypeVar

from ccl.ir.typed import (
    Argument,
    ArrayNew,
    Binary,
    Block,
    CallBuiltin,
    CallFunction,
    CallHost,
    Concat,
    Convert,
    DataGet,
    DataNew,
    Evaluate,
    Expr,
    FieldGet,
    ForEach,
    ForPairs,
    If,
    IndexGet,
    IndexStep,
    MatchTag,
    Require,
    Return,
    SetLocal,
    SetState,
    ShortCircuit,
    Store,
    StructNew,
    SubmitManifest,
    TagArm,
    Unary,
    VariantNew,
    While,
)
from ccl.ir.visit import LEAVES
from ccl.support.node import Node, replace

Change = Callable[[Expr], Expr]
"""Gives another expression of the same type; a block for a block."""
_Node = TypeVar("_Node", bound=Node)

_PARTS: Final[Mapping[type, tuple[str, ...]]] = {
    **dict.fromkeys(LEAVES, ()),
    **dict.fromkeys((Binary, ShortCircuit), ("left", "right")),
    **dict.fromkeys((CallFunction, CallBuiltin, CallHost), ("arguments",)),
    Block: ("statements", "value"),
    If: ("condition", "then", "otherwise"),
    **dict.fromkeys((FieldGet, DataGet), ("base",)),
    IndexGet: ("base", "index"),
    **dict.fromkeys((Convert, Unary), ("operand",)),
    StructNew: ("values",),
    ArrayNew: ("elements",),
    VariantNew: ("payload",),
    Concat: ("parts",),
    **dict.fromkeys((SubmitManifest, DataNew), ("fields",)),
    Return: ("value",),
    Require: ("condition", "message"),
    MatchTag: ("subject", "arms", "otherwise"),
}
"""The fields of an expression with expressions inside."""
_HOLDERS: Final[Mapping[type, tuple[str, ...]]] = {
    **dict.fromkeys((SetLocal, SetState, Evaluate, Argument), ("value",)),
    Store: ("value", "steps"),
    IndexStep: ("index",),
    While: ("condition", "body"),
    **dict.fromkeys((ForEach, ForPairs), ("iterable", "body")),
    TagArm: ("body",),
}
"""The same of the nodes between expressions."""


def with_parts(node: Expr, change: Change) -> Expr:
    """The node with each expression directly inside changed, those of its statements included."""
    return _with(node, _PARTS[type(node)], change)


def _with(node: _Node, names: tuple[str, ...], change: Change) -> _Node:
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
        # (what is changed through an argument is a place, and stays it)
        if kind is Argument and part.mutated:
            return part
        return _with(part, _HOLDERS[kind], change)
    if isinstance(part, tuple | list):
        made = [_changed(each, change) for each in part]
        return part if all(map(is_, made, part)) else tuple(made)
    return part
