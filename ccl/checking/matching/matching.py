"""`match`: patterns of any depth, guards, exhaustiveness.

A subject whose arms only ask for its variant branches on the tag. Everything else becomes a
chain of tests on the subject, which is evaluated once; what a pattern binds is read from the
subject when its arm has been chosen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ccl import ast, typed
from ccl.checking import expressions
from ccl.checking.advice.discarded_values import note_dropped
from ccl.checking.constraints import wait_for
from ccl.checking.conversions import blamed, convert, fit
from ccl.checking.environment import Body, invalid, is_invalid
from ccl.checking.functions import instances
from ccl.checking.inference import (
    POISON,
    has_poison,
    is_poison,
    is_unknown,
    prune,
    unify,
    variable_of,
    zonk,
)
from ccl.checking.matching import array_shapes, coverage, patterns
from ccl.checking.matching.patterns import (
    Anything,
    Either,
    Elements,
    Equal,
    Fields,
    Shape,
    Variant,
    Within,
)
from ccl.checking.matching.rows import Rows
from ccl.diagnostics import Label
from ccl.typed import BinaryOp, Conversion
from ccl.types import Prim, Struct, Type


def infer_match(body: Body, expr: ast.Match, expected: Type | None) -> typed.Expr:
    if expected is not None and prune(expected) is Prim.UNIT:
        return discard_match(body, expr)
    return _match(body, expr, _Bodies(body, expected, dropped=False))


def discard_match(body: Body, expr: ast.Match) -> typed.Expr:
    return _match(body, expr, _Bodies(body, None, dropped=True))


class _Bodies:
    """The arms' bodies, brought to one type as they come."""

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
        node = expressions.infer(self._body, expr, self._wanted)
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
        return zonk(self._wanted) if self._wanted is not None else POISON


def _dropped(body: Body, expr: ast.Expr) -> typed.Expr:
    statement = expressions.discard(body, expr)
    note_dropped(body, expr, statement, before="{ ", after="; }")
    if isinstance(statement, typed.Evaluate) and prune(statement.value.type) in (
        Prim.UNIT,
        Prim.NEVER,
    ):
        return statement.value
    return typed.Block(statements=(statement,), value=None, type=Prim.UNIT, span=statement.span)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arm:
    source: ast.MatchArm
    shape: Shape
    guard: typed.Expr | None
    body: typed.Expr


def _match(body: Body, expr: ast.Match, bodies: _Bodies) -> typed.Expr:
    return _of_subject(body, expr, bodies, _subject(body, expr))


def _match_later(body: Body, expr: ast.Match, bodies: "_Bodies", subject: typed.Expr) -> typed.Expr:
    """A match on a value of which not even the patterns say what it is."""
    node = body.not_known_yet(expr.span)

    def attempt(by_default: bool) -> bool:
        if by_default and (suggested := patterns.suggested_type(body, expr.arms)) is not None:
            unify(subject.type, suggested)
        if is_unknown(subject.type):
            return False
        known = _as_suggested(body, expr, subject)
        unify(node.type, _of_subject(body, expr, bodies, known).type)
        return True

    wait_for(body, [subject.type], attempt, scoped=True)
    return node


def _of_subject(body: Body, expr: ast.Match, bodies: "_Bodies", subject: typed.Expr) -> typed.Expr:
    kind = zonk(subject.type)
    if is_unknown(kind) and not body.final:
        return _match_later(body, expr, bodies, subject)
    if variable_of(kind) is not None and body.final:
        body.sink.report("CCL0409", expr.subject.span, what="this value")
        kind = POISON
    arms = [_arm(body, arm, kind, bodies) for arm in expr.arms]
    wrong = any(patterns.is_wrong(arm.shape) for arm in arms)
    if not body.final and not (is_poison(kind) or wrong):
        return typed.UnitConst(span=expr.span, type=bodies.type)
    if is_poison(kind) or wrong:
        return invalid(expr.span)
    arms = _reachable(body, arms, kind)
    rows = [arm.shape for arm in arms if arm.guard is None]
    try:
        missing = coverage.uncovered(rows, kind, _types(body))
    except coverage.TooManyStepsError:
        missing, shown = ("_",), f"everything, within {coverage.STEPS_MAX:,} steps of search"
    else:
        shown = ", ".join(f"`{each}`" for each in missing)
    if missing:
        body.sink.report("CCL0505", expr.subject.span, missing=shown)
        return invalid(expr.span)
    if _is_flat(arms):
        return _by_tag(body, expr, subject, arms, bodies.type)
    return _by_tests(body, expr, subject, arms, bodies.type)


