"""Types of subjects that are still open, inferred from the patterns of the arms."""

from typing import assert_never

from ccl.checking.core.environment import Body
from ccl.checking.core.type_names import declared_type
from ccl.checking.core.unification import fresh, is_error_type
from ccl.checking.expressions import enums
from ccl.checking.functions import instances
from ccl.checking.patterns.shapes import alternatives
from ccl.ir.types import Array, Option, Result, Type
from ccl.syntax import ast


def suggested_type(body: Body, arms: tuple[ast.MatchArm, ...]) -> Type | None:
    """Returns the type that the patterns of the arms suggest for a subject of unknown type."""
    for arm in arms:
        for pattern in alternatives(arm.pattern):
            suggested = suggested_by(body, pattern)
            if suggested is not None:
                return suggested
    return None


def suggested_by(body: Body, pattern: ast.Pattern) -> Type | None:
    match pattern:
        case ast.LiteralPattern() | ast.RangePattern(low=ast.LiteralPattern()):
            literal = pattern if isinstance(pattern, ast.LiteralPattern) else pattern.low
            kind = body.infer(written(literal)).type
            return None if is_error_type(kind) else kind
        case ast.StructPattern(path=path):
            return declared_type(body.checker, body.scope, path)
        case ast.VariantPattern(path=path) if info := enums.find(body, path[:-1]):
            return instances.applied(info, tuple(fresh() for _ in info.parameters))
        case ast.VariantPattern(path=(ast.Ident(text=name),)):
            return _suggested_by_variant(body, name)
        case ast.NamePattern(name=ast.Ident(text="None")):
            return Option(fresh())
        case ast.ArrayPattern():
            return Array(fresh())
        case ast.OrPattern():
            found = (suggested_by(body, each) for each in alternatives(pattern))
            return next((each for each in found if each is not None), None)
        case ast.WildcardPattern() | ast.NamePattern() | ast.VariantPattern():
            return None
        case _:
            assert_never(pattern)


def written(pattern: ast.LiteralPattern) -> ast.Expr:
    """Returns the literal as an expression: the least Integer has no positive counterpart."""
    if not pattern.negative:
        return pattern.value
    return ast.Unary(operator="-", operand=pattern.value, span=pattern.span)


def _suggested_by_variant(body: Body, name: str) -> Type | None:
    """Returns the type that has a variant of the name, if there is only one."""
    match name:
        case "Some":
            return Option(fresh())
        case "Ok" | "Err":
            return Result(fresh(), fresh())
        case _:
            checker, scope = body.checker, body.scope
            known = [checker.enums[checker.type_id(scope, each)] for each in scope.enums]
            having = [info for info in known if name in dict(info.variants)]
            if len(having) != 1:
                return None
            return instances.applied(having[0], tuple(fresh() for _ in having[0].parameters))
