"""Conditions of the charter as bodies: expressions of type Bool that read records of the host."""

from ccl.checking.core.environment import Body, Checker
from ccl.ir import typed
from ccl.ir.charter import Condition
from ccl.ir.types import Prim


def check_condition(checker: Checker, condition: Condition) -> typed.Function:
    """Types a condition; the value of the function's body is whether it holds."""
    body = Body(
        checker=checker,
        scope=checker.scoped.files[condition.scope],
        id=condition.function,
        result=Prim.BOOL,
        in_condition=True,
    )
    node = body.check(condition.expr, Prim.BOOL)
    span = condition.expr.span
    return typed.Function(
        id=condition.function,
        name="condition",
        parameters=(),
        locals=tuple(body.locals),
        mutated=frozenset(),
        result=Prim.BOOL,
        body=typed.Block(statements=(), value=node, type=node.type, span=span),
        span=span,
    )
