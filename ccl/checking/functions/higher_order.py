"""Parameters that are functions: those without a type that are called, or passed on to such."""

from collections.abc import Iterator, Sequence

from ccl.checking.core.environment import Checker
from ccl.checking.functions import library
from ccl.resolver.scopes import FileScope
from ccl.support.node import nodes_of
from ccl.syntax import ast
from ccl.syntax.paths import path_of


def find_higher_order(checker: Checker) -> None:
    """Finds the parameters that are functions: those without a type that are called.

    A parameter that is passed on as one is a function, too.
    """
    every = [
        (scope, item)
        for scope in checker.scoped.files.values()
        for item in scope.own_functions.values()
        if any(each.type is None for each in item.parameters)
    ]
    changed = True
    while changed:
        changed = False
        for scope, item in every:
            identity = checker.function_id(scope, item.name.text)
            known = checker.function_parameters.get(identity, frozenset())
            untyped = {each.name.text for each in item.parameters if each.type is None}
            found = known | (untyped & set(_used_as_functions(checker, scope, item.body)))
            if found != known:
                checker.function_parameters[identity] = found
                changed = True


def _used_as_functions(checker: Checker, scope: FileScope, body: ast.Block) -> Iterator[str]:
    for node in nodes_of(body):
        if not isinstance(node, ast.Call):
            continue
        targets: tuple[library.Target, ...] = ()
        skipped = 0
        match node.callee:
            case ast.Name(text=text):
                yield text
                targets = ((scope, text),)
                if text not in scope.functions:
                    targets = library.functions_named(checker, text) or library.methods_named(
                        checker, text
                    )
            case ast.PathName(segments=(*before, member)):
                owned = checker.owner_named(scope, before)
                targets = () if owned is None else ((owned, member.text),)
            case ast.Field(base=base, name=member):
                owned = checker.owner_named(scope, path_of(base))
                if owned is not None:
                    targets = ((owned, member.text),)
                elif member.text in scope.functions:
                    targets, skipped = ((scope, member.text),), 1
                else:
                    skipped = 1
                    targets = library.methods_named(checker, member.text)
            case _:  # only paths name functions
                continue
        for owner, name in targets:
            if name in owner.functions:
                yield from _handed_on(checker, owner, name, node.arguments, skipped)


def _handed_on(
    checker: Checker,
    owner: FileScope,
    name: str,
    arguments: Sequence[ast.Argument],
    skipped: int,
) -> Iterator[str]:
    """Yields the names passed for parameters that are functions."""
    called = checker.function_parameters.get(checker.function_id(owner, name), frozenset())
    parameters = [each.name.text for each in owner.functions[name].parameters][skipped:]
    for i, argument in enumerate(arguments):
        if argument.name is not None:
            parameter = argument.name.text
        else:
            parameter = parameters[i] if i < len(parameters) else ""
        if parameter in called and isinstance(argument.value, ast.Name):
            yield argument.value.text
