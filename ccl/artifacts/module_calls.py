"""Calls of `module("…")` in the texts of a program, found before their types are checked.

Rule: every call that the checker comes to is found, and one more only where a variable of that
name makes it an error. What imported files would do as programs is not checked, and not searched.
"""

from collections.abc import Iterator, Sequence

from ccl.checking.expressions.literals import plain_text
from ccl.checking.functions.entries import parts_of
from ccl.resolver.scopes import FileScope, Scoped
from ccl.source.spans import SourceMap
from ccl.support.node import Node, fields
from ccl.syntax import ast

_FORM = "module"


def module_paths(scoped: Scoped, sources: SourceMap) -> Iterator[ast.StringLiteral]:
    """Yields the paths in calls of `module`, each a text without interpolation."""
    library = frozenset(scoped.library.values()) - {scoped.root}
    own = [each for each in scoped.files.values() if each.source not in library]
    naming = {
        each.source for each in own if _FORM in sources.sources[each.source].text
    }  # a search in the text spares nearly all programs the walk through their trees
    if not naming:
        return
    parts = [part for scope in own if not _is_shadowed(scope) for part in _parts_of(scope)]
    parts += _entries(scoped)
    calls = [*_calls_in(parts)]
    is_passed = any(_passes_form(call) for call in calls)
    for call in calls:
        path = _path_of(call)
        if path is not None and (is_passed or _is_form(call.callee)):
            yield path


def _parts_of(scope: FileScope) -> Iterator[Node]:
    """Yields the nodes that are checked of any file or contract of the program."""
    yield from scope.own_functions.values()
    yield from scope.own_consts.values()
    yield from scope.own_states.values()
    yield from scope.invariants
    yield from scope.declarations


def _entries(scoped: Scoped) -> Iterator[Node]:
    """Yields the entries of the program: the first `execution` of a name, and all handlers."""
    running: set[str] = set()
    for part in parts_of(scoped):
        for scope in part.scopes:
            if _is_shadowed(scope):
                continue
            yield from scope.handlers
            if scope.executions and part.prefix not in running:
                running.add(part.prefix)
                yield scope.executions[0]


def _is_shadowed(scope: FileScope) -> bool:
    return _FORM in scope.functions or _FORM in scope.consts or _FORM in scope.states


def _calls_in(parts: Sequence[Node]) -> Iterator[ast.Call]:
    pending: list[object] = [*reversed(parts)]
    while pending:
        at = pending.pop()
        if isinstance(at, ast.CallEntry):
            pending += _arguments(at.call)[::-1]
        elif isinstance(at, tuple):
            pending += at[::-1]
        elif isinstance(at, Node):
            if isinstance(at, ast.Call):
                yield at
            pending += [getattr(at, name) for name in reversed(fields(at))]


def _arguments(call: ast.Call) -> list[ast.Expr]:
    """Returns the values in a call that is an entry of the charter; calls in it are entries."""
    found: list[ast.Expr] = []
    for each in call.arguments:
        found += _arguments(each.value) if isinstance(each.value, ast.Call) else [each.value]
    return found


def _is_form(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Name) and expr.text == _FORM


def _passes_form(call: ast.Call) -> bool:
    """Returns whether a function is given `module`, and so may call it under another name."""
    return any(_is_form(each.value) for each in call.arguments)


def _path_of(call: ast.Call) -> ast.StringLiteral | None:
    match call.arguments:
        case (ast.Argument(name=None | ast.Ident(text="path"), value=ast.StringLiteral() as path),):
            return None if plain_text(path) is None else path
        case _:
            return None
