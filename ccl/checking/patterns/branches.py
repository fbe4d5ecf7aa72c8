"""A checked `match` as a branch on the tag, or as a chain of tests.

A subject whose arms only name its variant branches on the tag. Everything else becomes a chain of
tests on the subject, which is evaluated once; bindings are read from the subject when their arm has
been chosen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ccl.checking.core.environment import Body
from ccl.checking.core.unification import prune, zonk
from ccl.checking.functions import instances
from ccl.checking.patterns import array_shapes, patterns
from ccl.checking.patterns.shapes import (
    Anything,
    Either,
    Elements,
    Equal,
    Fields,
    Shape,
    Variant,
    Within,
)
from ccl.ir import typed
from ccl.ir.typed import BinaryOp
from ccl.ir.types import Prim, Struct, Type
from ccl.syntax import ast


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    source: ast.MatchArm
    shape: Shape
    guard: typed.Expr | None
    body: typed.Expr


# --- by tag


def is_flat(arms: list[Arm]) -> bool:
    """Returns whether the tag decides everything: each variant once, its payload unconstrained."""
    return any(isinstance(arm.shape, Variant) for arm in arms) and all(
        arm.guard is None
        and (
            isinstance(arm.shape, Anything)
            or (
                isinstance(arm.shape, Variant)
                and all(isinstance(part, Anything) for part in arm.shape.parts)
            )
        )
        for arm in arms
    )


def by_tag(expr: ast.Match, subject: typed.Expr, arms: list[Arm], kind: Type) -> typed.Expr:
    tagged: list[typed.TagArm] = []
    otherwise: typed.Expr | None = None
    whole: typed.Local | None = None
    for arm in arms:
        if isinstance(arm.shape, Variant):
            bindings = tuple(
                (i, part.local)
                for i, part in enumerate(arm.shape.parts)
                if isinstance(part, Anything) and part.local is not None
            )
            tagged.append(typed.TagArm(tag=arm.shape.tag, bindings=bindings, body=arm.body))
        elif isinstance(arm.shape, Anything):
            whole, otherwise = arm.shape.local, arm.body
    node = typed.MatchTag(
        subject=subject if whole is None else _get(whole, expr.subject),
        arms=tuple(sorted(tagged, key=lambda each: each.tag)),
        otherwise=otherwise,
        type=kind,
        span=expr.span,
    )
    if whole is None:
        return node
    return _after((typed.SetLocal(local=whole, value=subject, span=subject.span),), node)


def _get(local: typed.Local, at: ast.Expr | ast.Pattern) -> typed.Expr:
    return typed.LocalGet(local=local, type=zonk(local.type), span=at.span)


def _after(first: tuple[typed.Statement, ...], node: typed.Expr) -> typed.Expr:
    if not first:
        return node
    if prune(node.type) in (Prim.UNIT, Prim.NEVER):
        then = typed.Evaluate(value=node, span=node.span)
        return typed.Block(statements=(*first, then), value=None, type=node.type, span=node.span)
    return typed.Block(statements=first, value=node, type=node.type, span=node.span)


# --- by tests


def by_tests(
    body: Body, expr: ast.Match, subject: typed.Expr, arms: list[Arm], kind: Type
) -> typed.Expr:
    """Builds `if` for one arm after the other. The last needs no test: the arms are exhaustive."""
    whole = body.temporary(subject.type, expr.subject.span)
    node: typed.Expr | None = None
    for arm in reversed(arms):
        here = _get(whole, arm.source.pattern)
        bound = tuple(_bindings(body, arm.shape, here))
        then = _after(bound, arm.body)
        if node is None:
            node = then
            continue
        test = _test(body, arm.shape, here)
        if arm.guard is not None:
            test = _both(test, _after(bound, arm.guard))
        assert test is not None, "the arms after one that takes everything are left out"
        node = typed.If(condition=test, then=then, otherwise=node, type=kind, span=expr.span)
    assert node is not None, "a match that covers everything has an arm"
    return _after((typed.SetLocal(local=whole, value=subject, span=subject.span),), node)


def _both(left: typed.Expr | None, right: typed.Expr | None) -> typed.Expr | None:
    """Returns the conjunction of tests; None is a test that always holds."""
    if left is None or right is None:
        return left or right
    return typed.ShortCircuit(is_and=True, left=left, right=right, span=right.span)


def _truth(place: typed.Expr, value: bool) -> typed.Expr:
    return typed.ScalarConst(value=int(value), type=Prim.BOOL, span=place.span)


def _compared(op: BinaryOp, place: typed.Expr, value: typed.Expr) -> typed.Expr:
    return typed.Binary(op=op, left=place, right=value, type=Prim.BOOL, span=value.span)


def _test(body: Body, shape: Shape, place: typed.Expr) -> typed.Expr | None:
    """Returns the test whether `place` has the shape; None if every value of its type has."""
    test: typed.Expr | None = None
    match shape:
        case Anything():
            return None
        case Equal(value=value):
            return _compared(BinaryOp.EQUAL, place, value)
        case Within(low=low, high=high, inclusive=inclusive):
            below = BinaryOp.LESS_EQUAL if inclusive else BinaryOp.LESS
            return _both(
                _compared(BinaryOp.GREATER_EQUAL, place, low), _compared(below, place, high)
            )
        case Variant():
            return _test_variant(body, shape, place)
        case Fields(parts=parts):
            for i, part in enumerate(parts):
                test = _both(test, _test(body, part, _field(body, place, i)))
            return test
        case Elements(parts=parts):
            test = array_shapes.of_length(shape, place)
            for i, part in enumerate(parts):
                test = _both(test, _test(body, part, array_shapes.element(shape, place, i)))
            return test
        case Either(alternatives=alternatives):
            for each in alternatives:
                other = _test(body, each, place)
                if other is None:
                    return None
                test = (
                    other
                    if test is None
                    else typed.ShortCircuit(is_and=False, left=test, right=other, span=other.span)
                )
            return test


def _test_variant(body: Body, shape: Variant, place: typed.Expr) -> typed.Expr:
    payload = patterns.variants(body, prune(place.type))[shape.tag][1]
    bindings: list[tuple[int, typed.Local]] = []
    test: typed.Expr | None = None
    for i, (part, kind) in enumerate(zip(shape.parts, payload, strict=True)):
        if isinstance(part, Anything):
            continue
        carried = body.temporary(kind, place.span)
        bindings.append((i, carried))
        here = typed.LocalGet(local=carried, type=zonk(kind), span=place.span)
        test = _both(test, _test(body, part, here))
    arm = typed.TagArm(
        tag=shape.tag, bindings=tuple(bindings), body=test or _truth(place, value=True)
    )
    return typed.MatchTag(
        subject=place,
        arms=(arm,),
        otherwise=_truth(place, value=False),
        type=Prim.BOOL,
        span=place.span,
    )


# --- what a pattern binds


def _bindings(body: Body, shape: Shape, place: typed.Expr) -> list[typed.Statement]:
    """Returns the statements that bind names from a value that has the shape."""
    return [
        typed.SetLocal(local=local, value=value, span=local.span)
        for local, value in _bound(body, shape, place).items()
    ]


def _bound(body: Body, shape: Shape, place: typed.Expr) -> dict[typed.Local, typed.Expr]:
    match shape:
        case Anything(local=local):
            return {} if local is None else {local: place}
        case Equal() | Within():
            return {}
        case Variant(parts=parts):
            return _merged(
                _bound(body, part, _carried(body, place, shape.tag, i))
                for i, part in enumerate(parts)
                if _binds(part)
            )
        case Fields(parts=parts):
            return _merged(
                _bound(body, part, _field(body, place, i)) for i, part in enumerate(parts)
            )
        case Elements(parts=parts, rest=rest):
            found = _merged(
                _bound(body, part, array_shapes.element(shape, place, i))
                for i, part in enumerate(parts)
            )
            if rest is not None and rest.local is not None:
                found[rest.local] = array_shapes.rest(shape, place)
            return found
        case Either(alternatives=alternatives):
            return _bound_by_one(body, alternatives, place)


def _merged(parts: Iterable[dict[typed.Local, typed.Expr]]) -> dict[typed.Local, typed.Expr]:
    found: dict[typed.Local, typed.Expr] = {}
    for part in parts:
        found |= part
    return found


def _binds(shape: Shape) -> bool:
    match shape:
        case Anything(local=local):
            return local is not None
        case Equal() | Within():
            return False
        case Elements(parts=parts, rest=rest):
            return any(map(_binds, parts)) or (rest is not None and _binds(rest))
        case Variant(parts=parts) | Fields(parts=parts):
            return any(map(_binds, parts))
        case Either(alternatives=alternatives):
            return any(map(_binds, alternatives))


def _bound_by_one(
    body: Body, alternatives: tuple[Shape, ...], place: typed.Expr
) -> dict[typed.Local, typed.Expr]:
    """Binds each name from the first alternative that matches."""
    *before, last = alternatives
    values = _bound(body, last, place)
    for shape in reversed(before):
        for local, value in _bound(body, shape, place).items():
            test = _test(body, shape, place)
            if test is None:
                values[local] = value
            elif local in values:
                values[local] = typed.If(
                    condition=test,
                    then=value,
                    otherwise=values[local],
                    type=value.type,
                    span=value.span,
                )
    return values


def _field(body: Body, place: typed.Expr, index: int) -> typed.Expr:
    kind = prune(place.type)
    assert isinstance(kind, Struct), "a shape with fields is of a struct"
    field_type = zonk(instances.struct_of(body.checker, kind).fields[index][1])
    return typed.FieldGet(base=place, index=index, type=field_type, span=place.span)


def _carried(body: Body, place: typed.Expr, tag: int, position: int) -> typed.Expr:
    """Returns the payload of a value that is known to be of the variant."""
    kind = zonk(patterns.variants(body, prune(place.type))[tag][1][position])
    carried = body.temporary(kind, place.span)
    got = typed.LocalGet(local=carried, type=kind, span=place.span)
    arm = typed.TagArm(tag=tag, bindings=((position, carried),), body=got)
    return typed.MatchTag(subject=place, arms=(arm,), otherwise=None, type=kind, span=place.span)
