"""State, events, roles, tokens and blocks as programs see them: answers, effects, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from effort import examples
from host_programs import effects, program
from hypothesis import given
from hypothesis import strategies as st
from wasm_modules import CALLER, HereMachine, context, executed, logs, output

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX, encode
from runtime.context import MIB, Limits
from runtime.effects import (
    BurnTokens,
    Effect,
    EmitEvent,
    MintTokens,
    PinBlock,
    PutBlock,
    TransferTokens,
    UnpinBlock,
    WriteState,
    effect_to_value,
    effects_from_block,
    effects_to_block,
)
from runtime.execution import Execution
from runtime.host import tokenbook
from runtime.host.invocation import Invocation
from runtime.host.statecalls import EVENT_BYTES_MAX, read_state, write_state
from runtime.host.tokencalls import burn_tokens, mint_tokens, transfer_tokens
from runtime.state import (
    DAG_BLOCK_BYTES_MAX,
    EMPTY,
    STATE_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
    MissingBlock,
    Snapshot,
    StoredVariable,
    advanced,
    surrounding_blocks,
)
from runtime.tokens.register import register_from_block, register_to_block

ADA = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
BEN = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
FIVE, SIX = encode(5), encode(6)


@dataclass(slots=True)
class Owner:
    """Executes programs one after the other, each on the state that the last one left."""

    machine: HereMachine
    snapshot: Snapshot = EMPTY
    blocks: dict[Cid, bytes] = field(default_factory=dict)
    register: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        root = None
        if self.snapshot != EMPTY:
            root = self.snapshot.cid
            self.blocks[root] = self.snapshot.to_block()
        tokens = None
        if self.register:
            data = register_to_block(self.register)
            tokens = cid_of(data, Codec.DAG_CBOR)
            self.blocks[tokens] = data
        return {"state_root": root, "tokens": tokens, "blocks": self.blocks}

    def run(self, *steps: Any, result: str = "", **changes: Any) -> Execution:
        done = executed(self.machine, program(*steps, result=result), **self.given(), **changes)
        self.blocks |= done.blocks
        self.snapshot = advanced(self.snapshot, effects(done))
        return done


@pytest.fixture
def owner(machine: HereMachine) -> Owner:
    return Owner(machine)


def write(
    value: bytes, *, home: str = "register", name: str = "total", shape: str = "Integer"
) -> tuple[Any, ...]:
    return ("write_state", home, name, shape, value)


def show(call: str, *arguments: Any) -> tuple[Any, ...]:
    """Make a BUFFER call and put its answer out."""
    return (
        (call, *arguments),
        "local.set $n",
        "(if (i32.gt_s (local.get $n) (i32.const 0)) (then"
        " (drop (call $write_output (i32.const 0) (local.get $n)))))",
        "(call $refusal)",
    )


# --- state


def test_what_was_written_is_there_the_next_time(owner: Owner) -> None:
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


def test_a_write_is_seen_by_the_same_execution(owner: Owner) -> None:
    owner.run(write(FIVE), "drop")
    done = owner.run(write(SIX), "drop", *show("read_state", "register", "total"))
    assert output(done) == SIX


def test_the_same_value_again_is_no_effect(owner: Owner) -> None:
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


def test_a_contract_is_read_whole(owner: Owner) -> None:
    owner.run(
        write(FIVE), "drop", write(encode(["a"]), name="names", shape="Array<String>"), "drop"
    )
    assert output(owner.run(*show("read_contract", "register"))) == encode(
        {"total": 5, "names": ["a"]}
    )
    assert output(owner.run(*show("read_contract", "elsewhere"))) is None


def test_a_trap_leaves_nothing(owner: Owner) -> None:
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
def test_a_write_is_refused_with_its_reason(
    owner: Owner, call: tuple[Any, ...], reason: str
) -> None:
    done = owner.run(call, "(call $refusal)", result="(result i32)")
    assert output(done) == 0
    assert effects(done) == ()
    assert logs(done)[0].startswith(reason)


def here(**given: Any) -> Invocation:
    """An execution without an engine: for values too large for a module's text."""
    blocks = given.pop("blocks", {})
    return Invocation(context=context(**given), input=None, blocks=blocks)


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


