"""The four policies, in exact integers."""

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from meshfolk import key

from runtime.content.codec import INTEGER_MAX
from runtime.content.shapes import ShapeError
from runtime.content.typed import union_from_value, union_to_value
from runtime.tokens.policy import (
    AllowAll,
    Allowed,
    DenialReason,
    Denied,
    PermitList,
    Quota,
    RateLimit,
    Rule,
    Usage,
    evaluate,
    released,
)

ALICE, BOB = key("alice").did, key("bob").did
RATE = RateLimit(amount=10, per_seconds=60, burst=50)


def ask(rule: Rule, amount: int, usage: Usage = Usage(), now: int = 1000) -> Allowed | Denied:  # noqa: B008
    return evaluate(rule, subject=ALICE, amount=amount, usage=usage, now=now)


def test_allow_all_counts_and_allows() -> None:
    assert ask(AllowAll(), 7) == Allowed(usage=Usage(committed=7))


def test_permit_list_allows_its_subjects_only() -> None:
    assert isinstance(ask(PermitList(dids=(ALICE, BOB)), 7), Allowed)
    denied = Denied(reason=DenialReason.NOT_PERMITTED, available=0)
    assert ask(PermitList(dids=(BOB,)), 7) == denied


def test_quota_gives_back_voided_units() -> None:
    usage = Usage(committed=80)
    assert ask(Quota(limit=100), 20, usage) == Allowed(usage=Usage(committed=100))
    denied = Denied(reason=DenialReason.QUOTA_EXHAUSTED, available=20)
    assert ask(Quota(limit=100), 21, usage) == denied
    assert isinstance(ask(Quota(limit=100), 21, released(usage, 1)), Allowed)
    assert released(usage, 100) == Usage(committed=0)


def test_rate_limit_starts_full_and_refills() -> None:
    first = ask(RATE, 50)
    assert isinstance(first, Allowed)
    empty = ask(RATE, 10, first.usage)
    assert empty == Denied(reason=DenialReason.RATE_EXCEEDED, available=0, retry_after_seconds=60)
    assert isinstance(ask(RATE, 10, first.usage, now=1059), Denied)
    assert isinstance(ask(RATE, 10, first.usage, now=1060), Allowed)
    after_an_hour = ask(RATE, 50, first.usage, now=4600)
    assert isinstance(after_an_hour, Allowed)


def test_more_than_the_burst_is_never_allowed_and_waiting_is_not_suggested() -> None:
    assert ask(RATE, 51) == Denied(reason=DenialReason.AMOUNT_OVER_BURST, available=50)


def test_clock_set_back_does_not_fill_the_bucket_twice() -> None:
    first = ask(RATE, 40, now=1000)
    assert isinstance(first, Allowed)
    assert isinstance(ask(RATE, 11, first.usage, now=10), Denied)
    rest = ask(RATE, 10, first.usage, now=10)
    assert isinstance(rest, Allowed)
    # Counted from the later of the two times: the bucket is empty, not refilled since 10.
    assert isinstance(ask(RATE, 1, rest.usage, now=1000), Denied)
    assert isinstance(ask(RATE, 10, rest.usage, now=1060), Allowed)


@examples(150)
@given(
    st.builds(
        RateLimit,
        amount=st.integers(1, 50),
        per_seconds=st.integers(1, 100),
        burst=st.integers(1, 200),
    ),
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 40)), max_size=30),
)
def test_no_time_window_exceeds_burst_and_rate(
    rule: RateLimit, asked: list[tuple[int, int]]
) -> None:
    now, usage = 0, Usage()
    granted: list[tuple[int, int]] = []
    for amount, seconds in asked:
        now += seconds
        answer = ask(rule, amount, usage, now)
        if isinstance(answer, Allowed):
            usage = answer.usage
            granted.append((now, amount))
        elif answer.retry_after_seconds is not None:
            assert isinstance(ask(rule, amount, usage, now + answer.retry_after_seconds), Allowed)
            sooner = now + answer.retry_after_seconds - 1
            assert isinstance(ask(rule, amount, usage, sooner), Denied)
    for i, (start, _) in enumerate(granted):
        for j in range(i, len(granted)):
            seconds = granted[j][0] - start
            total = sum(amount for _, amount in granted[i : j + 1])
            assert total * rule.per_seconds <= (
                rule.burst * rule.per_seconds + seconds * rule.amount
            )


def test_rate_with_an_oversized_bucket_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit 63 bits"):
        RateLimit(amount=1, per_seconds=2, burst=INTEGER_MAX)
    value = {"kind": "RateLimit", "amount": 1, "per_seconds": 2, "burst": INTEGER_MAX}
    with pytest.raises(ShapeError, match="does not fit 63 bits"):
        union_from_value(Rule, value)


@pytest.mark.parametrize("rule", [AllowAll(), Quota(limit=3), RATE, PermitList(dids=(ALICE,))])
def test_rule_survives_its_encoding(rule: Rule) -> None:
    assert union_from_value(Rule, union_to_value(Rule, rule)) == rule
