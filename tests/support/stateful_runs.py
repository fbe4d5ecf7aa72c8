"""Runs of an owner's programs, one after the other, each on the state that the last one left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from host_programs import effects, program
from wasm_modules import HereMachine, context, executed

from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.execution import Execution
from runtime.execution.state import EMPTY, Snapshot, advanced
from runtime.host.invocation import Invocation
from runtime.tokens.register import register_to_block

ADA = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
BEN = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"


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


def here(**given: Any) -> Invocation:
    """An execution without an engine: for values too large for a module's text."""
    blocks = given.pop("blocks", {})
    return Invocation(context=context(**given), input=None, blocks=blocks)