def test_a_write_that_is_refused_is_not_read_back() -> None:
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


def test_events(owner: Owner) -> None:
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
def test_an_event_is_refused_with_its_reason(
    owner: Owner, call: tuple[Any, ...], reason: str
) -> None:
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


# --- tokens


def test_tokens_move_by_the_effects_so_far(owner: Owner) -> None:
    owner.register = {"hour": {ADA: 3}}
    done = owner.run(
        ("mint_tokens", "hour", 4, ADA),
        "drop",
        ("transfer_tokens", "hour", ADA, BEN, 5),
        "drop",
        ("burn_tokens", "hour", 2, BEN),
        "drop",
        "(i64.mul",
        ("token_balance", "hour", ADA),
        "(i64.const 100)) (i64.add",
        ("token_balance", "hour", BEN),
        ")",
        result="(result i64)",
    )
    assert output(done) == 203
    assert effects(done) == (
        MintTokens(token_class="hour", amount=4, to=ADA),
        TransferTokens(token_class="hour", amount=5, holder=ADA, to=BEN),
        BurnTokens(token_class="hour", amount=2, holder=BEN),
    )


def test_the_callers_resource_units_can_be_given_away_once(machine: HereMachine) -> None:
    text = program(
        ("transfer_tokens", "compute", CALLER, BEN, 600),
        "drop",
        ("transfer_tokens", "compute", CALLER, BEN, 401),
        "drop",
        "(call $refusal)",
        ("token_balance", "compute", CALLER),
        ("token_balance", "compute", BEN),
        "(i64.add)",
        result="(result i64)",
    )
    done = executed(machine, text)
    assert output(done) == 400
    assert len(effects(done)) == 1
    assert logs(done) == ["compute: 401 units asked for, 400 available"]


MINT = "mint_tokens"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ((MINT, "", 1, ADA), "a token class needs a name"),
        ((MINT, "compute", 1, ADA), "compute is a resource of the mesh"),
        ((MINT, "a\nb", 1, ADA), "the name of a token class has no control characters"),
        ((MINT, "x" * 129, 1, ADA), "the name of a token class has at most 128 bytes"),
        ((MINT, "hour", 0, ADA), "amount: 0 is not more than 0"),
        ((MINT, "hour", -1, ADA), "amount: -1 is not more than 0"),
        ((MINT, "hour", 1, "Ada"), "to: 'Ada' is not a DID: a DID starts with 'did:'"),
        ((MINT, "hour", INTEGER_MAX - 9, ADA), "hour: 10 units are out, "),
        (("burn_tokens", "hour", 11, ADA), f"hour: {ADA} holds 10 units, 11 asked for"),
        (("burn_tokens", "hour", 1, BEN), f"hour: {BEN} holds 0 units, 1 asked for"),
        (("burn_tokens", "storage", 1, ADA), "storage is a resource of the mesh"),
        (("transfer_tokens", "hour", ADA, BEN, 11), f"hour: {ADA} holds 10 units"),
        (("transfer_tokens", "hour", ADA, ADA, 1), "hour: holder and receiver are the same"),
        (("transfer_tokens", "hour", ADA, "", 1), "to: '' is not a DID"),
        (("transfer_tokens", "compute", ADA, BEN, 1), "compute: a program moves only the caller's"),
    ],
)
def test_a_token_call_is_refused_with_its_reason(
    owner: Owner, call: tuple[Any, ...], reason: str
) -> None:
    owner.register = {"hour": {ADA: 10}}
    done = owner.run(call, "(call $refusal)", result="(result i32)")
    assert output(done) == 0 and effects(done) == ()
    assert logs(done)[0].startswith(reason)


