"""`emit`: an event by the name and the data of a value, or by a text and a record.

A struct gives its name and its fields, a variant of an enum its name and what it carries.
"""

from ccl.abi.text.suggest import nearest
from ccl.checking.builtins import records
from ccl.checking.core.citations import cite
from ccl.checking.core.conversions import convert
from ccl.checking.core.declarations import EMITTED
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import is_error_type, prune, variable_of, zonk
from ccl.checking.expressions.literals import plain_text
from ccl.checking.functions.instances import enum_of
from ccl.checking.rules import limits
from ccl.diagnostics.model import Edit, Fix
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import Array, Enumeration, Option, Prim, Struct, Type
from ccl.source.spans import Span
from ccl.syntax import ast


def infer_emit(body: Body, expr: ast.Emit) -> typed.Expr:
    """Infers the host call that appends the event; a refusal traps."""
    if body.in_constant:
        body.sink.report("CCL0423", expr.span, what="`emit`")
        return invalid(expr.span)
    article = None if expr.article is None else plain_text(expr.article)
    if expr.article is not None and article is not None:
        cite(body.checker, article, expr.article.span)
    if isinstance(expr.event, ast.StructExpr) and _is_undeclared(body, expr.event):
        return invalid(expr.span)
    event = body.infer(expr.event)
    if expr.data is not None:
        data = records.infer_record(body, expr.data.entries, expr.data.span)
        name = body.check(expr.event, Prim.STRING)
        if is_invalid(data):
            return invalid(expr.span)
        return _emit(body, expr.span, name, data, article)
    return _of_value(body, expr, event, article)


def _is_undeclared(body: Body, event: ast.StructExpr) -> bool:
    """Reports an undeclared struct, with a similar name."""
    (name, *rest) = event.path
    if rest or name.text in body.scope.type_names:
        return False
    near = nearest(name.text, body.scope.structs)
    body.sink.report(
        "CCL0452",
        name.span,
        name=name.text,
        fixes=(Fix(f"write `{near}`", (Edit(name.span, near),)),) if near else (),
    )
    return True


def _of_value(body: Body, expr: ast.Emit, event: typed.Expr, article: str | None) -> typed.Expr:
    kind = prune(event.type)
    span = expr.span
    match kind:
        case Prim.STRING:
            return _emit(body, span, event, _nothing(span), article)
        case Struct(name=name):
            text = typed.TextConst(value=name, type=Prim.STRING, span=event.span)
            data = convert(event, Conversion.TO_DATA, Prim.DATA)
            return _emit(body, span, text, data, article)
        case Enumeration():
            return _of_variant(body, event, kind, span, article)
        case _ if variable_of(kind) is not None and not body.final:
            return typed.UnitConst(span=span)
        case _:  # no other value names an event
            if not is_error_type(kind):
                body.sink.report("CCL0451", expr.event.span, found=str(zonk(kind)))
            return invalid(span)


def _of_variant(
    body: Body, event: typed.Expr, kind: Enumeration, span: Span, article: str | None
) -> typed.Expr:
    arms: list[typed.TagArm] = []
    for tag, (name, payload) in enumerate(enum_of(body.checker, kind).variants):
        locals_ = [body.temporary(zonk(each), span) for each in payload]
        text = typed.TextConst(value=name, type=Prim.STRING, span=event.span)
        data = _carried(locals_, span)
        arms.append(
            typed.TagArm(
                tag=tag,
                bindings=tuple(enumerate(locals_)),
                body=_emit(body, span, text, data, article),
            )
        )
    return typed.MatchTag(
        subject=event, arms=tuple(arms), otherwise=None, type=Prim.UNIT, span=span
    )


def _carried(carried: list[typed.Local], span: Span) -> typed.Expr:
    """Returns the payload of a variant as Data: null, the one value, or a list of them."""
    values = [_to_data(typed.LocalGet(local=each, type=each.type, span=span)) for each in carried]
    match values:
        case []:
            return _nothing(span)
        case [only]:
            return only
        case _:
            several = typed.ArrayNew(elements=tuple(values), type=Array(Prim.DATA), span=span)
            return _to_data(several)


def _to_data(value: typed.Expr) -> typed.Expr:
    if value.type is Prim.DATA:
        return value
    return convert(value, Conversion.TO_DATA, Prim.DATA)


def _nothing(span: Span) -> typed.Expr:
    kind: Type = Option(Prim.INTEGER)
    none = typed.VariantNew(tag=0, payload=(), type=kind, span=span)
    return convert(none, Conversion.TO_DATA, Prim.DATA)


def _emit(
    body: Body, span: Span, name: typed.Expr, data: typed.Expr, article: str | None
) -> typed.Expr:
    if isinstance(name, typed.TextConst):
        limits.check_name(body.sink, "the name of an event", name.value, name.span)
    cited = typed.TextConst(value=article or "", type=Prim.STRING, span=span)
    call = typed.CallHost(call="host_emit", arguments=(name, data, cited), type=EMITTED, span=span)
    return convert(call, Conversion.UNWRAP_OK, Prim.UNIT)
