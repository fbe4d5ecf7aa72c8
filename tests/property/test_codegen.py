"""Generated modules do what the reference interpreter of the typed tree says."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from effort import examples, seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stateful_host import KeepingHost
from typed_interpreter import Interpreter, Stopped
from typed_programs import IDLE, programs, programs_of
from typed_shapes import HOME, STATE
from typed_trees import (
    BOOL,
    INT,
    SPAN,
    STRING,
    Running,
    Trapped,
    block,
    build,
    function,
    get,
    integer,
    local,
    op,
    program,
)
from typed_values import plain

from ccl.ir import typed as t
from ccl.ir.types import Array, Map, Option, Prim, Type
from runtime.content.codec import encode

_SETTINGS = settings(
    examples(150),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _outcome(action: Callable[[], Any]) -> Any:
    """A value, or the reason of a trap."""
    try:
        return action()
    except Trapped as trapped:
        return Stopped(trapped.reason)
    except Stopped as stopped:
        return stopped


@_SETTINGS
@given(programs())
def test_programs_run_as_the_interpreter_says_and_release_everything(tree: t.Program) -> None:
    both = _Both(tree)
    for _ in range(2):
        both.agree("main")


PROGRAMS_PER_MODULE = 25
MODULES_PER_SEED = 10


@pytest.mark.parametrize("seed", seeds(0, 20))
def test_many_programs_run_as_the_interpreter_says(seed: int) -> None:
    """5 000 programs; the test above finds a small one like one that fails here."""
    for number in range(seed * MODULES_PER_SEED, (seed + 1) * MODULES_PER_SEED):
        first = number * PROGRAMS_PER_MODULE
        every = range(first, first + PROGRAMS_PER_MODULE)
        both = _Both(programs_of(every))
        for each in every:
            both.agree(f"main.{each}")


STORED_BYTES_MAX = 2_000
"""State that has grown over this is forgotten: programs may double what they find."""


def _refused(call: str, values: tuple[Any, ...]) -> str | None:
    """Some data is not anchored."""
    if call != "host_anchor_to_dag" or len(values[0]) % 4 != 3:
        return None
    return f"not anchored: {values[0]}"


class _Both:
    """A program as module and in the interpreter, each with the state that calls leave."""

    def __init__(self, tree: t.Program) -> None:
        self.tree = tree
        self.machine = Interpreter(tree, _refused)
        self.host = KeepingHost(refusal=_refused)
        self.running = Running(build(tree), self.host)
        self.idle_blocks = self.live_blocks()
        self.first = {
            each.name: plain(self.machine.call(each.initial), each.type, tree)
            for each in tree.states.values()
        }

    def agree(self, name: str) -> None:
        """On the value or the trap, on what the host is asked for, and on the state afterwards."""
        expected = _outcome(lambda: plain(self.machine.export(name), STATE, self.tree))
        assert _outcome(lambda: self.running.apply(name)) == expected, name
        assert self.host.asked() == self.machine.calls, name
        self.machine.calls.clear()
        self.host.end(well=not isinstance(expected, Stopped))
        found = self.first | self.host.values(HOME)
        meant = {
            each.name: plain(self.machine.states[each.id], each.type, self.tree)
            for each in self.tree.states.values()
            if each.id in self.machine.states
        }
        assert found == self.first | meant, name
        if isinstance(expected, Stopped):
            self.running.start()
        else:
            assert self.live_blocks() == self.idle_blocks, name
        if sum(len(value) for _, value in self.host.stored.values()) > STORED_BYTES_MAX:
            self.host.stored.clear()
            self.machine.states.clear()

    def live_blocks(self) -> int:
        """With every variable of state as it begins."""
        stored, self.host.stored = self.host.stored, {}
        self.running.call(IDLE)
        self.host.stored = stored
        self.host.forget()
        return self.running.live_blocks()


# --- numbers ----------------------------------------------------------------------------

_NUMBERS = st.one_of(
    st.integers(-20, 20),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([2**63 - 1, -(2**63), -(2**63) + 1, 2**31, -(2**31), 2**32, 3037000500]),
)


@st.composite
def _expressions(draw: st.DrawFn, depth: int = 4) -> t.Expr:
    choice = draw(st.integers(0, 4 if depth else 1))
    if choice == 0:
        return integer(draw(_NUMBERS))
    if choice == 1:
        return get(local(draw(st.integers(0, 2)), INT))
    if choice == 2:
        operand = draw(_expressions(depth - 1))
        return t.Unary(op=t.UnaryOp.NEGATE, operand=operand, type=INT, span=SPAN)
    left, right = draw(_expressions(depth - 1)), draw(_expressions(depth - 1))
    return op(draw(st.sampled_from("+-*/%")), left, right)


@_SETTINGS
@given(_expressions(), st.tuples(_NUMBERS, _NUMBERS, _NUMBERS))
def test_integer_expressions_are_checked(tree: t.Expr, values: tuple[int, int, int]) -> None:
    made = program(function("f", [local(i, INT) for i in range(3)], block([], tree)))
    expected = _outcome(lambda: Interpreter(made).call("f", *values))
    assert _outcome(lambda: Running(build(made)).call("f", *values)) == expected


@pytest.fixture(scope="module", autouse=True)
def released() -> Iterator[None]:
    """The modules kept for many examples go before the interpreter does."""
    yield
    _decimal_operator.cache_clear()
    _echo.cache_clear()


@cache
def _decimal_operator(sign: str) -> Running:
    a, b = local(0, Prim.DECIMAL), local(1, Prim.DECIMAL)
    return Running(build(program(function("f", [a, b], block([], op(sign, get(a), get(b)))))))


@examples(300)
@given(st.sampled_from("*/"), _NUMBERS, _NUMBERS)
def test_decimals_go_through_128_bits_and_round_half_away(sign: str, a: int, b: int) -> None:
    def exact() -> int:
        top, bottom = (a * b, 10**6) if sign == "*" else (a * 10**6, b)
        if bottom == 0:
            raise Stopped("division by zero")
        size = (2 * abs(top) + abs(bottom)) // (2 * abs(bottom))
        value = size if (top < 0) == (bottom < 0) else -size
        if not -(2**63) <= value < 2**63:
            raise Stopped(f"Decimal overflow in `{sign}`")
        return value

    assert _outcome(lambda: _decimal_operator(sign).call("f", a, b)) == _outcome(exact)


# --- the packed convention --------------------------------------------------------------


def _pairs(entries: dict[Any, Any]) -> list[list[Any]]:
    return [[key, value] for key, value in entries.items()]


_DATA = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
_ECHOED: tuple[tuple[Type, st.SearchStrategy[Any]], ...] = (
    (STRING, st.text(max_size=40)),
    (Array(BOOL), st.lists(st.booleans())),
    (Array(Array(STRING)), st.lists(st.lists(st.text(max_size=4), max_size=4), max_size=9)),
    (Map(INT, STRING), st.dictionaries(_NUMBERS, st.text(max_size=3)).map(_pairs)),
    (Map(STRING, Array(INT)), st.dictionaries(st.text(), st.lists(_NUMBERS)).map(_pairs)),
    (Option(Option(INT)), st.sampled_from([None, [None], [7]])),
    (Prim.DATA, _DATA),
)


@cache
def _echo() -> Running:
    return Running(
        build(
            program(
                *(
                    function(f"echo{n}", [local(0, kind)], block([], get(local(0, kind))))
                    for n, (kind, _) in enumerate(_ECHOED)
                )
            )
        )
    )


@examples(200)
@given(st.integers(0, len(_ECHOED) - 1), st.data())
def test_values_cross_and_come_back(number: int, data: st.DataObject) -> None:
    value = data.draw(_ECHOED[number][1])
    assert _echo().apply(f"echo{number}", value) == value
    assert _echo().live_blocks() == 0


@examples(300)
@given(st.integers(0, len(_ECHOED) - 1), st.data())
def test_damaged_arguments_are_refused_or_read_as_what_they_are(
    number: int, data: st.DataObject
) -> None:
    """Never an implicit trap, never bytes that come back different."""
    content = bytearray(encode([data.draw(_ECHOED[number][1])]))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(position, len(content)))]
    running = Running(_echo().artifact)
    try:
        found = running.apply_bytes(f"echo{number}", bytes(content))
    except Trapped as trapped:
        assert trapped.reason == "malformed arguments"
        assert trapped.detail
    else:
        # (a map with text keys is read from a CBOR map too, and comes back as pairs)
        assert encode([found]) == bytes(content) or bytes(content[1:2]) >= b"\xa0"
