"""The clocks that actors are given: one boot, monotonic milliseconds shared by all processes."""

import subprocess
import sys

from mesh.embedded.machine.clock import now


def test_processes_of_one_boot_share_the_monotonic_clock() -> None:
    before = now()
    script = "from mesh.embedded.machine.clock import now; n = now(); print(n.boot, n.monotonic)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    boot, monotonic = done.stdout.split()
    assert boot == before.boot
    assert before.monotonic <= int(monotonic) <= now().monotonic
