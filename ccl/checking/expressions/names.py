"""Names in code: local; const; import; host record; section; prelude, in this order."""

from collections.abc import Iterable, Sequence

from ccl.abi.text.suggest import either, nearest, similar
from ccl.checking.constants import inlining
from ccl.checking.core.environment import Body, invalid
from ccl.checking.core.unification import prune, zonk
from ccl.checking.core.variables import Variable
from ccl.checking.expressions import charter_values, enums
from ccl.checking.lints import foreign_names
from ccl.checking.state import variables
from ccl.checking.symbols.uses import note, note_path, note_prelude, note_prelude_type, note_value
from ccl.diagnostics.model import Edit, Fix, Label
from ccl.ir import charter, typed
from ccl.ir.symbols import SymbolKind
from ccl.ir.types import Option, Prim, Type
from ccl.prelude import library_index
from ccl.prelude.functions import (
    CONSTANTS,
    FUNCTIONS,
    HANDLER_PARAMETER,
    HOST_RECORDS,
    RESOURCE_TYPE_VARIANTS,
    SPECIAL_FORMS,
)
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.syntax import ast


def infer_name(body: Body, name: ast.Name, expected: Type | None) -> typed.Expr:
    text = name.text
    variable = body.find(text)
    if variable is not None:
        return _read(body, variable, name.span)
    scope = body.scope
    note_value(body.checker, scope, name)
    if text in scope.consts:
        return inlining.use(body, scope, text, name.span)
    if text in scope.states:
        return variables.read(body, scope, text, name.span)
    if text in scope.imports:
        body.checker.used_imports.add((scope.file, text))
        return _not_a_value(
            body, name.span, text, _kind_of_alias(scope, text), scope.imports[text].span
        )
    if text in scope.functions:
        body.checker.used_functions.add(body.checker.function_id(scope, text))
        declared = scope.functions[text].name.span
        return _not_a_value(body, name.span, text, "a function", declared, advice="call")
    if text == HANDLER_PARAMETER and not body.in_condition:
        body.sink.report("CCL0216", name.span)
        return invalid(name.span)
    if text in HOST_RECORDS or text == HANDLER_PARAMETER:
        return host_record(body, text, name.span)
    if is_root_section(body, text):
        return _root_entry(body, name)
    if text == "charter":
        return _not_a_value(body, name.span, text, "a section", None)
    if text in CONSTANTS:
        note_prelude(body.checker, name, SymbolKind.PRELUDE_VALUE)
        return typed.ScalarConst(value=CONSTANTS[text], type=Prim.INTEGER, span=name.span)
    if text == "None":
        note_prelude(body.checker, name, SymbolKind.PRELUDE_VALUE)
        wanted = prune(expected) if expected is not None else None
        kind = wanted if isinstance(wanted, Option) else Option(body.unknown())
        return typed.VariantNew(tag=0, payload=(), type=zonk(kind), span=name.span)
    if text in scope.type_names or text == "ResourceType":
        return _not_a_value(body, name.span, text, "a type", None, advice="make")
    if text in FUNCTIONS or text in SPECIAL_FORMS or text in library_index.FUNCTIONS:
        return _not_a_value(body, name.span, text, "a function", None, advice="call")
    if text in body.unknown_names:
        return invalid(name.span)
    if body.in_condition and not _is_slip(scope, text):
        return host_record(body, text, name.span)
    if text in scope.own_roles:
        return _not_a_value(body, name.span, text, "a role", None, advice="role")
    if text in scope.proposals:
        declared = scope.proposals[text].name.span
        return _not_a_value(body, name.span, text, "a proposal", declared, advice="proposal")
    body.unknown_names.add(text)
    return unknown_name(body, name.span, text, known_values(body))


def _kind_of_alias(scope: FileScope, alias: str) -> str:
    return "an imported file" if scope.imports[alias].item is not None else "a contract"


def _is_slip(scope: FileScope, text: str) -> bool:
    """Returns whether a name is a misspelt one rather than another record of the host."""
    if text.casefold() in foreign_names.LITERALS:
        return True
    near = nearest(text, (*scope.value_names, *HOST_RECORDS))
    return near is not None and text.removesuffix("s") != near.removesuffix("s")


def _read(body: Body, variable: Variable, span: Span) -> typed.Expr:
    variable.reads.append(span.start)
    body.mention(variable, span)
    return typed.LocalGet(local=variable.local, type=zonk(variable.type), span=span)


def host_record(body: Body, name: str, span: Span) -> typed.Expr:
    if body.in_constant:
        body.sink.report("CCL0423", span, what=f"the host record `{name}`")
        return invalid(span)
    note(body.checker, span, SymbolKind.HOST_RECORD, name, None)
    record = typed.TextConst(value=name, type=Prim.STRING, span=span)
    return typed.CallHost(call="host_get_context", arguments=(record,), type=Prim.DATA, span=span)


def is_root_section(body: Body, name: str) -> bool:
    return charter_values.has(body, name)


def infer_path(body: Body, path: ast.PathName, expected: Type | None) -> typed.Expr:
    """Infers `A::B` as a value: a variant without payload."""
    first, *rest = path.segments
    if first.text == "ResourceType" and len(rest) == 1 and first.text not in body.scope.type_names:
        return resource_type(body, path.segments, path.span)
    if enums.names_variant(body, path.segments):
        return enums.infer_variant(body, path.segments, None, path.span, expected)
    if leads_to_member(body, path.segments):
        target = member_of_import(body, path.segments)
        if target is None:
            return invalid(path.span)
        return infer_member(body, target, rest[-1], path.span)
    return unknown_name(
        body,
        path.span,
        "::".join(segment.text for segment in path.segments),
        body.scope.type_names,
    )


