"""From types as written to types as meant."""

from collections.abc import Mapping

from ccl import ast
from ccl.abi.suggest import nearest
from ccl.builtins import GENERIC_TYPES, TYPES
from ccl.checking.environment import Checker
from ccl.checking.inference import POISON, is_poison, variable_of
from ccl.resolved import FileScope
from ccl.types import Array, Enumeration, Map, Option, Prim, Result, Type

KEY_TYPES = (
    Prim.INTEGER,
    Prim.DECIMAL,
    Prim.BOOL,
    Prim.STRING,
    Prim.DID,
    Prim.CID,
    Prim.TIMESTAMP,
    Prim.DURATION,
    Prim.MANA,
)


NO_PARAMETERS: Mapping[str, Type] = {}


def read_type(
    checker: Checker,
    scope: FileScope,
    written: ast.TypeExpr,
    parameters: Mapping[str, Type] = NO_PARAMETERS,
) -> Type:
    """The type meant; POISON after reporting one that does not exist.

    `parameters`: what the type parameters of a generic function stand for.
    """
    match written:
        case ast.ListType():
            return Array(read_type(checker, scope, written.element, parameters))
        case ast.NamedType():
            return _named(checker, scope, written, parameters)


def _named(
    checker: Checker, scope: FileScope, written: ast.NamedType, parameters: Mapping[str, Type]
) -> Type:
    if len(written.path) == 2:
        return _imported(checker, scope, written)
    name = written.path[-1].text
    if len(written.path) > 2:
        name = ".".join(part.text for part in written.path)
        return _unknown(checker, written, name, ())
    if name in parameters and not written.arguments:
        return parameters[name]
    if name in scope.structs or name in scope.enums:
        return _declared(checker, scope, written, name)
    if name in GENERIC_TYPES:
        return _applied(checker, scope, written, name, parameters)
    if name in TYPES:
        if written.arguments:
            _wrong_count(checker, written, name, "no", len(written.arguments))
            return POISON
        return TYPES[name]
    return _unknown(checker, written, name, (*scope.type_names, *TYPES, *GENERIC_TYPES))


def _imported(checker: Checker, scope: FileScope, written: ast.NamedType) -> Type:
    alias, name = written.path[0].text, written.path[1].text
    imported = scope.imports.get(alias)
    if imported is None:
        return _unknown(checker, written, f"{alias}.{name}", ())
    checker.used_imports.add((scope.file, alias))
    target = checker.scoped.files[imported.file]
    if name not in target.type_names:
        return _unknown(
            checker, written, f"{alias}.{name}", [f"{alias}.{each}" for each in target.type_names]
        )
    return _declared(checker, target, written, name)


def _declared(checker: Checker, owner: FileScope, written: ast.NamedType, name: str) -> Type:
    declared = owner.structs.get(name) or owner.enums.get(name)
    if declared is not None and declared.type_parameters:
        return POISON  # refused where it is declared
    if written.arguments:
        _wrong_count(checker, written, name, "no", len(written.arguments))
        return POISON
    identity = checker.function_id(owner, name)
    if identity in checker.structs:
        return checker.structs[identity].type
    if identity in checker.enums:
        return checker.enums[identity].type
    return POISON


def _applied(
    checker: Checker,
    scope: FileScope,
    written: ast.NamedType,
    name: str,
    parameters: Mapping[str, Type],
) -> Type:
    wanted, given = GENERIC_TYPES[name], len(written.arguments)
    if name == "Token":
        checker.sink.report("CCL0690", written.span, what="the type Token<…>")
        return POISON
    if given != wanted and not (name == "Result" and given == 1):
        _wrong_count(checker, written, name, str(wanted), given)
        return POISON
    arguments = [read_type(checker, scope, each, parameters) for each in written.arguments]
    if any(is_poison(each) for each in arguments):
        return POISON
    match name:
        case "Array":
            return Array(arguments[0])
        case "Option":
            return Option(arguments[0])
        case "Result":
            return Result(arguments[0], arguments[1] if given == 2 else Prim.STRING)
        case _:
            if variable_of(arguments[0]) is None and not is_key(arguments[0]):
                checker.sink.report("CCL0417", written.arguments[0].span, found=str(arguments[0]))
                return POISON
            return Map(arguments[0], arguments[1])


def is_key(kind: Type) -> bool:
    """Whether values of the type may be the keys of a map."""
    return kind in KEY_TYPES or isinstance(kind, Enumeration)


def _unknown(
    checker: Checker, written: ast.NamedType, name: str, known: tuple[str, ...] | list[str]
) -> Type:
    near = nearest(name, known)
    checker.sink.report("CCL0203", written.span, name=name, nearest=near)
    return POISON


def _wrong_count(
    checker: Checker, written: ast.NamedType, name: str, wanted: str, given: int
) -> None:
    checker.sink.report("CCL0422", written.span, name=name, wanted=wanted, given=str(given))