HOLDERS = st.sampled_from([ADA, BEN, CALLER])
CLASSES = st.sampled_from(["hour", "share"])
AMOUNTS = st.integers(-1, 9)
TOKEN_CALLS = st.one_of(
    st.tuples(st.just(mint_tokens), CLASSES, AMOUNTS, HOLDERS),
    st.tuples(st.just(burn_tokens), CLASSES, AMOUNTS, HOLDERS),
    st.tuples(st.just(transfer_tokens), CLASSES, HOLDERS, HOLDERS, AMOUNTS),
)


@examples(100)
@given(
    st.dictionaries(CLASSES, st.dictionaries(HOLDERS, st.integers(1, 9), min_size=1)),
    st.lists(TOKEN_CALLS, max_size=30),
)
def test_the_register_as_the_effects_leave_it(
    register: dict[str, dict[str, int]], calls: list[tuple[Any, ...]]
) -> None:
    """What the book answers is what the effects make of the register, and nobody owes."""
    data = register_to_block(register)
    cid = cid_of(data, Codec.DAG_CBOR)
    invocation = here(tokens=cid, blocks={cid: data})
    for call, *arguments in calls:
        before = len(invocation.effects)
        answer = call(invocation, *arguments)
        assert (answer == 1) == (len(invocation.effects) == before + 1)
    held = {name: dict(holders) for name, holders in register.items()}
    for effect in invocation.effects:
        _follow(held, effect)
    for name in ("hour", "share"):
        for holder in (ADA, BEN, CALLER):
            units = held.get(name, {}).get(holder, 0)
            assert invocation.tokens.balance(name, holder) == units >= 0
        assert invocation.tokens.issued(name) == sum(held.get(name, {}).values())
    again = effects_from_block(effects_to_block(invocation.effects))
    assert again == tuple(invocation.effects)


def _follow(held: dict[str, dict[str, int]], effect: Effect) -> None:
    match effect:
        case MintTokens(token_class=name, amount=amount, to=to):
            moves = {to: amount}
        case BurnTokens(token_class=name, amount=amount, holder=holder):
            moves = {holder: -amount}
        case TransferTokens(token_class=name, amount=amount, holder=holder, to=to):
            moves = {holder: -amount, to: amount}
        case _:
            raise AssertionError(effect)
    for did, change in moves.items():
        holders = held.setdefault(name, {})
        holders[did] = holders.get(did, 0) + change


def test_the_register_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    most = MIB + len(register_to_block({"hour": {ADA: 1}})) + 2 * (len(BEN) + 28)
    monkeypatch.setattr(tokenbook, "TOKENS_BYTES_MAX", most)
    data = register_to_block({"hour": {ADA: 1}})
    cid = cid_of(data, Codec.DAG_CBOR)
    invocation = here(tokens=cid, blocks={cid: data})
    assert mint_tokens(invocation, "hour", 1, BEN) == 1
    assert mint_tokens(invocation, "hour", 1, BEN) == 1
    assert transfer_tokens(invocation, "hour", BEN, CALLER, 1) == 1
    third = CALLER[:-1] + "L"
    assert "hour: too many holders" in str(mint_tokens(invocation, "hour", 1, third))
    assert "hour: too many holders" in str(transfer_tokens(invocation, "hour", BEN, third, 1))
    assert mint_tokens(invocation, "hour", 1, ADA) == 1


def test_results_of_earlier_jobs_are_a_host_record(machine: HereMachine) -> None:
    text = program(*show("get_context", "results"))
    assert output(executed(machine, text, results={"3a9f": 42})) == encode({"3a9f": 42})
    assert output(executed(machine, text)) is None


# --- the DAG

MINUTES = b"minutes of the meeting"
MINUTES_CID = cid_of(MINUTES, Codec.RAW)
TEXT = str(MINUTES_CID)


