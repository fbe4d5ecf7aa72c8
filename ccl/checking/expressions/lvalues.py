"""Lvalues: fields and elements at any depth, and the mutation of what they are part of."""

from typing import assert_never

from ccl.abi.text.suggest import listed, nearest
from ccl.checking.builtins import data_access
from ccl.checking.core.constraints import wait_for
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import is_rigid, prune, unify, variable_of, zonk
from ccl.checking.core.variables import Mutation, Origin, Variable
from ccl.checking.expressions import charter_values, enums, names
from ccl.checking.functions import instances, library
from ccl.checking.handlers import job_events
from ccl.checking.state import variables
from ccl.checking.symbols.uses import note_field
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
)
from ccl.prelude.functions import HANDLER_PARAMETER, HOST_RECORDS
from ccl.source.spans import Span
from ccl.syntax import ast
from ccl.syntax.paths import path_of, words_of


def infer_field(body: Body, expr: ast.Field, expected: Type | None) -> typed.Expr:
    """Infers `a.b`: a member of an import, a charter value, a variant, a field of a struct or
    Data."""
    static = _static_member(body, expr, expected)
    if static is not None:
        return static
    base = body.infer(expr.base)
    return field_of(body, base, expr.name, expr.span)


def _static_member(body: Body, expr: ast.Field, expected: Type | None) -> typed.Expr | None:
    path = path_of(expr)
    if path is None or body.find(path[0].text) is not None:
        return None
    first, scope = path[0].text, body.scope
    if enums.names_own_variant(body, path):
        return enums.infer_variant(body, path, None, expr.span, expected)
    if first in scope.consts or first in scope.functions or first in scope.states:
        return None
    if first in scope.imports and len(path) > 2 and enums.names_variant(body, path):
        return enums.infer_variant(body, path, None, expr.span, expected)
    if names.leads_to_member(body, path):
        target = names.member_of_import(body, path)
        if target is None:
            return invalid(expr.span)
        return names.infer_member(body, target, path[-1], expr.span)
    if first == HANDLER_PARAMETER or first in HOST_RECORDS:
        return None
    if first == "ResourceType" and len(path) == 2:
        return names.resource_type(body, path, expr.span)
    if (first == "charter" or names.is_root_section(body, first)) and words_of(expr):
        return charter_values.read(body, path, expr.span)
    if enums.names_variant(body, path):
        return enums.infer_variant(body, path, None, expr.span, expected)
    if len(path) == 2 and not body.in_condition and first not in names.known_values(body):
        having = [
            name
            for name, each in scope.enums.items()
            if any(variant.name.text == path[1].text for variant in each.variants)
        ]
        if nearest(first, having) is not None:
            return names.unknown_name(body, path[0].span, first, having)
    return None


def field_of(body: Body, base: typed.Expr, name: ast.Ident, span: Span) -> typed.Expr:
    kind = prune(base.type)
    if is_invalid(base):
        return base
    if kind is Prim.DATA:
        job_events.check_field(body, base, name)
        return typed.DataGet(base=base, name=name.text, span=span)
    if isinstance(kind, Struct):
        index = field_index(body, kind, name)
        if index is None:
            return invalid(span)
        field_type = zonk(instances.struct_of(body.checker, kind).fields[index][1])
        return typed.FieldGet(base=base, index=index, type=field_type, span=span)
    if variable_of(kind) is not None:
        return _field_later(body, base, name, span)
    advice = _advice(kind, name.text)
    body.sink.report("CCL0411", name.span, name=name.text, found=str(kind), advice=advice)
    return invalid(span)


def _advice(kind: Type, name: str) -> str | None:
    """Returns the advice for a field of a type that has none."""
    if library.has_method(kind, name):
        return "call"
    return "unwrap" if isinstance(kind, Option | Result) else None


def field_index(body: Body, kind: Struct, name: ast.Ident) -> int | None:
    info = instances.struct_of(body.checker, kind)
    known = [field for field, _ in info.fields]
    if name.text in known:
        note_field(body.checker, name, info.item)
        return known.index(name.text)
    near = nearest(name.text, known)
    body.sink.report(
        "CCL0210",
        name.span,
        name=name.text,
        struct=kind.name,
        known=None if near else listed(known),
        advice=None if near else "fields",
        labels=body.checker.declared_here(info.item.name, kind.name),
        fixes=(Fix(f"write `{near}`", (Edit(name.span, near),)),) if near else (),
        nearest=near,
    )
    return None


