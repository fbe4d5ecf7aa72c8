"""State, events and roles as programs see them: answers, effects, refusals."""

from typing import Any

import pytest
from host_programs import effects, program
from stateful_runs import ADA, Owner, here, show, write
from wasm_modules import HereMachine, context, executed, logs, output

from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.context import Limits
from runtime.execution.effects import (
    EmitEvent,
    PinBlock,
    PutBlock,
    UnpinBlock,
    WriteState,
    effect_to_value,
    effects_from_block,
    effects_to_block,
)
from runtime.execution.state import (
    EMPTY,
    STATE_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
    MissingBlock,
    Snapshot,
    StoredVariable,
    surrounding_blocks,
)
from runtime.host.state.calls import EVENT_BYTES_MAX, read_state, write_state
from runtime.tokens.register import register_from_block, register_to_block

FIVE, SIX = encode(5), encode(6)


# --- state


def test_written_state_is_read_by_the_next_execution(owner: Owner) -> None:
    first = owner.run(write(FIVE), "drop")
    cid = cid_of(FIVE, Codec.DAG_CBOR)
    assert effects(first) == (
        WriteState(home="register", variable="total", shape="Integer", value=cid),
    )
    assert first.blocks[cid] == FIVE
    assert output(owner.run(*show("read_state", "register", "total"))) == FIVE
    assert output(owner.run(*show("state_shape", "register", "total"))) == b"Integer"
    assert output(owner.run(*show("read_state", "register", "other"))) is None
    assert output(owner.run(*show("read_state", "elsewhere", "total"))) is None


def test_write_is_seen_by_the_same_execution(owner: Owner) -> None:
    owner.run(write(FIVE), "drop")
    done = owner.run(write(SIX), "drop", *show("read_state", "register", "total"))
    assert output(done) == SIX


def test_same_value_again_is_no_effect(owner: Owner) -> None:
    owner.run(write(FIVE), "drop")
    assert effects(owner.run(write(FIVE), "drop")) == ()
    (again,) = effects(owner.run(write(FIVE, shape="Mana"), "drop"))
    assert isinstance(again, WriteState) and again.shape == "Mana"


def test_only_the_last_write_of_a_variable_leaves(owner: Owner) -> None:
    done = owner.run(write(FIVE), "drop", ("anchor_to_dag", "between"), "drop", write(SIX), "drop")
    kinds = [type(each).__name__ for each in effects(done)]
    assert kinds == ["WriteState", "AnchorData"]
    assert cid_of(FIVE, Codec.DAG_CBOR) not in done.blocks
    assert owner.snapshot.homes["register"]["total"].value == cid_of(SIX, Codec.DAG_CBOR)


def test_contract_is_read_whole(owner: Owner) -> None:
    owner.run(
        write(FIVE), "drop", write(encode(["a"]), name="names", shape="Array<String>"), "drop"
    )
    assert output(owner.run(*show("read_contract", "register"))) == encode(
        {"total": 5, "names": ["a"]}
    )
    assert output(owner.run(*show("read_contract", "elsewhere"))) is None


def test_trap_discards_state(owner: Owner) -> None:
    done = owner.run(write(FIVE), "drop", "unreachable")
    assert effects(done) == () and cid_of(FIVE, Codec.DAG_CBOR) not in done.blocks
    assert owner.snapshot == EMPTY


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (write(b"\xff"), "total: not canonical DAG-CBOR"),
        (write(FIVE, home=""), "home: an empty name"),
        (write(FIVE, name="x" * 257), "variable: 257 bytes, at most 256"),
        (write(FIVE, shape="x" * 65_537), "a shape has at most 65536 bytes"),
    ],
)
def test_write_is_refused_with_its_reason(owner: Owner, call: tuple[Any, ...], reason: str) -> None:
    done = owner.run(call, "(call $refusal)", result="(result i32)")
    assert output(done) == 0
    assert effects(done) == ()
    assert logs(done)[0].startswith(reason)


def test_limits_of_state_are_named() -> None:
    large = encode(bytes(STATE_VALUE_BYTES_MAX - 5))
    one_more = encode(bytes(STATE_VALUE_BYTES_MAX))
    limits = Limits(fuel=0, effects=4)
    invocation = here(limits=limits)
    last = STATE_BYTES_MAX - 2 * len(large)
    fits = encode(bytes(last - 5))
    assert len(fits) == last

    def written(name: str, shape: str, value: bytes) -> int | str:
        return write_state(invocation, "h", name, shape, value)

    assert "a state variable has at most" in str(written("a", "Bytes", one_more))
    for name in ("a", "b"):
        assert written(name, "Bytes", large[:-1] + name.encode()) == 1
    assert written("c", "Bytes", fits) == 1
    refusal = written("d", "Integer", FIVE)
    assert refusal == f"state and pinned blocks are over {STATE_BYTES_MAX} bytes in total"
    # What takes the place of something larger is always possible.
    assert written("c", "Integer", FIVE) == 1


def test_write_that_is_refused_is_not_read_back() -> None:
    invocation = here(limits=Limits(fuel=0, effects=1))
    assert write_state(invocation, "h", "a", "Integer", FIVE) == 1
    assert write_state(invocation, "h", "b", "Integer", FIVE) != 1
    assert read_state(invocation, "h", "b") is None
    assert write_state(invocation, "h", "a", "Integer", SIX) == 1, "in place of the first"
    assert read_state(invocation, "h", "a") == SIX


def test_effects_beyond_the_limit_are_refused(owner: Owner) -> None:
    done = owner.run(
        write(FIVE),
        "drop",
        write(SIX),
        "drop",
        write(SIX, name="more"),
        "drop",
        "(call $refusal)",
        limits=Limits(fuel=10_000_000, effects=1),
    )
    assert len(effects(done)) == 1
    assert logs(done) == ["this execution already has 1 effects, its limit"]


