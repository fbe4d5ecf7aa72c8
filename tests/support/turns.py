"""A process that takes turns: for tests of the turnstile and of stores that processes share.

It says `ready` and begins when it is told to. In each turn it writes its name to a log, says `in
turn`, holds the turn as `HOLDING` says, and writes its name again; at last it says `done`.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from blake3 import blake3

from mesh.embedded.driving.turnstile import Turnstile
from mesh.home.home import Home

WORK = bytes(10_000_000)


Holding: TypeAlias = Callable[[Callable[[], bool]], None]
"""Is given whether another process waits for the turn."""


def for_work(_: Callable[[], bool]) -> None:
    blake3(WORK).digest()


def until_told(_: Callable[[], bool]) -> None:
    sys.stdin.readline()


def until_awaited(is_awaited: Callable[[], bool]) -> None:
    while not is_awaited():
        os.sched_yield()


HOLDING: dict[str, Holding] = {
    each.__name__: each for each in (for_work, until_told, until_awaited)
}


def main() -> None:
    folder, name, turns, holding = sys.argv[1:]
    home = Home(Path(folder))
    turnstile = Turnstile(home)
    log = os.open(home.path / "turns.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(turns)):
        with turnstile.turn() as is_awaited:
            os.write(log, f"+{name}\n".encode())
            print("in turn", flush=True)
            HOLDING[holding](is_awaited)
            os.write(log, f"-{name}\n".encode())
    print("done", flush=True)


if __name__ == "__main__":
    main()
