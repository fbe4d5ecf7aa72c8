"""Values of keys, for the charter and as constants for code.

A bare word is the constant of that name, else a symbol. A value that is not constant is reported.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias, assert_never

from ccl.abi.text.suggest import nearest
from ccl.abi.text.times import YEARS, rfc3339
from ccl.checking.constants import inlining
from ccl.checking.core.environment import Checker, is_invalid
from ccl.checking.core.unification import prune, zonk
from ccl.checking.expressions.literals import DECIMAL_ONE
from ccl.ir import typed
from ccl.ir.typed import NumberUnit
from ccl.ir.types import Array, Prim, Type
from ccl.resolver.scopes import FileScope
from ccl.support.node import replace
from ccl.syntax import ast
from ccl.syntax.paths import path_of, words_of

ReadObject: TypeAlias = Callable[[ast.InlineObject], typed.CharterObject]
Read: TypeAlias = tuple[typed.CharterValue | None, typed.Expr | None]
"""The value for the charter, None after reporting; and as a constant, where it has a type."""


def read_value(checker: Checker, scope: FileScope, expr: ast.Expr, objects: ReadObject) -> Read:
    """Reads a value; `objects` reads inline objects, which are entries again."""
    match expr:
        case ast.PercentLiteral():
            number = typed.CharterNumber(
                value=exact(expr.value), unit=NumberUnit.PERCENT, span=expr.span
            )
            return number, _constant(checker, scope, expr)
        case ast.Unary(operator="-", operand=ast.PercentLiteral() as share):
            less = typed.CharterNumber(
                value=exact(-share.value), unit=NumberUnit.PERCENT, span=expr.span
            )
            return less, _constant(checker, scope, expr)
        case ast.SizeLiteral():
            size = typed.CharterNumber(value=expr.byte_count, unit=NumberUnit.BYTES, span=expr.span)
            return size, _constant(checker, scope, expr)
        case ast.ArrayExpr():
            return _list(checker, scope, expr, objects)
        case ast.InlineObject():
            return objects(expr), None
        case ast.Name() if expr.text not in scope.consts:
            return _word(checker, scope, expr)
        case ast.Field() if not _is_constant_path(scope, expr):
            text = ".".join(words_of(expr))
            word = typed.CharterText(value=text, symbol=True, span=expr.span)
            return word, typed.TextConst(value=text, type=Prim.STRING, span=expr.span)
        case _:  # any other value is a constant
            constant = _constant(checker, scope, expr)
            if isinstance(constant, typed.ScalarConst) and _is_beyond(constant):
                problem = f"a time outside {YEARS}"
                checker.sink.report("CCL0424", expr.span, problem=problem)
                return None, None
            value = from_constant(constant)
            if value is None and constant is not None:
                checker.sink.report("CCL0323", expr.span, found=str(zonk(constant.type)))
            if isinstance(value, typed.CharterNumber) and _is_of_percentages(checker, scope, expr):
                value = replace(value, is_share=True)
            return value, constant


def _is_of_percentages(checker: Checker, scope: FileScope, expr: ast.Expr) -> bool:
    """Returns whether a constant is a percentage, or computed from some."""
    seen: set[int] = set()
    waiting = [(scope, expr)]
    while waiting:
        where, part = waiting.pop()
        match part:
            case ast.PercentLiteral():
                return True
            case ast.Unary():
                waiting.append((where, part.operand))
            case ast.Binary():
                waiting += [(where, part.left), (where, part.right)]
            case ast.Name() | ast.Field() | ast.PathName() if path := path_of(part):
                *before, name = (each.text for each in path)
                home, left = checker.reached(where, before)
                constant = None if left else home.consts.get(name)
                if constant is not None and id(constant) not in seen:
                    seen.add(id(constant))
                    waiting.append((home, constant.value))
            case _:  # computed by other rules
                pass
    return False


def _is_beyond(constant: typed.ScalarConst) -> bool:
    """Returns whether it is a time that cannot be written."""
    return prune(constant.type) is Prim.TIMESTAMP and rfc3339(constant.value) is None


def read_call(
    checker: Checker, scope: FileScope, call: ast.Call, objects: ReadObject
) -> typed.CharterCall | None:
    """Reads a call entry as it is written; None after reporting an argument."""
    arguments: list[typed.CharterValue] = []
    for each in call.arguments:
        if isinstance(each.value, ast.Call):
            value: typed.CharterValue | None = read_call(checker, scope, each.value, objects)
        else:
            value, _ = read_value(checker, scope, each.value, objects)
        if value is None:
            return None
        arguments.append(value)
    names = tuple(each.name.text for each in call.arguments if each.name is not None)
    return typed.CharterCall(
        name=_callee(call.callee),
        arguments=tuple(arguments),
        names=names if names and len(names) == len(arguments) else None,
        span=call.span,
    )


def _callee(expr: ast.Expr) -> str:
    match expr:
        case ast.PathName():
            return "::".join(each.text for each in expr.segments)
        case _:
            return ".".join(words_of(expr))


def _is_constant_path(scope: FileScope, expr: ast.Field) -> bool:
    path = words_of(expr)
    first = path[0] if path else ""
    return not path or first in scope.imports or first in scope.consts or first == "ResourceType"


def _constant(checker: Checker, scope: FileScope, expr: ast.Expr) -> typed.Expr | None:
    node = inlining.evaluate(checker, scope, expr, None)
    return None if is_invalid(node) else node


def _word(checker: Checker, scope: FileScope, name: ast.Name) -> Read:
    text = name.text
    if text.isupper() and len(text) > 1:
        near = nearest(text, scope.consts)
        checker.sink.report("CCL0307", name.span, name=text, nearest=near)
        return None, None
    word = typed.CharterText(value=text, symbol=True, span=name.span)
    return word, typed.TextConst(value=text, type=Prim.STRING, span=name.span)


def _list(checker: Checker, scope: FileScope, expr: ast.ArrayExpr, objects: ReadObject) -> Read:
    read = [read_value(checker, scope, each, objects) for each in expr.elements]
    values = tuple(value for value, _ in read if value is not None)
    whole = typed.CharterList(items=values, span=expr.span)
    known = [node for value, node in read if value is not None and node is not None]
    kinds = {prune(node.type) for node in known}
    if len(known) != len(expr.elements) or len(kinds) != 1:
        return whole, None
    array = typed.ArrayNew(elements=tuple(known), type=Array(kinds.pop()), span=expr.span)
    return whole, array


def exact(value: Decimal) -> int | str:
    """Returns an integer where it is one, else its shortest exact text."""
    if value == value.to_integral_value():
        return int(value)
    return format(value.normalize(), "f")


_UNITS: dict[Type, NumberUnit] = {
    Prim.INTEGER: NumberUnit.PLAIN,
    Prim.MANA: NumberUnit.PLAIN,
    Prim.DURATION: NumberUnit.SECONDS,
    Prim.TIMESTAMP: NumberUnit.UNIX_SECONDS,
}


def from_constant(node: typed.Expr | None) -> typed.CharterValue | None:
    """Returns the value of a constant; None where the charter has no form for it."""
    match node:
        case typed.ScalarConst(type=Prim.BOOL):
            return typed.CharterBool(value=bool(node.value), span=node.span)
        case typed.ScalarConst(type=Prim.DECIMAL):
            number = exact(Decimal(node.value) / DECIMAL_ONE)
            text = number if isinstance(number, str) else f"{number}.0"
            return typed.CharterNumber(value=text, unit=NumberUnit.PLAIN, span=node.span)
        case typed.ScalarConst() if prune(node.type) in _UNITS:
            return typed.CharterNumber(
                value=node.value, unit=_UNITS[prune(node.type)], span=node.span
            )
        case typed.TextConst():
            return typed.CharterText(value=node.value, symbol=False, span=node.span)
        case typed.ArrayNew():
            items = [from_constant(each) for each in node.elements]
            known = tuple(item for item in items if item is not None)
            if len(known) != len(items):
                return None
            return typed.CharterList(items=known, span=node.span)
        case _:  # reported by the caller
            return None


def same_value(a: typed.CharterValue, b: typed.CharterValue) -> bool:
    """Returns whether two values are equal, apart from their places."""
    return identity_of(a) == identity_of(b)


def identity_of(value: typed.CharterValue) -> tuple[object, ...]:
    """Returns what distinguishes a value from others: all of it but its places."""
    return type(value), *_content(value)


def _content(value: typed.CharterValue) -> tuple[object, ...]:
    match value:
        case typed.CharterNumber():
            return value.value, value.unit
        case typed.CharterText() | typed.CharterBool():
            return (value.value,)
        case typed.CharterList():
            return tuple(map(identity_of, value.items))
        case typed.CharterObject():
            return tuple(map(_entry_identity, value.entries))
        case typed.CharterBand():
            return identity_of(value.low), identity_of(value.high), value.half_open
        case typed.CharterCall():
            return value.name, value.names, *map(identity_of, value.arguments)
        case _:
            assert_never(value)


def _entry_identity(entry: typed.CharterNode) -> tuple[object, ...]:
    match entry:
        case typed.CharterProperty():
            return entry.key, identity_of(entry.value)
        case typed.CharterSection():
            label = None if entry.value is None else identity_of(entry.value)
            return entry.key, label, *map(_entry_identity, entry.entries)
        case typed.CharterDecision():
            raise AssertionError("a value contains no rule")
        case _:
            assert_never(entry)
