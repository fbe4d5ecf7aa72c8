"""Constants: computed once at compile time, inlined where they are used."""

from collections.abc import Iterator
from typing import Final

from ccl.checking.constants.folding import fold
from ccl.checking.constants.prelude_folding import Problem
from ccl.checking.core.constraints import close, inferring
from ccl.checking.core.environment import Body, Checker, invalid, is_invalid
from ccl.checking.core.type_names import read_type
from ccl.checking.core.unification import is_error_type, is_open, zonk
from ccl.diagnostics.model import Label, Sink
from ccl.ir import typed
from ccl.ir.types import ERROR_TYPE, Prim, Type
from ccl.ir.visit import LEAVES, children
from ccl.resolver.scopes import FileScope
from ccl.source.spans import Span
from ccl.support.node import nodes_of, replace
from ccl.syntax import ast
from runtime.content.codec import DEPTH_MAX

SIZE_MAX: Final = 20_000
"""The number of values in a constant."""


def use(body: Body, scope: FileScope, name: str, span: Span) -> typed.Expr:
    """Inlines the value of a constant at `span`."""
    body.constant_uses.add(span)
    owner = body.checker.scoped.owner(scope, name)
    body.checker.used_consts.add((int(owner.file), name))
    return at(value_of(body.checker, scope, name), span)


def at(node: typed.Expr, span: Span) -> typed.Expr:
    return replace(node, span=span)


def value_of(checker: Checker, scope: FileScope, name: str) -> typed.Expr:
    """Returns the folded value; an invalid node after reporting, also for a cycle."""
    scope = checker.scoped.owner(scope, name)
    for each in _needed(checker, scope, name):
        _value(checker, scope, each)
    return _value(checker, scope, name)


def _key(checker: Checker, scope: FileScope, name: str) -> tuple[int, str, bool]:
    return int(scope.file), name, checker.muted


def _needed(checker: Checker, scope: FileScope, name: str) -> list[str]:
    """Yields constants of the same scope to compute before it, so that no chain is too long."""
    ordered: list[str] = []
    seen = {name}
    ways = {name: _mentioned(checker, scope, name)}
    while ways:
        here = next(reversed(ways))
        each = next(ways[here], None)
        if each is None:
            del ways[here]
            ordered.append(here)
        elif each in ways:
            _refuse_circle(checker, scope, each)
        elif each not in seen:
            seen.add(each)
            ways[each] = _mentioned(checker, scope, each)
    return ordered[:-1]


def _refuse_circle(checker: Checker, scope: FileScope, name: str) -> None:
    const = scope.consts[name]
    label = Label(const.name.span, "in this cycle")
    checker.sink.report("CCL0213", const.value.span, name=name, labels=(label,))
    checker.const_values[_key(checker, scope, name)] = invalid(const.span)


def _mentioned(checker: Checker, scope: FileScope, name: str) -> Iterator[str]:
    if _key(checker, scope, name) in checker.const_values:
        return
    for node in nodes_of(scope.consts[name].value):
        name = node.text if isinstance(node, ast.Name) else ""
        if name in scope.consts and checker.scoped.owner(scope, name) is scope:
            yield name


def _value(checker: Checker, scope: FileScope, name: str) -> typed.Expr:
    const = scope.consts[name]
    key = _key(checker, scope, name)
    if key in checker.const_values:
        known = checker.const_values[key]
        if known is not None:
            return known
        _refuse_circle(checker, scope, name)
        return invalid(const.span)
    checker.const_values[key] = None
    value = _evaluate(checker, scope, const)
    checker.const_values[key] = value
    return value


def _evaluate(checker: Checker, scope: FileScope, const: ast.Const) -> typed.Expr:
    declared: Type | None = None
    if const.type is not None:
        declared = read_type(checker, scope, const.type)
        if is_error_type(declared):
            return invalid(const.span)
    return evaluate(checker, scope, const.value, declared, declared_at=const.type)


def evaluated(checker: Checker, scope: FileScope, expr: ast.Expr) -> typed.Expr | None:
    """Returns the constant value of an expression; None, without a report, where it has none."""
    before = checker.sink, checker.muted
    checker.sink, checker.muted = Sink(), True
    node = evaluate(checker, scope, expr, None)
    checker.sink, checker.muted = before
    return None if is_invalid(node) else node


def evaluate(
    checker: Checker,
    scope: FileScope,
    expr: ast.Expr,
    declared: Type | None,
    *,
    declared_at: ast.TypeExpr | None = None,
) -> typed.Expr:
    """Returns the constant value of any expression; reports one that has none."""
    if not isinstance(expr, ast.IntegerLiteral):  # whose type depends on nothing but `declared`
        with inferring(checker, checker.home_files[scope.file]):
            _typed(checker, scope, expr, declared, ())
            close(checker)
    labels = (Label(declared_at.span, "the type is declared here"),) if declared_at else ()
    final, checker.final = checker.final, True
    node = _typed(checker, scope, expr, declared, labels)
    checker.final = final
    if is_invalid(node):
        return invalid(expr.span)
    kind = zonk(node.type)
    if is_open(kind) or kind in (Prim.UNIT, Prim.NEVER):
        checker.sink.report("CCL0409", expr.span, what="this constant")
        return invalid(expr.span)
    folded = fold(node)
    if folded is None:
        return invalid(expr.span)
    if isinstance(folded, Problem):
        if folded.not_constant:
            checker.sink.report("CCL0423", folded.span, what=folded.text)
        else:
            checker.sink.report("CCL0424", folded.span, problem=folded.text)
        return invalid(expr.span)
    size, depth = _measured(folded)
    if depth > DEPTH_MAX:
        checker.sink.report("CCL0601", expr.span, limit=str(DEPTH_MAX), advice="constants")
        return invalid(expr.span)
    if size > SIZE_MAX:
        checker.sink.report("CCL0424", expr.span, problem=f"more than {SIZE_MAX} values")
        return invalid(expr.span)
    return replace(folded, type=zonk(folded.type))


def _measured(node: typed.Expr) -> tuple[int, int]:
    """Returns the number of values in a constant, and its depth.

    A constant is copied where it is named, so that names make it large and deep though its text is
    not.
    """
    if type(node) in LEAVES:
        return 1, 0
    parts = [_measured(each) for each in children(node)]
    return 1 + sum(size for size, _ in parts), 1 + max((depth for _, depth in parts), default=0)


def _typed(
    checker: Checker,
    scope: FileScope,
    expr: ast.Expr,
    declared: Type | None,
    labels: tuple[Label, ...],
) -> typed.Expr:
    body = Body(checker=checker, scope=scope, id="const", result=ERROR_TYPE, in_constant=True)
    if declared is not None:
        return body.check(expr, declared, labels=labels)
    return body.infer(expr)
