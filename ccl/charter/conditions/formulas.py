"""Formulas of conditions over the values that they read, found without running them."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from ccl.charter.conditions.claims import (
    MIRRORED,
    NEGATED,
    NOTHING,
    Claim,
    Every,
    Formula,
    Known,
    Some,
    Sort,
    absent,
    present,
)
from ccl.checking.constants import inlining
from ccl.checking.core.environment import Checker
from ccl.checking.core.unification import variable_of, zonk
from ccl.checking.expressions.literals import DECIMAL_ONE
from ccl.checking.functions import instances
from ccl.ir import typed
from ccl.ir.charter import refuse_code
from ccl.ir.types import Array, Map, Prim, Struct, Type
from ccl.prelude.functions import FUNCTIONS, HOST_RECORDS, METHODS, SPECIAL_FORMS
from ccl.resolver.scopes import FileScope
from ccl.support.node import fields, is_node, nodes_of, replace
from ccl.syntax import ast
from ccl.syntax.paths import path_of

_RANDOM: Final = frozenset({"random", "host_random"})
"""Functions with a different result each time."""
_WHOLE_METHODS: Final = frozenset(
    method for (_, method), name in METHODS.items() if FUNCTIONS[name].result is Prim.INTEGER
)


class OwnNames:
    """Names that denote something else than a record of the host."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    @cached_property
    def sections(self) -> frozenset[str]:
        """Returns the keys at the top of the charter."""
        return frozenset(_keys(self._checker.scoped.root_scope.declarations))

    @cached_property
    def random(self) -> frozenset[str]:
        """Returns the names of functions that may have a different result each time, in any
        scope."""
        mentioned: dict[str, set[str]] = {}
        for scope in self._checker.scoped.files.values():
            for name, item in scope.own_functions.items():
                mentioned.setdefault(name, set()).update(_names_in(item.body))
        found = set(_RANDOM)
        while more := {name for name, within in mentioned.items() if within & found} - found:
            found |= more
        return frozenset(found)


def _keys(items: Iterable[ast.Item]) -> Iterator[str]:
    for item in items:
        match item:
            case ast.Entry(key=key) | ast.Section(key=key):
                yield key.text
            case ast.IfRule():
                yield from _keys((*item.then, *item.otherwise))
            case ast.RangeRule(key=name):
                if name is not None:
                    yield name.text
            case ast.CallEntry() | ast.Article():  # no paths lead into them
                pass
            case _:
                refuse_code(item)


def _names_in(tree: ast.Block | ast.Expr) -> Iterator[str]:
    return (each.text for each in nodes_of(tree) if isinstance(each, ast.Name | ast.Ident))


def _variables_in(tree: ast.Expr) -> Iterator[str]:
    """Yields the names that are variables somewhere in an expression."""
    for node in nodes_of(tree):
        match node:
            case (
                ast.Let(name=name)
                | ast.NamePattern(name=name)
                | ast.FieldPattern(name=name)
                | ast.RestPattern(name=ast.Ident() as name)
                | ast.Try(binding=ast.Ident() as name)
            ):
                yield name.text
            case ast.For(names=names):
                yield from (each.text for each in names)


