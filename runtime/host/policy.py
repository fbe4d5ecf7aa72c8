"""Policies inside an execution: the rules in force with the caller's usage when it began.

A context's `policies` holds, by resource type, the value that `policies_to_value` makes, or in an
old proof a single rule with its usage. Each submission of the execution counts as usage for the
next.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from runtime.content.did import Did
from runtime.content.shapes import ShapeError, Size
from runtime.content.typed import from_value, to_value
from runtime.tokens.assessment import evaluate
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.policy import (
    AllOf,
    AnyOf,
    Bucket,
    Denied,
    PermitList,
    RateLimit,
    Rule,
    Usage,
    rules_in,
)
from runtime.tokens.token import Scope, within

DENIAL: Final = "denied by policy"
"""Beginning of the reason of a denial, after the resource."""
POLICIES_MAX: Final = 64
"""Policies of one resource in a context, one for each scope."""


class ScopedPolicy(Struct, frozen=True, kw_only=True):
    """A rule for all work within a scope, and the caller's usage there."""

    scope: Scope
    rule: Rule
    usage: Usage


Policies: TypeAlias = tuple[ScopedPolicy, ...]


class _Value(Struct, frozen=True, kw_only=True):
    policies: Annotated[Policies, Size(0, POLICIES_MAX)]


class _UsageBefore(Struct, frozen=True, kw_only=True):
    """Usage in old proofs. level: what the bucket holds, None for a full one."""

    committed: int
    level: int | None
    updated_at: int


class _ValueBefore(Struct, frozen=True, kw_only=True):
    rule: Rule
    usage: _UsageBefore


def policies_to_value(policies: Iterable[tuple[PolicyInForce, Usage]]) -> dict[str, Any]:
    """Makes the value that a context's `policies` holds for one resource type."""
    scoped = tuple(
        ScopedPolicy(scope=policy.scope, rule=policy.rule, usage=usage)
        for policy, usage in policies
    )
    return to_value(_Value(policies=scoped))


def policies_from_value(value: Any, *, subject: Did, now: int) -> Policies:
    """Reads the value that `policies_to_value` made; of a permit list only the entry of the
    subject. Raises ValueError."""
    if isinstance(value, dict) and "policies" in value:
        policies = from_value(_Value, value).policies
    else:
        policies = (_from_before(from_value(_ValueBefore, value), now),)
    return tuple(replace(each, rule=_narrowed(each.rule, subject)) for each in policies)


def permitted(
    policies: Policies, *, scope: str, subject: Did, amount: int, now: int
) -> Policies | str:
    """Gives the policies with the amount used, or the reason of a denial."""
    after = []
    for policy in policies:
        if not within(scope, policy.scope):
            after.append(policy)
            continue
        verdict = evaluate(policy.rule, subject=subject, amount=amount, usage=policy.usage, now=now)
        if isinstance(verdict, Denied):
            wait = verdict.retry_after_seconds
            later = "" if wait is None else f", enough in {wait} s"
            left = f"({verdict.available} units allowed now{later})"
            return f"{DENIAL}: {verdict.reason.value} {left}"
        after.append(replace(policy, usage=verdict.usage))
    return tuple(after)


def members_listed(value: Any) -> int:
    """Counts the members on the permit lists of a value, before it is read."""
    match value:
        case {"policies": list(policies)}:
            return sum(map(members_listed, policies))
        case {"rule": rule}:
            return _listed(rule)
        case _:
            return 0


def rules_more(policies: Policies) -> int:
    """Counts the rules beyond a single one, each of which an evaluation has to go through."""
    return max(0, sum(rules_in(policy.rule) for policy in policies) - 1)


def _listed(rule: Any) -> int:
    match rule:
        case {"dids": list(dids)}:
            return len(dids)
        case {"rules": list(rules)}:
            return sum(map(_listed, rules))
        case _:
            return 0


def _narrowed(rule: Rule, subject: Did) -> Rule:
    match rule:
        case PermitList(dids=dids):
            return PermitList(dids=(subject,) if subject in dids else ())
        case AllOf(rules=rules):
            return AllOf(rules=tuple(_narrowed(each, subject) for each in rules))
        case AnyOf(rules=rules):
            return AnyOf(rules=tuple(_narrowed(each, subject) for each in rules))
        case _:
            return rule


def _from_before(value: _ValueBefore, now: int) -> ScopedPolicy:
    """Reads the rule and usage of an old proof, which had no compositions."""
    rule, usage = value.rule, value.usage
    if isinstance(rule, AllOf | AnyOf):
        raise ShapeError("a composition of rules in a context of another version")
    buckets: tuple[Bucket, ...] = ()
    if isinstance(rule, RateLimit) and usage.level is not None:
        full = rule.burst * rule.per_seconds
        drawn = max(0, full - usage.level)
        at = min(usage.updated_at, now)
        buckets = (Bucket(drawn=drawn, per_seconds=rule.per_seconds, at=at),)
    return ScopedPolicy(
        scope="", rule=rule, usage=Usage(committed=usage.committed, buckets=buckets)
    )
