"""Policies and their compositions, in exact integers."""

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from signers import key

from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.content.shapes import ShapeError
from runtime.content.typed import union_from_value, union_to_value
from runtime.tokens.assessment import evaluate
from runtime.tokens.in_force import PolicyInForce, applicable, explain
from runtime.tokens.policy import (
    AllOf,
    AllowAll,
    Allowed,
    AnyOf,
    Bucket,
    DenialReason,
    Denied,
    PermitList,
    Quota,
    RateLimit,
    Rule,
    Usage,
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
    assert isinstance(ask(RATE, 11, first.usage, now=700), Denied)
    rest = ask(RATE, 10, first.usage, now=700)
    assert isinstance(rest, Allowed)
    # Counted from the later of the two times: the bucket is empty, not refilled since 700.
    later = ask(RATE, 1, rest.usage, now=700)
    assert isinstance(later, Denied) and later.retry_after_seconds == 300 + 6
    assert isinstance(ask(RATE, 1, rest.usage, now=1000), Denied)
    assert isinstance(ask(RATE, 10, rest.usage, now=1060), Allowed)


def test_bucket_used_under_a_clock_far_ahead_does_not_stay_empty() -> None:
    year = 366 * 24 * 3600
    first = ask(RATE, 50, now=1000 + year)
    assert isinstance(first, Allowed)
    back = ask(RATE, 50, first.usage, now=1000)
    assert isinstance(back, Allowed)
    assert ask(RATE, 10, back.usage, now=1000) == Denied(
        reason=DenialReason.RATE_EXCEEDED, available=0, retry_after_seconds=60
    )


def test_clock_set_ahead_fills_the_bucket_once() -> None:
    first = ask(RATE, 50, now=1000)
    assert isinstance(first, Allowed)
    ahead = ask(RATE, 50, first.usage, now=10**9)
    assert isinstance(ahead, Allowed)
    assert isinstance(ask(RATE, 1, ahead.usage, now=10**9), Denied)


def test_amended_rate_limit_goes_on_with_what_was_drawn() -> None:
    first = ask(RATE, 40, now=1000)
    assert isinstance(first, Allowed)
    for amended, left in (
        (RateLimit(amount=10, per_seconds=60, burst=45), 5),
        (RateLimit(amount=10, per_seconds=60, burst=500), 460),
        (RateLimit(amount=10, per_seconds=60, burst=30), 0),
        (RateLimit(amount=1, per_seconds=7, burst=50), 10),
    ):
        assert isinstance(ask(amended, left + 1, first.usage, now=1000), Denied)
        assert left == 0 or isinstance(ask(amended, left, first.usage, now=1000), Allowed)


def test_part_of_a_unit_that_is_drawn_counts_as_one_after_an_amendment() -> None:
    thirds = RateLimit(amount=1, per_seconds=3, burst=9)
    first = ask(thirds, 1, now=1000)
    assert isinstance(first, Allowed)
    second = ask(thirds, 1, first.usage, now=1001)
    assert isinstance(second, Allowed)
    # Five thirds are drawn.
    whole = RateLimit(amount=1, per_seconds=1, burst=2)
    assert isinstance(ask(whole, 1, second.usage, now=1001), Denied)


def test_rate_limit_taken_away_and_set_again_goes_on() -> None:
    first = ask(RATE, 50, now=1000)
    assert isinstance(first, Allowed)
    free = ask(AllowAll(), 7, first.usage, now=1000)
    assert isinstance(free, Allowed) and free.usage.committed == 57
    assert isinstance(ask(RATE, 1, free.usage, now=1000), Denied)


FIRST = RateLimit(amount=1, per_seconds=1, burst=10)
SECOND = RateLimit(amount=1, per_seconds=60, burst=30)


def test_all_of_takes_the_least_and_names_the_rule_that_decides() -> None:
    rule = AllOf(rules=(Quota(limit=100), PermitList(dids=(ALICE,)), FIRST))
    allowed = ask(rule, 10)
    assert isinstance(allowed, Allowed) and allowed.usage.committed == 10
    assert ask(rule, 6, allowed.usage, now=1005) == Denied(
        reason=DenialReason.RATE_EXCEEDED, available=5, retry_after_seconds=1, path="all[3]"
    )
    # Waiting does not help against the quota, so it is named before the rate limit.
    assert ask(rule, 6, Usage(committed=97, buckets=allowed.usage.buckets), now=1000) == Denied(
        reason=DenialReason.QUOTA_EXHAUSTED, available=0, path="all[1]"
    )


def test_any_of_uses_the_first_that_allows() -> None:
    rule = AnyOf(rules=(FIRST, SECOND))
    one = ask(rule, 10)
    assert isinstance(one, Allowed)
    two = ask(rule, 10, one.usage)
    assert isinstance(two, Allowed)
    drawn = [None if each is None else each.drawn // each.per_seconds for each in two.usage.buckets]
    assert drawn == [10, 10]
    assert ask(rule, 21, two.usage) == Denied(
        reason=DenialReason.RATE_EXCEEDED, available=20, retry_after_seconds=60, path="any[2]"
    )
    assert ask(AnyOf(rules=(PermitList(dids=(BOB,)), Quota(limit=5))), 6) == Denied(
        reason=DenialReason.NOT_PERMITTED, available=5, path="any[1]"
    )


def test_nested_rule_is_named_by_its_path() -> None:
    rule = AllOf(rules=(AllowAll(), AnyOf(rules=(PermitList(dids=(BOB,)), FIRST))))
    denied = ask(rule, 11)
    assert isinstance(denied, Denied) and denied.path == "all[2]/any[1]"
    waiting = ask(rule, 10, Usage(buckets=(Bucket(drawn=3, per_seconds=1, at=1000),)))
    assert isinstance(waiting, Denied) and waiting.path == "all[2]/any[2]"


def test_composition_has_bounds() -> None:
    with pytest.raises(ValueError, match="at least one rule"):
        AllOf(rules=())
    with pytest.raises(ValueError, match="more than 32 rules"):
        AnyOf(rules=(AllOf(rules=(AllowAll(),) * 16), AllOf(rules=(AllowAll(),) * 16)))
    rule: Rule = AllowAll()
    for _ in range(4):
        rule = AllOf(rules=(rule,))
    with pytest.raises(ValueError, match="more than 4 deep"):
        AnyOf(rules=(rule,))
    value = union_to_value(Rule, rule)
    with pytest.raises(ShapeError, match="more than 4 deep"):
        union_from_value(Rule, {"kind": "AllOf", "rules": [value]})


def test_all_policies_apply_whose_scope_contains_the_demand() -> None:
    def policy(scope: str) -> PolicyInForce:
        return PolicyInForce(cid=cid_of(scope.encode(), Codec.RAW), scope=scope, rule=AllowAll())

    found = [policy(scope) for scope in ("care/homes", "", "care", "car", "care/homes/north")]
    assert [each.scope for each in applicable(found, "care/homes")] == ["", "care", "care/homes"]
    assert [each.scope for each in applicable(found, "")] == [""]


def test_explanation_says_which_policy_decides_and_with_which_numbers() -> None:
    wide = PolicyInForce(cid=cid_of(b"wide", Codec.RAW), version=3, rule=Quota(limit=100))
    narrow = PolicyInForce(
        cid=cid_of(b"narrow", Codec.RAW), scope="care", version=2, rule=AllOf(rules=(FIRST,))
    )
    given = [(wide, Usage(committed=40)), (narrow, Usage())]
    found = explain(given, subject=ALICE, amount=10, now=1000)
    assert found.is_allowed and found.deciding is not None
    assert (found.deciding.policy, found.deciding.deciding.path) == (narrow, "all[1]")
    found = explain(given, subject=ALICE, amount=61, now=1000)
    assert not found.is_allowed and found.deciding is not None
    assert found.deciding.policy.version == 3
    assert (found.deciding.deciding.available, found.deciding.deciding.counted) == (60, 40)
    nothing = explain((), subject=ALICE, amount=10, now=1000)
    assert nothing.is_allowed and nothing.deciding is None


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


@pytest.mark.parametrize(
    "rule",
    [
        AllowAll(),
        Quota(limit=3),
        RATE,
        PermitList(dids=(ALICE,)),
        AllOf(rules=(Quota(limit=3), AnyOf(rules=(RATE, AllOf(rules=(AllowAll(),)))))),
    ],
)
def test_rule_survives_its_encoding(rule: Rule) -> None:
    assert union_from_value(Rule, union_to_value(Rule, rule)) == rule
