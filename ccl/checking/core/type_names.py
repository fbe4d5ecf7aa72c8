"""Types as written in the source, resolved to types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from ccl.abi.text.suggest import nearest
from ccl.checking.core.declarations import EnumInfo, StructInfo
from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import fresh, is_error_type, may_be_key
from ccl.checking.functions import instances, library
from ccl.checking.lints import foreign_names
from ccl.checking.symbols.uses import (
    note_declared_type,
    note_path,
    note_prelude_type,
    note_proposal,
    note_type_parameter,
)
from ccl.diagnostics.model import Edit, Fix
from ccl.ir.types import ERROR_TYPE, Array, Map, Option, Prim, Result, Token, Type
from ccl.prelude.functions import GENERIC_TYPES, TYPES
from ccl.resolver.scopes import FileScope
from ccl.syntax import ast

_EXAMPLES = {
    "Array": "Array<Integer>",
    "Map": "Map<String, Integer>",
    "Option": "Option<Integer>",
    "Result": "Result<Integer, String>",
    "Token": "Token<USD>",
}
NO_PARAMETERS: Mapping[str, Type] = {}


@dataclass(frozen=True, slots=True)
class _Given:
    """The arguments of `read_type` besides the scope."""

    parameters: Mapping[str, Type]
    solved: bool


def read_type(
    checker: Checker,
    scope: FileScope,
    written: ast.TypeExpr,
    parameters: Mapping[str, Type] = NO_PARAMETERS,
    *,
    solved: bool = False,
) -> Type:
    """Resolves a type; ERROR_TYPE after reporting one that does not exist.

    `parameters`: the types of the type parameters of a generic function or type. `solved`: the
    error type that a `Result<T>` omits is inferred from its uses.
    """
    kind = _read(checker, scope, written, _Given(parameters, solved))
    instances.note(checker, kind)
    return kind


def declared_type(checker: Checker, scope: FileScope, path: Sequence[ast.Ident]) -> Type:
    """Returns the struct or enum of a literal or pattern; the arguments of a generic one are
    open."""
    span = path[0].span.to(path[-1].span)
    written = ast.NamedType(path=tuple(path), arguments=(), span=span)
    info = _declaration(checker, scope, path)
    if info is None:
        return read_type(checker, scope, written)
    return instances.applied(info, tuple(fresh() for _ in info.parameters))


def _declaration(
    checker: Checker, scope: FileScope, path: Sequence[ast.Ident]
) -> StructInfo | EnumInfo | None:
    owner, name = scope, path[-1].text
    if len(path) > 1:
        owner, name = _owner(checker, scope, path)
    elif name not in scope.type_names:
        owner = library.scope_of_type(checker, name) or scope
    known = name in scope.type_names if owner is scope else owner.offers_type(name)
    if not known:
        return None
    identity = checker.type_id(owner, name)
    checker.used_types.add(identity)
    found = checker.structs.get(identity) or checker.enums.get(identity)
    _note(checker, owner, path, found)
    return found


def _note(
    checker: Checker,
    owner: FileScope,
    path: Sequence[ast.Ident],
    found: StructInfo | EnumInfo | None,
) -> None:
    """Records the type at the end of a path, which may be the parameters of a proposal."""
    proposal = owner.proposals.get(path[-2].text) if len(path) > 1 else None
    if proposal is not None and found is not None and found.item.name.text == proposal.parameters:
        note_proposal(checker, path, proposal)
    elif found is not None:
        note_declared_type(checker, path[-1], found.item)


def _owner(checker: Checker, scope: FileScope, path: Sequence[ast.Ident]) -> tuple[FileScope, str]:
    """Resolves a path to its file or contract, and the name of the type there.

    The type of a proposal's parameters has a name of two parts.
    """
    owner, left = checker.follow(scope, [each.text for each in path[:-1]])
    note_path(checker, scope, path[:-1])
    return owner, ".".join((*left, path[-1].text))


def _read(checker: Checker, scope: FileScope, written: ast.TypeExpr, given: _Given) -> Type:
    match written:
        case ast.ListType():
            return Array(_read(checker, scope, written.element, given))
        case ast.NamedType():
            return _named(checker, scope, written, given)
        case _:
            assert_never(written)


def _named(checker: Checker, scope: FileScope, written: ast.NamedType, given: _Given) -> Type:
    if len(written.path) > 1:
        return _imported(checker, scope, written, given)
    name = written.path[-1].text
    if written.of_prelude:
        return TYPES[name]
    if name in given.parameters and not written.arguments:
        note_type_parameter(checker, written.path[-1])
        return given.parameters[name]
    if name in scope.structs or name in scope.enums:
        return _declared(checker, scope, scope, written, name, given)
    if name in GENERIC_TYPES:
        note_prelude_type(checker, written.path[-1])
        return _applied(checker, scope, written, name, given)
    library_scope = library.scope_of_type(checker, name)
    if library_scope is not None:
        return _declared(checker, scope, library_scope, written, name, given)
    if scope.incomplete and name not in TYPES:
        return ERROR_TYPE
    if name in TYPES:
        if written.arguments:
            _wrong_count(checker, written, name, "no", len(written.arguments))
            return ERROR_TYPE
        note_prelude_type(checker, written.path[-1])
        return TYPES[name]
    return _unknown(checker, written, name, (*scope.type_names, *TYPES, *GENERIC_TYPES))


def _imported(checker: Checker, scope: FileScope, written: ast.NamedType, given: _Given) -> Type:
    target, name = _owner(checker, scope, written.path)
    if name in target.structs if target is scope else target.offers_type(name):
        return _declared(checker, scope, target, written, name, given)
    path = ".".join(each.text for each in written.path)
    front = path[: len(path) - len(name)]
    known = [front + each for each in target.type_names if target is not scope]
    return _unknown(checker, written, path, known)


def _declared(
    checker: Checker,
    scope: FileScope,
    owner: FileScope,
    written: ast.NamedType,
    name: str,
    given: _Given,
) -> Type:
    """Returns a struct or enum of `owner`, with its arguments read in `scope`."""
    identity = checker.type_id(owner, name)
    checker.used_types.add(identity)
    info = checker.structs.get(identity) or checker.enums.get(identity)
    if info is None:
        return ERROR_TYPE
    _note(checker, owner, written.path, info)
    wanted, found = len(info.parameters), len(written.arguments)
    if wanted != found:
        _wrong_count(checker, written, name, str(wanted or "no"), found)
        return ERROR_TYPE
    arguments = tuple(_read(checker, scope, each, given) for each in written.arguments)
    return ERROR_TYPE if any(map(is_error_type, arguments)) else instances.applied(info, arguments)


def _applied(
    checker: Checker,
    scope: FileScope,
    written: ast.NamedType,
    name: str,
    given: _Given,
) -> Type:
    wanted, found = GENERIC_TYPES[name], len(written.arguments)
    if name == "Token" and found == wanted:
        return token_of(checker, scope, written.arguments[0], given.parameters)
    if found != wanted and not (name == "Result" and found == 1):
        _wrong_count(checker, written, name, str(wanted), found)
        return ERROR_TYPE
    arguments = [_read(checker, scope, each, given) for each in written.arguments]
    if any(is_error_type(each) for each in arguments):
        return ERROR_TYPE
    match name:
        case "Array":
            return Array(arguments[0])
        case "Option":
            return Option(arguments[0])
        case "Result":
            if found == 2:
                return Result(arguments[0], arguments[1])
            omitted = fresh(text=True) if given.solved else Prim.STRING
            checker.solving.defaults.append(omitted)
            return Result(arguments[0], omitted)
        case _:
            if not may_be_key(arguments[0]):
                checker.sink.report("CCL0417", written.arguments[0].span, found=str(arguments[0]))
                return ERROR_TYPE
            return Map(arguments[0], arguments[1])


def token_of(
    checker: Checker,
    scope: FileScope,
    written: ast.TypeExpr,
    parameters: Mapping[str, Type] = NO_PARAMETERS,
) -> Type:
    """Returns `Token<USD>` for its class, whose name is no name of a type."""
    match written:
        case ast.NamedType(path=(ast.Ident(text=name),), arguments=()) if not (
            name in parameters or name in TYPES or name in GENERIC_TYPES or name in scope.type_names
        ):
            return Token(name)
        case _:
            checker.sink.report("CCL0461", written.span)
            return ERROR_TYPE


def _unknown(
    checker: Checker, written: ast.NamedType, name: str, known: tuple[str, ...] | list[str]
) -> Type:
    plain = name.casefold()
    near, advice = nearest(name, [each for each in known if each not in TYPES]), None
    if near is None and plain in foreign_names.EMPTY_TYPES:
        advice = "nothing"
    elif near is None and plain in foreign_names.FOREIGN_TYPES:
        near, advice = foreign_names.FOREIGN_TYPES[plain], "foreign"
    elif near is None:
        near = nearest(name, known)
    shown = near if near is None or written.arguments else _EXAMPLES.get(near, near)
    checker.sink.report(
        "CCL0203",
        written.span,
        name=name,
        nearest=shown,
        advice=advice,
        fixes=_called_instead(written, shown) if advice else (),
    )
    return ERROR_TYPE


def _called_instead(written: ast.NamedType, meant: str | None) -> tuple[Fix, ...]:
    """Returns the fix for a type that has another name here."""
    if meant is None or (written.arguments and meant not in GENERIC_TYPES):
        return ()
    edit = Edit(written.path[0].span.to(written.path[-1].span), meant)
    return (Fix(f"write `{meant}`", (edit,)),)


def _wrong_count(
    checker: Checker, written: ast.NamedType, name: str, wanted: str, given: int
) -> None:
    example = _EXAMPLES.get(name)
    noun = "argument" if wanted == "1" else "arguments"
    checker.sink.report(
        "CCL0422",
        written.span,
        name=name,
        wanted=wanted,
        arguments=noun,
        given=str(given),
        example=example,
    )
