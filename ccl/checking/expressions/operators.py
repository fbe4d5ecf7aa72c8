"""Unary and binary operators: types of their operands and results."""

from ccl.checking.core.conversions import convert, fit, implicit, names_of
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.operands import (
    EQUALITY,
    ORDER,
    SCALING,
    SUMMING,
    infer_open,
    is_counted,
    is_ordered,
    mixed,
)
from ccl.checking.core.unification import (
    NUMBERS,
    is_number,
    is_open,
    is_rigid,
    open_number,
    prune,
    unify,
    variable_of,
    zonk,
)
from ccl.checking.expressions import literals
from ccl.checking.lints.constant_conditions import report_comparison
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.typed import BinaryOp, UnaryOp
from ccl.ir.types import ERROR_TYPE, Option, Prim, Result, Token, Type
from ccl.source.spans import Span
from ccl.syntax import ast


def infer_unary(body: Body, expr: ast.Unary, expected: Type | None) -> typed.Expr:
    if expr.operator == "!":
        operand = _truth(body, expr, expr.operand)
        return typed.Unary(op=UnaryOp.NOT, operand=operand, type=Prim.BOOL, span=expr.span)
    if isinstance(expr.operand, ast.IntegerLiteral):
        return literals.integer(body, -expr.operand.value, expr.span, _number_context(expected))
    operand = body.infer(expr.operand, expected)
    kind = prune(operand.type)
    if is_invalid(operand) or kind is Prim.NEVER:
        return operand
    if kind is Prim.DATA:
        operand, kind = convert(operand, typed.Conversion.DATA_TO, Prim.INTEGER), Prim.INTEGER
    var = variable_of(kind)
    if var is not None or is_number(kind) or kind is Prim.DURATION:
        return typed.Unary(op=UnaryOp.NEGATE, operand=operand, type=kind, span=expr.span)
    body.sink.report("CCL0402", expr.span, operator="-", types=str(kind))
    return invalid(expr.span)


def infer_binary(body: Body, expr: ast.Binary, expected: Type | None) -> typed.Expr:
    if expr.operator in ("&&", "||"):
        return typed.ShortCircuit(
            is_and=expr.operator == "&&",
            left=_truth(body, expr, expr.left),
            right=_truth(body, expr, expr.right),
            span=expr.span,
        )
    op = BinaryOp(expr.operator)
    context = None if op in EQUALITY or op in ORDER else _number_context(expected)
    left, right = _operands(body, expr, op, context)
    return combine(body, expr, op, left, right)


def _truth(body: Body, expr: ast.Unary | ast.Binary, operand: ast.Expr) -> typed.Expr:
    """Checks an operand of `!`, `&&` and `||`."""
    node = body.infer(operand, Prim.BOOL)
    if not is_rigid(node.type):
        return fit(body, node, Prim.BOOL)
    kind = str(prune(node.type))
    body.sink.report("CCL0402", operand.span, operator=expr.operator, types=kind)
    return invalid(operand.span)


def _operands(
    body: Body, expr: ast.Binary, op: BinaryOp, context: Type | None
) -> tuple[typed.Expr, typed.Expr]:
    """Infers both sides; a side that is only a literal takes its type from the other."""
    if takes_context(expr.left) and not takes_context(expr.right):
        right = body.infer(expr.right, context)
        beside = _beside(op, expr.left, right.type) or context
        return body.infer(expr.left, beside), right
    left = body.infer(expr.left, context)
    return left, body.infer(expr.right, _beside(op, expr.right, left.type) or context)


def _beside(op: BinaryOp, expr: ast.Expr, other: Type) -> Type | None:
    """Returns the context of an operand beside one of the type `other`."""
    kind = prune(other)
    if op in SCALING and isinstance(kind, Token):
        return Prim.INTEGER
    if kind in (Prim.TIMESTAMP, Prim.DURATION):
        return kind if op not in SCALING and _is_time(expr) else None
    return _operand_context(kind)


def _is_time(expr: ast.Expr) -> bool:
    """Returns whether a call gives seconds as an Integer or as a time, by its context."""
    match expr:
        case ast.Call(callee=ast.Name(text=name)):
            return name in ("days", "hours", "timestamp", "host_get_current_time")
        case _:
            return False


def takes_context(expr: ast.Expr) -> bool:
    """Returns whether an expression takes its type from its context."""
    match expr:
        case ast.IntegerLiteral() | ast.StringLiteral() | ast.ArrayExpr():
            return True
        case ast.Name(text=text):
            return text == "None"
        case ast.Unary(operator="-"):
            return takes_context(expr.operand)
        case ast.Binary(operator="+" | "-" | "*" | "/" | "%"):
            return takes_context(expr.left) and takes_context(expr.right)
        case ast.Call(callee=ast.Name(text="None" | "map_new")):
            return True
        case _:  # it has a type of its own
            return _is_time(expr)