def _subject(body: Body, expr: ast.Match) -> typed.Expr:
    return _as_suggested(body, expr, expressions.infer(body, expr.subject))


def _as_suggested(body: Body, expr: ast.Match, subject: typed.Expr) -> typed.Expr:
    """The subject; its type may come from the arms, as Data's does where they are literals."""
    kind = prune(subject.type)
    if kind is not Prim.DATA and variable_of(kind) is None:
        return subject
    suggested = patterns.suggested_type(body, expr.arms)
    if suggested is None:
        return subject
    if kind is Prim.DATA:
        wanted = zonk(suggested, default=True)
        return subject if has_poison(wanted) else convert(subject, Conversion.DATA_TO, wanted)
    if suggested is not Prim.STRING:  # which may also be a Did, a Cid or a variant by its name
        unify(kind, suggested)
    return subject


def _arm(body: Body, arm: ast.MatchArm, kind: Type, bodies: _Bodies) -> _Arm:
    with body.block():
        shape = patterns.read(body, arm.pattern, kind)
        guard = None if arm.guard is None else expressions.check(body, arm.guard, Prim.BOOL)
        return _Arm(source=arm, shape=shape, guard=guard, body=bodies.check(arm.body))


def _types(body: Body) -> coverage.Types:
    return coverage.Types(
        variants=lambda kind: patterns.variants(body, kind),
        fields=lambda kind: instances.struct_of(body.checker, kind).fields,
    )


def _reachable(body: Body, arms: list[_Arm], kind: Type) -> list[_Arm]:
    """The arms that take something; what is never taken is reported."""
    types, steps = _types(body), coverage.Steps()
    rows: list[Shape] = []
    before = Rows()
    owners: list[_Arm] = []
    kept: list[_Arm] = []
    for arm in arms:
        written = patterns.alternatives(arm.source.pattern)
        shapes = arm.shape.alternatives if isinstance(arm.shape, Either) else (arm.shape,)
        taken = False
        for pattern, shape in zip(written, shapes, strict=True):
            if coverage.is_reachable(before.meeting(shape), shape, kind, types, steps):
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
    owners: list[_Arm],
    shape: Shape,
    kind: Type,
    types: coverage.Types,
    steps: coverage.Steps,
) -> tuple[Label, ...]:
    """The one arm that takes all of it, if it is one."""
    for row, owner in zip(rows, owners, strict=True):
        if not coverage.is_reachable([row], shape, kind, types, steps):
            return (Label(owner.source.pattern.span, "taken here"),)
    return ()


# --- by tag


def _is_flat(arms: list[_Arm]) -> bool:
    """Whether the tag decides everything: each variant once, nothing asked of what it carries."""
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


def _by_tag(
    body: Body, expr: ast.Match, subject: typed.Expr, arms: list[_Arm], kind: Type
) -> typed.Expr:
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


def _by_tests(
    body: Body, expr: ast.Match, subject: typed.Expr, arms: list[_Arm], kind: Type
) -> typed.Expr:
    """`if` for one arm after the other. The last needs no test: the arms cover everything."""
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
    """Both tests hold; None is a test that always does."""
    if left is None or right is None:
        return left or right
    return typed.ShortCircuit(is_and=True, left=left, right=right, span=right.span)


def _truth(place: typed.Expr, value: bool) -> typed.Expr:
    return typed.ScalarConst(value=int(value), type=Prim.BOOL, span=place.span)


def _compared(op: BinaryOp, place: typed.Expr, value: typed.Expr) -> typed.Expr:
    return typed.Binary(op=op, left=place, right=value, type=Prim.BOOL, span=value.span)


def _test(body: Body, shape: Shape, place: typed.Expr) -> typed.Expr | None:
    """Whether the value at `place` has the shape; None if every value of its type has."""
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
    """The names set from a value that has the shape."""
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
    """Each name from the first alternative that the value has the shape of."""
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
    """What a value that is known to be of the variant carries."""
    kind = zonk(patterns.variants(body, prune(place.type))[tag][1][position])
    carried = body.temporary(kind, place.span)
    got = typed.LocalGet(local=carried, type=kind, span=place.span)
    arm = typed.TagArm(tag=tag, bindings=((position, carried),), body=got)
    return typed.MatchTag(subject=place, arms=(arm,), otherwise=None, type=kind, span=place.span)
