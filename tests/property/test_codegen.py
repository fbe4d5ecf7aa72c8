"""Generated modules do what the reference interpreter of the typed tree says."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccl import typed as t
from tests.lower.interpreter import Interpreter, Stopped, plain
from tests.lower.programs import STATE, programs
from tests.lower.trees import Running, Trapped, build

_SETTINGS = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _expected(tree: t.Program) -> Any:
    try:
        return plain(Interpreter(tree).call("main"), STATE, tree)
    except Stopped as stopped:
        return stopped


@_SETTINGS
@given(programs())
def test_programs_run_as_the_interpreter_says_and_release_everything(tree: t.Program) -> None:
    expected = _expected(tree)
    running = Running(build(tree))
    try:
        found = running.apply("main")
    except Trapped as trapped:
        found = Stopped(trapped.reason)
    else:
        assert running.live_bytes() == 0
    assert found == expected
