"""Variants of enums as values, by path."""

from collections.abc import Sequence

from ccl.abi.text.suggest import listed, nearest
from ccl.checking.calls.arguments import counted
from ccl.checking.core.declarations import EnumInfo
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import fresh, is_open, is_reported, unify, zonk
from ccl.checking.functions import instances, library
from ccl.checking.symbols.uses import note_declared_type, note_path, note_variant
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import typed
from ccl.ir.types import Enumeration, Type
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.syntax import ast


def find(body: Body, path: Sequence[ast.Ident]) -> EnumInfo | None:
    """Returns the enum at `Status` or `alias.Status`."""
    info = _find(body, path)
    if info is not None:
        body.checker.used_types.add(info.type.id)
        if body.final:
            note_path(body.checker, body.scope, path[:-1])
            note_declared_type(body.checker, path[-1], info.item)
    return info


def _find(body: Body, path: Sequence[ast.Ident]) -> EnumInfo | None:
    checker, scope = body.checker, body.scope
    if len(path) == 1 and path[0].text in scope.enums:
        return checker.enums[checker.type_id(scope, path[0].text)]
    if len(path) == 1 and not _is_hidden(scope, path[0].text):
        owner = library.scope_of_type(checker, path[0].text)
        return None if owner is None else checker.enums[checker.type_id(owner, path[0].text)]
    owner, left = checker.follow(scope, [each.text for each in path])
    if owner is not scope and len(left) == 1 and left[0] in owner.enums:
        return (
            checker.enums[checker.type_id(owner, left[0])] if owner.offers_type(left[0]) else None
        )
    return None


def _is_hidden(scope: FileScope, name: str) -> bool:
    """Returns whether a type, contract or proposal of the program hides an enum of the prelude."""
    return name in scope.type_names or name in scope.imports or name in scope.proposals


def names_own_variant(body: Body, path: Sequence[ast.Ident]) -> bool:
    """Returns whether `A.B` is a variant of an enum that the program declares."""
    enum = body.scope.enums.get(path[0].text) if len(path) == 2 else None
    return enum is not None and any(each.name.text == path[1].text for each in enum.variants)


def names_variant(body: Body, path: Sequence[ast.Ident]) -> bool:
    """Returns whether the path leads to an enum and a name in it (which may not exist)."""
    return find(body, path[:-1]) is not None


def variant_tag(body: Body, info: EnumInfo, name: ast.Ident, *, quoted: bool = False) -> int | None:
    """Returns the variant's number; None after reporting an unknown name."""
    known = [variant for variant, _ in info.variants]
    if name.text in known:
        note_variant(body.checker, name, info.item)
        return known.index(name.text)
    near = nearest(name.text, known)
    written = f'"{near}"' if quoted else str(near)
    body.sink.report(
        "CCL0215",
        name.span,
        name=name.text,
        enum=info.item.name.text,
        nearest=near,
        known=None if near else listed(known),
        advice=None if near else "variants",
        labels=body.checker.declared_here(info.item.name, info.item.name.text),
        fixes=(Fix(f"write `{near}`", (Edit(name.span, written),)),) if near else (),
    )
    return None


def infer_variant(
    body: Body,
    path: Sequence[ast.Ident],
    call: ast.Call | None,
    span: Span,
    expected: Type | None,
) -> typed.Expr:
    """Infers `Status::Open`, `Status.Migrated(did)`."""
    info = find(body, path[:-1])
    assert info is not None, "the caller has checked `names_variant`"
    kind = instances.applied(info, tuple(fresh() for _ in info.parameters))
    if info.parameters and expected is not None:
        unify(kind, expected)
    assert isinstance(kind, Enumeration), "an enum stays an enum"
    info = instances.enum_of(body.checker, kind)
    tag = variant_tag(body, info, path[-1])
    arguments = () if call is None else call.arguments
    if tag is None:
        for each in arguments:
            body.infer(each.value)
        return invalid(span)
    name, payload = info.variants[tag]
    declared = next(each for each in info.item.variants if each.name.text == name)
    if len(arguments) != len(payload) or any(each.name is not None for each in arguments):
        body.sink.report(
            "CCL0443",
            span,
            name=f"{info.item.name.text}::{name}",
            wanted=counted(len(payload), "value"),
            given=str(len(arguments)),
            advice=None if payload else "none",
            labels=(Label(declared.span, "declared here"),),
        )
        return invalid(span)
    nodes = tuple(
        body.check(each.value, wanted, labels=(Label(declared.payload[i].span, "declared here"),))
        for i, (each, wanted) in enumerate(zip(arguments, payload, strict=True))
    )
    if any(is_invalid(node) for node in nodes):
        return invalid(span)
    closed = zonk(kind)
    if body.final and is_open(closed):
        if not is_reported(expected):
            body.sink.report("CCL0409", span, what=f"this {closed}")
        return invalid(span)
    instances.note(body.checker, closed)
    return typed.VariantNew(tag=tag, payload=nodes, type=closed, span=span)


def variant_by_text(body: Body, kind: Enumeration, text: str, span: Span) -> typed.Expr:
    """Reads `"Yes"` where a Vote is expected: prelude enums have variants without payload only."""
    info = instances.enum_of(body.checker, kind)
    tag = variant_tag(body, info, ast.Ident(text=text, span=span), quoted=True)
    if tag is None:
        return invalid(span)
    return typed.VariantNew(tag=tag, payload=(), type=kind, span=span)