# --- events, roles, reputation


def test_event_is_an_effect(owner: Owner) -> None:
    data = encode({"who": "Ada"})
    done = owner.run(
        ("emit", "Joined", data, "7.2"), "drop", ("emit", "Left", encode(None), ""), "drop"
    )
    assert effects(done) == (
        EmitEvent(name="Joined", data=data, article="7.2"),
        EmitEvent(name="Left", data=encode(None), article=""),
    )


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("emit", "", FIVE, ""), "the name of an event has 1 to 256 bytes, found 0"),
        (("emit", "E", b"\xff", ""), "E: not canonical DAG-CBOR"),
        (("emit", "E", FIVE, "x" * 257), "the name of an article has at most 256 bytes"),
        (("emit", "E", bytes(EVENT_BYTES_MAX + 1), ""), "E: 65537 bytes, an event has at most"),
    ],
)
def test_event_is_refused_with_its_reason(owner: Owner, call: tuple[Any, ...], reason: str) -> None:
    done = owner.run(call, "(call $refusal)", result="(result i32)")
    assert output(done) == 0 and effects(done) == ()
    assert logs(done)[0].startswith(reason)


def test_roles_are_those_of_the_context(machine: HereMachine) -> None:
    text = program(("caller_has_role", "treasurer"), "(call $refusal)", result="(result i32)")
    assert output(executed(machine, text, records={"roles": ["member", "treasurer"]})) == 1
    for records in ({}, {"roles": ["treasure"]}, {"roles": "treasurer"}, {"roles": None}):
        done = executed(machine, text, records=records)
        assert output(done) == 0
        assert logs(done) == ["the context grants the caller no role 'treasurer'"]


def test_reputation_is_the_contexts(machine: HereMachine) -> None:
    text = program(("get_reputation",), result="(result i64)")
    assert output(executed(machine, text)) == 50
    assert output(executed(machine, text, reputation=93)) == 93


def test_results_of_earlier_jobs_are_a_host_record(machine: HereMachine) -> None:
    text = program(*show("get_context", "results"))
    assert output(executed(machine, text, results={"3a9f": 42})) == encode({"3a9f": 42})
    assert output(executed(machine, text)) is None


# --- snapshots


ZERO, ONE = cid_of(b"", Codec.RAW), cid_of(b"one", Codec.RAW)


def test_equal_states_have_one_root() -> None:
    one, two = StoredVariable(shape="A", value=ONE), StoredVariable(shape="B", value=ZERO)
    first = Snapshot(homes={"a": {"x": one, "y": two}, "b": {"z": one}}, pins=(ZERO,))
    second = Snapshot(homes={"b": {"z": one}, "a": {"y": two, "x": one}}, pins=(ZERO,))
    assert first.cid == second.cid
    assert Snapshot.from_block(first.to_block()) == first
    assert set(first.links) == {ONE, ZERO}


@pytest.mark.parametrize(
    "value",
    [
        5,
        {},
        {"version": 2, "homes": {}, "pins": []},
        {"version": 1, "homes": {}, "pins": [], "more": 1},
        {"version": 1, "homes": {"a": {"x": {"shape": "A"}}}, "pins": []},
        {"version": 1, "homes": {"a": {"x": {"shape": 1, "value": ZERO}}}, "pins": []},
        {"version": 1, "homes": {}, "pins": ["text"]},
        {"version": 1, "homes": {}, "pins": [ZERO, ZERO]},
    ],
)
def test_malformed_snapshot_is_refused(machine: HereMachine, value: Any) -> None:
    data = encode(value)
    root = cid_of(data, Codec.DAG_CBOR)
    done = executed(
        machine,
        program(*show("read_state", "a", "x")),
        state_root=root,
        blocks={root: data},
    )
    assert done.deterministic.outcome.reason == "the context's state cannot be read"


def test_malformed_register_traps_the_same_way_everywhere(machine: HereMachine) -> None:
    for value in ([], {"hour": 5}, {"hour": {ADA: 0}}, {"hour": {ADA: -1}}):
        data = encode(value)
        cid = cid_of(data, Codec.DAG_CBOR)
        text = program(("token_balance", "hour", ADA), result="(result i64)")
        done = executed(machine, text, tokens=cid, blocks={cid: data})
        assert done.deterministic.outcome.reason == "the context's token holders cannot be read"
    assert register_from_block(register_to_block({"hour": {ADA: 0}})) == {}


def test_missing_part_of_the_state_is_named() -> None:
    snapshot = Snapshot(homes={"a": {"x": StoredVariable(shape="A", value=ZERO)}})
    held = {snapshot.cid: snapshot.to_block()}
    with pytest.raises(MissingBlock, match=str(ZERO)):
        surrounding_blocks(context(state_root=snapshot.cid), held.get)
    held[ZERO] = b""
    assert surrounding_blocks(context(state_root=snapshot.cid), held.get) == held


def test_effects_read_back_as_they_were_written() -> None:
    for effect in (
        WriteState(home="h", variable="v", shape="Integer", value=ZERO),
        EmitEvent(name="E", data=FIVE, article=""),
        PutBlock(cid=ZERO),
        PinBlock(cid=ZERO),
        UnpinBlock(cid=ZERO),
    ):
        assert effects_from_block(effects_to_block([effect])) == (effect,)
        _, fields = effect_to_value(effect)
        for name in fields:
            broken = encode([[effect_to_value(effect)[0], {**fields, name: None}]])
            with pytest.raises(ValueError, match="not an effect"):
                effects_from_block(broken)
