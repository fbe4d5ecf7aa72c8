"""Assessment of a request by a rule: the answers of all parts of a composition, and the decision.

A pure evaluation in exact integers. `amount` is allowed exactly if it is at most `available`, by
every rule alike, so that compositions take the least or the greatest of their parts.
"""

from typing import Final, assert_never

from msgspec import Struct
from msgspec.structs import replace

from runtime.content.did import Did
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
    parts_of,
    rate_limits_in,
)

CLOCK_STEP_SECONDS_MAX: Final = 300
"""How far a bucket's time may be ahead of the clock after the clock was set back.

Up to here no second refills twice. A bucket that is further ahead was drawn from under a wrong
clock, and would not refill until that time comes, so it counts as full: like a step ahead, a step
back grants one burst at most.
"""


class Request(Struct, frozen=True, kw_only=True):
    """A request to commit `amount` units. usage: the subject's, in the scope of the rule."""

    subject: Did
    amount: int
    usage: Usage
    now: int


class Assessment(Struct, frozen=True, kw_only=True):
    """The answer of one rule. path: its place in the composition, `all[2]/any[1]`.

    available: units that it would allow now, None for any amount. reason: of a denial;
    retry_after_seconds: until the amount is allowed, None if waiting does not help. counted: units
    that count against the rule now, rounded up. bucket: its number and content, if committed.
    """

    path: str
    rule: Rule
    available: int | None
    reason: DenialReason | None = None
    retry_after_seconds: int | None = None
    counted: int | None = None
    bucket: tuple[int, Bucket] | None = None
    parts: tuple["Assessment", ...] = ()

    @property
    def is_allowed(self) -> bool:
        return self.reason is None


def evaluate(rule: Rule, *, subject: Did, amount: int, usage: Usage, now: int) -> Allowed | Denied:
    """Decides whether `subject` may commit `amount` more. `usage` is theirs in the rule's scope."""
    request = Request(subject=subject, amount=amount, usage=usage, now=now)
    whole = assess(rule, request)
    if whole.reason is None:
        return Allowed(usage=_committed(whole, request))
    assert whole.available is not None, "a rule that allows any amount denies none"
    return Denied(
        reason=whole.reason,
        available=whole.available,
        retry_after_seconds=whole.retry_after_seconds,
        path=deciding(whole).path,
    )


def assess(rule: Rule, request: Request, *, path: str = "", bucket: int = 0) -> Assessment:
    """Answers for a rule and all its parts. bucket: the number of its first rate limit's."""
    assert request.amount > 0, "the ledger refuses amounts of nothing before it consults a policy"
    match rule:
        case AllowAll():
            return Assessment(path=path, rule=rule, available=None)
        case PermitList(dids=dids):
            if request.subject not in dids:
                reason = DenialReason.NOT_PERMITTED
                return Assessment(path=path, rule=rule, available=0, reason=reason)
            return Assessment(path=path, rule=rule, available=None)
        case Quota(limit=limit):
            committed = request.usage.committed
            left = max(0, limit - committed)
            fits = request.amount <= left
            return Assessment(
                path=path,
                rule=rule,
                available=left,
                reason=None if fits else DenialReason.QUOTA_EXHAUSTED,
                counted=committed,
            )
        case RateLimit():
            return _rate(rule, request, path, bucket)
        case AllOf() | AnyOf():
            return _composition(rule, request, path, bucket)
        case _:
            assert_never(rule)


def deciding(assessment: Assessment) -> Assessment:
    """Finds the limit that decides: of a denial the one to wait for or to change, of a permission
    the one that allows, with the least left."""
    while assessment.parts:
        assessment = _decisive(assessment)
    return assessment


def _composition(rule: AllOf | AnyOf, request: Request, path: str, bucket: int) -> Assessment:
    word = "all" if isinstance(rule, AllOf) else "any"
    parts = []
    for number, part in enumerate(parts_of(rule), 1):
        place = f"{path}/{word}[{number}]" if path else f"{word}[{number}]"
        parts.append(assess(part, request, path=place, bucket=bucket))
        bucket += rate_limits_in(part)
    bounds = [part.available for part in parts if part.available is not None]
    if isinstance(rule, AllOf):
        available = min(bounds, default=None)
    else:
        available = max(bounds) if len(bounds) == len(parts) else None
    whole = Assessment(path=path, rule=rule, available=available, parts=tuple(parts))
    decisive = _decisive(whole)
    return replace(whole, reason=decisive.reason, retry_after_seconds=decisive.retry_after_seconds)


def _decisive(whole: Assessment) -> Assessment:
    """Finds the part of a composition that decides for the whole."""
    denied = [part for part in whole.parts if not part.is_allowed]
    allowed = [part for part in whole.parts if part.is_allowed]
    if isinstance(whole.rule, AllOf):
        return max(denied, key=_wait) if denied else min(allowed, key=_room)
    return allowed[0] if allowed else min(denied, key=_wait)


def _wait(part: Assessment) -> tuple[bool, int]:
    return part.retry_after_seconds is None, part.retry_after_seconds or 0


def _room(part: Assessment) -> tuple[bool, int]:
    return part.available is None, part.available or 0


def _rate(rule: RateLimit, request: Request, path: str, number: int) -> Assessment:
    before = request.usage.buckets[number] if number < len(request.usage.buckets) else None
    drawn, at = _refilled(rule, before, request.now)
    full, requested = rule.burst * rule.per_seconds, request.amount * rule.per_seconds
    answer = Assessment(
        path=path,
        rule=rule,
        available=max(0, full - drawn) // rule.per_seconds,
        counted=-(-drawn // rule.per_seconds),
        bucket=(number, Bucket(drawn=drawn + requested, per_seconds=rule.per_seconds, at=at))
        if drawn + requested <= full
        else None,
    )
    if request.amount > rule.burst:
        return replace(answer, reason=DenialReason.AMOUNT_OVER_BURST)
    if drawn + requested > full:
        wait = at - request.now + -(-(drawn + requested - full) // rule.amount)
        return replace(answer, reason=DenialReason.RATE_EXCEEDED, retry_after_seconds=wait)
    return answer


def _refilled(rule: RateLimit, bucket: Bucket | None, now: int) -> tuple[int, int]:
    """Gives what is drawn of a rule's bucket and the time from which it refills further.

    A bucket of other parameters goes on under these: what was drawn stays drawn, rounded up.
    """
    if bucket is None or bucket.at > now + CLOCK_STEP_SECONDS_MAX:
        return 0, now
    drawn = -(-bucket.drawn * rule.per_seconds // bucket.per_seconds)
    elapsed = max(0, now - bucket.at)
    return max(0, drawn - elapsed * rule.amount), max(now, bucket.at)


def _committed(whole: Assessment, request: Request) -> Usage:
    """Gives the usage with the amount in it, and in the buckets of the rules that were used."""
    buckets = list(request.usage.buckets)
    for number, bucket in _used_buckets(whole):
        buckets += [None] * (number + 1 - len(buckets))
        buckets[number] = bucket
    return Usage(committed=request.usage.committed + request.amount, buckets=tuple(buckets))


def _used_buckets(assessment: Assessment) -> list[tuple[int, Bucket]]:
    """Lists the buckets to write: of all parts of AllOf, of the part that AnyOf used."""
    if isinstance(assessment.rule, AnyOf):
        return _used_buckets(_decisive(assessment))
    own = [] if assessment.bucket is None else [assessment.bucket]
    return own + [each for part in assessment.parts for each in _used_buckets(part)]
