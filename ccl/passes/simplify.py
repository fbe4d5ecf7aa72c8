"""Simplification: constants are folded, unreachable statements and pure ones removed.

Values, traps and their order, and effects stay the same. A part that can trap or has an effect is
removed only where it is unreachable; an operation that would trap stays, and traps in place.
"""

from collections.abc import Sequence
from operator import is_
from typing import assert_never

from ccl.analysis.interval_arithmetic import MAX, MIN, result_of
from ccl.ir.rewrite import with_parts
from ccl.ir.typed import (
    Binary,
    BinaryOp,
    Block,
    Builtin,
    CallBuiltin,
    CallFunction,
    Concat,
    Conversion,
    Convert,
    Evaluate,
    Expr,
    ForEach,
    ForPairs,
    Function,
    If,
    IndexStep,
    Jump,
    Leaf,
    MatchTag,
    Operation,
    Program,
    Require,
    ScalarConst,
    SetLocal,
    SetState,
    ShortCircuit,
    Statement,
    Store,
    TextConst,
    Unary,
    UnaryOp,
    UnitConst,
    While,
)
from ccl.ir.types import Prim
from ccl.ir.visit import LEAVES, path_of
from ccl.passes.purity import is_pure
from ccl.support.node import replace

MILLION = 10**6
_COMPARE = {
    BinaryOp.EQUAL: lambda a, b: a == b,
    BinaryOp.NOT_EQUAL: lambda a, b: a != b,
    BinaryOp.LESS: lambda a, b: a < b,
    BinaryOp.LESS_EQUAL: lambda a, b: a <= b,
    BinaryOp.GREATER: lambda a, b: a > b,
    BinaryOp.GREATER_EQUAL: lambda a, b: a >= b,
}
_NEUTRAL = {
    BinaryOp.ADD: 0,
    BinaryOp.SUBTRACT: 0,
    BinaryOp.MULTIPLY: 1,
    BinaryOp.DIVIDE: 1,
}


def simplified(program: Program) -> Program:
    """Simplifies each function; an unchanged one is the same object."""
    return replace(
        program, functions={name: _function(each) for name, each in program.functions.items()}
    )


def _function(function: Function) -> Function:
    body = simpler(function.body)
    assert isinstance(body, Block), "a block stays a block"
    return function if body is function.body else replace(function, body=body)


def simpler(node: Expr) -> Expr:
    """Returns an expression of the same value and type; a block for a block."""
    if type(node) in LEAVES:
        return node
    node = with_parts(node, simpler)
    match node:
        case Binary():
            return _binary(node)
        case Unary(op=UnaryOp.NOT, operand=ScalarConst(value=value)):
            return _bool(node, not value)
        case Unary(op=UnaryOp.NEGATE, operand=ScalarConst(value=value)) if value > MIN:
            return ScalarConst(value=-value, type=node.type, span=node.span)
        case ShortCircuit(is_and=is_and, left=ScalarConst(value=value), right=right):
            return right if bool(value) is is_and else _bool(node, value)
        case ShortCircuit(is_and=is_and, left=left, right=ScalarConst(value=value)) if (
            bool(value) is is_and
        ):
            return left
        case If(condition=ScalarConst(value=value), then=then, otherwise=otherwise):
            return _chosen(node, then if value else otherwise)
        case Require(condition=ScalarConst(value=1)):
            return UnitConst(span=node.span)
        case Convert():
            return _convert(node)
        case Concat(parts=parts):
            return _concat(node, parts)
        case CallBuiltin():
            return _builtin(node)
        case Block():
            return _block(node)
        case _:
            return _unchanged(node)


def _unchanged(node: Leaf | Operation | Jump | CallFunction | MatchTag) -> Expr:
    return node


def _bool(node: Expr, value: object) -> ScalarConst:
    return ScalarConst(value=int(bool(value)), type=Prim.BOOL, span=node.span)


def _chosen(node: If, branch: Expr | None) -> Expr:
    if branch is None:
        return UnitConst(span=node.span)
    # a branch of type Never does not have the value that is expected here
    return branch if branch.type == node.type else node


# --- operators --------------------------------------------------------------------------


def _binary(node: Binary) -> Expr:
    match node.left, node.right:
        case ScalarConst(value=a), ScalarConst(value=b):
            if node.op in _COMPARE:
                return _bool(node, _COMPARE[node.op](a, b))
            return _computed(node, a, b)
        case TextConst(value=a_text), TextConst(value=b_text):
            if node.op in _COMPARE:
                return _bool(node, _COMPARE[node.op](a_text.encode(), b_text.encode()))
            if node.op is BinaryOp.ADD and node.type is Prim.STRING:
                return TextConst(value=a_text + b_text, type=node.type, span=node.span)
        case left, ScalarConst(value=b, type=kind) if (
            b == _NEUTRAL.get(node.op) and left.type == node.type and kind is not Prim.DECIMAL
        ):
            return left
    return node


