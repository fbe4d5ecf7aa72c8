"""Kinds of proposals that the program has no more: no migration forgets what is kept of them.

Rule: the module does not know their names, so it asks the host how the home differs, until it names
none that is gone.
"""

from ccl.abi.hostcalls import GONE_NAME_SHOWN_MAX, GONE_SENTENCE
from ccl.lowering import build
from ccl.resolved import PROPOSALS_SUFFIX
from ccl.source import Span
from ccl.typed import (
    Argument,
    BinaryOp,
    Builtin,
    CallBuiltin,
    CallHost,
    Concat,
    DataGet,
    Evaluate,
    Expr,
    Function,
    Local,
    MatchTag,
    Require,
    SetLocal,
    Statement,
    TagArm,
    While,
)
from ccl.types import Option, Prim, Type

GONE_WITH_VOTES = "proposals of a kind that is gone"
_BEFORE, _AFTER = GONE_SENTENCE.split("{name}")


def keep_votes_id(home: str) -> str:
    return f"{home}// keep votes"


def keeping_votes(home: str, schema: str, span: Span) -> Function:
    """Traps where proposals are kept of which the program has no kind of that name."""

    def local(index: int, name: str, kind: Type = Prim.STRING) -> Local:
        return Local(index=index, name=name, type=kind, span=span)

    asked, answer, name = local(0, "asked"), local(1, "answer"), local(2, "name")
    end, data = local(3, "end", Prim.INTEGER), local(4, "data", Prim.DATA)
    where = build.text(home, span)

    def put(to: Local, value: Expr) -> Statement:
        return SetLocal(local=to, value=value, span=span)

    def ask() -> tuple[Statement, Statement]:
        difference = CallHost(
            call="host_state_difference",
            arguments=(where, build.get(asked)),
            type=Prim.STRING,
            span=span,
        )
        return put(answer, difference), put(end, _index_of(answer, _AFTER))

    begin = build.number(len(_BEFORE), span)
    stored = CallHost(
        call="host_read_state",
        arguments=(where, build.get(name)),
        type=Option(Prim.DATA),
        span=span,
    )
    arms = (
        TagArm(tag=0, bindings=(), body=build.block((), span)),
        TagArm(tag=1, bindings=((0, data),), body=build.block((_none_kept(name, data),), span)),
    )
    look = MatchTag(subject=stored, arms=arms, otherwise=None, type=Prim.UNIT, span=span)
    is_proposals = build.compared(BinaryOp.GREATER, _index_of(name, PROPOSALS_SUFFIX), 0, span)
    known = (build.get(asked), build.text("\n", span), build.get(name), build.text(": gone", span))
    body = (
        put(name, _builtin(Builtin.STRING_SUBSTRING, build.get(answer), begin, build.get(end))),
        build.when(is_proposals, (Evaluate(value=look, span=span),)),
        put(asked, Concat(parts=known, span=span)),
        *ask(),
    )
    # a name that is cut short cannot be added to what is asked, so it ends the search
    names_one = build.both(
        build.compared(BinaryOp.GREATER, build.get(end), 0, span),
        build.compared(BinaryOp.LESS, build.get(end), len(_BEFORE) + GONE_NAME_SHOWN_MAX, span),
    )
    statements = (
        put(asked, build.text(schema, span)),
        *ask(),
        While(condition=names_one, body=build.block(body, span), span=span),
    )
    return build.function(
        keep_votes_id(home),
        f"keep votes of {home}",
        build.block(statements, span),
        (asked, answer, name, end, data),
    )


def _none_kept(name: Local, data: Local) -> Statement:
    span = name.span
    kept = DataGet(base=build.get(data), name="kept", span=span)
    begin, end = build.number(0, span), _index_of(name, PROPOSALS_SUFFIX)
    kind = _builtin(Builtin.STRING_SUBSTRING, build.get(name), begin, end)
    parts = (
        build.text("proposals of ", span),
        kind,
        build.text(
            " are stored, this program has no proposal of that name; "
            "close and prune them with the earlier program before this one runs",
            span,
        ),
    )
    count = _builtin(Builtin.DATA_LENGTH, kept, kind=Prim.INTEGER)
    refused = Require(
        condition=build.compared(BinaryOp.EQUAL, count, 0, span),
        message=Concat(parts=parts, span=span),
        article=None,
        span=span,
        reason=GONE_WITH_VOTES,
    )
    return Evaluate(value=refused, span=span)


def _index_of(text: Local, part: str) -> Expr:
    span = text.span
    return _builtin(
        Builtin.STRING_INDEX_OF,
        build.get(text),
        build.text(part, span),
        build.number(0, span),
        kind=Prim.INTEGER,
    )


def _builtin(builtin: Builtin, *arguments: Expr, kind: Type = Prim.STRING) -> Expr:
    given = tuple(Argument(value=each, mutated=False) for each in arguments)
    return CallBuiltin(builtin=builtin, arguments=given, type=kind, span=arguments[0].span)
