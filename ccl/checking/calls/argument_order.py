"""The order of arguments: evaluated as they are written, passed in the order of the parameters."""

from collections.abc import Collection, Sequence

from ccl.checking.core.environment import Body, is_invalid
from ccl.checking.core.unification import prune, zonk
from ccl.checking.expressions import lvalues
from ccl.ir import typed
from ccl.ir.types import Array, Map, Prim, Struct
from ccl.ir.visit import root_of


def in_order(
    body: Body,
    nodes: dict[str, typed.Expr],
    parameters: Sequence[str],
    changed: Collection[str] = (),
) -> tuple[tuple[typed.Statement, ...], list[typed.Expr]]:
    """Returns the arguments in the order of parameters, and the statements to evaluate before.

    `changed`: parameters whose argument the callee changes, so that it stays an lvalue. Other
    objects may stay lvalues too, since no argument may change another one; variables of values are
    read in turn.
    """
    if tuple(nodes) == tuple(parameters):
        return (), list(nodes.values())
    before: list[typed.Statement] = []
    moved: dict[str, typed.Expr] = {}
    for name, node in nodes.items():
        is_object = isinstance(prune(node.type), Array | Map | Struct)
        stays = name in changed or (is_object and not isinstance(root_of(node), typed.StateGet))
        if isinstance(node, typed.ScalarConst | typed.TextConst) or (
            lvalues.is_place(node) and stays
        ):
            moved[name] = node
            continue
        if is_invalid(node) or prune(node.type) in (Prim.UNIT, Prim.NEVER):
            moved[name] = node
            continue
        temporary = body.temporary(node.type, node.span)
        before.append(typed.SetLocal(local=temporary, value=node, span=node.span))
        moved[name] = typed.LocalGet(local=temporary, type=zonk(node.type), span=node.span)
    return tuple(before), [moved[name] for name in parameters if name in moved]


def after(before: tuple[typed.Statement, ...], node: typed.Expr) -> typed.Expr:
    """Returns `node`, evaluated after the statements `before`."""
    if not before:
        return node
    if prune(node.type) is Prim.UNIT:
        last = typed.Evaluate(value=node, span=node.span)
        return typed.Block(statements=(*before, last), value=None, type=Prim.UNIT, span=node.span)
    return typed.Block(statements=before, value=node, type=node.type, span=node.span)
