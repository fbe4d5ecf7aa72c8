"""Which rules can hold at once: what the conditions say of fields, compared without running.

Sound and incomplete: guards that are called exclusive are; others may be so all the same.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final, TypeAlias

from ccl import ast, typed
from ccl.checking.charter.tree import Condition
from ccl.checking.charter.values import path_of
from ccl.checking.constants import constants
from ccl.checking.environment import Checker
from ccl.checking.forms.literals import DECIMAL_ONE
from ccl.node import Node
from ccl.typed import Guard
from ccl.types import Prim

CASES_MAX: Final = 64
"""Alternatives of a condition that are looked at; beyond, nothing is known of it."""
_NEGATED: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

Known: TypeAlias = int | str


class Fact(Node, frozen=True):
    """`path operator value`; numbers in millionths, truth values as texts."""

    path: str
    operator: str
    value: Known


Case: TypeAlias = tuple[Fact, ...]
"""Facts that hold together."""
UNKNOWN: Final[tuple[Case, ...]] = ((),)


class Guards:
    """What the conditions of one charter say."""

    def __init__(self, checker: Checker, conditions: Sequence[Condition]) -> None:
        self._checker = checker
        self._scope = checker.scoped.root_scope
        self._conditions = conditions
        self._cases: dict[typed.CharterTest, tuple[Case, ...]] = {}
        self._fixed: dict[Guard, dict[str, Known]] = {}

    def exclusive(self, a: Guard, b: Guard) -> bool:
        """Whether the two can never hold at once."""
        fixed = self._fixed_by(b)
        if any(fixed.get(path, value) != value for path, value in self._fixed_by(a).items()):
            return True
        tests = a | b
        if any(typed.CharterTest(condition=t.condition, holds=not t.holds) in tests for t in tests):
            return True
        cases = [self._of_test(test) for test in tests]
        count = 1
        for each in cases:
            count *= len(each)
        if count > CASES_MAX:
            return False
        return not any(
            _possible([fact for case in together for fact in case]) for together in product(*cases)
        )

    def _fixed_by(self, guard: Guard) -> dict[str, Known]:
        """The paths that have one value wherever the guard holds: most rules ask for one."""
        if guard not in self._fixed:
            cases = [self._of_test(test) for test in guard]
            facts = (fact for each in cases if len(each) == 1 for fact in each[0])
            self._fixed[guard] = {each.path: each.value for each in facts if each.operator == "=="}
        return self._fixed[guard]

    def _of_test(self, test: typed.CharterTest) -> tuple[Case, ...]:
        if test not in self._cases:
            condition = self._conditions[test.condition]
            self._scope, expr = condition.scope, condition.expr
            self._cases[test] = self._of(expr, holds=test.holds)
        return self._cases[test]

    def _of(self, expr: ast.Expr, *, holds: bool) -> tuple[Case, ...]:
        match expr:
            case ast.Unary(operator="!"):
                return self._of(expr.operand, holds=not holds)
            case ast.Binary(operator="&&" | "||"):
                left = self._of(expr.left, holds=holds)
                right = self._of(expr.right, holds=holds)
                if (expr.operator == "&&") is holds:
                    both = tuple((*x, *y) for x in left for y in right)
                else:
                    both = (*left, *right)
                return both if len(both) <= CASES_MAX else UNKNOWN
            case ast.Binary(operator="==" | "!=" | "<" | "<=" | ">" | ">="):
                return self._comparison(expr, holds=holds)
            case ast.Name() | ast.Field() if path_of(expr):
                return ((Fact(".".join(path_of(expr)), "==", str(holds)),),)
            case _:
                return UNKNOWN

    def _comparison(self, expr: ast.Binary, *, holds: bool) -> tuple[Case, ...]:
        path, value, operator = expr.left, expr.right, str(expr.operator)
        if self._value(value) is None:
            path, value, operator = value, path, _MIRRORED[operator]
        known = self._value(value)
        names = path_of(path)
        if known is None or not names or self._value(path) is not None:
            return UNKNOWN
        return ((Fact(".".join(names), operator if holds else _NEGATED[operator], known),),)

    def _value(self, expr: ast.Expr) -> Known | None:
        """The constant that a literal or a constant's name is; None for anything else."""
        match expr:
            case ast.StringLiteral() if any(not isinstance(part, str) for part in expr.parts):
                return None
            case ast.Name() if expr.text not in self._scope.consts:
                return None
            case ast.Unary() if expr.operator != "-" or not isinstance(
                expr.operand, ast.AnyLiteral
            ):
                return None
            case _ if isinstance(expr, ast.Name | ast.Unary | ast.AnyLiteral):
                return _plain(constants.evaluate(self._checker, self._scope, expr, None))
            case _:
                return None


def _plain(node: typed.Expr) -> Known | None:
    match node:
        case typed.ScalarConst(type=Prim.BOOL):
            return str(bool(node.value))
        case typed.ScalarConst(type=Prim.DECIMAL):
            return node.value
        case typed.ScalarConst():
            return node.value * DECIMAL_ONE
        case typed.TextConst():
            return node.value
        case _:
            return None


def _possible(facts: Iterable[Fact]) -> bool:
    """Whether one value for every path can satisfy all of them."""
    by_path: dict[str, list[Fact]] = {}
    for fact in facts:
        by_path.setdefault(fact.path, []).append(fact)
    return all(_has_value(each) for each in by_path.values())


def _has_value(facts: list[Fact]) -> bool:
    fixed = [fact.value for fact in facts if fact.operator == "=="]
    if fixed:
        return all(_satisfies(fixed[0], fact) for fact in facts)
    low = [f for f in facts if f.operator in (">", ">=") and isinstance(f.value, int)]
    high = [f for f in facts if f.operator in ("<", "<=") and isinstance(f.value, int)]
    return all(_meet(above, below) for above in low for below in high)


def _meet(above: Fact, below: Fact) -> bool:
    assert isinstance(above.value, int)
    assert isinstance(below.value, int)
    if above.value == below.value:
        return above.operator == ">=" and below.operator == "<="
    return above.value < below.value


def _satisfies(value: Known, fact: Fact) -> bool:
    match fact.operator:
        case "==":
            return value == fact.value
        case "!=":
            return value != fact.value
        case operator if isinstance(value, int) and isinstance(fact.value, int):
            return {
                "<": value < fact.value,
                "<=": value <= fact.value,
                ">": value > fact.value,
                ">=": value >= fact.value,
            }[operator]
        case _:
            return True
