"""Execution is a pure function: the same request gives the same result wherever it runs."""

from collections.abc import Iterator

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from wasm_modules import HereMachine, request

from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, Execution
from runtime.sandbox.pool import Sandbox

PROGRAM = """(module
  (import "icn_host" "host_random" (func $random (result i64)))
  (import "icn_host" "host_read_input" (func $read (param i32 i32) (result i32)))
  (import "icn_host" "host_anchor_to_dag" (func $anchor (param i32 i32) (result i32)))
  (import "icn_host" "host_log_message" (func $log (param i32 i32)))
  (import "icn_host" "host_get_token_balance" (func $balance (param i32 i32) (result i64)))
  (memory (export "memory") 1 16)
  (data (i32.const 1000) "compute")
  (func (export "run") (param $n i64) (result i64) (local $sum i64) (local $len i32)
    (local.set $len (call $read (i32.const 0) (i32.const 1000)))
    (call $log (i32.const 0) (local.get $len))
    (drop (call $anchor (i32.const 0) (local.get $len)))
    (block $done (loop $more
      (br_if $done (i64.le_s (local.get $n) (i64.const 0)))
      (local.set $sum (i64.xor (local.get $sum) (call $random)))
      (if (i64.eqz (i64.and (local.get $sum) (i64.const 31)))
        (then (drop (memory.grow (i32.const 1)))))
      (if (i64.eq (i64.and (local.get $sum) (i64.const 127)) (i64.const 5)) (then unreachable))
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br $more)))
    (i64.add (local.get $sum) (call $balance (i32.const 1000) (i32.const 7)))))"""


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, ...]]:
    """Two with their own caches, so that each compiles for itself."""
    made = tuple(
        Sandbox(cache_dir=tmp_path_factory.mktemp("pool") / "modules", workers=2) for _ in range(2)
    )
    yield made
    for pool in made:
        pool.close()


@pytest.fixture(scope="module")
def machine() -> HereMachine:
    return HereMachine()


@examples(40)
@given(
    seed=st.binary(min_size=32, max_size=32),
    data=st.binary(max_size=64),
    rounds=st.integers(-1, 60),
    fuel=st.integers(0, 900_000),
)
def test_same_everywhere(
    pools: tuple[Sandbox, ...],
    machine: HereMachine,
    seed: bytes,
    data: bytes,
    rounds: int,
    fuel: int,
) -> None:
    asked = request(PROGRAM, seed=seed, input=data, arguments=[rounds], fuel=fuel)
    here = machine.execute(asked)
    assert isinstance(here, Execution)
    tickets = [(pool, pool.submit(asked)) for pool in pools for _ in range(2)]
    for pool, ticket in tickets:
        there = pool.wait((ticket,))[ticket]
        assert isinstance(there, Execution)
        assert there.deterministic == here.deterministic
        assert there.blocks == here.blocks
    value = here.deterministic.to_value()
    assert Deterministic.from_value(value) == here.deterministic
    assert all(cid.matches(block) for cid, block in here.blocks.items())


@examples(60)
@given(
    seed=st.binary(min_size=32, max_size=32),
    now=st.integers(0, 1 << 40),
    balances=st.dictionaries(st.text(max_size=8), st.integers(0, 1 << 60), max_size=3),
    records=st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
        max_size=3,
    ),
)
def test_context_is_its_block(
    seed: bytes, now: int, balances: dict[str, int], records: dict[str, object]
) -> None:
    made = request(PROGRAM, seed=seed, now=now, balances=balances, records=records).context
    again = Context.from_block(made.to_block())
    assert again == made
    assert again.cid == made.cid
