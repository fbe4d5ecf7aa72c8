"""The clocks of this machine, as actors are given them."""

import time
from functools import lru_cache
from pathlib import Path
from typing import Final

from mesh.actors.actor import Instant, Now

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def now() -> Now:
    """The clocks at this moment; the same in all processes of this machine."""
    return Now(
        wall=int(time.time()),
        monotonic=Instant(time.monotonic_ns() // 1_000_000),
        boot=boot(),
    )


@lru_cache(maxsize=1)
def boot() -> str:
    """A word that changes with each start of the machine.

    Where the system has none it is the second in which the monotonic clock began, so that a clock
    that is set makes another boot of it: leases then begin anew, which costs only time.
    """
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return str(round(time.time() - time.monotonic()))
