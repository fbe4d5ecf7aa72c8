"""Entry points of the processes of `ccl` and `cclc`.

Rule: nothing is loaded before Ctrl-C has a handler. State of the whole process is set here, so that
no library call changes it under another thread.
"""

from __future__ import annotations

from runtime.terminal.process import run_process

TYPE_CHECKING = False
if TYPE_CHECKING:  # what they define, without loading it
    from collections.abc import Sequence

    from runtime.terminal.answers.answer import Answers
    from runtime.terminal.process import Command


def ccl() -> None:
    """Runs the command `ccl` as a process."""
    run_process(_ccl)


def cclc() -> None:
    """Runs the command `cclc` as a process."""
    run_process(_cclc)


def run_ccl(arguments: Sequence[str] | None = None) -> int:
    """Runs one command of `ccl` (that of the process by default); returns its exit code."""
    from ccl.cli.ccl import app
    from runtime.terminal.boundary.run import run_app

    return run_app(app, "ccl", arguments, answers=_answers_of_ccl)


def run_cclc(arguments: Sequence[str] | None = None) -> int:
    """Runs one command of `cclc`, in the same way."""
    from ccl.cli.cclc import app
    from ccl.diagnostics.render import machine_formats
    from runtime.terminal.boundary.run import run_app

    return run_app(app, "cclc", arguments, answers=_answers_of_cclc, formats=machine_formats())


def _ccl() -> Command:
    import runtime.terminal.boundary.run  # noqa: F401
    from ccl.support.recursion import make_room_for_nesting

    make_room_for_nesting()
    return run_ccl


def _cclc() -> Command:
    import gc

    import runtime.terminal.boundary.run  # noqa: F401
    from ccl.support.recursion import make_room_for_nesting

    make_room_for_nesting()
    # The trees of a compilation live until it ends, so that collections would find nothing and take
    # a tenth of the time of a long program; `check --watch` collects between its rounds.
    gc.disable()
    return run_cclc


def _answers_of_ccl() -> Answers:
    from ccl.cli.answers.ccl import CCL

    return CCL


def _answers_of_cclc() -> Answers:
    from ccl.cli.answers.cclc import CCLC

    return CCLC
