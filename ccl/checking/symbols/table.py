"""The symbol table of a checked program, put together from what elaboration has noted."""

from collections.abc import Iterator, Sequence
from unicodedata import normalize

from ccl.checking.core.environment import Checker
from ccl.checking.symbols.declarations import declared_symbols
from ccl.checking.symbols.uses import symbol_of_import
from ccl.ir import typed
from ccl.ir.symbols import Collected, Details, Symbol, SymbolKind, SymbolTable, TypedSpan, Use
from ccl.ir.visit import everything
from ccl.resolver.scopes import FileScope
from ccl.source.spans import SourceMap, Span
from ccl.syntax import ast


def symbol_table(checker: Checker, program: typed.Program, sources: SourceMap) -> SymbolTable:
    """Returns the table, which is computed at its first use. `program` has the types of
    expressions."""
    return SymbolTable(lambda: _collected(checker, program, sources))


def _collected(checker: Checker, program: typed.Program, sources: SourceMap) -> Collected:
    details: dict[Symbol, Details] = {}
    uses: list[Use] = []
    for symbol, known in declared_symbols(checker):
        details.setdefault(symbol, known)
        if symbol.span is not None:
            uses.append(Use(symbol.span, symbol))
    uses += _extended(checker)
    around = _Around(checker)
    uses += (Use(span, around.declared(span, symbol)) for span, symbol in checker.uses)
    for function in program.functions.values():
        for local in (*function.parameters, *function.locals):
            for kind in (SymbolKind.LOCAL, SymbolKind.PARAMETER):
                details.setdefault(Symbol(kind, local.name, local.span), Details(type=local.type))
    return Collected(
        uses=[each for each in uses if _is_written(checker, each, sources)],
        details=details,
        expressions=_expressions(program),
    )


def _is_written(checker: Checker, use: Use, sources: SourceMap) -> bool:
    """Returns whether the text of the span is the name: generated declarations have the span of
    what they come from, a missing name has none. A method of the library has another name in its
    file."""
    text, symbol = normalize("NFC", sources.text(use.span)), use.symbol
    if text == symbol.name:
        return text != ""
    is_function = symbol.kind is SymbolKind.FUNCTION and text.isidentifier()
    return is_function and symbol.span is not None and symbol.span.file in checker.library_files


class _Around:
    """The declarations around what is noted, for symbols that are noted without their place."""

    def __init__(self, checker: Checker) -> None:
        self._captured = checker.captured
        self._names: dict[SymbolKind, dict[str, list[tuple[Span, Span]]]] = {
            SymbolKind.PARAMETER: {},
            SymbolKind.TYPE_PARAMETER: {},
        }
        """By kind and name, the places of the declaration and of the name in it."""
        for scope in checker.scoped.files.values():
            for function in scope.own_functions.values():
                for each in function.parameters:
                    self._add(SymbolKind.PARAMETER, each.name, function.span)
            items: tuple[ast.Function | ast.Struct | ast.Enumeration, ...] = (
                *scope.own_functions.values(),
                *scope.own_structs.values(),
                *scope.own_enums.values(),
            )
            for item in items:
                for name in item.type_parameters:
                    self._add(SymbolKind.TYPE_PARAMETER, name, item.span)

    def _add(self, kind: SymbolKind, name: ast.Ident, item: Span) -> None:
        self._names[kind].setdefault(name.text, []).append((item, name.span))

    def declared(self, span: Span, symbol: Symbol) -> Symbol:
        """Returns the symbol with the span of its declaration, also of a variable that inline
        functions read."""
        if symbol.span is None and symbol.kind in self._names:
            known = self._names[symbol.kind].get(symbol.name, ())
            place = next((name for item, name in known if item.contains(span)), None)
            return Symbol(symbol.kind, symbol.name, place)
        while symbol.span is not None:
            outer = self._captured.get((symbol.span, symbol.name))
            if outer is None:
                break
            symbol = outer
        return symbol


def _expressions(program: typed.Program) -> Iterator[TypedSpan]:
    for function in program.functions.values():
        for node in everything(function.body):
            yield TypedSpan(node.span, node.type)


# --- what declarations extend


def _extended(checker: Checker) -> Iterator[Use]:
    """Yields the contracts and roles that others extend, where these name them."""
    for scope in checker.scoped.files.values():
        if scope.extends is not None and scope.outer is not None:
            yield from _path(checker, scope.outer, scope.extends.names)
        for role in scope.own_roles.values():
            if role.parent is not None:
                yield from _parent(checker, scope, role.parent.names)


def _path(checker: Checker, scope: FileScope, names: Sequence[ast.Ident]) -> Iterator[Use]:
    for name in names:
        imported = scope.imports.get(name.text)
        if imported is None:
            return
        yield Use(name.span, symbol_of_import(imported))
        scope = checker.scoped.files[imported.file]


def _parent(checker: Checker, scope: FileScope, names: Sequence[ast.Ident]) -> Iterator[Use]:
    *before, name = names
    yield from _path(checker, scope, before)
    owner = checker.owner_named(scope, before) if before else scope
    role = None if owner is None else owner.roles.get(name.text)
    if role is not None:
        yield Use(name.span, Symbol(SymbolKind.ROLE, role.name.text, role.name.span))
