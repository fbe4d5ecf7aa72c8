"""Memory: it is freed after its last use; exhaustion traps with its reason."""

import pytest
from typed_trees import (
    BOOL,
    INT,
    SPAN,
    STRING,
    Running,
    Trapped,
    array,
    block,
    boolean,
    build,
    builtin,
    call,
    function,
    get,
    index,
    integer,
    local,
    loop,
    op,
    program,
    put,
    run,
    running,
    text,
    when,
)

from ccl.ir import typed as t
from ccl.ir.types import Array, Map, Option, Struct, StructDef

INTS = Array(INT)
COUNTER, S, XS = local(0, INT, "i"), local(1, STRING, "s"), local(2, INTS, "xs")
STEP = put(COUNTER, op("+", get(COUNTER), integer(1)))
MILLION = 1_000_000


def _repeated(times: int, *body: t.Statement) -> t.Function:
    repeat = loop(op("<", get(COUNTER), integer(times)), *body, STEP)
    return function("f", [], block([put(COUNTER, integer(0)), repeat], get(COUNTER)))


def test_million_discarded_texts_fit_one_page() -> None:
    shown = t.Convert(
        conversion=t.Conversion.TO_STRING, operand=get(COUNTER), type=STRING, span=SPAN
    )
    made = _repeated(MILLION, put(S, op("+", text("number "), shown)))
    module = running(made)
    assert module.call("f") == MILLION
    assert module.pages == 1
    assert module.live_blocks() == 0


def test_million_discarded_arrays_fit_one_page() -> None:
    grown = run(builtin(t.Builtin.ARRAY_PUSH, INT, get(XS), get(COUNTER), changes=True))
    module = running(_repeated(MILLION, put(XS, array(INT, get(COUNTER))), grown))
    assert module.call("f") == MILLION
    assert module.pages == 1


def test_appending_to_a_text_is_linear() -> None:
    """A million appended characters, copied no more often than the block grows."""
    append = put(S, op("+", get(S), text("x")))
    repeat = loop(op("<", get(COUNTER), integer(MILLION)), append, STEP)
    body = block(
        [put(COUNTER, integer(0)), put(S, text("")), repeat],
        builtin(t.Builtin.STRING_LENGTH, INT, get(S)),
    )
    module = running(function("f", [], body), memory=8 << 20)
    assert module.call("f") == MILLION


def test_million_pushes_reuse_memory() -> None:
    push = run(builtin(t.Builtin.ARRAY_PUSH, INT, get(XS), get(COUNTER), changes=True))
    repeat = loop(op("<", get(COUNTER), integer(MILLION)), push, STEP)
    body = block(
        [put(COUNTER, integer(0)), put(XS, array(INT)), repeat],
        builtin(t.Builtin.ARRAY_SUM, INT, get(XS)),
    )
    module = running(function("f", [], body))
    assert module.call("f") == MILLION * (MILLION - 1) // 2
    assert module.live_blocks() == 0


def test_exhausted_memory_traps_with_its_reason() -> None:
    double = put(S, op("+", get(S), get(S)))
    body = block([put(S, text("x" * 64)), loop(boolean(True), double)])
    with pytest.raises(Trapped) as trapped:
        running(function("f", [], body), memory=4 << 20).call("f")
    assert trapped.value.reason == "out of memory"


def test_queue_in_a_map_does_not_grow() -> None:
    counts = Map(INT, STRING)
    m = local(3, counts, "m")
    place = t.IndexStep(index=get(COUNTER), of=counts, span=SPAN)
    insert = t.Store(root=m, steps=(place,), op=None, value=text("v"), span=SPAN)
    old = op("-", get(COUNTER), integer(3))
    remove = run(builtin(t.Builtin.MAP_REMOVE, BOOL, get(m), old, changes=True))
    repeat = loop(op("<", get(COUNTER), integer(100_000)), insert, remove, STEP)
    start = [
        put(COUNTER, integer(0)),
        put(m, t.CallBuiltin(builtin=t.Builtin.MAP_NEW, arguments=(), type=counts, span=SPAN)),
    ]
    body = block([*start, repeat], builtin(t.Builtin.MAP_SIZE, INT, get(m)))
    module = running(function("f", [], body))
    assert module.call("f") == 3
    assert module.pages == 1
    assert module.live_blocks() == 0


