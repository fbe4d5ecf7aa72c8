"""The calls of tests: only a `test fn` may make them, on the machine that rehearses it.

They are imported from a module of their own, `ccl_test`. A module that imports one is refused
wherever the context is not a rehearsal (it has no record `test`), so no job and no `ccl run`
can get another caller or another time.
"""

from collections.abc import Mapping
from typing import Final

from ccl.abi.call_forms import Answer, Effect, HostCall, integer, octets, text
from ccl.abi.host_calls import HOST_CALLS, IMPORT_MODULE

TEST_MODULE: Final = "ccl_test"
TEST_RECORD: Final = "test"
"""The record that makes a context a rehearsal: {"enter": number of the `assert_traps` to enter}."""
TEST_PREFIX: Final = "test:"
"""Exports of tests: `test:NAME`."""
ASSERTION_FAILED: Final = "assertion failed"
"""The reason of a trap by `assert`, `assert_eq` and `assert_ne`; no other check has it."""
NOTHING_TRAPPED: Final = "nothing trapped"
"""The reason of a trap by an `assert_traps` whose expression came to its end."""


_CALLS: Final = (
    HostCall(
        name="test_enter",
        parameters=text("place", "reason"),
        answer=Answer.INTEGER,
        effect=Effect.READS,
        doc="Whether this `assert_traps` is the one to enter in this execution (1 or 0). `place` "
        "is `file:line:column:end`; `reason` a part of the reason it should trap for, or empty.",
    ),
    HostCall(
        name="test_compare",
        parameters=(*text("type"), *octets("left", "right")),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="Say what an assertion that is about to fail has compared, as DAG-CBOR values.",
    ),
    HostCall(
        name="test_caller",
        parameters=text("did"),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the caller is this member, with the roles granted to them.",
    ),
    HostCall(
        name="test_time",
        parameters=(integer("seconds"),),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the time of the job is this, in Unix seconds.",
    ),
    HostCall(
        name="test_advance",
        parameters=(integer("seconds"),),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the time of the job is so many seconds later.",
    ),
    HostCall(
        name="test_role",
        parameters=text("role"),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="Grant a role to the present caller.",
    ),
    HostCall(
        name="test_input",
        parameters=text("text"),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on this is the input.",
    ),
    HostCall(
        name="test_balance",
        parameters=(*text("resource_type"), integer("units")),
        answer=Answer.NONE,
        effect=Effect.READS,
        doc="From here on the caller's balance of a resource, before what this test commits.",
    ),
    HostCall(
        name="test_effects",
        parameters=text("kind"),
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
"""All calls that the code generator can import."""


def import_module(call: HostCall) -> str:
    """Returns the module that a call is imported from."""
    return TEST_MODULE if call.name in TEST_CALLS else IMPORT_MODULE
