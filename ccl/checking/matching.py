"""`match`: by the variant of an enum, Option or Result, or by the value of a scalar or text.

Compiled so far: arms that name variants with plain names for what they carry; literals,
ranges and guards on scalars and texts; a last arm for everything else. Patterns inside
patterns and guards on variants are reported as not compiled.
"""

from dataclasses import dataclass

from ccl import ast, typed
from ccl.checking import enums, expressions
from ccl.checking.conversions import blamed, fit
from ccl.checking.environment import Body, Origin, invalid, is_invalid
from ccl.checking.inference import POISON, is_poison, prune, variable_of, zonk
from ccl.checking.operators import ORDERED
from ccl.diagnostics import Label
from ccl.typed import BinaryOp
from ccl.types import Enumeration, Option, Prim, Result, Type

_MATCHED = (
    Prim.INTEGER,
    Prim.DECIMAL,
    Prim.BOOL,
    Prim.STRING,
    Prim.DID,
    Prim.CID,
    Prim.TIMESTAMP,
    Prim.DURATION,
    Prim.MANA,
)


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
    if isinstance(statement, typed.Evaluate) and prune(statement.value.type) in (
        Prim.UNIT,
        Prim.NEVER,
    ):
        return statement.value
    return typed.Block(statements=(statement,), value=None, type=Prim.UNIT, span=statement.span)


def _match(body: Body, expr: ast.Match, bodies: _Bodies) -> typed.Expr:
    subject = expressions.infer(body, expr.subject)
    kind = prune(subject.type)
    match kind:
        case Enumeration() | Option() | Result():
            return _by_variant(body, expr, subject, bodies)
        case Prim() if kind in _MATCHED:
            return _by_value(body, expr, subject, bodies)
        case _ if variable_of(kind) is not None:
            body.checker.stuck = True
            if body.final:
                body.sink.report("CCL0409", expr.subject.span, what="this value")
        case _ if not is_poison(kind):
            body.sink.report("CCL0690", expr.subject.span, what=f"match on {kind}")
        case _:
            pass
    return (
        invalid(expr.span) if body.final else typed.UnitConst(span=expr.span, type=body.unknown())
    )


# --- by variant


@dataclass(frozen=True, slots=True)
class _Variant:
    name: str
    payload: tuple[Type, ...]


def _variants(body: Body, kind: Type) -> tuple[_Variant, ...]:
    match kind:
        case Option(value):
            return (_Variant("None", ()), _Variant("Some", (value,)))
        case Result(ok, err):
            return (_Variant("Ok", (ok,)), _Variant("Err", (err,)))
        case Enumeration():
            return tuple(
                _Variant(name, payload) for name, payload in body.checker.enums[kind.id].variants
            )
        case _:
            return ()


def _by_variant(body: Body, expr: ast.Match, subject: typed.Expr, bodies: _Bodies) -> typed.Expr:
    kind = prune(subject.type)
    variants = _variants(body, kind)
    taken: dict[int, ast.MatchArm] = {}
    arms: list[typed.TagArm] = []
    otherwise: typed.Expr | None = None
    rest: ast.MatchArm | None = None
    whole: typed.Local | None = None
    for arm in expr.arms:
        if arm.guard is not None:
            return expressions.not_compiled(body, expr, "a guard on a variant")
        if rest is not None:
            body.sink.report("CCL0506", arm.span, labels=(Label(rest.span, "takes all"),))
            continue
        if _is_catch_all(arm.pattern, variants):
            rest = arm
            with body.block():
                if isinstance(arm.pattern, ast.NamePattern):
                    name = arm.pattern.name
                    whole = body.declare(name.text, kind, name.span, Origin.PATTERN).local
                otherwise = bodies.check(arm.body)
            continue
        for pattern in _alternatives(arm.pattern):
            tag = _tag(body, kind, variants, pattern)
            if tag is None:
                continue
            if tag in taken:
                body.sink.report(
                    "CCL0506", pattern.span, labels=(Label(taken[tag].span, "taken here"),)
                )
                continue
            taken[tag] = arm
            with body.block():
                bindings = _bindings(body, pattern, variants[tag].payload)
                if bindings is None:
                    return expressions.not_compiled(body, expr, "a pattern inside a pattern")
                arms.append(typed.TagArm(tag=tag, bindings=bindings, body=bodies.check(arm.body)))
    missing = [v.name for tag, v in enumerate(variants) if tag not in taken]
    if missing and rest is None:
        body.sink.report(
            "CCL0505",
            expr.subject.span,
            missing=", ".join(f"`{each}`" for each in missing),
        )
        return invalid(expr.span)
    node = typed.MatchTag(
        subject=subject if whole is None else _get(whole, expr.subject),
        arms=tuple(sorted(arms, key=lambda each: each.tag)),
        otherwise=otherwise if missing else None,
        type=bodies.type,
        span=expr.span,
    )
    return node if whole is None else _after_setting(whole, subject, node)


