"""Policies: limits on how much of a resource each subject may commit, decided before a hold.

A pure evaluation in exact integers over what a subject has committed so far. Times are Unix
seconds.
"""

from enum import Enum
from typing import Annotated, Final, TypeAlias, assert_never

from msgspec import Struct
from msgspec.structs import replace

from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size

PER_SECONDS_MAX: Final = 366 * 24 * 3600
PERMITTED_MAX: Final = 1024


class AllowAll(Struct, frozen=True, kw_only=True):
    """Any amount for every subject."""


class Quota(Struct, frozen=True, kw_only=True):
    """Each subject may commit `limit` units in all; what is voided is given back."""

    limit: int


class RateLimit(Struct, frozen=True, kw_only=True):
    """A bucket for each subject: `burst` units at first, `amount` more per `per_seconds`.

    What is voided is not given back: the limit is on requests.
    """

    amount: Annotated[int, Between(1, INTEGER_MAX)]
    per_seconds: Annotated[int, Between(1, PER_SECONDS_MAX)]
    burst: Annotated[int, Between(1, INTEGER_MAX)]

    def __post_init__(self) -> None:
        if self.burst * self.per_seconds > INTEGER_MAX:
            raise ValueError("burst times per_seconds does not fit 63 bits: shorten the period")


class PermitList(Struct, frozen=True, kw_only=True):
    """Any amount for these subjects, nothing for others."""

    dids: Annotated[tuple[Did, ...], Size(0, PERMITTED_MAX)]


Rule: TypeAlias = AllowAll | Quota | RateLimit | PermitList


class Usage(Struct, frozen=True, kw_only=True):
    """The units that one subject has committed under one policy.

    committed: units held or posted. level: the bucket's content in unit-seconds (units ×
    per_seconds), None before the first use; updated_at: when that was so.
    """

    committed: int = 0
    level: int | None = None
    updated_at: int = 0


class DenialReason(Enum):
    QUOTA_EXHAUSTED = "the quota leaves less than the amount asked for"
    RATE_EXCEEDED = "too much in too short a time"
    AMOUNT_OVER_BURST = "more than the rate limit's burst ever allows at once"
    NOT_PERMITTED = "the subject is not on the permit list"


class Allowed(Struct, frozen=True, kw_only=True):
    """`usage` is what to store if the amount is committed."""

    usage: Usage


class Denied(Struct, frozen=True, kw_only=True):
    """`available` units would be allowed now; after `retry_after_seconds` the requested amount.

    retry_after_seconds is None if waiting does not help.
    """

    reason: DenialReason
    available: int
    retry_after_seconds: int | None = None


def evaluate(rule: Rule, *, subject: Did, amount: int, usage: Usage, now: int) -> Allowed | Denied:
    """Decides whether `subject` may commit `amount` more. `usage` is theirs under this policy."""
    assert amount > 0, "the ledger refuses amounts of nothing before it consults a policy"
    committed = replace(usage, committed=usage.committed + amount)
    match rule:
        case AllowAll():
            return Allowed(usage=committed)
        case PermitList(dids=dids):
            if subject not in dids:
                return Denied(reason=DenialReason.NOT_PERMITTED, available=0)
            return Allowed(usage=committed)
        case Quota(limit=limit):
            left = max(0, limit - usage.committed)
            if amount > left:
                return Denied(reason=DenialReason.QUOTA_EXHAUSTED, available=left)
            return Allowed(usage=committed)
        case RateLimit():
            return _rate(rule, amount, usage, now)
        case _:
            assert_never(rule)


def released(usage: Usage, amount: int) -> Usage:
    """Gives the usage after a commitment of `amount` was voided."""
    return replace(usage, committed=max(0, usage.committed - amount))


def _rate(rule: RateLimit, amount: int, usage: Usage, now: int) -> Allowed | Denied:
    full = rule.burst * rule.per_seconds
    if usage.level is None:
        level = full
    else:
        elapsed = max(0, now - usage.updated_at)
        level = min(full, usage.level + elapsed * rule.amount)
    requested = amount * rule.per_seconds
    available = level // rule.per_seconds
    if amount > rule.burst:
        return Denied(reason=DenialReason.AMOUNT_OVER_BURST, available=available)
    if requested > level:
        wait = -(-(requested - level) // rule.amount)
        return Denied(
            reason=DenialReason.RATE_EXCEEDED, available=available, retry_after_seconds=wait
        )
    return Allowed(
        usage=Usage(
            committed=usage.committed + amount,
            level=level - requested,
            # A clock set back must not fill the bucket twice.
            updated_at=max(now, usage.updated_at),
        )
    )
