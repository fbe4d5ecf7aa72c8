"""Where the process of `meshctl` begins: Ctrl-C is answered from the first line on."""

import sys

from runtime.terminal.interrupts import answer_interrupts, leave, raise_interrupts


def main() -> None:
    """Run `meshctl` and leave with its exit code."""
    answer_interrupts()
    from mesh.cli.app import run

    try:
        raise_interrupts()
        code = run(sys.argv[1:])
        answer_interrupts()
    except KeyboardInterrupt:
        leave()
    sys.exit(code)