class ConditionReader:
    """The conditions of one scope as formulas."""

    def __init__(
        self, checker: Checker, scope: FileScope, own: OwnNames, *, open_is_whole: bool
    ) -> None:
        self._checker = checker
        self._scope = scope
        self._open_is_whole = open_is_whole
        self._own = own

    def formula(self, expr: ast.Expr, *, holds: bool) -> Formula:
        """Returns the formula that holds if the condition is decided as `holds`."""
        match expr:
            case ast.Unary(operator="!"):
                return self.formula(expr.operand, holds=not holds)
            case ast.BoolLiteral(value=value):
                return NOTHING if value is holds else Some(())
            case ast.Binary(operator="&&" | "||"):
                sides = (
                    self.formula(expr.left, holds=holds),
                    self.formula(expr.right, holds=holds),
                )
                return Every(sides) if (expr.operator == "&&") is holds else Some(sides)
            case ast.Binary(operator="==" | "!=", left=side, right=ast.BoolLiteral(value=value)) | (
                ast.Binary(operator="==" | "!=", left=ast.BoolLiteral(value=value), right=side)
            ):
                return self.formula(side, holds=(value is holds) is (expr.operator == "=="))
            case ast.Call(callee=ast.Name(text="has"), arguments=(argument,)) if (
                "has" not in self._scope.functions and (path := self._record(argument.value))
            ):
                return Every(present(path)) if holds else absent(path)
            case _:  # a leaf of the formula
                return Every((self._leaf(expr, holds=holds), *self._read_by(expr)))

    def _leaf(self, expr: ast.Expr, *, holds: bool) -> Formula:
        if isinstance(expr, ast.Binary) and expr.operator in NEGATED:
            return self._comparison(expr, holds=holds)
        subject = self._subject(expr)
        if subject is None:
            return NOTHING
        return Claim(subject=subject, sort=Sort.TRUTH, operator="==", value=int(holds))

    def _comparison(self, expr: ast.Binary, *, holds: bool) -> Formula:
        side, other, operator = expr.left, expr.right, str(expr.operator)
        variants = self._variants(other)
        if not variants and (variants := self._variants(side)):
            side, other = other, side
        if variants:
            return self._is_variant(self._subject(side), operator, variants, holds=holds)
        constant = self._constant(other)
        if constant is None and (constant := self._constant(side)) is not None:
            side, other, operator = other, side, MIRRORED[operator]
        if not holds:
            operator = NEGATED[operator]
        subject = self._subject(side)
        if subject is None:
            return NOTHING
        if constant is not None:
            return self._compared(subject, side, operator, constant)
        against = self._subject(other)
        if against is None:
            return NOTHING
        if subject > against:
            subject, against, operator = against, subject, MIRRORED[operator]
        pair = f"{subject} and {against}"
        return Claim(subject=pair, sort=Sort.ORDER, operator=operator, value=0)

    def _compared(
        self, subject: str, side: ast.Expr, operator: str, constant: typed.Expr
    ) -> Formula:
        match constant:
            case typed.ScalarConst(type=Prim.BOOL, value=value):
                sort, reading = Sort.TRUTH, ""
            case typed.ScalarConst(type=Prim.DECIMAL, value=value):
                sort, reading = Sort.DECIMAL, ""
            case typed.ScalarConst(type=Prim.INTEGER):
                value = constant.value * DECIMAL_ONE
                sort, reading = Sort.WHOLE if self._is_whole(side) else Sort.DECIMAL, ""
            case typed.ScalarConst():
                value, sort = constant.value * DECIMAL_ONE, Sort.WHOLE
                reading = str(constant.type)
            case typed.TextConst():
                claimed: Known = constant.value
                return Claim(
                    subject=subject,
                    sort=Sort.TEXT,
                    operator=operator,
                    value=claimed,
                    reading=str(constant.type),
                )
            case _:  # no claim is made of it
                return NOTHING
        return Claim(subject=subject, sort=sort, operator=operator, value=value, reading=reading)

    # --- constants

    def _variants(self, expr: ast.Expr) -> tuple[str, ...]:
        """Returns the variant that `Status::Open` names, then all of its enum; empty for the
        rest."""
        match path_of(expr):
            case (*before, enum, variant):
                scope = self._checker.owner_named(self._scope, before) if before else self._scope
                if scope is not None and enum.text in scope.enums:
                    known = tuple(each.name.text for each in scope.enums[enum.text].variants)
                    return (variant.text, *known) if variant.text in known else ()
            case _:
                pass
        return ()

    def _is_variant(
        self, subject: str | None, operator: str, variants: tuple[str, ...], *, holds: bool
    ) -> Formula:
        """Returns the claim that a subject is a variant of the enum, and only one."""
        if subject is None:
            return NOTHING
        claims = [
            Claim(subject=subject, sort=Sort.TEXT, operator="==", value=each, reading="variant")
            for each in variants
        ]
        claim = replace(claims[0], operator=operator if holds else NEGATED[operator])
        return Every((claim, Some(tuple(claims[1:]))))

    def _constant(self, expr: ast.Expr) -> typed.Expr | None:
        """Returns the value of an expression of literals and constants; None for anything else."""
        if not self._is_constant(expr):
            return None
        names = [each for each in nodes_of(expr) if isinstance(each, ast.Name)]
        for name in names:
            if name.text in self._scope.consts:  # its errors are reported at its declaration
                inlining.value_of(self._checker, self._scope, name.text)
        return inlining.evaluated(self._checker, self._scope, expr)

    def _is_constant(self, expr: ast.Expr) -> bool:
        match expr:
            case ast.StringLiteral(parts=parts):
                return all(isinstance(part, str) for part in parts)
            case ast.Name(text=text):
                return text in self._scope.consts
            case ast.Unary(operator="-", operand=operand):
                return self._is_constant(operand)
            case ast.Binary(operator="+" | "-" | "*" | "/" | "%"):
                return self._is_constant(expr.left) and self._is_constant(expr.right)
            case ast.Field() | ast.PathName():
                return self._names_constant(path_of(expr) or ())
            case ast.Call(callee=ast.Name(text=name)) if name not in self._scope.functions:
                known = name in FUNCTIONS or name in SPECIAL_FORMS
                return known and all(self._is_constant(each.value) for each in expr.arguments)
            case _:
                return isinstance(expr, ast.AnyLiteral)

    def _names_constant(self, path: Sequence[ast.Ident]) -> bool:
        """Returns whether a path is a constant: `ResourceType.COMPUTE`, `alias.LIMIT`."""
        if path and path[0].text == "ResourceType" and "ResourceType" not in self._scope.type_names:
            return True
        owner = self._checker.owner_named(self._scope, path[:-1])
        return owner is not None and path[-1].text in owner.consts

    def _is_whole(self, expr: ast.Expr) -> bool:
        """Returns whether the expression is an Integer beside an Integer, whose type host data
        takes."""
        match expr:
            case ast.IntegerLiteral():
                return True
            case ast.Unary(operator="-", operand=operand):
                return self._is_whole(operand)
            case ast.Binary(operator="+" | "-" | "*" | "/" | "%"):
                return self._is_whole(expr.left) and self._is_whole(expr.right)
            case ast.Call(callee=ast.Name(text=name)) if name not in self._scope.functions:
                return name == "integer" or (
                    name in FUNCTIONS and FUNCTIONS[name].result is Prim.INTEGER
                )
            case ast.Call(callee=ast.Field(name=method)) if (
                method.text in _WHOLE_METHODS and method.text not in self._scope.functions
            ):
                return True
            case _:
                return self._record(expr) is not None or self._declared(expr) is Prim.INTEGER

    def _declared(self, expr: ast.Expr) -> Type | None:
        """Returns the declared type of an expression; bodies are checked after the charter."""
        match expr:
            case ast.Name(text=text) if text in self._scope.consts:
                constant = inlining.value_of(self._checker, self._scope, text)
                return None if constant is None else zonk(constant.type)
            case ast.Call(callee=callee):
                return self._result(callee)
            case ast.Field(base=base, name=name):
                kind = self._declared(base)
                if not isinstance(kind, Struct):
                    return None
                fields_of = dict(instances.struct_of(self._checker, kind).fields)
                return zonk(fields_of[name.text]) if name.text in fields_of else None
            case ast.Index(base=base):
                match self._declared(base):
                    case Array(element) | Map(_, element):
                        return zonk(element)
            case _:  # unknown before bodies are checked
                pass
        return None

    def _result(self, callee: ast.Expr) -> Type | None:
        """Returns the declared result of a function of a file or contract."""
        path = path_of(callee) or ()
        owner: FileScope | None = self._scope
        if len(path) > 1 and path[0].text in self._scope.imports:
            owner = self._checker.owner_named(self._scope, path[:-1])
        name = callee.name.text if isinstance(callee, ast.Field) else path[-1].text if path else ""
        if owner is None or name not in owner.functions:
            return None
        signature = self._checker.signatures.get(self._checker.function_id(owner, name))
        if signature is None:
            return None
        result = zonk(signature.result)
        return Prim.INTEGER if self._open_is_whole and variable_of(result) is not None else result

    # --- what is read

    def _record(self, expr: ast.Expr) -> tuple[str, ...] | None:
        """Returns `proposal.a["b c"]` as names, where it is a path into a record of the host."""
        match expr:
            case ast.Name(text=text):
                return None if self._is_declared(text) else (text,)
            case ast.Field(base=base, name=name):
                before, step = self._record(base), name.text
            case ast.Index(base=base, index=ast.StringLiteral(parts=(str(step),))):
                before = self._record(base)
            case _:  # it is no path
                return None
        return None if before is None else (*before, step)

    def _is_declared(self, name: str) -> bool:
        scope = self._scope
        if name in scope.consts or name in scope.imports:
            return True
        return name not in HOST_RECORDS and (name == "charter" or name in self._own.sections)

    def _read_by(self, expr: ast.Expr) -> Iterator[Claim]:
        """Yields claims that the fields exist that decide the expression.

        It is undecided without any field that it reads, in a branch or not, except in `has`.
        """
        own = frozenset(_variables_in(expr))
        for path in self._paths(expr):
            if path[0] not in own:
                yield from present(path)

    def _paths(self, node: object) -> Iterator[tuple[str, ...]]:
        if isinstance(node, tuple):
            for each in node:
                yield from self._paths(each)
            return
        if not is_node(node):
            return
        match node:
            case ast.Lambda() | ast.Call(callee=ast.Name(text="has")):
                return
            case ast.Name() | ast.Field() | ast.Index():
                path = self._record(node)
                if path is not None:
                    yield path
                    return
            case ast.Call(callee=ast.Name(), arguments=arguments):
                yield from self._paths(arguments)
                return
            case ast.Call(callee=ast.Field(base=base), arguments=arguments):
                yield from self._paths((base, *arguments))
                return
            case _:  # any other node reads what its parts read
                pass
        yield from self._paths(tuple(getattr(node, name) for name in fields(node)))

    def _subject(self, expr: ast.Expr) -> str | None:
        """Returns the expression without its layout, where it has one value in a context."""
        path = self._record(expr)
        if path is not None:
            return ".".join(path)
        if not self._own.random.isdisjoint(_names_in(expr)):  # called, or given to a function
            return None
        return f"{_spelled(expr)} in {self._scope.file}"


def _spelled(node: object) -> str:
    """Returns a tree as text without spans, with one notation for paths."""
    if isinstance(node, ast.Field | ast.PathName) and (path := path_of(node)):
        return f"(path {' '.join(each.text for each in path)})"
    if isinstance(node, tuple):
        return f"[{' '.join(map(_spelled, node))}]"
    if not is_node(node):
        return repr(node)
    parts = (getattr(node, name) for name in fields(node) if not name.endswith("span"))
    return f"({type(node).__name__} {' '.join(map(_spelled, parts))})"
