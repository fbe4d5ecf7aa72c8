"""Ctrl-C while a command is loading, which is most of the time that a short one takes.

Rule: only `signal` is loaded before the handler is in place; a process that was started with SIGINT
ignored goes on ignoring it.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:  # what `typing` defines, without loading it
    from types import FrameType
    from typing import NoReturn

INTERRUPTED = 130


def answer_interrupts() -> None:
    """Makes Ctrl-C end the process at once."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave)


def raise_interrupts() -> None:
    """Makes Ctrl-C raise KeyboardInterrupt again, for commands that have something to put in
    order."""
    if signal.getsignal(signal.SIGINT) is leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def leave(_number: int = signal.SIGINT, _frame: FrameType | None = None) -> NoReturn:
    """Ends the process as interrupted."""
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)
