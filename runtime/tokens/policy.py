"""Rules on how much of a resource each subject may commit, and the usage that they count.

A rule limits, or is a composition of rules. Usage is kept across versions of a policy: it says what
a subject has committed, not what some rule made of it. Times are Unix seconds.
"""

from enum import Enum
from typing import Annotated, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Recursive, Size

PER_SECONDS_MAX: Final = 366 * 24 * 3600
PERMITTED_MAX: Final = 1024
RULES_MAX: Final = 32
"""Rules in one composition, the compositions within it included."""
RULE_DEPTH_MAX: Final = 4
"""Compositions within compositions."""


class AllowAll(Struct, frozen=True, kw_only=True):
    """Any amount for every subject."""


class Quota(Struct, frozen=True, kw_only=True):
    """Each subject may commit `limit` units in all; what returns of a hold is given back."""

    limit: int


class RateLimit(Struct, frozen=True, kw_only=True):
    """A bucket for each subject: `burst` units at first, `amount` more per `per_seconds`.

    What returns of a hold is not given back: the limit is on requests.
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


class AllOf(Struct, frozen=True, kw_only=True):
    """What every one of the rules allows."""

    rules: Annotated[tuple["Rule", ...], Size(1, RULES_MAX), Recursive()]

    def __post_init__(self) -> None:
        _check_composition(self.rules)


class AnyOf(Struct, frozen=True, kw_only=True):
    """What at least one of the rules allows. The first that does is the one that is used."""

    rules: Annotated[tuple["Rule", ...], Size(1, RULES_MAX), Recursive()]

    def __post_init__(self) -> None:
        _check_composition(self.rules)


Rule: TypeAlias = AllowAll | Quota | RateLimit | PermitList | AllOf | AnyOf


def _check_composition(rules: tuple[Rule, ...]) -> None:
    """Raises ValueError for a composition without rules, with too many, or too deep."""
    if not rules:
        raise ValueError("a composition has at least one rule")
    if sum(map(rules_in, rules)) > RULES_MAX:
        raise ValueError(f"more than {RULES_MAX} rules in one policy")
    if max(map(_depth, rules)) >= RULE_DEPTH_MAX:
        raise ValueError(f"rules are composed more than {RULE_DEPTH_MAX} deep")


def rules_in(rule: Rule) -> int:
    """Counts a rule and those that it is composed of."""
    return 1 + sum(map(rules_in, parts_of(rule)))


def rate_limits_in(rule: Rule) -> int:
    """Counts the rate limits of a rule, each of which has a bucket for every subject."""
    return isinstance(rule, RateLimit) + sum(map(rate_limits_in, parts_of(rule)))


def parts_of(rule: Rule) -> tuple[Rule, ...]:
    """Gives the rules that a composition is made of; none for a limit."""
    return rule.rules if isinstance(rule, AllOf | AnyOf) else ()


def _depth(rule: Rule) -> int:
    return 1 + max(map(_depth, rule.rules)) if isinstance(rule, AllOf | AnyOf) else 0


class Bucket(Struct, frozen=True, kw_only=True):
    """What a subject has drawn from a rate limit and what has not been refilled at time `at`.

    drawn: in units × per_seconds, so that each second refills a whole number.
    """

    drawn: Annotated[int, Between(0, INTEGER_MAX)]
    per_seconds: Annotated[int, Between(1, PER_SECONDS_MAX)]
    at: int


class Usage(Struct, frozen=True, kw_only=True):
    """A subject's commitments of a resource within a scope, under all versions of its policy.

    committed: units held or paid, which quotas count. buckets: one for each rate limit, in the
    order in which the rule names them; the n-th of a new version goes on with the n-th of the old.
    """

    committed: Annotated[int, Between(0, INTEGER_MAX)] = 0
    buckets: Annotated[tuple[Bucket | None, ...], Size(0, RULES_MAX)] = ()


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

    retry_after_seconds is None if waiting does not help. path: of the rule that decides, in the
    composition; empty where the rule is none.
    """

    reason: DenialReason
    available: int
    retry_after_seconds: int | None = None
    path: str = ""


def released(usage: Usage, amount: int) -> Usage:
    """Gives the usage after `amount` of a commitment was given back."""
    return replace(usage, committed=max(0, usage.committed - amount))
