"""Calls and statements with rules of their own: `require`, named conversions, `has`, time.

`submit_job` and `module` are in `ccl.checking.builtins.submissions`.
"""

from ccl.checking.builtins import records, submissions, times
from ccl.checking.builtins.data_access import infer_presence
from ccl.checking.calls.arguments import Callee, bind, only_argument
from ccl.checking.core.citations import cite
from ccl.checking.core.conversions import as_data, convert, to_text
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.type_names import token_of
from ccl.checking.core.unification import is_error_type, is_open, prune, variable_of, zonk
from ccl.checking.expressions.literals import plain_text
from ccl.checking.roles import roles
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Option, Prim, Result, Token, Type
from ccl.syntax import ast

_NAMED_CONVERSIONS: dict[str, dict[Type, Conversion]] = {
    "integer": {
        Prim.MANA: Conversion.SAME_BITS,
        Prim.DURATION: Conversion.SAME_BITS,
        Prim.TIMESTAMP: Conversion.SAME_BITS,
    },
    "decimal": {Prim.INTEGER: Conversion.INTEGER_TO_DECIMAL},
    "duration": {Prim.INTEGER: Conversion.SAME_BITS},
    "mana": {Prim.INTEGER: Conversion.SAME_BITS},
    "did": {Prim.STRING: Conversion.STRING_TO_DID},
    "cid": {Prim.STRING: Conversion.STRING_TO_CID},
}
_CONVERTED: dict[str, Type] = {
    "integer": Prim.INTEGER,
    "decimal": Prim.DECIMAL,
    "duration": Prim.DURATION,
    "mana": Prim.MANA,
    "did": Prim.DID,
    "cid": Prim.CID,
}


def infer_form(body: Body, call: ast.Call, name: str, expected: Type | None) -> typed.Expr:
    match name:
        case "submit_job" | "host_submit_job":
            return submissions.infer_submit(body, call)
        case "module":
            return submissions.infer_module(body, call)
        case "has":
            return _has(body, call)
        case "timestamp" | "host_get_current_time":
            return times.infer_timestamp(body, call, name, expected)
        case "now":
            return times.infer_now(body, call)
        case "days" | "hours":
            return times.infer_span(body, call, name, expected)
        case "token":
            return _token(body, call, expected)
        case "caller_has_role":
            return roles.infer_caller_has_role(body, call)
        case "log_event":
            return _log_event(body, call)
        case "Some" | "Ok" | "Err":
            return _wrap(body, call, name, expected)
        case "data":
            argument = only_argument(body, call, name, "value")
            if argument is None:
                return invalid(call.span)
            key = ast.Key(text="data", quoted=False, span=argument.span)
            return as_data(records.infer_part(body, argument, key))
        case "string":
            argument = only_argument(body, call, name, "value")
            return invalid(call.span) if argument is None else to_text(body, body.infer(argument))
        case _:
            return _converted(body, call, name)


def infer_require(body: Body, expr: ast.Require) -> typed.Expr:
    """Infers `require(condition, message) because article "…"`."""
    call = ast.Call(
        callee=ast.Name(text="require", span=expr.span),
        type_arguments=(),
        arguments=expr.arguments,
        span=expr.span,
    )
    callee = Callee(
        name="require", parameters=("condition", "message"), optional=frozenset({"message"})
    )
    bound = bind(body, call, callee, expr.arguments)
    if bound is None:
        for each in expr.arguments:
            body.infer(each.value)
        return typed.UnitConst(span=expr.span)
    condition = body.check(bound["condition"].value, Prim.BOOL)
    message = body.check(bound["message"].value, Prim.STRING) if "message" in bound else None
    article = None if expr.article is None else plain_text(expr.article)
    if expr.article is not None and article is not None:
        cite(body.checker, article, expr.article.span)
    never = isinstance(condition, typed.ScalarConst) and not condition.value
    return typed.Require(
        condition=condition,
        message=message,
        article=article,
        span=expr.span,
        type=Prim.NEVER if never else Prim.UNIT,
    )


def _has(body: Body, call: ast.Call) -> typed.Expr:
    argument = only_argument(body, call, "has", "path")
    return invalid(call.span) if argument is None else infer_presence(body, call, argument)


