"""Values copy and parameters refer, however their objects are shared."""

from typing import Any

import pytest
from typed_trees import (
    BOOL,
    INT,
    SPAN,
    STRING,
    Trapped,
    array,
    block,
    builtin,
    call,
    function,
    get,
    index,
    integer,
    local,
    op,
    put,
    run,
    running,
    text,
    when,
)

from ccl.ir import typed as t
from ccl.ir.types import Array, EnumDef, Enumeration, Map, Option, Prim, Struct, StructDef

INTS = Array(INT)
BOX = Struct("Box", "Box")
BOXES = (StructDef(BOX, (("n", INT), ("xs", INTS))),)
P, Q = local(0, BOX, "p"), local(1, BOX, "q")


def _box(n: int, *xs: int) -> t.StructNew:
    values = (integer(n), array(INT, *map(integer, xs)))
    return t.StructNew(values=values, order=(0, 1), type=BOX, span=SPAN)


def _set_n(root: t.Local, value: t.Expr) -> t.Store:
    steps = (t.FieldStep(index=0, of=BOX),)
    return t.Store(root=root, steps=steps, op=None, value=value, span=SPAN)


def _push(root: t.Local, value: int) -> t.Statement:
    xs = t.FieldGet(base=get(root), index=1, type=INTS, span=SPAN)
    return run(builtin(t.Builtin.ARRAY_PUSH, INT, xs, integer(value), changes=True))


def _apply(*functions: t.Function) -> Any:
    module = running(*functions, exports=["f"], structs=BOXES)
    result = module.apply("f")
    assert module.live_blocks() == 0
    return result


ONE, SEVEN = {"n": 1, "xs": [1]}, {"n": 7, "xs": [1, 2]}


def test_copy_is_another_value() -> None:
    body = block(
        [put(P, _box(1, 1)), put(Q, get(P)), _set_n(P, integer(7)), _push(P, 2)],
        array(BOX, get(P), get(Q)),
    )
    assert _apply(function("f", [], body)) == [SEVEN, ONE]


def test_change_of_a_parameter_reaches_the_caller_but_rebinding_does_not() -> None:
    changed = local(0, BOX, "c")
    inner = block(
        [
            _set_n(changed, integer(7)),
            _push(changed, 2),
            put(changed, _box(3)),
            _set_n(changed, integer(4)),
            _push(changed, 9),
        ]
    )
    body = block([put(P, _box(1, 1)), run(call("g", Prim.UNIT, get(P), changes=[0]))], get(P))
    assert _apply(function("g", [changed], inner, mutated=[0]), function("f", [], body)) == SEVEN


def test_copy_of_a_changed_parameter_is_another_value() -> None:
    changed, kept = local(0, BOX, "c"), local(1, BOX, "k")
    inner = block(
        [put(kept, get(changed)), _set_n(changed, integer(7)), _push(changed, 2)], get(kept)
    )
    given = call("g", BOX, get(P), changes=[0])
    body = block([put(P, _box(1, 1)), put(Q, given)], array(BOX, get(P), get(Q)))
    found = _apply(function("g", [changed], inner, mutated=[0]), function("f", [], body))
    assert found == [SEVEN, ONE]


def test_changed_parameter_returned_by_a_callee_is_copied() -> None:
    """`id(c)` must not hand out the object that is changed in place afterwards."""
    changed, kept, given = local(0, BOX, "c"), local(1, BOX, "k"), local(0, BOX, "x")
    inner = block(
        [put(kept, call("id", BOX, get(changed))), _set_n(changed, integer(7)), _push(changed, 2)],
        get(kept),
    )
    body = block(
        [put(P, _box(1, 1)), put(Q, call("g", BOX, get(P), changes=[0]))],
        array(BOX, get(P), get(Q)),
    )
    found = _apply(
        function("id", [given], block([], get(given))),
        function("g", [changed], inner, mutated=[0]),
        function("f", [], body),
    )
    assert found == [SEVEN, ONE]