def resource_type(body: Body, path: Sequence[ast.Ident], span: Span) -> typed.Expr:
    """Infers `ResourceType.COMPUTE`, the resource's name."""
    holder, variant = path
    note_prelude_type(body.checker, holder)
    value = RESOURCE_TYPE_VARIANTS.get(variant.text)
    if value is None:
        return unknown_name(body, variant.span, variant.text, RESOURCE_TYPE_VARIANTS)
    note_prelude(body.checker, variant, SymbolKind.PRELUDE_VALUE)
    return typed.TextConst(value=value, type=Prim.STRING, span=span)


def leads_to_member(body: Body, path: Sequence[ast.Ident]) -> bool:
    """Returns whether the path is `alias.name`, `Contract.name` or `alias.Contract.name`."""
    if len(path) < 2 or path[0].text not in body.scope.imports:
        return False
    leads = body.checker.follow(body.scope, [each.text for each in path[:-1]])[1] == ()
    if leads and body.final:
        note_path(body.checker, body.scope, path[:-1])
    return leads


def member_of_import(body: Body, path: Sequence[ast.Ident]) -> FileScope | None:
    """Returns the file or contract that has the member at the path; None after reporting."""
    name = path[-1]
    target, _ = body.checker.follow(body.scope, [each.text for each in path[:-1]])
    if target.offers(name.text):
        return target
    if target.incomplete:  # what it should have is in a contract that it cannot extend
        return None
    other = _declared_otherwise(target, name.text)
    if other is not None:
        what, advice = other
        written = ".".join(each.text for each in path)
        _not_a_value(body, name.span, written, what, None, advice=advice)
        return None
    *before, last = path[:-1]
    holder, _ = body.checker.follow(body.scope, [each.text for each in before])
    imported = holder.imports[last.text]
    known = [each for each in target.value_names if target.offers(each)]
    known.sort(key=lambda each: each in target.functions and not target.functions[each].exported)
    contracts = _contracts(target)
    inside = [each for each in contracts if body.checker.offers_in(target, each, name.text)]
    types = [each for each in target.type_names if each.isidentifier()]
    near = [f"{each}.{name.text}" for each in inside] or similar(
        name.text, (*known, *contracts, *types)
    )
    body.sink.report(
        "CCL0207",
        name.span,
        name=name.text,
        file=target.contract or target.name,
        labels=(Label(imported.span, "imported here" if imported.item else "declared here"),),
        similar=either(near),
    )
    return None


def _contracts(scope: FileScope) -> list[str]:
    """Returns the contracts that a path through a file or a contract can go on with."""
    return [name for name, each in scope.imports.items() if each.item is None]


def _declared_otherwise(target: FileScope, name: str) -> tuple[str, str | None] | None:
    """Returns the kind of a member that is no value, and the advice on it."""
    if target.offers_type(name):
        return "a type", "make"
    if name in target.imports and target.imports[name].item is None:
        return "a contract", None
    if name in target.own_roles:
        return "a role", "role"
    if name in target.proposals:
        return "a proposal", "proposal"
    return None


def infer_member(body: Body, target: FileScope, name: ast.Ident, span: Span) -> typed.Expr:
    """Infers `voting.QUORUM`."""
    note_value(body.checker, target, name)
    if name.text in target.consts:
        return inlining.use(body, target, name.text, span)
    if name.text in target.states:
        return variables.read(body, target, name.text, span)
    function = target.functions[name.text]
    return _not_a_value(body, span, name.text, "a function", function.name.span, advice="call")


def known_values(body: Body) -> tuple[str, ...]:
    """Returns every name that has a value here, nearest scope first."""
    return (
        *body.visible_names,
        *body.scope.value_names,
        *body.checker.charter.keys,
        *CONSTANTS,
        *HOST_RECORDS,
    )


def unknown_name(body: Body, span: Span, name: str, known: Iterable[str]) -> typed.Expr:
    near = (
        foreign_names.LITERALS.get(name.casefold())
        or nearest(name, known)
        or foreign_names.FOREIGN_NAMES.get(name)
    )
    if body.scope.incomplete:
        return invalid(span)
    local = body.find(near) if near is not None else None
    if local is not None:
        local.reads.append(span.start)  # so that a slip is one error, without an unused variable
    body.sink.report("CCL0201", span, name=name, nearest=near)
    return invalid(span)


def _root_entry(body: Body, name: ast.Name) -> typed.Expr:
    """Reports the bare name of a section, or of an entry that is read as `charter.name`."""
    _, section = charter_values.settings_at_root(body, name.text)
    entries = [each for each in section.named(name.text) if isinstance(each, charter.Property)]
    if not entries:
        return _not_a_value(body, name.span, name.text, "a section", None)
    if len(entries) > 1 or charter.is_conditional(entries[0]):
        # `charter.name` could not be read either.
        return charter_values.read(body, (ast.Ident(text=name.text, span=name.span),), name.span)
    body.sink.report(
        "CCL0214",
        name.span,
        name=name.text,
        labels=(Label(entries[0].node.key_span, "set here"),),
        fixes=(Fix(f"write `charter.{name.text}`", (Edit(name.span, f"charter.{name.text}"),)),),
    )
    return invalid(name.span)


def _not_a_value(
    body: Body,
    span: Span,
    name: str,
    what: str,
    declared: Span | None,
    *,
    advice: str | None = None,
) -> typed.Expr:
    labels = (Label(declared, "declared here"),) if declared is not None else ()
    body.sink.report("CCL0208", span, name=name, what=what, labels=labels, advice=advice)
    return invalid(span)
