"""What a command says when it cannot do what was asked: one exception, many named codes.

Rule: a problem always names its place, its reason and the next step. `kind` decides the
exit code, `code` is stable text for machines.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Kind(IntEnum):
    """The family of a problem; its value is the exit code."""

    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    IDENTITY = 4
    DENIED = 5
    NO_BIDS = 6
    TIMEOUT = 7
    VERIFICATION = 8
    INTERRUPTED = 130


class MeshProblem(Exception):
    """A user's or a machine's problem, told by name.

    code: kebab-case, stable. message: what and where. hint: the next step. details: facts
    for machines (plain JSON values).
    """

    def __init__(
        self,
        kind: Kind,
        code: str,
        message: str,
        *,
        hint: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint
        self.details = dict(details or {})
