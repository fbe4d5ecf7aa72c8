"""Checks that are left out would never have fired: loops and indices near the limits."""

from typing import Any

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from typed_interpreter import Interpreter, Stopped
from typed_trees import (
    INT,
    SPAN,
    Running,
    Trapped,
    array,
    block,
    build,
    function,
    get,
    integer,
    local,
    loop,
    op,
    program,
    put,
    when,
)

from ccl.analysis.interval_arithmetic import MAX, MIN, Known
from ccl.analysis.intervals import Intervals
from ccl.ir import typed as t
from ccl.ir.types import Array, Prim

VARIABLES = [local(i, INT) for i in range(3)]
TURNS = local(9, INT)
TURNS_MAX = 40
NUMBERS = st.one_of(
    st.integers(-9, 9),
    st.sampled_from([MAX, MAX - 1, MAX - 7, MIN, MIN + 1, MIN + 5, 2**31, 2**31 - 1, -(2**31)]),
    st.integers(MIN, MAX),
)


@st.composite
def _values(draw: st.DrawFn, depth: int = 2) -> t.Expr:
    choice = draw(st.integers(0, 5 if depth else 2))
    if choice == 0:
        return integer(draw(NUMBERS))
    if choice <= 2:
        return get(draw(st.sampled_from(VARIABLES)))
    if choice == 3:
        return t.Unary(op=t.UnaryOp.NEGATE, operand=draw(_values(depth - 1)), type=INT, span=SPAN)
    return op(draw(st.sampled_from("+-*/%")), draw(_values(depth - 1)), draw(_values(depth - 1)))


@st.composite
def _conditions(draw: st.DrawFn, depth: int = 2) -> t.Expr:
    choice = draw(st.integers(0, 4 if depth else 2))
    if choice == 3:
        return t.Unary(
            op=t.UnaryOp.NOT, operand=draw(_conditions(depth - 1)), type=Prim.BOOL, span=SPAN
        )
    if choice == 4:
        return t.ShortCircuit(
            is_and=draw(st.booleans()),
            left=draw(_conditions(depth - 1)),
            right=draw(_conditions(depth - 1)),
            span=SPAN,
        )
    left = get(draw(st.sampled_from(VARIABLES)))
    return op(draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="])), left, draw(_values(1)))


@st.composite
def _statements(draw: st.DrawFn, depth: int = 3) -> list[t.Statement]:
    made: list[t.Statement] = []
    for _ in range(draw(st.integers(1, 3))):
        choice = draw(st.integers(0, 4 if depth else 2))
        if choice <= 1:
            variable = draw(st.sampled_from(VARIABLES))
            step = integer(draw(st.integers(-3, 7)))
            made.append(put(variable, op(draw(st.sampled_from("+-*/")), get(variable), step)))
        elif choice == 2:
            made.append(put(draw(st.sampled_from(VARIABLES)), draw(_values())))
        elif choice == 3:
            then = block(draw(_statements(depth - 1)))
            otherwise = block(draw(_statements(depth - 1))) if draw(st.booleans()) else None
            made.append(t.Evaluate(value=when(draw(_conditions()), then, otherwise), span=SPAN))
        else:
            made.append(loop(draw(_conditions()), _turn(), *draw(_statements(depth - 1))))
    return made


def _turn() -> t.Statement:
    """Leaves the function when all its loops together have turned often."""
    leave = t.Block(
        statements=(t.Evaluate(value=t.Return(value=integer(0), span=SPAN), span=SPAN),),
        value=None,
        type=Prim.NEVER,
        span=SPAN,
    )
    count = put(TURNS, op("+", get(TURNS), integer(1)))
    ask = when(op(">", get(TURNS), integer(TURNS_MAX)), leave)
    return t.Evaluate(value=block([count, t.Evaluate(value=ask, span=SPAN)]), span=SPAN)


@examples(250)
@given(_statements(), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_loops_overflow_where_the_interpreter_says(
    statements: list[t.Statement], values: tuple[int, int, int]
) -> None:
    total = op("-", get(VARIABLES[0]), op("/", get(VARIABLES[1]), integer(2)))
    body = block([put(TURNS, integer(0)), *statements], total)
    made = program(function("f", VARIABLES, body))
    assert _outcome(lambda: Running(build(made)).call("f", *values)) == _outcome(
        lambda: Interpreter(made).call("f", *values)
    )


def _outcome(action: Any) -> Any:
    try:
        return action()
    except Trapped as trapped:
        return Stopped(trapped.reason)
    except Stopped as stopped:
        return stopped


def test_counter_below_a_bound_needs_no_check() -> None:
    i, n = VARIABLES[0], VARIABLES[1]
    increment = op("+", get(i), integer(1))
    beyond = op("+", get(i), integer(2))
    ranges = Intervals()
    known = Known()
    ranges.statement(put(i, integer(0)), known)
    ranges.statement(
        loop(op("<", get(i), get(n)), t.Evaluate(value=beyond, span=SPAN), put(i, increment)),
        known,
    )
    assert ranges.cannot_overflow(increment)
    assert not ranges.cannot_overflow(beyond)
    assert known.intervals[i.index] == (0, MAX)


@st.composite
def _indices(draw: st.DrawFn, depth: int = 3) -> t.Expr:
    if not depth or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([*map(get, VARIABLES), integer(1), integer(2**31)]))
    return op(draw(st.sampled_from("+-*")), draw(_indices(depth - 1)), draw(_indices(depth - 1)))


@examples(150)
@given(_indices(), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_index_is_what_the_interpreter_computes(
    index: t.Expr, values: tuple[int, int, int]
) -> None:
    xs = local(5, Array(INT))
    element = t.IndexGet(base=get(xs), index=index, type=INT, span=SPAN)
    body = block([put(xs, array(INT, integer(7), integer(8), integer(9)))], element)
    asked = when(op("<", get(VARIABLES[0]), get(VARIABLES[1])), body, integer(-1))
    made = program(function("f", VARIABLES, block([], asked)))
    assert _outcome(lambda: Running(build(made)).call("f", *values)) == _outcome(
        lambda: Interpreter(made).call("f", *values)
    )
