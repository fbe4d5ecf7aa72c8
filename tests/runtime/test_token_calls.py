"""Token classes as programs see them: answers, effects, refusals, and the resulting register."""

from typing import Any

import pytest
from effort import examples
from host_programs import effects, program
from hypothesis import given
from hypothesis import strategies as st
from stateful_runs import ADA, BEN, Owner, here
from wasm_modules import CALLER, HereMachine, executed, logs, output

from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.execution.context import MIB
from runtime.execution.effects import (
    BurnTokens,
    Effect,
    MintTokens,
    TransferTokens,
    effects_from_block,
    effects_to_block,
)
from runtime.host.tokens import book
from runtime.host.tokens.calls import burn_tokens, mint_tokens, transfer_tokens
from runtime.tokens.register import register_to_block


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


def test_resource_units_of_the_caller_are_spent_once(machine: HereMachine) -> None:
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
def test_token_call_is_refused_with_its_reason(
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
def test_register_reflects_the_effects_so_far(
    register: dict[str, dict[str, int]], calls: list[tuple[Any, ...]]
) -> None:
    """The book's answers match the register after the effects, and no holding is negative."""
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


def test_register_over_its_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    most = MIB + len(register_to_block({"hour": {ADA: 1}})) + 2 * (len(BEN) + 28)
    monkeypatch.setattr(book, "TOKENS_BYTES_MAX", most)
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
