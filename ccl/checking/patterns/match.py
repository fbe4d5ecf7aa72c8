"""`match`: its subject, its arms, and whether they are exhaustive.

Rule: all patterns are read before their coverage is reported.
"""

from ccl.checking.core.constraints import wait_for
from ccl.checking.core.conversions import blamed, convert, fit
from ccl.checking.core.environment import Body, invalid, is_invalid
from ccl.checking.core.unification import (
    has_error_type,
    is_error_type,
    is_open,
    is_unknown,
    prune,
    unify,
    variable_of,
    zonk,
)
from ccl.checking.functions import instances
from ccl.checking.lints.discarded_values import note_dropped
from ccl.checking.patterns import branches, exhaustiveness, patterns
from ccl.checking.patterns.rows import Rows
from ccl.checking.patterns.shapes import Either, Shape, alternatives, is_wrong
from ccl.checking.patterns.subject_types import suggested_type
from ccl.diagnostics.model import Label
from ccl.ir import typed
from ccl.ir.typed import Conversion
from ccl.ir.types import ERROR_TYPE, Prim, Type
from ccl.syntax import ast


def infer_match(body: Body, expr: ast.Match, expected: Type | None) -> typed.Expr:
    if expected is not None and prune(expected) is Prim.UNIT:
        return discard_match(body, expr)
    return _match(body, expr, _Bodies(body, expected, dropped=False))


def discard_match(body: Body, expr: ast.Match) -> typed.Expr:
    return _match(body, expr, _Bodies(body, None, dropped=True))


class _Bodies:
    """The bodies of the arms, brought to one type as they come."""

    def __init__(self, body: Body, expected: Type | None, *, dropped: bool) -> None:
        self._body = body
        known = expected is not None and variable_of(prune(expected)) is None
        self._wanted = expected if known else None
        self._dropped = dropped
        self._first: typed.Expr | None = None
        self._leaves = True

    def check(self, expr: ast.Expr) -> typed.Expr:
        if self._dropped:
            node = _dropped(self._body, expr)
            self._leaves = self._leaves and prune(node.type) is Prim.NEVER
            return node
        node = self._body.infer(expr, self._wanted)
        if prune(node.type) is Prim.NEVER:
            return node
        self._leaves = False
        if self._wanted is None and not is_invalid(node):
            self._wanted, self._first = node.type, node
        elif self._wanted is not None:
            label = (
                (Label(blamed(self._first), f"the first arm is {zonk(self._wanted)}"),)
                if self._first is not None
                else ()
            )
            node = fit(self._body, node, self._wanted, labels=label)
        return node

    @property
    def type(self) -> Type:
        if self._leaves:
            return Prim.NEVER
        if self._dropped:
            return Prim.UNIT
        return zonk(self._wanted) if self._wanted is not None else ERROR_TYPE


def _dropped(body: Body, expr: ast.Expr) -> typed.Expr:
    statement = body.discard(expr)
    note_dropped(body, expr, statement, before="{ ", after="; }")
    if isinstance(statement, typed.Evaluate) and prune(statement.value.type) in (
        Prim.UNIT,
        Prim.NEVER,
    ):
        return statement.value
    return typed.Block(statements=(statement,), value=None, type=Prim.UNIT, span=statement.span)


def _match(body: Body, expr: ast.Match, bodies: _Bodies) -> typed.Expr:
    return _of_subject(body, expr, bodies, _subject(body, expr))


def _match_later(body: Body, expr: ast.Match, bodies: _Bodies, subject: typed.Expr) -> typed.Expr:
    """Defers a match whose subject is open, and is not determined by the patterns either."""
    node = body.not_known_yet(expr.span)
    is_read = False

    def attempt(by_default: bool) -> bool:
        nonlocal is_read
        if by_default and not is_read:
            is_read = True  # once: its open numbers are progress, and a wrong literal says nothing
            suggested = suggested_type(body, expr.arms)
            if suggested is not None:
                unify(subject.type, suggested)
        if is_unknown(subject.type):
            return False
        known = _as_suggested(body, expr, subject)
        unify(node.type, _of_subject(body, expr, bodies, known).type)
        return True

    wait_for(body, [subject.type], attempt, scoped=True)
    return node


