"""What was found out about this machine's sandbox, for an operator to read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One measure or test: whether it holds here, in words."""

    name: str
    holds: bool
    text: str
