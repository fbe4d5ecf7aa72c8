"""Small modules written by hand, and requests to execute them."""

from functools import lru_cache
from typing import Any

import wasmtime
from msgspec.structs import replace

from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.content.did import parse_did
from runtime.execution.context import Context, Limits
from runtime.execution.execution import Execution
from runtime.module.check import Rejection, check_module
from runtime.sandbox.engine import build_engine, engine_text
from runtime.sandbox.pool import Result, Sandbox
from runtime.sandbox.request import Fault, FaultReason, Request
from runtime.sandbox.results import execution_from, rejected
from runtime.sandbox.worker.executor import Executor

TRIPLE = """(module (func (export "run") (param i64) (result i64)
  (i64.mul (local.get 0) (i64.const 3))))"""

CALLER = parse_did("did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
NOW = 1_767_225_600
FUEL = 50_000_000


@lru_cache(maxsize=512)
def wasm(text: str) -> bytes:
    """Assemble WebAssembly text."""
    return bytes(wasmtime.wat2wasm(text))


def leb(value: int) -> bytes:
    """An unsigned number as modules hold it."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def section(number: int, body: bytes) -> bytes:
    return bytes((number,)) + leb(len(body)) + body


def context(**changes: Any) -> Context:
    """A context with defaults; `fuel` and `arguments` (a list) may be given as they are."""
    limits = Limits(fuel=changes.pop("fuel", FUEL))
    arguments = changes.pop("arguments", None)
    base = Context(
        entry="run",
        owner=CALLER,
        caller=CALLER,
        now=NOW,
        received_at=NOW,
        seed=bytes(range(32)),
        limits=limits,
        engine=engine_text(),
        arguments=None if arguments is None else encode(arguments),
        balances={"compute": 1000},
    )
    return replace(base, **changes)


def request(module: str | bytes, **changes: Any) -> Request:
    """`input` may be given as bytes, `wall_seconds` beside the context's fields."""
    data = wasm(module) if isinstance(module, str) else module
    wall = changes.pop("wall_seconds", None)
    given: bytes | None = changes.pop("input", None)
    blocks = changes.pop("blocks", {})
    return Request(
        module=data,
        module_cid=cid_of(data, Codec.RAW),
        context=context(
            input=None if given is None else cid_of(given, Codec.RAW),
            **changes,
        ),
        input=given,
        blocks=blocks,
        wall_seconds=wall,
    )


class HereMachine:
    """The sandbox's checks and its machine in this process: for many small modules.

    Recursion without end needs the stack of a worker, so it is not for here.
    """

    def __init__(self) -> None:
        self._engine = build_engine()
        self._machine = Executor(self._engine)

    def execute(self, asked: Request) -> Result:
        checked = check_module(asked.module)
        if isinstance(checked, Rejection):
            return rejected(checked.reason, checked.detail)
        code = bytes(wasmtime.Module(self._engine, asked.module).serialize())
        loaded = self._machine.load(code, checked)
        report = self._machine.execute(loaded, asked.context, asked.input, asked.blocks)
        # Through bytes and back, as it comes from a worker.
        return execution_from(decode(encode(report.to_value()), bytes_max=1 << 27))


def executed(sandbox: Sandbox | HereMachine, module: str | bytes, **changes: Any) -> Execution:
    """The execution; a fault of the machine fails the test."""
    result = sandbox.execute(request(module, **changes))
    assert not isinstance(result, Fault), str(result)
    return result


def faulted(result: object) -> FaultReason:
    assert isinstance(result, Fault), result
    return result.reason


def output(execution: Execution) -> Any:
    """The entry's value, or the bytes the program wrote."""
    cid = execution.deterministic.output
    if cid is None:
        return None
    data = execution.blocks[cid]
    return decode(data) if cid.codec is Codec.DAG_CBOR else data


def logs(execution: Execution) -> list[str]:
    cid = execution.deterministic.logs
    return [] if cid is None else decode(execution.blocks[cid])
