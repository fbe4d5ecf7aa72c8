"""The file of a run's result, checked before anything is executed or paid for.

Rule: a run never writes over a file that it reads.
"""

import os
from pathlib import Path

from ccl.cli.running.options import Options
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM, check_writable


def check_output(options: Options) -> None:
    """Raises CommandError where the result could not be written to `--output`, or should not."""
    path = options.output
    if path is None:
        return
    if str(path) == STANDARD_STREAM:
        if options.as_json:
            raise CommandError(
                ExitCode.USAGE,
                "usage",
                "--output - and -o json both want stdout",
                hint="give --output the name of a file",
            )
        return
    read = {
        "the program": options.file,
        "its input": options.input,
        "its context": options.context,
    }
    for what, other in read.items():
        if other is not None and _are_same(path, other):
            raise CommandError(
                ExitCode.USAGE,
                "usage",
                f"the output {path} is {what} itself",
                hint="give --output another name",
                details={"path": str(path)},
            )
    check_writable(path)


def _are_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)