def _get(local: typed.Local, at: ast.Expr) -> typed.Expr:
    return typed.LocalGet(local=local, type=local.type, span=at.span)


def _after_setting(local: typed.Local, value: typed.Expr, node: typed.Expr) -> typed.Expr:
    first = typed.SetLocal(local=local, value=value, span=value.span)
    if prune(node.type) in (Prim.UNIT, Prim.NEVER):
        then = typed.Evaluate(value=node, span=node.span)
        return typed.Block(statements=(first, then), value=None, type=node.type, span=node.span)
    return typed.Block(statements=(first,), value=node, type=node.type, span=node.span)


def _alternatives(pattern: ast.Pattern) -> tuple[ast.Pattern, ...]:
    if isinstance(pattern, ast.OrPattern):
        return tuple(each for part in pattern.alternatives for each in _alternatives(part))
    return (pattern,)


def _is_catch_all(pattern: ast.Pattern, variants: tuple[_Variant, ...]) -> bool:
    match pattern:
        case ast.WildcardPattern():
            return True
        case ast.NamePattern():
            return pattern.name.text not in {each.name for each in variants}
        case _:
            return False


def _tag(
    body: Body, kind: Type, variants: tuple[_Variant, ...], pattern: ast.Pattern
) -> int | None:
    """The variant that a pattern names; None after reporting."""
    known = [each.name for each in variants]
    match pattern:
        case ast.NamePattern(name=ast.Ident(text=text)) if text in known:
            return known.index(text)
        case ast.VariantPattern():
            name, before = pattern.path[-1], pattern.path[:-1]
            if isinstance(kind, Enumeration):
                info = body.checker.enums[kind.id]
                named = enums.find(body, before) if before else info
                if named is info:
                    return enums.variant_tag(body, info, name)
            elif not before and name.text in known:
                return known.index(name.text)
            body.sink.report("CCL0507", pattern.span, found=str(zonk(kind)), known=", ".join(known))
        case _:
            body.sink.report("CCL0507", pattern.span, found=str(zonk(kind)), known=", ".join(known))
    return None


def _bindings(
    body: Body, pattern: ast.Pattern, payload: tuple[Type, ...]
) -> tuple[tuple[int, typed.Local], ...] | None:
    """Names for what the variant carries; None if there are patterns inside."""
    parts = pattern.payload if isinstance(pattern, ast.VariantPattern) else None
    if parts is None:
        return ()
    if len(parts) != len(payload):
        body.sink.report("CCL0508", pattern.span, wanted=str(len(payload)), given=str(len(parts)))
        return ()
    bound: list[tuple[int, typed.Local]] = []
    for i, (part, kind) in enumerate(zip(parts, payload, strict=True)):
        match part:
            case ast.WildcardPattern():
                continue
            case ast.NamePattern():
                name = part.name
                variable = body.declare(name.text, kind, name.span, Origin.PATTERN)
                bound.append((i, variable.local))
            case _:
                return None
    return tuple(bound)


# --- by value