def _computed(node: Binary, a: int, b: int) -> Expr:
    """Folds the operation unless it traps."""
    decimal = node.left.type is Prim.DECIMAL
    if decimal and node.op in (BinaryOp.MULTIPLY, BinaryOp.DIVIDE):
        return _decimal(node, a, b)
    if node.op in (BinaryOp.DIVIDE, BinaryOp.REMAINDER):
        if b == 0:
            return node
        quotient = abs(a) // abs(b) if (a < 0) == (b < 0) else -(abs(a) // abs(b))
        return _scalar(node, quotient if node.op is BinaryOp.DIVIDE else a - quotient * b)
    exact = result_of(node.op, (a, a), (b, b))
    assert exact is not None, "sums and products always have a result"
    return _scalar(node, exact[0])


def _decimal(node: Binary, a: int, b: int) -> Expr:
    """Folds an operation on millionths, rounded half away from zero."""
    top, bottom = (a * b, MILLION) if node.op is BinaryOp.MULTIPLY else (a * MILLION, b)
    if bottom == 0:
        return node
    size = (2 * abs(top) + abs(bottom)) // (2 * abs(bottom))
    return _scalar(node, size if (top < 0) == (bottom < 0) else -size)


def _scalar(node: Expr, value: int) -> Expr:
    """Returns the constant if it is within 64 bits, else the node."""
    if not MIN <= value <= MAX:
        return node
    return ScalarConst(value=value, type=node.type, span=node.span)


# --- conversions, texts, calls ----------------------------------------------------------


def _convert(node: Convert) -> Expr:
    match node.conversion, node.operand:
        case Conversion.SAME_BITS, ScalarConst(value=value):
            return ScalarConst(value=value, type=node.type, span=node.span)
        case Conversion.SAME_BITS, TextConst(value=text):
            return TextConst(value=text, type=node.type, span=node.span)
        case Conversion.INTEGER_TO_DECIMAL, ScalarConst(value=value):
            return _scalar(node, value * MILLION)
        case Conversion.TO_STRING, ScalarConst(value=value, type=Prim.INTEGER):
            return TextConst(value=str(value), type=Prim.STRING, span=node.span)
        case Conversion.TO_STRING, TextConst(value=text):
            return TextConst(value=text, type=Prim.STRING, span=node.span)
        case _:
            return node


def _concat(node: Concat, parts: Sequence[Expr]) -> Expr:
    joined: list[Expr] = []
    for part in parts:
        before = joined[-1] if joined else None
        if isinstance(part, TextConst) and not part.value:
            continue
        if isinstance(part, TextConst) and isinstance(before, TextConst):
            text = before.value + part.value
            joined[-1] = TextConst(value=text, type=Prim.STRING, span=node.span)
        else:
            joined.append(part)
    if not joined:
        return TextConst(value="", type=Prim.STRING, span=node.span)
    if len(joined) == 1 and isinstance(joined[0], TextConst):
        return joined[0]
    return node if len(joined) == len(parts) else replace(node, parts=tuple(joined))


def _builtin(node: CallBuiltin) -> Expr:
    values = [argument.value for argument in node.arguments]
    match node.builtin, values:
        case Builtin.INTEGER_ABS, [ScalarConst(value=a)]:
            return _scalar(node, abs(a))
        case Builtin.INTEGER_MIN, [ScalarConst(value=a), ScalarConst(value=b)]:
            return _scalar(node, min(a, b))
        case Builtin.INTEGER_MAX, [ScalarConst(value=a), ScalarConst(value=b)]:
            return _scalar(node, max(a, b))
        case Builtin.STRING_LENGTH, [TextConst(value=text)]:
            return _scalar(node, len(text))
        case _:
            return node


# --- statements -------------------------------------------------------------------------


def _block(node: Block) -> Block:
    """Removes statements without effect, and those behind one that never ends."""
    kept: list[Statement] = []
    ends = False
    for statement in node.statements:
        if _does_nothing(statement):
            continue
        kept.append(_stored(statement))
        if isinstance(statement, Evaluate) and statement.value.type is Prim.NEVER:
            ends = node.type is Prim.NEVER
            if ends:
                break
    value = None if ends else node.value
    if len(kept) == len(node.statements) and all(map(is_, kept, node.statements)):
        return node if value is node.value else replace(node, value=value)
    return replace(node, statements=tuple(kept), value=value)


def _stored(statement: Statement) -> Statement:
    """Writes `m.insert(k, v)` as `m[k] = v`, so that reads of `m[k]` in `v` may be moved."""
    if not isinstance(statement, Evaluate):
        return statement
    match statement.value:
        case CallBuiltin(builtin=Builtin.MAP_INSERT, arguments=(whole, key, value)):
            path = path_of(whole.value)
            if path is not None:
                span = statement.span
                step = IndexStep(index=key.value, of=whole.value.type, span=span)
                return Store(
                    root=path[0], steps=(*path[1], step), op=None, value=value.value, span=span
                )
    return statement


def _does_nothing(statement: Statement) -> bool:
    match statement:
        case Evaluate(value=value):
            return is_pure(value)
        case While(condition=condition):
            return isinstance(condition, ScalarConst) and not condition.value
        case SetLocal() | SetState() | Store() | ForEach() | ForPairs():
            return False
        case _:
            assert_never(statement)