def _number_context(kind: Type | None) -> Type | None:
    """Returns the type to expect of an operand that could be a literal."""
    if kind is None:
        return None
    kind = prune(kind)
    var = variable_of(kind)
    return kind if (var is not None and var.number) or is_number(kind) else _operand_context(kind)


def _operand_context(kind: Type) -> Type | None:
    kind = prune(kind)
    if kind in (Prim.DATA, Prim.UNIT, Prim.NEVER, Prim.DURATION, Prim.TIMESTAMP):
        return None
    return None if kind is ERROR_TYPE else kind


def combine(
    body: Body, expr: ast.Binary, op: BinaryOp, left: typed.Expr, right: typed.Expr
) -> typed.Expr:
    """Builds the typed operation on two checked operands."""
    if is_invalid(left) or is_invalid(right):
        if op in EQUALITY or op in ORDER:
            return typed.Binary(op=op, left=left, right=right, type=Prim.BOOL, span=expr.span)
        return invalid(expr.span, (left, right))
    if not body.final:
        sides = (left.type, right.type)
        opened = infer_open(body, op, sides, lambda: _joined(body, expr, op, left, right).type)
        if opened is not None:
            return typed.UnitConst(span=expr.span, type=opened)
    return _joined(body, expr, op, left, right)


def _joined(
    body: Body, expr: ast.Binary, op: BinaryOp, left: typed.Expr, right: typed.Expr
) -> typed.Expr:
    left, right = _agree(left, right)
    kinds = (prune(left.type), prune(right.type))
    if op in EQUALITY or op in ORDER:
        return _comparison(body, expr, op, left, right, kinds)
    return _arithmetic(body, expr, op, left, right, kinds)


def _agree(left: typed.Expr, right: typed.Expr) -> tuple[typed.Expr, typed.Expr]:
    """Converts operands: Data takes the type of the other side, an Integer becomes Mana beside
    Mana."""
    a, b = zonk(left.type), zonk(right.type)
    if a != b:
        if a is Prim.DATA and open_number(b):
            return convert(left, typed.Conversion.DATA_TO, b), right
        if b is Prim.DATA and open_number(a):
            return left, convert(right, typed.Conversion.DATA_TO, a)
        if (forward := implicit(a, b)) and b is not Prim.BOOL:
            return convert(left, forward, b), right
        if (backward := implicit(b, a)) and a is not Prim.BOOL:
            return left, convert(right, backward, a)
        if a is Prim.DATA and b is Prim.BOOL:
            return convert(left, typed.Conversion.DATA_TO, b), right
        if b is Prim.DATA and a is Prim.BOOL:
            return left, convert(right, typed.Conversion.DATA_TO, a)
    return left, right


def _comparison(
    body: Body,
    expr: ast.Binary,
    op: BinaryOp,
    left: typed.Expr,
    right: typed.Expr,
    kinds: tuple[Type, Type],
) -> typed.Expr:
    a, b = kinds
    right = _as_text_like(body, right, a)
    left = _as_text_like(body, left, b)
    if not unify(left.type, right.type):
        left_name, right_name = names_of(a, b)
        body.sink.report(
            "CCL0402",
            expr.operator_span,
            operator=expr.operator,
            types=f"{left_name} and {right_name}",
            labels=(
                Label(expr.left.span, f"this is {left_name}"),
                Label(expr.right.span, f"this is {right_name}"),
            ),
        )
    elif not _comparable(op, prune(a)):
        body.sink.report(
            "CCL0402", expr.operator_span, operator=expr.operator, types=f"{a} and {b}"
        )
    elif body.final and variable_of(a) is None and is_open(a):
        body.sink.report("CCL0409", expr.left.span, what="this value")
        return invalid(expr.span)
    node = typed.Binary(op=op, left=left, right=right, type=Prim.BOOL, span=expr.span)
    report_comparison(body, expr, node)
    return node


def _comparable(op: BinaryOp, kind: Type) -> bool:
    if op in ORDER:
        return variable_of(kind) is not None or is_ordered(kind)
    return kind not in (Prim.UNIT, Prim.NEVER)


def _as_text_like(body: Body, node: typed.Expr, other: Type) -> typed.Expr:
    """Converts a String constant beside a Did or Cid to one; any Did may be read as text."""
    kind = prune(other)
    if kind in (Prim.DID, Prim.CID) and prune(node.type) is Prim.STRING:
        if isinstance(node, typed.TextConst):
            return literals.text(body, node.value, node.span, kind)
        conversion = (
            typed.Conversion.STRING_TO_DID if kind is Prim.DID else typed.Conversion.STRING_TO_CID
        )
        return convert(node, conversion, kind)
    return node


