"""The start of the process of `meshctl`.

Rule: nothing is loaded before Ctrl-C has an answer.
"""

from __future__ import annotations

import sys

from runtime.terminal.process import run_process

TYPE_CHECKING = False
if TYPE_CHECKING:  # what it defines, without loading it
    from runtime.terminal.process import Command


def main() -> None:
    """The command `meshctl`."""
    run_process(_meshctl)


def _meshctl() -> Command:
    from mesh.cli.app import run

    return lambda: run(sys.argv[1:])