# --- depth ------------------------------------------------------------------------------


def _recursion() -> Running:
    n = local(0, INT, "n")
    deeper = op("+", integer(1), call("f", INT, op("-", get(n), integer(1))))
    body = block([], when(op("==", get(n), integer(0)), integer(0), deeper))
    return running(function("f", [n], body))


def test_call_depth_over_a_thousand_traps() -> None:
    assert _recursion().call("f", 999) == 999
    with pytest.raises(Trapped) as trapped:
        _recursion().call("f", 1000)
    assert trapped.value.reason == "call depth over 1000"


def test_call_depth_is_restored_at_every_exit() -> None:
    n = local(0, INT, "n")
    leave = run(
        when(op("==", get(n), integer(0)), block([run(t.Return(value=integer(0), span=SPAN))]))
    )
    inner = function("g", [n], block([leave], call("g", INT, integer(0))), result=INT)
    many = _repeated(5000, run(call("g", INT, integer(1))))
    module = Running(build(program(inner, many)))
    assert module.call("f") == 5000


# --- chains -----------------------------------------------------------------------------

NODE = Struct("Node", "Node")
REST = Option(NODE)
CHAIN = StructDef(NODE, (("n", INT), ("rest", REST)))
HEAD, OTHER = local(4, REST, "head"), local(5, REST, "other")


def _chained(variable: t.Local, length: int) -> list[t.Statement]:
    node = t.StructNew(values=(get(COUNTER), get(variable)), order=(0, 1), type=NODE, span=SPAN)
    some = t.VariantNew(tag=1, payload=(node,), type=REST, span=SPAN)
    nothing = t.VariantNew(tag=0, payload=(), type=REST, span=SPAN)
    repeat = loop(op("<", get(COUNTER), integer(length)), put(variable, some), STEP)
    return [put(variable, nothing), put(COUNTER, integer(0)), repeat]


def test_long_chain_is_released_without_recursion() -> None:
    body = block(_chained(HEAD, 300_000), get(COUNTER))
    module = running(function("f", [], body), structs=[CHAIN])
    assert module.call("f") == 300_000
    assert module.live_blocks() == 0


def test_chains_are_compared_up_to_a_depth() -> None:
    def compared(length: int) -> t.Function:
        both = [*_chained(HEAD, length), *_chained(OTHER, length)]
        return function("f", [], block(both, op("==", get(HEAD), get(OTHER))))

    assert running(compared(400), structs=[CHAIN]).call("f") == 1
    with pytest.raises(Trapped) as trapped:
        running(compared(2000), structs=[CHAIN]).call("f")
    assert trapped.value.reason == "values nested too deeply to compare"


def test_chain_too_deep_to_encode_traps() -> None:
    short = running(function("f", [], block(_chained(HEAD, 3), get(HEAD))), structs=[CHAIN])
    assert short.apply("f") == {"n": 2, "rest": {"n": 1, "rest": {"n": 0, "rest": None}}}
    long = running(function("f", [], block(_chained(HEAD, 100), get(HEAD))), structs=[CHAIN])
    with pytest.raises(Trapped) as trapped:
        long.apply("f")
    assert trapped.value.reason == "out of memory or nested too deeply"


def test_borrowed_part_outlives_its_temporary() -> None:
    """The array is freed, its element is not."""
    shown = t.Convert(
        conversion=t.Conversion.TO_STRING, operand=get(COUNTER), type=STRING, span=SPAN
    )
    part = index(array(STRING, shown), integer(0), STRING)
    body = block([put(COUNTER, integer(41)), put(S, part)], array(STRING, get(S), get(S)))
    module = running(function("f", [], body))
    assert module.apply("f") == ["41", "41"]
    assert module.live_blocks() == 0
