"""Occurrences of names, noted where they are resolved.

Rule: noting decides nothing. Inference notes nothing: every body is elaborated after it, with all
types known.
"""

from collections.abc import Sequence

from ccl.checking.core.environment import Checker
from ccl.ir.symbols import Symbol, SymbolKind
from ccl.resolver.scopes import FileScope, ImportedFile, Proposal, Role
from ccl.source.spans import Span
from ccl.syntax import ast
from ccl.syntax.imports import import_alias


def note(checker: Checker, span: Span, kind: SymbolKind, name: str, declared: Span | None) -> None:
    if checker.final:
        checker.uses.append((span, Symbol(kind, name, declared)))


def note_value(checker: Checker, scope: FileScope, name: ast.Ident | ast.Name) -> None:
    """Notes a constant or a state variable that the scope sees."""
    declared = scope.consts.get(name.text) or scope.states.get(name.text)
    if declared is not None:
        is_const = isinstance(declared, ast.Const)
        kind = SymbolKind.CONSTANT if is_const else SymbolKind.STATE
        note(checker, name.span, kind, name.text, declared.name.span)


def note_function(checker: Checker, name: ast.Ident | ast.Name, item: ast.Function) -> None:
    note(checker, name.span, SymbolKind.FUNCTION, item.name.text, item.name.span)


def note_prelude(
    checker: Checker,
    name: ast.Ident | ast.Name,
    kind: SymbolKind = SymbolKind.PRELUDE_FUNCTION,
) -> None:
    note(checker, name.span, kind, name.text, None)


def note_passed(checker: Checker, name: ast.Name) -> None:
    """Notes a parameter that is a function, of the declaration around; the table finds that."""
    note(checker, name.span, SymbolKind.PARAMETER, name.text, None)


def note_parameter(checker: Checker, name: ast.Ident, item: ast.Function) -> None:
    """Notes the name of an argument, which is that of a parameter."""
    declared = next((each for each in item.parameters if each.name.text == name.text), None)
    if declared is not None:
        note(checker, name.span, SymbolKind.PARAMETER, name.text, declared.name.span)


def note_path(checker: Checker, scope: FileScope, path: Sequence[ast.Ident]) -> None:
    """Notes the imports and contracts that a path leads through; see `Checker.reached`.

    Also outside of bodies: types of declarations are read once.
    """
    for i, step in enumerate(path):
        imported = scope.imports.get(step.text)
        if imported is None or (i > 0 and imported.item is not None):
            return
        checker.uses.append((step.span, symbol_of_import(imported)))
        scope = checker.scoped.files[imported.file]


def symbol_of_import(imported: ImportedFile) -> Symbol:
    """Returns the symbol of a file's alias, or of a contract."""
    if imported.item is None:
        return Symbol(SymbolKind.CONTRACT, imported.alias, imported.span)
    alias = import_alias(imported.item)
    span = imported.span if alias is None else alias.span
    return Symbol(SymbolKind.IMPORT, imported.alias, span)


def note_role(checker: Checker, name: ast.Ident, role: Role) -> None:
    note(checker, name.span, SymbolKind.ROLE, role.name.text, role.name.span)


def note_proposal(checker: Checker, path: Sequence[ast.Ident], proposal: Proposal) -> None:
    """Notes `Proposal.member` at the end of a path."""
    *_, name, member = path
    symbol = Symbol(SymbolKind.PROPOSAL, name.text, proposal.name.span)
    checker.uses.append((name.span, symbol))
    checker.uses.append((member.span, Symbol(SymbolKind.PRELUDE_VALUE, member.text, None)))


def note_field(checker: Checker, name: ast.Ident, struct: ast.Struct) -> None:
    declared = next((each for each in struct.fields if each.name.text == name.text), None)
    if declared is not None:
        note(checker, name.span, SymbolKind.FIELD, name.text, declared.name.span)


def note_variant(checker: Checker, name: ast.Ident, enum: ast.Enumeration) -> None:
    declared = next((each for each in enum.variants if each.name.text == name.text), None)
    if declared is not None:
        note(checker, name.span, SymbolKind.VARIANT, name.text, declared.name.span)


def note_declared_type(
    checker: Checker, name: ast.Ident, item: ast.Struct | ast.Enumeration
) -> None:
    """Notes a struct or an enum. Also outside of bodies, as `note_path`."""
    kind = SymbolKind.STRUCT if isinstance(item, ast.Struct) else SymbolKind.ENUM
    checker.uses.append((name.span, Symbol(kind, item.name.text, item.name.span)))


def note_type_parameter(checker: Checker, name: ast.Ident) -> None:
    """Notes a type parameter of the declaration around; also outside of bodies."""
    checker.uses.append((name.span, Symbol(SymbolKind.TYPE_PARAMETER, name.text, None)))


def note_prelude_type(checker: Checker, name: ast.Ident) -> None:
    """Notes a type that the language declares, as `note_declared_type`."""
    checker.uses.append((name.span, Symbol(SymbolKind.PRELUDE_TYPE, name.text, None)))