def _field_later(body: Body, base: typed.Expr, name: ast.Ident, span: Span) -> typed.Expr:
    node = body.not_known_yet(span)
    if body.final:
        body.sink.report("CCL0409", span, what="this value")
        return node

    def attempt(_by_default: bool) -> bool:
        if variable_of(prune(base.type)) is not None:
            return False
        unify(node.type, field_of(body, base, name, span).type)
        return True

    wait_for(body, [base.type], attempt)
    return node


def infer_index(body: Body, expr: ast.Index) -> typed.Expr:
    base = body.infer(expr.base)
    kind = prune(base.type)
    if is_invalid(base):
        body.infer(expr.index)
        return base
    if kind is Prim.DATA:
        return data_access.infer_element(body, base, expr)
    if variable_of(kind) is not None and not body.final:
        return _index_later(body, base, expr)
    index_type, element = _indexed(body, kind, expr)
    if index_type is None or element is None:
        body.infer(expr.index)
        return invalid(expr.span)
    index = body.check(expr.index, index_type)
    return typed.IndexGet(base=base, index=index, type=zonk(element), span=expr.span)


def _index_later(body: Body, base: typed.Expr, expr: ast.Index) -> typed.Expr:
    """Defers an element of an array, a map or Data."""
    index = body.infer(expr.index)
    node = body.not_known_yet(expr.span)

    def attempt(_by_default: bool) -> bool:
        kind = prune(base.type)
        if variable_of(kind) is not None:
            return False
        if kind is Prim.DATA:
            unify(node.type, kind)
            return True
        index_type, element = _indexed(body, kind, expr)
        if index_type is not None and element is not None:
            unify(index.type, index_type)
            unify(node.type, element)
        return True

    wait_for(body, [base.type], attempt)
    return node


def _indexed(body: Body, kind: Type, expr: ast.Index) -> tuple[Type | None, Type | None]:
    """Returns the types of the index and the element; None, None after reporting."""
    match kind:
        case Array(element):
            return Prim.INTEGER, element
        case Map(key, value):
            return key, value
        case _ if variable_of(kind) is not None:
            body.sink.report("CCL0409", expr.base.span, what="this value")
        case _ if is_rigid(kind):
            body.sink.report("CCL0410", expr.base.span, found=str(kind))
        case Prim.STRING:
            body.sink.report("CCL0416", expr.span)
        case Prim() | Option() | Result() | Token() | Struct() | Enumeration():
            body.sink.report("CCL0410", expr.base.span, found=str(kind))
        case ErrorType():
            pass
        case _:
            assert_never(kind)
    return None, None


def refuse_outer(body: Body, variable: Variable, span: Span) -> bool:
    """Reports an assignment to an outer variable of an inline function, whose parameter it is."""
    if variable.local.name not in body.outer or variable.origin is not Origin.PARAMETER:
        return False
    body.sink.report("CCL0446", span, name=variable.local.name)
    return True


def note_mutation(body: Body, variable: Variable, span: Span) -> None:
    """Records that the object in `variable` is mutated through a path."""
    outer = body.loops[len(variable.loops)] if len(body.loops) > len(variable.loops) else None
    variable.mutations.append(Mutation(span=span, loop=outer))
    if variable.origin is Origin.PARAMETER:
        body.facts.direct.add(variable.local.index)
    elif variable.origin is Origin.LOOP:
        body.sink.report(
            "CCL0428",
            span,
            name=variable.local.name,
            labels=(Label(variable.local.span, "a copy of each element"),),
        )


def change(body: Body, node: typed.Expr) -> None:
    """Checks an argument that the callee mutates: an lvalue, or a fresh value."""
    root = node
    while isinstance(root, typed.FieldGet | typed.IndexGet):
        root = root.base
    if isinstance(root, typed.LocalGet):
        note_mutation(body, body.variables[root.local.index], node.span)
    elif isinstance(root, typed.StateGet):
        variables.refuse_foreign(body, root)
    elif root.span in body.constant_uses:
        body.sink.report("CCL0427", root.span, what="a constant")


def root_variable(body: Body, node: typed.Expr) -> Variable | None:
    """Returns the variable that an lvalue starts at; None for a fresh value."""
    while isinstance(node, typed.FieldGet | typed.IndexGet):
        node = node.base
    if isinstance(node, typed.LocalGet):
        return body.variables[node.local.index]
    return None


def is_place(node: typed.Expr) -> bool:
    return isinstance(node, typed.LocalGet | typed.StateGet | typed.FieldGet | typed.IndexGet)