def test_argument_read_is_independent_of_the_change_of_another() -> None:
    changed, read = local(0, BOX, "c"), local(1, BOX, "r")
    n = t.FieldGet(base=get(read), index=0, type=INT, span=SPAN)
    inner = block([_set_n(changed, integer(7))], n)
    body = block([put(P, _box(1, 1))], array(INT, call("g", INT, get(P), get(P), changes=[0])))
    assert _apply(function("g", [changed, read], inner, mutated=[0]), function("f", [], body)) == [
        1
    ]


def test_loop_iterates_over_a_snapshot() -> None:
    xs, x = local(2, INTS, "xs"), local(3, INT, "x")
    push = run(builtin(t.Builtin.ARRAY_PUSH, INT, get(xs), get(x), changes=True))
    each = t.ForEach(item=x, iterable=get(xs), body=block([push]), span=SPAN)
    body = block([put(xs, array(INT, integer(1), integer(2))), each], get(xs))
    assert _apply(function("f", [], body)) == [1, 2, 1, 2]


def test_value_read_before_a_change_is_the_old_one() -> None:
    """`p.xs[0] + g(p)`, where g changes p."""
    changed = local(0, BOX, "c")
    inner = block([put(changed, get(changed)), _set_n(changed, integer(7))], integer(10))
    xs = t.FieldGet(base=get(P), index=1, type=INTS, span=SPAN)
    both = array(INTS, xs, block([_push(P, 5)], array(INT)), xs)
    body = block([put(P, _box(1, 1)), run(call("g", INT, get(P), changes=[0]))], both)
    found = _apply(function("g", [changed], inner, mutated=[0]), function("f", [], body))
    assert found == [[1], [], [1, 5]]


def test_jump_inside_an_expression_releases_its_temporaries() -> None:
    shown = t.Convert(conversion=t.Conversion.TO_STRING, operand=integer(5), type=STRING, span=SPAN)
    leave = when(
        op("==", integer(1), integer(1)), t.Return(value=array(STRING), span=SPAN), text("x")
    )
    body = block([], array(STRING, op("+", shown, text("a")), leave, shown))
    assert _apply(function("f", [], body)) == []


# --- enums ------------------------------------------------------------------------------

STATUS = Enumeration("Status", "Status")
STATUSES = (EnumDef(STATUS, (("Open", ()), ("Moved", (STRING,)), ("Range", (INT, INT)))),)
S = local(0, STATUS, "s")


@pytest.mark.parametrize("value", ["Open", {"Moved": "away"}, {"Range": [1, 2]}])
def test_enums_cross_by_name(value: Any) -> None:
    module = running(function("f", [S], block([], get(S))), enums=STATUSES)
    assert module.apply("f", value) == value
    assert module.live_blocks() == 0


@pytest.mark.parametrize("value", ["Shut", 3, {"Moved": 1}, {"Range": [1]}, {"Open": None}, {}])
def test_argument_that_is_no_variant_traps(value: Any) -> None:
    module = running(function("f", [S], block([], get(S))), enums=STATUSES)
    with pytest.raises(Trapped) as trapped:
        module.apply("f", value)
    assert trapped.value.reason == "malformed arguments"
    assert trapped.value.detail.startswith("expected ")


def test_match_selects_the_arm_by_tag() -> None:
    low, high, name = local(1, INT, "low"), local(2, INT, "high"), local(3, STRING, "name")
    node = t.MatchTag(
        subject=get(S),
        arms=(
            t.TagArm(
                tag=1, bindings=((0, name),), body=builtin(t.Builtin.STRING_LENGTH, INT, get(name))
            ),
            t.TagArm(tag=2, bindings=((0, low), (1, high)), body=op("+", get(low), get(high))),
        ),
        otherwise=integer(-1),
        type=INT,
        span=SPAN,
    )
    module = running(function("f", [S], block([], array(INT, node))), enums=STATUSES)
    found = [module.apply("f", v)[0] for v in ("Open", {"Moved": "away"}, {"Range": [3, 4]})]
    assert found == [-1, 4, 7]
    assert module.live_blocks() == 0


