"""Variables stored in another shape: refused, all of them named; the count of proposals continues.

Rule: only the rules of proposals write them, so no `migrate` drops any. If their parameters have
changed and some proposals are kept, the call is refused; if none are, the numbering continues.
"""

from collections.abc import Sequence
from functools import reduce

from ccl.ir import builders
from ccl.ir.typed import (
    Argument,
    BinaryOp,
    Builtin,
    CallBuiltin,
    CallHost,
    Concat,
    Conversion,
    Convert,
    DataGet,
    Evaluate,
    Expr,
    FieldStep,
    Function,
    Local,
    Require,
    SetLocal,
    SetState,
    State,
    StateGet,
    Statement,
    Store,
)
from ccl.ir.types import Option, Prim, Type
from ccl.source.spans import Span

OTHER_SHAPE = "stored in another shape"
COMPARED_AT_ONCE = 32
SHAPE_READ_BYTES = 512
"""Limit on the shapes of other programs that are read to name them; longer ones are not."""


def is_proposals(state: State) -> bool:
    return state.proposal is not None


def check_id(state: State) -> str:
    return f"{state.id} check"


def changed_id(state: State) -> str:
    return f"{state.id} changed"


def refuse_id(home: str) -> str:
    return f"{home}// refuse"


def any_changed_id(home: str) -> str:
    return f"{home}// changed"


def key(state: State) -> tuple[Expr, Expr]:
    return builders.text(state.home, state.span), builders.text(state.name, state.span)


def shape_is_known(state: State) -> Expr:
    return builders.comparison(
        BinaryOp.EQUAL, _stored_shape(state, Prim.STRING), state.shape, state.span
    )


def _is_changed(state: State) -> Expr:
    return builders.call(changed_id(state), Prim.BOOL, state.span)


def shape_check(state: State) -> Function:
    """Builds the check whether it is stored in another shape, which may be too long to be read."""
    is_stored = Convert(
        conversion=Conversion.IS_SOME,
        operand=_stored_shape(state, Option(Prim.STRING)),
        type=Prim.BOOL,
        span=state.span,
    )
    stored = _stored_shape(state, Prim.STRING)
    is_other = builders.comparison(BinaryOp.NOT_EQUAL, stored, state.shape, state.span)
    body = builders.block((), state.span, builders.and_(is_stored, is_other))
    return builders.function(changed_id(state), f"changed {state.name}", body, ())


def shape_guard(state: State) -> Function:
    """Builds the function that refuses the call if the variable is stored in another shape."""
    refused = builders.call_statement(refuse_id(state.home), state.span)
    body = builders.block((builders.if_(_is_changed(state), (refused,)),), state.span)
    return builders.function(check_id(state), f"check {state.name}", body, ())


def any_shape_check(home: str, states: Sequence[State]) -> Function:
    """Builds the check whether any variable of the home is stored in another shape."""
    span = states[0].span
    found = reduce(builders.or_, map(_is_changed, states))
    return builders.function(
        any_changed_id(home), f"changed {home}", builders.block((), span, found), ()
    )


def refusals(home: str, states: Sequence[State], *, migrates: bool) -> list[Function]:
    """Builds functions that trap at the first variables stored in another shape, and name all of
    them, as many at a time as one function can compare.
    """
    advice = "set it in fn migrate" if migrates else "declare fn migrate(old: Data)"
    in_order = sorted(states, key=is_proposals)
    groups = [in_order[i : i + COMPARED_AT_ONCE] for i in range(0, len(states), COMPARED_AT_ONCE)]
    made = [
        _refusal(f"{refuse_id(home)} {number}", home, group, advice)
        for number, group in enumerate(groups)
    ]
    span = states[0].span
    body = builders.block([builders.call_statement(each.id, span) for each in made], span)
    return [builders.function(refuse_id(home), f"refuse {home}", body, ()), *made]


def _refusal(identity: str, home: str, states: Sequence[State], advice: str) -> Function:
    span = states[0].span
    message = Local(index=0, name="message", type=Prim.STRING, span=span)
    named = (*map(_sentence, states), builders.text(advice, span))
    statements: list[Statement] = [
        SetLocal(local=message, value=Concat(parts=named, span=span), span=span)
    ]
    for state in states:
        refused = Require(
            condition=builders.not_(_is_changed(state)),
            message=builders.read(message),
            article=None,
            span=state.span,
            reason=OTHER_SHAPE,
        )
        statements.append(Evaluate(value=refused, span=state.span))
    body = builders.block(statements, span)
    return builders.function(identity, f"refuse {home}", body, (message,))


def _sentence(state: State) -> Expr:
    """Describes the change, with a semicolon; empty if there is none."""
    span = state.span
    shape = _stored_shape(state, Prim.STRING)
    unread = builders.comparison(BinaryOp.EQUAL, shape, "", span)
    if is_proposals(state):
        changed: Expr = builders.text(
            f"proposals of {_kind(state)} were stored with other parameters; ", span
        )
    else:
        parts = (
            builders.text(f"state `{state.name}` was stored as ", span),
            builders.conditional(unread, builders.text("another type", span), shape),
            builders.text(f", this program has {state.shape}; ", span),
        )
        changed = Concat(parts=parts, span=span)
    return builders.conditional(_is_changed(state), changed, builders.text("", span))


def carried_count(state: State, old: Local) -> Expr:
    """Refuses proposals of other parameters if any is kept; the count of opened ones continues."""
    span = state.span
    kept = CallBuiltin(
        builtin=Builtin.DATA_LENGTH,
        arguments=(Argument(value=_field(old, "kept", span), mutated=False),),
        type=Prim.INTEGER,
        span=span,
    )
    held = (
        f"proposals of {_kind(state)} are stored with other parameters; "
        "close and prune them with the earlier program before this one runs"
    )
    refused = Require(
        condition=builders.comparison(BinaryOp.EQUAL, kept, 0, span),
        message=builders.text(held, span),
        article=None,
        span=span,
        reason=OTHER_SHAPE,
    )
    first = SetState(
        state=state.id, value=builders.call(state.initial, state.type, span), span=span
    )
    opened = Convert(
        conversion=Conversion.DATA_TO,
        operand=_field(old, "opened", span),
        type=Prim.INTEGER,
        span=span,
    )
    goes_on = Store(
        root=StateGet(state=state.id, type=state.type, span=span),
        steps=(FieldStep(index=0, of=state.type),),
        op=None,
        value=opened,
        span=span,
    )
    return builders.block((Evaluate(value=refused, span=span), first, goes_on), span)


def _kind(state: State) -> str:
    assert state.proposal is not None, "only state of proposals is opened"
    return state.proposal


def _field(data: Local, name: str, span: Span) -> Expr:
    return DataGet(base=builders.read(data), name=name, span=span)


def _stored_shape(state: State, kind: Type) -> Expr:
    """Reads the stored shape; as a text it is empty if nothing is stored."""
    return CallHost(
        call="host_state_shape",
        arguments=key(state),
        type=kind,
        span=state.span,
        bytes_max=max(SHAPE_READ_BYTES, len(state.shape.encode())),
    )
