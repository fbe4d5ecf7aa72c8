"""A process that takes turns: for tests of the turnstile and of stores that processes share.

Each writes its name to a log once a turn; it says `ready` and begins when it is told to.
"""

import os
import sys
import time
from pathlib import Path

from mesh.embedded.driving.turnstile import Turnstile
from mesh.home.home import Home


def main() -> None:
    folder, name, turns, milliseconds = sys.argv[1:]
    home = Home(Path(folder))
    turnstile = Turnstile(home)
    log = os.open(home.path / "turns.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    print("ready", flush=True)
    sys.stdin.readline()
    waits = []
    for _ in range(int(turns)):
        asked = time.monotonic()
        with turnstile.turn():
            waits.append(time.monotonic() - asked)
            os.write(log, f"+{name}\n".encode())
            print("in turn", flush=True)
            time.sleep(int(milliseconds) / 1000)
            os.write(log, f"-{name}\n".encode())
    print("waits", *(f"{each:.6f}" for each in waits), flush=True)


if __name__ == "__main__":
    main()