def _log_event(body: Body, call: ast.Call) -> typed.Expr:
    """Infers `log_event(name, detail)`, which writes the line `name: detail`."""
    bound = bind(
        body, call, Callee(name="log_event", parameters=("name", "detail")), call.arguments
    )
    if bound is None:
        for each in call.arguments:
            body.infer(each.value)
        return invalid(call.span)
    parts = {name: body.check(each.value, Prim.STRING) for name, each in bound.items()}
    colon = typed.TextConst(value=": ", type=Prim.STRING, span=call.span)
    line = typed.Concat(parts=(parts["name"], colon, parts["detail"]), span=call.span)
    return typed.CallHost(
        call="host_log_message", arguments=(line,), type=Prim.UNIT, span=call.span
    )


def _wrap(body: Body, call: ast.Call, name: str, expected: Type | None) -> typed.Expr:
    """Infers `Some(x)`, `Ok(x)`, `Err(e)`; the other half of a Result comes from the context."""
    argument = only_argument(body, call, name, "value")
    if argument is None:
        return invalid(call.span)
    wanted = prune(expected) if expected is not None else None
    match name, wanted:
        case "Some", Option(value):
            node = body.check(argument, value)
            kind: Type = Option(value)
        case "Some", _:
            node = body.infer(argument)
            kind = Option(node.type)
        case "Ok", Result(ok, err):
            node, kind = body.check(argument, ok), Result(ok, err)
        case "Err", Result(ok, err):
            node, kind = body.check(argument, err), Result(ok, err)
        case "Ok", _:
            node = body.infer(argument)
            kind = Result(node.type, body.unknown())
        case _:
            node = body.infer(argument)
            kind = Result(body.unknown(), node.type)
    kind = zonk(kind)
    if is_invalid(node):
        return node
    if body.final and is_open(kind):
        body.sink.report("CCL0409", call.span, what=f"this `{name}`")
        return invalid(call.span)
    tag = 0 if name == "Ok" else 1
    return typed.VariantNew(tag=tag, payload=(node,), type=kind, span=call.span)


def _converted(body: Body, call: ast.Call, name: str) -> typed.Expr:
    argument = only_argument(body, call, name, "value")
    if argument is None:
        return invalid(call.span)
    goal = _CONVERTED[name]
    node = body.infer(argument, None if name == "decimal" else goal)
    kind = prune(node.type)
    if is_invalid(node) or kind is goal:
        return node
    if kind is Prim.DATA:
        return convert(node, Conversion.DATA_TO, goal)
    conversion = _NAMED_CONVERSIONS[name].get(kind)
    if name == "integer" and isinstance(kind, Token):
        conversion = Conversion.SAME_BITS
    if conversion is None and (var := variable_of(kind)) is not None:
        if var.number and name == "decimal":
            var.bound = Prim.INTEGER
        return typed.UnitConst(span=call.span, type=goal)
    if conversion is None:
        advice = "whole" if (kind, goal) == (Prim.DECIMAL, Prim.INTEGER) else None
        found, wanted = str(zonk(kind)), str(goal)
        body.sink.report("CCL0439", argument.span, found=found, goal=wanted, advice=advice)
        return invalid(call.span)
    return convert(node, conversion, goal)


def _token(body: Body, call: ast.Call, expected: Type | None) -> typed.Expr:
    """Infers `token<USD>(n)`; the class may be omitted where the context determines it."""
    argument = only_argument(body, call, "token", "amount")
    if argument is None:
        return invalid(call.span)
    amount = body.check(argument, Prim.INTEGER)
    kind = prune(expected) if expected is not None else None
    if len(call.type_arguments) == 1:
        kind = token_of(body.checker, body.scope, call.type_arguments[0], body.types)
    elif call.type_arguments or not isinstance(kind, Token):
        if body.final:
            body.sink.report("CCL0462", call.callee.span)
        return body.not_known_yet(call.span)
    if is_invalid(amount) or is_error_type(kind):
        return invalid(call.span)
    if isinstance(amount, typed.ScalarConst):
        return typed.ScalarConst(value=amount.value, type=kind, span=call.span)
    return convert(amount, Conversion.SAME_BITS, kind)
