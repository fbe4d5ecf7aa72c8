"""Settings of the process of the tests: room for deep programs, codes of the table for errors of
commands, and workers that outlive their sandbox."""

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from warm_sandboxes import Kept

from ccl.support.recursion import make_room_for_nesting
from runtime.terminal.codes import CODES
from runtime.terminal.errors import CommandError

_INIT = CommandError.__init__


def _checked(self: CommandError, exit_code: Any, code: str, *more: Any, **named: Any) -> None:
    assert code in CODES, f"`{code}` is not in runtime/terminal/codes.py"
    assert exit_code in CODES[code][0], f"`{code}` ends with {exit_code}, which its row lacks"
    _INIT(self, exit_code, code, *more, **named)


@pytest.fixture(autouse=True, scope="session")
def errors_of_the_table() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CommandError, "__init__", _checked)
        yield


@pytest.fixture(scope="session")
def workers() -> Iterator[list[Kept]]:
    """Of sandboxes that have ended, for folders whose tests may share them."""
    kept: list[Kept] = []
    yield kept
    for each in kept:
        each.worker.child.close()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores: some test always waits, for a process or the disk."""
    return 1 + (os.cpu_count() or 1)


def pytest_configure() -> None:
    """As the commands do."""
    make_room_for_nesting()


def pytest_collection_finish() -> None:
    """The collected tests live as long as the process: the collector need not visit them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
