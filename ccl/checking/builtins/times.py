"""Times and durations by call: `timestamp`, `now`, `days`, `hours`.

`timestamp`, `days` and `hours` are Integers or have their own type, as their context requires:
published programs count in seconds, new ones have the types.
"""

from datetime import UTC, datetime

from ccl.checking.calls.arguments import only_argument
from ccl.checking.core.conversions import convert
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import prune, variable_of
from ccl.checking.expressions.literals import INTEGER_MAX, INTEGER_MIN, plain_text
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Prim, Type
from ccl.syntax import ast

_SECONDS = {"days": 86_400, "hours": 3_600}


def infer_timestamp(body: Body, call: ast.Call, name: str, expected: Type | None) -> typed.Expr:
    """Infers the job's time, a time written as a text, or a number of seconds as a Timestamp."""
    wanted = prune(expected) if expected is not None else None
    kind = Prim.TIMESTAMP if wanted is Prim.TIMESTAMP else Prim.INTEGER
    if not call.arguments:
        node = _current(body, call)
        return node if is_invalid(node) or kind is Prim.INTEGER else _as_time(node)
    argument = only_argument(body, call, name, "text")
    if argument is None:
        return invalid(call.span)
    if isinstance(argument, ast.StringLiteral):
        return _written(body, call, argument, kind)
    node = body.infer(argument, Prim.INTEGER)
    match prune(node.type):
        case Prim.INTEGER:
            return _as_time(node)
        case Prim.DATA:
            return convert(node, Conversion.DATA_TO, Prim.TIMESTAMP)
        case found if is_invalid(node) or found is Prim.TIMESTAMP:
            return node
        case found if variable_of(found) is not None and not body.final:
            return typed.UnitConst(span=call.span, type=Prim.TIMESTAMP)
        case _:
            body.sink.report("CCL0438", argument.span)
            return invalid(call.span)


def infer_now(body: Body, call: ast.Call) -> typed.Expr:
    """Infers the job's time as a Timestamp."""
    if call.arguments:
        given = str(len(call.arguments))
        body.sink.report("CCL0436", call.span, name="now", wanted="no arguments", given=given)
        return invalid(call.span)
    node = _current(body, call)
    return node if is_invalid(node) else _as_time(node)


def _current(body: Body, call: ast.Call) -> typed.Expr:
    if body.in_constant:
        body.sink.report("CCL0423", call.span, what="the time of the job")
        return invalid(call.span)
    return typed.CallHost(
        call="host_get_current_time", arguments=(), type=Prim.INTEGER, span=call.span
    )


def _as_time(seconds: typed.Expr) -> typed.Expr:
    return convert(seconds, Conversion.SAME_BITS, Prim.TIMESTAMP)


def _written(body: Body, call: ast.Call, text: ast.StringLiteral, kind: Type) -> typed.Expr:
    try:
        when = datetime.fromisoformat(plain_text(text) or "")
    except ValueError:
        body.sink.report("CCL0438", text.span)
        return invalid(call.span)
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return typed.ScalarConst(value=int(when.timestamp()), type=kind, span=call.span)


def infer_span(body: Body, call: ast.Call, name: str, expected: Type | None) -> typed.Expr:
    """Infers `days(7)`: a Duration, or its seconds where an Integer is expected."""
    argument = only_argument(body, call, name, "count")
    if argument is None:
        return invalid(call.span)
    count = body.check(argument, Prim.INTEGER)
    if is_invalid(count):
        return count
    wanted = prune(expected) if expected is not None else None
    plain = wanted is Prim.INTEGER or (
        wanted is not None and (var := variable_of(wanted)) is not None and var.number
    )
    kind = Prim.INTEGER if plain else Prim.DURATION
    if isinstance(count, typed.ScalarConst):
        seconds = count.value * _SECONDS[name]
        if not INTEGER_MIN <= seconds <= INTEGER_MAX:
            body.sink.report("CCL0407", call.span, value=str(seconds))
            return invalid(call.span)
        return typed.ScalarConst(value=seconds, type=kind, span=call.span)
    unit = typed.ScalarConst(value=_SECONDS[name], type=Prim.INTEGER, span=call.span)
    product = typed.Binary(
        op=typed.BinaryOp.MULTIPLY, left=count, right=unit, type=Prim.INTEGER, span=call.span
    )
    return product if plain else convert(product, Conversion.SAME_BITS, Prim.DURATION)
