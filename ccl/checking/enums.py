"""Enums of the program: their variants by path, as values."""

from collections.abc import Sequence

from ccl import ast, typed
from ccl.abi.suggest import nearest
from ccl.checking import expressions
from ccl.checking.environment import Body, EnumInfo, invalid, is_invalid
from ccl.diagnostics import Edit, Fix, Label
from ccl.source import Span


def find(body: Body, path: Sequence[ast.Ident]) -> EnumInfo | None:
    """The enum at `Status` or `alias.Status`."""
    checker, scope = body.checker, body.scope
    if len(path) == 1 and path[0].text in scope.enums:
        return checker.enums[checker.function_id(scope, path[0].text)]
    if len(path) == 2 and path[0].text in scope.imports:
        owner = checker.scoped.files[scope.imports[path[0].text].file]
        if path[1].text in owner.enums:
            checker.used_imports.add((scope.file, path[0].text))
            return checker.enums[checker.function_id(owner, path[1].text)]
    return None


def names_variant(body: Body, path: Sequence[ast.Ident]) -> bool:
    """Whether the path leads to an enum and a name in it (which may not exist)."""
    return find(body, path[:-1]) is not None


def variant_tag(body: Body, info: EnumInfo, name: ast.Ident) -> int | None:
    """The variant's number; None after reporting that there is none of this name."""
    known = [variant for variant, _ in info.variants]
    if name.text in known:
        return known.index(name.text)
    near = nearest(name.text, known)
    body.sink.report(
        "CCL0215",
        name.span,
        name=name.text,
        enum=info.type.name,
        nearest=near,
        labels=(Label(info.item.name.span, f"{info.type.name} is declared here"),),
        fixes=(Fix(f"write `{near}`", (Edit(name.span, near),)),) if near else (),
    )
    return None


def infer_variant(
    body: Body, path: Sequence[ast.Ident], call: ast.Call | None, span: Span
) -> typed.Expr:
    """`Status::Open`, `Status.Migrated(did)`."""
    info = find(body, path[:-1])
    assert info is not None, "the caller has asked `names_variant`"
    tag = variant_tag(body, info, path[-1])
    arguments = () if call is None else call.arguments
    if tag is None:
        for each in arguments:
            expressions.infer(body, each.value)
        return invalid(span)
    name, payload = info.variants[tag]
    declared = info.item.variants[tag]
    if len(arguments) != len(payload) or any(each.name is not None for each in arguments):
        body.sink.report(
            "CCL0443",
            span,
            name=f"{info.type.name}::{name}",
            wanted=_values(len(payload)),
            given=str(len(arguments)),
            labels=(Label(declared.span, "declared here"),),
        )
        return invalid(span)
    nodes = tuple(
        expressions.check(
            body, each.value, kind, labels=(Label(declared.payload[i].span, "declared here"),)
        )
        for i, (each, kind) in enumerate(zip(arguments, payload, strict=True))
    )
    if any(is_invalid(node) for node in nodes):
        return invalid(span)
    return typed.VariantNew(tag=tag, payload=nodes, type=info.type, span=span)


def _values(count: int) -> str:
    return "no value" if count == 0 else "1 value" if count == 1 else f"{count} values"
