"""Where the processes of `ccl` and `cclc` begin.

Rule: nothing is loaded before Ctrl-C has an answer.
"""

from __future__ import annotations

from runtime.terminal.process import run_process

TYPE_CHECKING = False
if TYPE_CHECKING:  # what it defines, without loading it
    from runtime.terminal.process import Command


def ccl() -> None:
    """The command `ccl`."""
    run_process(_ccl)


def cclc() -> None:
    """The command `cclc`."""
    run_process(_cclc)


def _ccl() -> Command:
    from ccl.cli.ccl import app
    from runtime.terminal.boundary import run_app

    return lambda: run_app(app, "ccl")


def _cclc() -> Command:
    from ccl.cli.cclc import app
    from runtime.terminal.boundary import run_app

    return lambda: run_app(app, "cclc")
