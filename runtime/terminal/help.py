"""What the helps of all three commands have in common: width, options, exit codes.

Rule: a command's help says what it does, then its examples, each on a line, then its options.
"""

from typing import Any, Final

CONTEXT_SETTINGS: Final[dict[str, Any]] = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
}
EXIT_CODES: Final = """\b
Exit codes: 0 ok, 1 findings or failed job, 2 usage, 3 not found, 4 identity or
signature, 5 denied by policy, 6 no bids, 7 timeout, 8 verification failed,
101 a bug of ours, 130 interrupted."""
