"""The calls of tests: what a `test fn` may ask of the machine that rehearses it, and nobody else.

They are imported from a module of their own, `ccl_test`. A module that imports one is refused
wherever the context is not a rehearsal (it has no record `test`), so no job and no `ccl run`
can be told another caller or another time.
"""

from collections.abc import Mapping
from typing import Final

from ccl.abi.hostcalls import (
    HOST_CALLS,
    IMPORT_MODULE,
    Answer,
    Effect,
    HostCall,
    Parameter,
    Wire,
)

TEST_MODULE: Final = "ccl_test"
TEST_RECORD: Final = "test"
"""The record that makes a context a rehearsal: {"enter": number of the `assert_traps` to enter}."""
TEST_PREFIX: Final = "test:"
"""Exports of tests: `test:NAME`."""
ASSERTION_FAILED: Final = "assertion failed"
"""The reason of a trap by `assert`, `assert_eq` and `assert_ne`; no other check has it."""
NOTHING_TRAPPED: Final = "nothing trapped"
"""The reason of a trap by an `assert_traps` whose expression came to its end."""


def _text(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, wire=Wire.TEXT) for name in names)


def _integer(name: str) -> Parameter:
    return Parameter(name=name, wire=Wire.INTEGER)


def _bytes(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, wire=Wire.BYTES) for name in names)


_CALLS: Final = (
    HostCall(
        name="test_enter",
        parameters=_text("place", "reason"),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="Whether this `assert_traps` is the one to enter in this execution (1 or 0). `place` "
        "is `file:line:column:end`; `reason` a part of the reason it should trap for, or empty.",
    ),
    HostCall(
        name="test_compare",
        parameters=(*_text("type"), *_bytes("left", "right")),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="Say what an assertion that is about to fail has compared, as DAG-CBOR values.",
    ),
    HostCall(
        name="test_caller",
        parameters=_text("did"),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the caller is this member, with the roles granted to them.",
    ),
    HostCall(
        name="test_time",
        parameters=(_integer("seconds"),),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the time of the job is this, in Unix seconds.",
    ),
    HostCall(
        name="test_advance",
        parameters=(_integer("seconds"),),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the time of the job is so many seconds later.",
    ),
    HostCall(
        name="test_role",
        parameters=_text("role"),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="Grant a role to the present caller.",
    ),
    HostCall(
        name="test_input",
        parameters=_text("text"),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on this is the input.",
    ),
    HostCall(
        name="test_balance",
        parameters=(*_text("resource_type"), _integer("units")),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the caller's balance of a resource, before what this test commits.",
    ),
    HostCall(
        name="test_effects",
        parameters=_text("kind"),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The effects of a kind so far, as a DAG-CBOR list of their fields.",
    ),
    HostCall(
        name="test_log",
        parameters=(),
        answer=Answer.BUFFER,
        effect=Effect.READS,
        doc="The lines logged so far, as a DAG-CBOR list of texts.",
    ),
)

TEST_CALLS: Final[Mapping[str, HostCall]] = {call.name: call for call in _CALLS}

ALL_CALLS: Final[Mapping[str, HostCall]] = {**HOST_CALLS, **TEST_CALLS}
"""What the code generator can import."""


def import_module(call: HostCall) -> str:
    """Where a call is imported from."""
    return TEST_MODULE if call.name in TEST_CALLS else IMPORT_MODULE