def test_a_block_is_put_once_and_found_again(owner: Owner) -> None:
    done = owner.run(
        ("dag_put", MINUTES), "drop", ("dag_put", MINUTES), "drop", *show("dag_get", TEXT)
    )
    assert output(done) == MINUTES
    assert effects(done) == (PutBlock(cid=MINUTES_CID),)
    assert done.blocks[MINUTES_CID] == MINUTES
    again = owner.run(*show("dag_put", MINUTES))
    assert output(again) == TEXT.encode() and effects(again) == ()
    assert output(owner.run(*show("dag_get", TEXT))) == MINUTES
    gone = owner.run(("dag_unpin", TEXT), "drop", *show("dag_get", TEXT))
    assert output(gone) == MINUTES and effects(gone) == (UnpinBlock(cid=MINUTES_CID),)
    lost = owner.run(*show("dag_get", TEXT))
    assert output(lost) is None
    assert logs(lost) == [f"{TEXT} is not pinned in this context: put it first"]


def test_the_input_can_be_read_and_pinned(owner: Owner) -> None:
    done = owner.run(("dag_pin", TEXT), "drop", *show("dag_get", TEXT), input=MINUTES)
    assert output(done) == MINUTES
    assert effects(done) == (PinBlock(cid=MINUTES_CID),)


def test_the_cid_of_bytes(machine: HereMachine) -> None:
    assert output(executed(machine, program(*show("calculate_cid", MINUTES)))) == TEXT.encode()


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("dag_pin", TEXT), f"{TEXT} is not pinned in this context: put it first"),
        (("dag_pin", "b"), "'b' is not a CID: "),
        (("dag_unpin", TEXT), f"{TEXT} is not pinned"),
        (("dag_unpin", ""), "'' is not a CID: "),
    ],
)
def test_a_pin_is_refused_with_its_reason(owner: Owner, call: tuple[Any, ...], reason: str) -> None:
    done = owner.run(call, "(call $refusal)", result="(result i32)")
    assert output(done) == 0 and effects(done) == ()
    assert logs(done)[0].startswith(reason)


def test_a_block_over_the_limit_is_refused() -> None:
    refusal = here().state.put(MINUTES_CID, bytes(DAG_BLOCK_BYTES_MAX + 1))
    assert refusal == f"{DAG_BLOCK_BYTES_MAX + 1} bytes, a block has at most {DAG_BLOCK_BYTES_MAX}"


# --- snapshots


def test_equal_states_have_one_root() -> None:
    one, two = StoredVariable(shape="A", value=MINUTES_CID), StoredVariable(shape="B", value=ZERO)
    first = Snapshot(homes={"a": {"x": one, "y": two}, "b": {"z": one}}, pins=(ZERO,))
    second = Snapshot(homes={"b": {"z": one}, "a": {"y": two, "x": one}}, pins=(ZERO,))
    assert first.cid == second.cid
    assert Snapshot.from_block(first.to_block()) == first
    assert set(first.links) == {MINUTES_CID, ZERO}


ZERO = cid_of(b"", Codec.RAW)


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
def test_a_block_that_is_no_snapshot(machine: HereMachine, value: Any) -> None:
    data = encode(value)
    root = cid_of(data, Codec.DAG_CBOR)
    done = executed(
        machine,
        program(*show("read_state", "a", "x")),
        state_root=root,
        blocks={root: data},
    )
    assert done.deterministic.outcome.reason == "the context's state cannot be read"


def test_a_register_that_is_none_traps_alike_everywhere(machine: HereMachine) -> None:
    for value in ([], {"hour": 5}, {"hour": {ADA: 0}}, {"hour": {ADA: -1}}):
        data = encode(value)
        cid = cid_of(data, Codec.DAG_CBOR)
        text = program(("token_balance", "hour", ADA), result="(result i64)")
        done = executed(machine, text, tokens=cid, blocks={cid: data})
        assert done.deterministic.outcome.reason == "the context's token holders cannot be read"
    assert register_from_block(register_to_block({"hour": {ADA: 0}})) == {}


def test_a_missing_part_of_the_state_is_named() -> None:
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