def _arithmetic(
    body: Body,
    expr: ast.Binary,
    op: BinaryOp,
    left: typed.Expr,
    right: typed.Expr,
    kinds: tuple[Type, Type],
) -> typed.Expr:
    a, b = _counting(op, kinds[0], kinds[1]), _counting(op, kinds[1], kinds[0])
    span = expr.span
    if op is BinaryOp.ADD and Prim.STRING in (a, b) and unify(a, b):
        return typed.Concat(parts=(left, right), span=span)
    if a is Prim.INTEGER and op is BinaryOp.MULTIPLY and is_counted(b):
        return _swapped(body, left, right, b, span_of=expr)
    result = mixed(a, op, b)
    if result is not None:
        return typed.Binary(op=op, left=left, right=right, type=result, span=span)
    if _numeric(a) and _numeric(b) and unify(a, b):
        if op in (BinaryOp.DIVIDE, BinaryOp.REMAINDER) and not _divides(body, expr, op, left):
            return invalid(span)
        return typed.Binary(op=op, left=left, right=right, type=zonk(a), span=span)
    _report_arithmetic(body, expr, a, b)
    return invalid(span)


def _counting(op: BinaryOp, kind: Type, other: Type) -> Type:
    """Returns `kind`; an open number beside a Duration or tokens is an Integer."""
    var = variable_of(kind)
    if var is not None and var.number and is_counted(other):
        wanted = other if isinstance(other, Token) and op in SUMMING else Prim.INTEGER
        unify(kind, wanted)
        return wanted
    return kind


def _numeric(kind: Type) -> bool:
    return variable_of(kind) is not None or kind in NUMBERS


def _swapped(
    body: Body, left: typed.Expr, right: typed.Expr, kind: Type, *, span_of: ast.Binary
) -> typed.Expr:
    """Builds Integer * Duration (or tokens): evaluated left to right, multiplied in the other
    order."""
    if isinstance(left, typed.ScalarConst):
        return typed.Binary(
            op=BinaryOp.MULTIPLY, left=right, right=left, type=kind, span=span_of.span
        )
    first = body.temporary(Prim.INTEGER, left.span)
    product = typed.Binary(
        op=BinaryOp.MULTIPLY,
        left=right,
        right=typed.LocalGet(local=first, type=Prim.INTEGER, span=left.span),
        type=kind,
        span=span_of.span,
    )
    return typed.Block(
        statements=(typed.SetLocal(local=first, value=left, span=left.span),),
        value=product,
        type=kind,
        span=span_of.span,
    )


def _divides(body: Body, expr: ast.Binary, op: BinaryOp, left: typed.Expr) -> bool:
    """Reports two literals with a remainder, and a division by a literal 0."""
    if not isinstance(expr.right, ast.IntegerLiteral):
        return True
    if expr.right.value == 0:
        body.sink.report("CCL0424", expr.span, problem="a division by zero")
        return False
    if prune(left.type) is Prim.DECIMAL or not isinstance(expr.left, ast.IntegerLiteral):
        return True
    a, b = expr.left.value, expr.right.value
    if op is BinaryOp.DIVIDE and a % b:
        body.sink.report(
            "CCL0408",
            expr.span,
            left=str(a),
            right=str(b),
            quotient=str(a // b),
            remainder=str(a % b),
        )
        return False
    return True


def _report_arithmetic(body: Body, expr: ast.Binary, a: Type, b: Type) -> None:
    advice: str | None = None
    fixes: tuple[Fix, ...] = ()
    if expr.operator == "+" and Prim.STRING in (a, b) and a != b:
        advice = "interpolate"
    elif {a, b} == {Prim.INTEGER, Prim.DECIMAL}:
        side = expr.left if a is Prim.INTEGER else expr.right
        advice = "decimal"
        file, start, end = side.span.file, side.span.start, side.span.end
        around = (Edit(Span(file, start, start), "decimal("), Edit(Span(file, end, end), ")"))
        fixes = (Fix("convert the Integer", around),)
    elif isinstance(a, Option) or isinstance(b, Option):
        advice = "unwrap option"
    elif isinstance(a, Result) or isinstance(b, Result):
        advice = "unwrap result"
    body.sink.report(
        "CCL0402",
        expr.operator_span,
        operator=expr.operator,
        types=f"{a} and {b}",
        labels=(Label(expr.left.span, f"this is {a}"), Label(expr.right.span, f"this is {b}")),
        fixes=fixes,
        advice=advice,
    )


def assigned(body: Body, statement: ast.Assign, op: BinaryOp, here: typed.Expr) -> typed.Expr:
    """Returns `here op value` of a compound assignment, as a value of the lvalue's type."""
    value = body.infer(statement.value, _beside(op, statement.value, here.type))
    return fit(body, combine(body, _as_binary(statement, op), op, here, value), here.type)


def assigned_operand(
    body: Body, statement: ast.Assign, op: BinaryOp, here: typed.Expr
) -> typed.Expr:
    """Returns the right side of `here op= value`, converted; the store does the operation."""
    whole = assigned(body, statement, op, here)
    match whole:
        case typed.Binary():
            return whole.right
        case typed.Concat():
            return whole.parts[-1]
        case _:
            return whole


def _as_binary(statement: ast.Assign, op: BinaryOp) -> ast.Binary:
    return ast.Binary(
        operator=op.value,
        left=statement.target,
        right=statement.value,
        operator_span=statement.span,
        span=statement.span,
    )
