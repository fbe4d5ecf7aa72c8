"""Array and struct literals."""

from ccl.abi.text.suggest import listed, nearest
from ccl.checking.core.declarations import StructInfo
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.type_names import declared_type
from ccl.checking.core.unification import (
    fresh,
    is_error_type,
    is_open,
    is_reported,
    prune,
    unify,
    zonk,
)
from ccl.checking.functions import instances
from ccl.checking.symbols.uses import note_field
from ccl.diagnostics.fixes import spelling_fix
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.types import Array, Struct, Type
from ccl.source.spans import Span
from ccl.syntax import ast


def infer_array(body: Body, expr: ast.ArrayExpr, expected: Type | None) -> typed.Expr:
    wanted = prune(expected) if expected is not None else None
    element = wanted.element if isinstance(wanted, Array) else fresh()
    first = expr.elements[0].span if expr.elements else None
    nodes: list[typed.Expr] = []
    for each in expr.elements:
        labels = () if first is None or each.span == first else (Label(first, "as this one"),)
        nodes.append(body.check(each, element, labels=labels))
    if any(is_invalid(node) for node in nodes):
        return invalid(expr.span)
    kind = zonk(Array(element))
    if body.final and is_open(kind):
        body.sink.report("CCL0409", expr.span, what="the elements of this array")
        return invalid(expr.span)
    return typed.ArrayNew(elements=tuple(nodes), type=kind, span=expr.span)


def infer_struct(body: Body, expr: ast.StructExpr, expected: Type | None) -> typed.Expr:
    """Infers `Name { field: value, … }`, whose values are evaluated as written."""
    kind = declared_type(body.checker, body.scope, expr.path)
    if not isinstance(kind, Struct):
        if not is_error_type(kind):
            body.sink.report("CCL0413", _path_span(expr), name=str(kind))
        for each in expr.fields:
            body.infer(each.value)
        return invalid(expr.span)
    if kind.instance is not None and expected is not None:
        unify(kind, expected)
    info = instances.struct_of(body.checker, kind)
    values, order = _field_values(body, expr, info)
    missing = [name for i, (name, _) in enumerate(info.fields) if i not in values]
    if missing and any(each.name.text not in dict(info.fields) for each in expr.fields):
        return invalid(expr.span)  # a misspelt field is reported, and most likely the missing one
    if missing:
        body.sink.report(
            "CCL0414",
            _path_span(expr),
            struct=info.item.name.text,
            fields=", ".join(f"`{name}`" for name in missing),
            labels=body.checker.declared_here(info.item.name, info.item.name.text),
        )
        return invalid(expr.span)
    closed = zonk(kind)
    if body.final and is_open(closed):
        if not is_reported(expected):
            body.sink.report("CCL0409", _path_span(expr), what=f"this {closed}")
        return invalid(expr.span)
    instances.note(body.checker, closed)
    return typed.StructNew(
        values=tuple(values[i] for i in range(len(info.fields))),
        order=tuple(order),
        type=closed,
        span=expr.span,
    )


def _path_span(expr: ast.StructExpr) -> Span:
    return expr.path[0].span.to(expr.path[-1].span)


def _field_values(
    body: Body, expr: ast.StructExpr, info: StructInfo
) -> tuple[dict[int, typed.Expr], list[int]]:
    """Returns values by field number, and the field numbers in the order written."""
    known = [name for name, _ in info.fields]
    values: dict[int, typed.Expr] = {}
    order: list[int] = []
    seen: dict[str, Span] = {}
    given = {each.name.text for each in expr.fields}
    for each in expr.fields:
        name = each.name.text
        if name not in known:
            _unknown_field(body, each, info, known, given)
            body.infer(each.value)
            continue
        index = known.index(name)
        note_field(body.checker, each.name, info.item)
        declared = next(field for field in info.item.fields if field.name.text == name)
        labels = (Label(declared.span, "the field is declared here"),)
        node = body.check(each.value, info.fields[index][1], labels=labels)
        if name in seen:
            body.sink.report(
                "CCL0211", each.name.span, name=name, labels=(Label(seen[name], "first here"),)
            )
            continue
        seen[name] = each.name.span
        values[index] = node
        order.append(index)
    return values, order


def _unknown_field(
    body: Body, each: ast.FieldValue, info: StructInfo, known: list[str], given: set[str]
) -> None:
    near = nearest(each.name.text, known)
    fixes, twice = spelling_fix(each.name.span, near, given)
    body.sink.report(
        "CCL0210",
        each.name.span,
        name=each.name.text,
        struct=info.item.name.text,
        known=None if near else listed(known),
        advice=twice if near else "fields",
        labels=body.checker.declared_here(info.item.name, info.item.name.text),
        fixes=fixes,
        nearest=near,
    )
