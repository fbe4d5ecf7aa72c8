"""Functions that load, check and write one state variable, and compare and declare a home.

Rule: each is a function of its own, so that many exports that reach a variable share its code.
"""

from collections.abc import Sequence
from functools import reduce

from ccl.ir import builders
from ccl.ir.typed import (
    BinaryOp,
    CallHost,
    Concat,
    Conversion,
    Convert,
    Evaluate,
    Expr,
    Function,
    Local,
    MatchTag,
    Require,
    SetLocal,
    SetState,
    State,
    StateGet,
    Statement,
    TagArm,
)
from ccl.ir.types import Option, Prim, Result
from ccl.passes.state_changes import carried_count, is_proposals, key, shape_is_known

GONE = "stored under a name that is gone"
SAME, NEW, OTHER = 0, 1, 2
"""How a home differs: not at all; by new variables; so that it needs a migration."""
WRITTEN = Result(Prim.UNIT, Prim.STRING)


# --- one home ---------------------------------------------------------------------------


def compare_id(home: str) -> str:
    return f"{home}// compare"


def declare_id(home: str) -> str:
    return f"{home}// declare"


def _schema(home: str, states: Sequence[State]) -> tuple[Expr, Expr]:
    span = states[0].span
    lines = "\n".join(f"{each.name}: {each.shape}" for each in states)
    return builders.text(home, span), builders.text(lines, span)


def home_comparison(home: str, states: Sequence[State], *, migrates: bool) -> Function:
    """Builds the function that compares a home with what is stored in it; without a migration it
    traps if data would be lost.

    A variable of another shape is checked when it is loaded.
    """
    span = states[0].span
    answer = Local(index=0, name="difference", type=Prim.STRING, span=span)
    asked = CallHost(
        call="host_state_difference", arguments=_schema(home, states), type=Prim.STRING, span=span
    )
    keep = SetLocal(local=answer, value=asked, span=span)

    def answered(*words: str) -> Expr:
        found = [
            builders.comparison(BinaryOp.EQUAL, builders.read(answer), word, span) for word in words
        ]
        return reduce(builders.or_, found)

    other: list[Statement] = []
    if not migrates:
        advice = builders.text("; declare fn migrate(old: Data)", span)
        refused = Require(
            condition=answered("changed"),
            message=Concat(parts=(builders.read(answer), advice), span=span),
            article=None,
            span=span,
            reason=GONE,
        )
        other.append(Evaluate(value=refused, span=span))
    new = answered("nothing") if migrates else answered("nothing", "added")
    value = builders.conditional(
        answered("same"),
        builders.block((), span, builders.number(SAME, span)),
        builders.conditional(
            new,
            builders.block((), span, builders.number(NEW, span)),
            builders.block(other, span, builders.number(OTHER, span)),
        ),
    )
    body = builders.block((keep,), span, value)
    return builders.function(compare_id(home), f"compare {home}", body, (answer,))


def home_declaration(home: str, states: Sequence[State]) -> Function:
    """Builds the function that declares the variables of the home."""
    span = states[0].span
    call = CallHost(
        call="host_declare_state", arguments=_schema(home, states), type=WRITTEN, span=span
    )
    done = Convert(conversion=Conversion.UNWRAP_OK, operand=call, type=Prim.UNIT, span=span)
    body = builders.block((Evaluate(value=done, span=span),), span)
    return builders.function(declare_id(home), f"declare {home}", body, ())


# --- one variable -----------------------------------------------------------------------


def load_id(state: State) -> str:
    return f"{state.id} load"


def write_id(state: State) -> str:
    return f"{state.id} write"


def loader(state: State, bytes_max: int | None, *, migrates: bool) -> Function:
    """Builds `state = match stored { Some(data) => data as its type, None => its first value }`.

    If the type bounds the bytes of its values, no more are read: longer data is no value of it. A
    variable stored in another shape starts from its first value before a migration, and the count
    of proposals continues.
    """
    span = state.span
    data = Local(index=0, name="data", type=Prim.DATA, span=span)
    stored = CallHost(
        call="host_read_state",
        arguments=key(state),
        type=Option(Prim.DATA),
        span=span,
        bytes_max=bytes_max,
    )
    value = builders.call(state.initial, state.type, span)
    first = builders.block((SetState(state=state.id, value=value, span=span),), span)
    read = builders.block(
        (SetState(state=state.id, value=_as_type(builders.read(data), state), span=span),), span
    )
    there: Expr = read
    if is_proposals(state):
        there = builders.conditional(shape_is_known(state), read, carried_count(state, data))
    elif migrates:
        there = builders.conditional(shape_is_known(state), read, first)
    arms = (
        TagArm(tag=0, bindings=(), body=first),
        TagArm(tag=1, bindings=((0, data),), body=there),
    )
    match = MatchTag(subject=stored, arms=arms, otherwise=None, type=Prim.UNIT, span=span)
    body = builders.block((Evaluate(value=match, span=span),), span)
    return builders.function(load_id(state), f"load {state.name}", body, (data,))


def writer(state: State) -> Function:
    span = state.span
    value: Expr = StateGet(state=state.id, type=state.type, span=span)
    if state.type is not Prim.DATA:
        value = Convert(conversion=Conversion.TO_DATA, operand=value, type=Prim.DATA, span=span)
    arguments = (*key(state), builders.text(state.shape, span), value)
    call = CallHost(call="host_write_state", arguments=arguments, type=WRITTEN, span=span)
    done = Convert(conversion=Conversion.UNWRAP_OK, operand=call, type=Prim.UNIT, span=span)
    body = builders.block((Evaluate(value=done, span=span),), span)
    return builders.function(write_id(state), f"write {state.name}", body, ())


def _as_type(data: Expr, state: State) -> Expr:
    if state.type is Prim.DATA:
        return data
    return Convert(conversion=Conversion.DATA_TO, operand=data, type=state.type, span=state.span)