def _of_subject(body: Body, expr: ast.Match, bodies: _Bodies, subject: typed.Expr) -> typed.Expr:
    kind = zonk(subject.type)
    if is_unknown(kind) and not body.final:
        return _match_later(body, expr, bodies, subject)
    if is_open(kind) and body.final:
        body.sink.report("CCL0409", expr.subject.span, what="this value")
        kind = ERROR_TYPE
    arms = [_arm(body, arm, kind, bodies) for arm in expr.arms]
    wrong = any(is_wrong(arm.shape) for arm in arms)
    if not body.final and not (is_error_type(kind) or wrong):
        return typed.UnitConst(span=expr.span, type=bodies.type)
    if is_error_type(kind) or wrong:
        return invalid(expr.span)
    arms = _reachable(body, arms, kind)
    rows = [arm.shape for arm in arms if arm.guard is None]
    try:
        missing = exhaustiveness.uncovered(rows, kind, _types(body))
    except exhaustiveness.TooManyStepsError:
        missing, shown = ("_",), f"everything, within {exhaustiveness.STEPS_MAX:,} steps of search"
    else:
        shown = ", ".join(f"`{each}`" for each in missing)
    if missing:
        body.sink.report("CCL0505", expr.subject.span, missing=shown)
        return invalid(expr.span)
    if branches.is_flat(arms):
        return branches.by_tag(expr, subject, arms, bodies.type)
    return branches.by_tests(body, expr, subject, arms, bodies.type)


def _subject(body: Body, expr: ast.Match) -> typed.Expr:
    return _as_suggested(body, expr, body.infer(expr.subject))


def _as_suggested(body: Body, expr: ast.Match, subject: typed.Expr) -> typed.Expr:
    """Returns the subject; its type may come from the arms, as Data's does where they are
    literals."""
    kind = prune(subject.type)
    if kind is not Prim.DATA and variable_of(kind) is None:
        return subject
    suggested = suggested_type(body, expr.arms)
    if suggested is None:
        return subject
    if kind is Prim.DATA:
        wanted = zonk(suggested, default=True)
        return subject if has_error_type(wanted) else convert(subject, Conversion.DATA_TO, wanted)
    if suggested is not Prim.STRING:  # which may also be a Did, a Cid or a variant by its name
        unify(kind, suggested)
    return subject


def _arm(body: Body, arm: ast.MatchArm, kind: Type, bodies: _Bodies) -> branches.Arm:
    with body.block():
        shape = patterns.read(body, arm.pattern, kind)
        guard = None if arm.guard is None else body.check(arm.guard, Prim.BOOL)
        return branches.Arm(source=arm, shape=shape, guard=guard, body=bodies.check(arm.body))


def _types(body: Body) -> exhaustiveness.Types:
    return exhaustiveness.Types(
        variants=lambda kind: patterns.variants(body, kind),
        fields=lambda kind: instances.struct_of(body.checker, kind).fields,
    )


def _reachable(body: Body, arms: list[branches.Arm], kind: Type) -> list[branches.Arm]:
    """Returns the reachable arms; reports the others."""
    types, steps = _types(body), exhaustiveness.Steps()
    rows: list[Shape] = []
    before = Rows()
    owners: list[branches.Arm] = []
    kept: list[branches.Arm] = []
    for arm in arms:
        written = alternatives(arm.source.pattern)
        shapes = arm.shape.alternatives if isinstance(arm.shape, Either) else (arm.shape,)
        taken = False
        for pattern, shape in zip(written, shapes, strict=True):
            if exhaustiveness.is_reachable(before.meeting(shape), shape, kind, types, steps):
                taken = True
            else:
                whole = len(shapes) == 1
                body.sink.report(
                    "CCL0506",
                    arm.source.span if whole else pattern.span,
                    labels=_taker(rows, owners, shape, kind, types, steps),
                )
            if arm.guard is None:
                rows.append(shape)
                before.add(shape)
                owners.append(arm)
        if taken:
            kept.append(arm)
    return kept


def _taker(
    rows: list[Shape],
    owners: list[branches.Arm],
    shape: Shape,
    kind: Type,
    types: exhaustiveness.Types,
    steps: exhaustiveness.Steps,
) -> tuple[Label, ...]:
    """Returns the one arm that takes every value, if there is one."""
    for row, owner in zip(rows, owners, strict=True):
        if not exhaustiveness.is_reachable([row], shape, kind, types, steps):
            return (Label(owner.source.pattern.span, "covered here"),)
    return ()
