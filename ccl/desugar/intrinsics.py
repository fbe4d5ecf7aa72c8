"""Intrinsics: functions that only code made from roles and proposals calls.

No program can spell their names.
"""

from enum import StrEnum


class Intrinsic(StrEnum):
    GRANTED_ROLE = "granted role"
    """Whether the context grants the role of this name, or the caller holds one that extends it."""
    INHERITED_REQUIREMENTS = "inherited requirements"
    """Whether the requirements are met of the role that the role of this name extends."""
    ELECTORATE = "electorate of"
    """The voters with their weights, of an array or of a map with weights."""
    SHARE = "share of"
    """A share, of its key in the proposal and its value."""


SHARE_EXPECTED = "a share from 0 to 1, such as 50%, 0.5 or 2/3"