def test_equality_is_by_structure() -> None:
    maybe = Option(BOX)

    def some(value: t.Expr) -> t.Expr:
        return t.VariantNew(tag=1, payload=(value,), type=maybe, span=SPAN)

    none = t.VariantNew(tag=0, payload=(), type=maybe, span=SPAN)
    tests = [
        op("==", some(_box(1, 2)), some(_box(1, 2))),
        op("==", some(_box(1, 2)), some(_box(1, 3))),
        op("!=", some(_box(1)), none),
        op("==", none, none),
    ]
    body = block([], array(Prim.BOOL, *tests))
    assert _apply(function("f", [], body)) == [True, False, True, True]


def test_missing_elements_trap_with_their_reason() -> None:
    xs = local(0, INTS, "xs")
    module = running(function("f", [xs], block([], array(INT, index(get(xs), integer(3), INT)))))
    assert module.apply("f", [1, 2, 3, 4]) == [4]
    with pytest.raises(Trapped) as trapped:
        module.apply("f", [1, 2, 3])
    assert trapped.value == Trapped("index out of range", "index 3, length 3")


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({"n": 1}, "missing field `xs` of Box"),
        ({"n": 1, "xs": [], "z": 2}, "unknown field in Box"),
        ({"n": "1", "xs": []}, "expected Integer"),
        ([1], "expected Box"),
    ],
)
def test_malformed_struct_traps_with_its_detail(given: Any, detail: str) -> None:
    module = running(function("f", [P], block([], get(P))), structs=BOXES)
    with pytest.raises(Trapped) as trapped:
        module.apply("f", given)
    assert trapped.value == Trapped("malformed arguments", detail)


def test_wrong_number_of_arguments_traps() -> None:
    module = running(function("f", [P], block([], get(P))), structs=BOXES)
    with pytest.raises(Trapped) as trapped:
        module.apply("f", ONE, ONE)
    assert trapped.value.detail == "expected a list of 1 argument"


def test_enums_with_payloads_are_keys_by_structure() -> None:
    votes = Map(STATUS, INT)
    m = local(4, votes, "m")

    def moved(place: str) -> t.Expr:
        return t.VariantNew(tag=1, payload=(text(place),), type=STATUS, span=SPAN)

    def count(key: t.Expr, operator: t.BinaryOp | None) -> t.Statement:
        steps = (t.IndexStep(index=key, of=votes, span=SPAN),)
        return t.Store(root=m, steps=steps, op=operator, value=integer(1), span=SPAN)

    still = t.VariantNew(tag=0, payload=(), type=STATUS, span=SPAN)
    pair = t.VariantNew(tag=2, payload=(integer(1), integer(2)), type=STATUS, span=SPAN)
    keys = [moved("a"), moved("b"), still, pair]
    given = local(5, votes, "given")
    again = [count(key, t.BinaryOp.ADD) for key in keys]
    removed = run(builtin(t.Builtin.MAP_REMOVE, BOOL, get(m), moved("b"), changes=True))
    body = block([put(m, get(given)), *again, removed], get(m))
    start = [[{"Moved": "a"}, 1], [{"Moved": "b"}, 2], ["Open", 3], [{"Range": [1, 2]}, 4]]
    module = running(function("f", [given], body), enums=STATUSES)
    found = module.apply("f", start)
    assert found == [[{"Moved": "a"}, 2], ["Open", 4], [{"Range": [1, 2]}, 5]]
    assert module.live_blocks() == 0
    with pytest.raises(Trapped) as trapped:
        module.apply("f", [start[0], start[0]])
    assert trapped.value.detail == "a key twice in Map<Status, Integer>"
