"""The declarations of a program as symbols, with their doc comments and types."""

from collections.abc import Iterable, Iterator, Sequence

from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import has_error_type, has_rigid, is_open, zonk
from ccl.checking.symbols.uses import symbol_of_import
from ccl.ir.charter import Tree, key_of, span_of
from ccl.ir.symbols import NO_DETAILS, Details, Symbol, SymbolKind
from ccl.ir.types import Type
from ccl.resolver.scopes import FileScope
from ccl.syntax import ast

Declared = tuple[Symbol, Details]


def declared_symbols(checker: Checker) -> Iterator[Declared]:
    """Yields every declaration of every file and contract; those of a base once for each text."""
    for scope in checker.scoped.files.values():
        yield from _functions(checker, scope)
        yield from _values(checker, scope)
        yield from _types(checker, scope)
        for imported in scope.imports.values():
            yield symbol_of_import(imported), NO_DETAILS
        for role in scope.own_roles.values():
            yield _symbol(SymbolKind.ROLE, role.name), _doc_of(scope, role.holder_check)
        for proposal in scope.proposals.values():
            opened = proposal.function("open")
            yield _symbol(SymbolKind.PROPOSAL, proposal.name), _doc_of(scope, opened)
    for charter in checker.charters.values():
        yield from _keys(charter.root)


def _symbol(kind: SymbolKind, name: ast.Ident) -> Symbol:
    return Symbol(kind, name.text, name.span)


def _doc_of(scope: FileScope, function: str) -> Details:
    """Returns the doc comment of the declaration that a function was generated from."""
    item = scope.functions.get(function)
    return NO_DETAILS if item is None else Details(doc=item.doc)


def _functions(checker: Checker, scope: FileScope) -> Iterator[Declared]:
    templates = {each.id: each for each in checker.templates}
    for name, item in scope.own_functions.items():
        if item.generated:
            continue
        yield _symbol(SymbolKind.FUNCTION, item.name), Details(doc=item.doc)
        yield from _type_parameters(item.type_parameters)
        identity = checker.function_id(scope, name)
        signature = checker.signatures.get(identity) or templates.get(identity)
        kinds = dict[str, Type]()
        if signature is not None:
            named = (each.name.text for each in signature.item.parameters)
            kinds = dict(zip(named, signature.parameters, strict=True))
        for parameter in item.parameters:
            kind = _known(kinds.get(parameter.name.text))
            yield _symbol(SymbolKind.PARAMETER, parameter.name), Details(type=kind)


def _values(checker: Checker, scope: FileScope) -> Iterator[Declared]:
    for name, const in scope.own_consts.items():
        value = checker.const_values.get((int(scope.file), name, False))
        kind = None if value is None else _known(value.type)
        yield _symbol(SymbolKind.CONSTANT, const.name), Details(doc=const.doc, type=kind)
    for name, state in scope.own_states.items():
        info = checker.states.get(checker.function_id(scope, name))
        kind = None if info is None else _known(info.type)
        yield _symbol(SymbolKind.STATE, state.name), Details(doc=state.doc, type=kind)


def _types(checker: Checker, scope: FileScope) -> Iterator[Declared]:
    for name, item in scope.own_structs.items():
        struct = checker.structs[checker.type_id(scope, name)]
        yield _symbol(SymbolKind.STRUCT, item.name), Details(doc=item.doc, type=_known(struct.type))
        yield from _type_parameters(item.type_parameters)
        kinds = dict(struct.fields)
        for field in item.fields:
            details = Details(doc=field.doc, type=_known(kinds.get(field.name.text)))
            yield _symbol(SymbolKind.FIELD, field.name), details
    for name, enumeration in scope.own_enums.items():
        enum = checker.enums[checker.type_id(scope, name)]
        kind = _known(enum.type)
        yield (
            _symbol(SymbolKind.ENUM, enumeration.name),
            Details(doc=enumeration.doc, type=kind),
        )
        yield from _type_parameters(enumeration.type_parameters)
        for variant in enumeration.variants:
            yield _symbol(SymbolKind.VARIANT, variant.name), Details(doc=variant.doc, type=kind)


def _type_parameters(names: Iterable[ast.Ident]) -> Iterator[Declared]:
    for each in names:
        yield _symbol(SymbolKind.TYPE_PARAMETER, each), NO_DETAILS


def _known(kind: Type | None) -> Type | None:
    """Returns the type; None where nothing decides it, or each use does."""
    if kind is None or is_open(kind) or has_rigid(kind) or has_error_type(kind):
        return None
    return zonk(kind)


def _keys(tree: Tree) -> Iterator[Declared]:
    pending: Sequence[Tree] = [tree]
    while pending:
        inside = [each for section in pending for each in section.settings]
        for each in inside:
            yield Symbol(SymbolKind.CHARTER_KEY, key_of(each), span_of(each)), NO_DETAILS
        pending = [each for each in inside if isinstance(each, Tree)]
