"""Blocks of the DAG as programs see them: answers, effects and refusals."""

from typing import Any

import pytest
from host_programs import effects, program
from stateful_runs import Owner, here, show
from wasm_modules import HereMachine, executed, logs, output

from runtime.content.cid import Codec, cid_of
from runtime.execution.effects import PinBlock, PutBlock, UnpinBlock
from runtime.execution.state import DAG_BLOCK_BYTES_MAX

MINUTES = b"minutes of the meeting"
MINUTES_CID = cid_of(MINUTES, Codec.RAW)
TEXT = str(MINUTES_CID)


def test_block_is_put_once_and_found_again(owner: Owner) -> None:
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


def test_input_can_be_read_and_pinned(owner: Owner) -> None:
    done = owner.run(("dag_pin", TEXT), "drop", *show("dag_get", TEXT), input=MINUTES)
    assert output(done) == MINUTES
    assert effects(done) == (PinBlock(cid=MINUTES_CID),)


def test_cid_of_bytes_is_computed(machine: HereMachine) -> None:
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
def test_pin_is_refused_with_its_reason(owner: Owner, call: tuple[Any, ...], reason: str) -> None:
    done = owner.run(call, "(call $refusal)", result="(result i32)")
    assert output(done) == 0 and effects(done) == ()
    assert logs(done)[0].startswith(reason)


def test_block_over_the_limit_is_refused() -> None:
    refusal = here().state.put(MINUTES_CID, bytes(DAG_BLOCK_BYTES_MAX + 1))
    assert refusal == f"{DAG_BLOCK_BYTES_MAX + 1} bytes, a block has at most {DAG_BLOCK_BYTES_MAX}"
