"""Where the process of `meshctl` begins: Ctrl-C is answered from the first line on.

Rule: nothing is imported before the answer is in place; loading is most of the time that a
short command takes.
"""

import os
import sys

try:
    import signal
    from types import FrameType
    from typing import Final, NoReturn
except KeyboardInterrupt:
    os._exit(130)

INTERRUPTED: Final = 130


def main() -> None:
    """Run `meshctl` and leave with its exit code."""
    _answer_interrupts()
    from mesh.cli.app import report_bug, run
    from runtime.streams import prepare_streams

    sys.excepthook = report_bug
    prepare_streams()
    _raise_interrupts()
    try:
        code = run(sys.argv[1:])
        _answer_interrupts()
    except KeyboardInterrupt:
        _leave()
    sys.exit(code)


def _answer_interrupts() -> None:
    """Leave at once. A process that was started to ignore Ctrl-C goes on ignoring it."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def _raise_interrupts() -> None:
    """An exception again, for commands that have something to put in order."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(_number: int = signal.SIGINT, _frame: FrameType | None = None) -> NoReturn:
    os._exit(INTERRUPTED)
