"""Any sequence of commitments and amendments is decided as its whole history says.

The oracle keeps no usage: it goes through all that was ever committed, under the rules of that
time, for every question. The rules under test keep a sum and a few buckets.
"""

from fractions import Fraction
from math import ceil
from typing import NamedTuple

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from signers import key

from runtime.tokens.assessment import Request, assess, evaluate
from runtime.tokens.policy import (
    AllOf,
    AllowAll,
    Allowed,
    AnyOf,
    PermitList,
    Quota,
    RateLimit,
    Rule,
    Usage,
    released,
)

SUBJECT, OTHER = key("alice").did, key("bob").did
STEP_MAX = 300


class Commitment(NamedTuple):
    at: int
    amount: int
    rates: tuple[RateLimit | None, ...]
    """The rate limits that this one drew on, by their place in the rule of that time."""


def rate_limits(rule: Rule) -> list[RateLimit]:
    if isinstance(rule, RateLimit):
        return [rule]
    if isinstance(rule, AllOf | AnyOf):
        return [each for part in rule.rules for each in rate_limits(part)]
    return []


class Oracle:
    def __init__(self) -> None:
        self.history: list[Commitment] = []
        self.given_back = 0

    def allows(self, rule: Rule, amount: int, now: int) -> tuple[RateLimit | None, ...] | None:
        """The rate limits that the amount draws on, None if it is denied."""
        return self._ask(rule, amount, now, 0)

    def _ask(
        self, rule: Rule, amount: int, now: int, place: int
    ) -> tuple[RateLimit | None, ...] | None:
        match rule:
            case AllowAll():
                return ()
            case PermitList(dids=dids):
                return () if SUBJECT in dids else None
            case Quota(limit=limit):
                spent = sum(each.amount for each in self.history) - self.given_back
                return () if spent + amount <= limit else None
            case RateLimit():
                fits = self.drawn(rule, place, now) + amount <= rule.burst
                return (rule,) if fits else None
            case AllOf() | AnyOf():
                return self._compose(rule, amount, now, place)

    def _compose(
        self, rule: AllOf | AnyOf, amount: int, now: int, place: int
    ) -> tuple[RateLimit | None, ...] | None:
        drawn: list[RateLimit | None] = []
        allowed = isinstance(rule, AllOf)
        for part in rule.rules:
            width = len(rate_limits(part))
            own = self._ask(part, amount, now, place + len(drawn))
            if isinstance(rule, AllOf):
                allowed = allowed and own is not None
                drawn += [*(own or ()), *[None] * (width - len(own or ()))]
            elif own is not None and not allowed:
                allowed = True
                drawn += [*own, *[None] * (width - len(own))]
            else:
                drawn += [None] * width
        return tuple(drawn) if allowed else None

    def drawn(self, rule: RateLimit, place: int, now: int) -> Fraction:
        """Units that are drawn of the bucket at a place, after all that ever drew on it."""
        left, at = Fraction(0), None
        for each in self.history:
            limit = each.rates[place] if place < len(each.rates) else None
            if limit is not None:
                left, at = refill(left, at, limit, each.at)
                left += each.amount
        return refill(left, at, rule, now)[0]


def refill(drawn: Fraction, at: int | None, rule: RateLimit, now: int) -> tuple[Fraction, int]:
    if at is not None and at > now + STEP_MAX:
        return Fraction(0), now
    drawn = Fraction(ceil(drawn * rule.per_seconds), rule.per_seconds)
    if at is None or now >= at:
        elapsed = 0 if at is None else now - at
        return max(Fraction(0), drawn - Fraction(elapsed * rule.amount, rule.per_seconds)), now
    return drawn, at


RATES = st.builds(
    RateLimit,
    amount=st.integers(1, 20),
    per_seconds=st.integers(1, 60),
    burst=st.integers(1, 60),
)
LIMITS: st.SearchStrategy[Rule] = st.one_of(
    RATES,
    RATES,
    st.builds(Quota, limit=st.integers(0, 300)),
    st.sampled_from([AllowAll(), PermitList(dids=(SUBJECT,)), PermitList(dids=(OTHER,))]),
)
PARTS = st.lists(LIMITS, min_size=1, max_size=3).map(tuple)
INNER: st.SearchStrategy[Rule] = st.one_of(
    LIMITS, st.builds(AllOf, rules=PARTS), st.builds(AnyOf, rules=PARTS)
)
OUTER = st.lists(INNER, min_size=1, max_size=3).map(tuple)
RULES: st.SearchStrategy[Rule] = st.one_of(
    INNER, st.builds(AllOf, rules=OUTER), st.builds(AnyOf, rules=OUTER)
)
SECONDS = st.one_of(st.integers(0, 40), st.sampled_from([-5, -200, -301, -5_000, 5_000]))
STEPS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.none(), RULES), st.integers(1, 40), SECONDS, st.integers(0, 9)
    ),
    min_size=5,
    max_size=40,
)


@examples(200)
@given(RULES, STEPS)
def test_usage_decides_as_the_whole_history_does(
    rule: Rule, steps: list[tuple[Rule | None, int, int, int]]
) -> None:
    oracle, usage, now = Oracle(), Usage(), 10**6
    for amended, amount, seconds, back in steps:
        rule = rule if amended is None else amended
        now += seconds
        answer = evaluate(rule, subject=SUBJECT, amount=amount, usage=usage, now=now)
        expected = oracle.allows(rule, amount, now)
        assert isinstance(answer, Allowed) == (expected is not None)
        if isinstance(answer, Allowed) and expected is not None:
            usage = answer.usage
            oracle.history.append(Commitment(at=now, amount=amount, rates=expected))
            if back == 0:
                usage = released(usage, amount)
                oracle.given_back += amount
        assert usage.committed == sum(c.amount for c in oracle.history) - oracle.given_back


@examples(200)
@given(RULES, STEPS)
def test_what_is_said_to_be_available_is_exactly_what_is_allowed(
    rule: Rule, steps: list[tuple[Rule | None, int, int, int]]
) -> None:
    usage, now = Usage(), 10**6
    for amended, amount, seconds, _ in steps:
        rule = rule if amended is None else amended
        now += seconds

        whole = assess(rule, Request(subject=SUBJECT, amount=amount, usage=usage, now=now))
        if whole.available is None:
            assert is_allowed(rule, 10**9, usage, now)
        else:
            left = whole.available
            assert left == 0 or is_allowed(rule, left, usage, now)
            assert not is_allowed(rule, left + 1, usage, now)
        wait = whole.retry_after_seconds
        # A bucket that a wrong clock put further ahead counts as full only for now.
        if wait is not None and all(b is None or b.at <= now + STEP_MAX for b in usage.buckets):
            assert is_allowed(rule, amount, usage, now + wait)
            assert not is_allowed(rule, amount, usage, now + wait - 1)
        answer = evaluate(rule, subject=SUBJECT, amount=amount, usage=usage, now=now)
        if isinstance(answer, Allowed):
            usage = answer.usage


def is_allowed(rule: Rule, amount: int, usage: Usage, now: int) -> bool:
    answer = evaluate(rule, subject=SUBJECT, amount=amount, usage=usage, now=now)
    return isinstance(answer, Allowed)
