"""Functions of the standard library that programs use without an import.

`ccl.resolver.loader` has loaded the files of all such names that occur in the program. A name is
looked up here only after the program's own.
"""

from collections.abc import Sequence
from typing import assert_never

from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import is_constructed
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
from ccl.prelude.functions import METHODS as PRELUDE_METHODS
from ccl.prelude.library_index import FUNCTIONS, METHODS, TYPES, LibraryFunction
from ccl.resolver.scopes import FileScope
from ccl.syntax import ast

Target = tuple[FileScope, str]
"""The library file, and the name of the function in it."""


def function_called(
    checker: Checker, name: str, arguments: Sequence[ast.Argument]
) -> Target | None:
    """Returns the library function of a call: of several of one name, the one these arguments
    fit."""
    targets = functions_named(checker, name)
    for scope, own_name in targets:
        if _fits(scope.functions[own_name], arguments):
            return scope, own_name
    return targets[0] if targets else None


def functions_named(checker: Checker, name: str) -> tuple[Target, ...]:
    return _targets(checker, FUNCTIONS.get(name, ()))


def method_of(checker: Checker, receiver: Type, name: str) -> Target | None:
    """Returns the function behind `x.name(…)` for a receiver of this type."""
    group = group_of(receiver)
    row = METHODS.get((group, name)) if group is not None else None
    return next(iter(_targets(checker, (row,))), None) if row is not None else None


def has_method(receiver: Type, name: str) -> bool:
    """Returns whether `x.name(…)` is a method for a receiver of this type."""
    key = (group_of(receiver) or "", name)
    return key in METHODS or key in PRELUDE_METHODS


def methods_named(checker: Checker, name: str) -> tuple[Target, ...]:
    """Returns the functions behind `x.name(…)`, whatever `x` is."""
    return _targets(checker, tuple(row for key, row in METHODS.items() if key[1] == name))


def is_method_called(checker: Checker, name: str, arguments: Sequence[ast.Argument]) -> bool:
    """Returns whether `name(x, y)` is `x.name(y)`: a method of the library takes so many
    arguments."""
    named = any(each.name is not None for each in arguments)
    return not named and any(
        len(scope.functions[own_name].parameters) == len(arguments) > 0
        for scope, own_name in methods_named(checker, name)
    )


def scope_of_type(checker: Checker, name: str) -> FileScope | None:
    """Returns the scope that declares an enum of the prelude, if the program uses it."""
    file = checker.scoped.library.get(TYPES.get(name, ""))
    return None if file is None else checker.scoped.files[file]


def is_prelude_enum(checker: Checker, kind: Enumeration) -> bool:
    """Returns whether its variants may also be written as texts."""
    scope = scope_of_type(checker, kind.name)
    return scope is not None and kind.id == checker.type_id(scope, kind.name)


def group_of(kind: Type) -> str | None:
    """Returns the kind of a receiver, by which the tables name methods."""
    if not is_constructed(kind):
        return None
    match kind:
        case Array():
            return "Array"
        case Map():
            return "Map"
        case Option():
            return "Option"
        case Result():
            return "Result"
        case Prim():
            return kind.value
        case Token() | Struct() | Enumeration() | ErrorType():
            return None
        case _:
            assert_never(kind)


def _targets(checker: Checker, rows: Sequence[LibraryFunction]) -> tuple[Target, ...]:
    scoped = checker.scoped
    return tuple(
        (scoped.files[scoped.library[row.file]], row.name)
        for row in rows
        if row.file in scoped.library
    )


def _fits(function: ast.Function, arguments: Sequence[ast.Argument]) -> bool:
    parameters = {each.name.text for each in function.parameters}
    named = {each.name.text for each in arguments if each.name is not None}
    return len(arguments) == len(parameters) and named <= parameters