def _by_value(body: Body, expr: ast.Match, subject: typed.Expr, bodies: _Bodies) -> typed.Expr:
    """A chain of tests on the subject, which is evaluated once."""
    kind = zonk(subject.type)
    whole = body.temporary(kind, expr.subject.span)
    tests: list[tuple[typed.Expr | None, typed.Expr]] = []
    rest: ast.MatchArm | None = None
    truths: set[int] = set()
    for arm in expr.arms:
        if rest is not None:
            body.sink.report("CCL0506", arm.span, labels=(Label(rest.span, "takes all"),))
            continue
        with body.block():
            test, bound = _test(body, arm, whole, kind, truths)
            then = bodies.check(arm.body)
            if test is None:
                rest = arm
                if bound is not None:
                    then = _after_setting(bound, _get(whole, expr.subject), then)
            tests.append((test, then))
    if rest is None and not (kind is Prim.BOOL and truths == {0, 1}):
        body.sink.report("CCL0505", expr.subject.span, missing="`_`")
        return invalid(expr.span)
    if any(test is not None and is_invalid(test) for test, _ in tests):
        return invalid(expr.span)
    node = tests[-1][1]
    for test, then in reversed(tests[:-1]):
        assert test is not None, "only the last arm takes all"
        node = typed.If(condition=test, then=then, otherwise=node, type=bodies.type, span=expr.span)
    return _after_setting(whole, subject, node)


def _test(
    body: Body, arm: ast.MatchArm, whole: typed.Local, kind: Type, truths: set[int]
) -> tuple[typed.Expr | None, typed.Local | None]:
    """Whether the arm is taken (None: always), and the variable that its name binds."""
    bound: typed.Local | None = None
    test: typed.Expr | None = None
    match arm.pattern:
        case ast.WildcardPattern():
            pass
        case ast.NamePattern(name=name):
            bound = body.declare(name.text, kind, name.span, Origin.PATTERN).local
        case pattern:
            test = _any_of(body, _alternatives(pattern), whole, kind, truths, arm)
    if arm.guard is None:
        return test, bound
    guard = expressions.check(body, arm.guard, Prim.BOOL)
    if bound is not None:
        here = typed.LocalGet(local=whole, type=kind, span=arm.pattern.span)
        guard = _after_setting(bound, here, guard)
    if test is None:
        return guard, None
    return typed.ShortCircuit(is_and=True, left=test, right=guard, span=arm.span), None


def _any_of(
    body: Body,
    patterns: tuple[ast.Pattern, ...],
    whole: typed.Local,
    kind: Type,
    truths: set[int],
    arm: ast.MatchArm,
) -> typed.Expr:
    test: typed.Expr | None = None
    for pattern in patterns:
        one = _one_of(body, pattern, whole, kind)
        if kind is Prim.BOOL and arm.guard is None and isinstance(one, typed.Binary):
            assert isinstance(one.right, typed.ScalarConst), "a Bool pattern is a literal"
            truths.add(one.right.value)
        test = (
            one
            if test is None
            else typed.ShortCircuit(is_and=False, left=test, right=one, span=pattern.span)
        )
    assert test is not None, "a pattern has at least one alternative"
    return test


def _one_of(body: Body, pattern: ast.Pattern, whole: typed.Local, kind: Type) -> typed.Expr:
    match pattern:
        case ast.LiteralPattern():
            return _compare(body, pattern, BinaryOp.EQUAL, whole, kind)
        case ast.RangePattern() if kind in ORDERED:
            high = BinaryOp.LESS_EQUAL if pattern.inclusive else BinaryOp.LESS
            return typed.ShortCircuit(
                is_and=True,
                left=_compare(body, pattern.low, BinaryOp.GREATER_EQUAL, whole, kind),
                right=_compare(body, pattern.high, high, whole, kind),
                span=pattern.span,
            )
        case _:
            body.sink.report("CCL0507", pattern.span, found=str(kind), known="literals and `_`")
            _name_parts(body, pattern)
            return invalid(pattern.span)


def _name_parts(body: Body, pattern: ast.Pattern) -> None:
    """The names in a pattern that does not fit exist all the same, so that it is told once."""
    if not isinstance(pattern, ast.VariantPattern):
        return
    for part in pattern.payload or ():
        if isinstance(part, ast.NamePattern):
            body.declare(part.name.text, POISON, part.name.span, Origin.PATTERN)


def _compare(
    body: Body, pattern: ast.LiteralPattern, op: BinaryOp, whole: typed.Local, kind: Type
) -> typed.Expr:
    written: ast.Expr = pattern.value
    if pattern.negative:
        written = ast.Unary(operator="-", operand=pattern.value, span=pattern.span)
    value = expressions.check(body, written, kind)
    if is_invalid(value):
        return value
    here = typed.LocalGet(local=whole, type=kind, span=pattern.span)
    return typed.Binary(op=op, left=here, right=value, type=Prim.BOOL, span=pattern.span)
