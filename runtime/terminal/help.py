"""Common parts of the help texts of all three commands: width, options, exit codes.

Rule: a help text describes the command, then has its examples, each on a line, then its options.
"""

from textwrap import fill
from typing import Any, Final

from runtime.terminal.errors import EXIT_MEANINGS

CONTEXT_SETTINGS: Final[dict[str, Any]] = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
}
_MEANINGS: Final = ", ".join(f"{code.value} {text}" for code, text in EXIT_MEANINGS.items())
EXIT_CODES: Final = "\b\n" + fill(f"Exit codes: {_MEANINGS}.", width=80)
