"""Reputation: what the evidence in one's own store says of a member, and nothing else.

A node states no reputation; the awarder counts ended jobs whose records it has verified.
"""

from enum import Enum
from typing import Final

from msgspec import Struct

_PRIOR: Final = 2
"""A new member counts as if this many of its jobs had gone well, and as many had not: it shows
50, together with the words "no evidence"."""


class Evidence(Enum):
    """One ended attempt of an executor, or one vote of a verifier."""

    VERIFIED = "verified"
    DISPUTED = "disputed"
    LEASE_LOST = "lease-lost"
    AGREED = "agreed"
    """A verifier's verdict was the quorum's."""
    DISSENTED = "dissented"


class Tally(Struct, frozen=True, kw_only=True):
    """How often each kind of evidence was found for one member."""

    verified: int = 0
    disputed: int = 0
    lease_lost: int = 0
    agreed: int = 0
    dissented: int = 0

    @property
    def is_empty(self) -> bool:
        return self == Tally()


class Reputation(Struct, frozen=True, kw_only=True):
    """score: 0 to 100. is_evident: whether anything at all is known."""

    score: int
    is_evident: bool


def reputation(tally: Tally) -> Reputation:
    """The share of what went well, each lie weighing as much as ten attempts lost.

    With `good` and `bad` weights: ⌊100 × (good + 2) / (good + bad + 4)⌋, so that 50 is the
    start, and neither 0 nor 100 is ever certain.
    """
    good = tally.verified + tally.agreed
    bad = tally.lease_lost + 10 * (tally.disputed + tally.dissented)
    score = 100 * (good + _PRIOR) // (good + bad + 2 * _PRIOR)
    return Reputation(score=score, is_evident=not tally.is_empty)
