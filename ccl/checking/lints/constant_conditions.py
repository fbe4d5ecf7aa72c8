"""Constant conditions: always true, always false, never changing."""

from ccl.checking.core.environment import Body
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.typed import BinaryOp, Builtin, Expr
from ccl.ir.visit import children, writes_within
from ccl.syntax import ast

_LENGTHS = (Builtin.ARRAY_LEN, Builtin.STRING_LENGTH, Builtin.MAP_SIZE)
_OF_EQUALS = {
    BinaryOp.EQUAL: True,
    BinaryOp.NOT_EQUAL: False,
    BinaryOp.LESS: False,
    BinaryOp.LESS_EQUAL: True,
    BinaryOp.GREATER: False,
    BinaryOp.GREATER_EQUAL: True,
}


def report_comparison(body: Body, expr: ast.Binary, node: typed.Binary) -> None:
    """Reports a comparison with a constant result.

    Literals and constants side by side are deliberate, and left alone.
    """
    if not body.final or body.in_constant:
        return
    answer = _answer(node)
    if answer is not None:
        shown = "true" if answer else "false"
        body.sink.report("CCL0908", expr.span, answer=shown)


def _answer(node: typed.Binary) -> bool | None:
    left, right = node.left, node.right
    if _same_place(left, right):
        return _OF_EQUALS[node.op]
    if _is_length(left) and _is_zero(right):
        return {BinaryOp.GREATER_EQUAL: True, BinaryOp.LESS: False}.get(node.op)
    if _is_zero(left) and _is_length(right):
        return {BinaryOp.LESS_EQUAL: True, BinaryOp.GREATER: False}.get(node.op)
    return None


def _same_place(a: Expr, b: Expr) -> bool:
    """Returns whether both read the same variable, or the same part of it."""
    match a, b:
        case typed.LocalGet(local=one), typed.LocalGet(local=other):
            return one.index == other.index
        case typed.StateGet(state=one), typed.StateGet(state=other):
            return one == other
        case typed.FieldGet(), typed.FieldGet():
            return a.index == b.index and _same_place(a.base, b.base)
        case typed.DataGet(), typed.DataGet():
            return a.name == b.name and _same_place(a.base, b.base)
        case typed.IndexGet(), typed.IndexGet():
            same = a.index == b.index or _same_place(a.index, b.index)
            return same and _same_place(a.base, b.base)
        case _:  # only variables and paths are places
            return False


def _is_length(node: Expr) -> bool:
    return isinstance(node, typed.CallBuiltin) and node.builtin in _LENGTHS


def _is_zero(node: Expr) -> bool:
    return isinstance(node, typed.ScalarConst) and node.value == 0


def report_endless(body: Body, loop: typed.While, expr: ast.While) -> None:
    """Reports a loop that ends at once or never: its body does not change its condition."""
    if not body.final:
        return
    tested: set[int] = set()
    variables: list[typed.Local] = []
    for node in _all(loop.condition):
        match node:
            case typed.CallFunction() | typed.CallHost() | typed.StateGet() | typed.Block():
                return
            case typed.Return() | typed.Break() | typed.Continue():
                return
            case typed.LocalGet(local=local) if local.index not in tested:
                tested.add(local.index)
                variables.append(local)
    calls = False
    for node in _all(loop.body):
        if isinstance(node, typed.Break | typed.Return | typed.Require):
            return
        if not tested.isdisjoint(writes_within(node)):
            return
        if isinstance(node, typed.Convert) and node.conversion is typed.Conversion.UNWRAP_OK:
            return
        calls = calls or isinstance(node, typed.CallFunction | typed.CallHost)
    if not tested and (calls or not is_true(loop.condition)):
        return
    labels = tuple(Label(each.span, "set here, not in the loop") for each in variables[:1])
    body.sink.report("CCL0909", expr.condition.span, labels=labels)


def is_true(condition: Expr) -> bool:
    return isinstance(condition, typed.ScalarConst) and condition.value == 1


def _all(node: Expr) -> list[Expr]:
    found: list[Expr] = []
    pending = [node]
    while pending:
        found.append(at := pending.pop())
        pending.extend(children(at))
    return found
