"""Kinds of proposals that the program no longer has: no migration drops kept proposals of them.

Rule: the module has no list of their names, so it checks every variable passed to a migration.
"""

from collections.abc import Sequence

from ccl.ir import builders
from ccl.ir.typed import (
    Argument,
    BinaryOp,
    Builtin,
    CallBuiltin,
    Concat,
    Conversion,
    Convert,
    DataGet,
    Evaluate,
    Expr,
    ForPairs,
    Function,
    Local,
    Require,
    State,
    Statement,
)
from ccl.ir.types import Map, Prim, Type
from ccl.passes.state_changes import is_proposals
from ccl.resolver.scopes import PROPOSALS_SUFFIX

GONE_WITH_VOTES = "proposals of a kind that is gone"


def vote_guard_id(home: str) -> str:
    return f"{home}// check votes"


def vote_guard(home: str, states: Sequence[State]) -> Function:
    """Builds the function that traps if its argument, all that is stored in the home, has proposals
    of a kind that is in none of `states`.
    """
    span = states[0].span
    old = Local(index=0, name="old", type=Prim.DATA, span=span)
    name = Local(index=1, name="name", type=Prim.STRING, span=span)
    data = Local(index=2, name="data", type=Prim.DATA, span=span)
    variables = Convert(
        conversion=Conversion.DATA_TO,
        operand=builders.read(old),
        type=Map(Prim.STRING, Prim.DATA),
        span=span,
    )
    # names have no line breaks
    known = builders.text("\n".join(("", *(s.name for s in states if is_proposals(s)), "")), span)
    line = Concat(
        parts=(builders.text("\n", span), builders.read(name), builders.text("\n", span)), span=span
    )
    is_known = _builtin(Builtin.STRING_CONTAINS, known, line, kind=Prim.BOOL)
    of_proposals = builders.comparison(BinaryOp.GREATER, _suffix_at(name), 0, span)
    is_gone = builders.and_(of_proposals, builders.not_(is_known))
    look = ForPairs(
        key=name,
        value=data,
        iterable=variables,
        body=builders.block((builders.if_(is_gone, (_none_kept(name, data),)),), span),
        span=span,
    )
    return Function(
        id=vote_guard_id(home),
        name=f"keep votes of {home}",
        parameters=(old,),
        locals=(name, data),
        mutated=frozenset(),
        result=Prim.UNIT,
        body=builders.block((look,), span),
        span=span,
    )


def _none_kept(name: Local, data: Local) -> Statement:
    span = name.span
    kept = DataGet(base=builders.read(data), name="kept", span=span)
    kind = _builtin(
        Builtin.STRING_SUBSTRING, builders.read(name), builders.number(0, span), _suffix_at(name)
    )
    parts = (
        builders.text("proposals of ", span),
        kind,
        builders.text(
            " are stored, this program has no proposal of that name; "
            "close and prune them with the earlier program before this one runs",
            span,
        ),
    )
    count = _builtin(Builtin.DATA_LENGTH, kept, kind=Prim.INTEGER)
    refused = Require(
        condition=builders.comparison(BinaryOp.EQUAL, count, 0, span),
        message=Concat(parts=parts, span=span),
        article=None,
        span=span,
        reason=GONE_WITH_VOTES,
    )
    return Evaluate(value=refused, span=span)


def _suffix_at(name: Local) -> Expr:
    """Returns the code points before the suffix of proposals; -1 if the name has none."""
    span = name.span
    suffix, begin = builders.text(PROPOSALS_SUFFIX, span), builders.number(0, span)
    return _builtin(Builtin.STRING_INDEX_OF, builders.read(name), suffix, begin, kind=Prim.INTEGER)


def _builtin(builtin: Builtin, *arguments: Expr, kind: Type = Prim.STRING) -> Expr:
    given = tuple(Argument(value=each, mutated=False) for each in arguments)
    return CallBuiltin(builtin=builtin, arguments=given, type=kind, span=arguments[0].span)
