"""Policies in force: those of an issuer that apply to a demand, and their decision together.

A policy is for a resource within a scope. All policies apply whose scope contains that of the
demand, and each counts usage of its own.
"""

from collections.abc import Iterable

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.assessment import Assessment, Request, assess, deciding
from runtime.tokens.policy import Rule, Usage
from runtime.tokens.token import ResourceType, within


class PolicyInForce(Struct, frozen=True, kw_only=True):
    """A policy record's rule. cid: of the record; version: 1, 2, 3 … for (resource, scope)."""

    cid: Cid
    scope: str = ""
    version: int = 1
    rule: Rule


class UsageKey(Struct, frozen=True, kw_only=True):
    """Commitments that count as one: a subject's, of an issuer's resource within a scope."""

    issuer: Did
    resource_type: ResourceType
    scope: str
    subject: Did


class Verdict(Struct, frozen=True, kw_only=True):
    """What one policy says of an amount. deciding: the limit in its rule that decides."""

    policy: PolicyInForce
    whole: Assessment
    deciding: Assessment


class Explanation(Struct, frozen=True, kw_only=True):
    """What the policies that apply say of an amount together.

    verdicts: one for each policy, the widest scope first. deciding: the verdict that decides, None
    where no policy applies and everyone may spend what they have.
    """

    verdicts: tuple[Verdict, ...]
    deciding: Verdict | None

    @property
    def is_allowed(self) -> bool:
        return all(verdict.whole.is_allowed for verdict in self.verdicts)


def applicable(policies: Iterable[PolicyInForce], scope: str) -> tuple[PolicyInForce, ...]:
    """Selects the policies that apply to a demand within `scope`, the widest scope first."""
    found = [policy for policy in policies if within(scope, policy.scope)]
    return tuple(sorted(found, key=lambda policy: len(policy.scope)))


def explain(
    policies: Iterable[tuple[PolicyInForce, Usage]], *, subject: Did, amount: int, now: int
) -> Explanation:
    """Says what would be decided now, by which rule and version, with the numbers.

    policies: those that apply, each with the subject's usage in its scope.
    """
    verdicts = []
    for policy, usage in policies:
        whole = assess(policy.rule, Request(subject=subject, amount=amount, usage=usage, now=now))
        verdicts.append(Verdict(policy=policy, whole=whole, deciding=deciding(whole)))
    return Explanation(verdicts=tuple(verdicts), deciding=_deciding(verdicts))


def _deciding(verdicts: list[Verdict]) -> Verdict | None:
    """Finds the first that denies, where the ledger stops, or else the one with the least left."""
    for verdict in verdicts:
        if not verdict.whole.is_allowed:
            return verdict
    return min(
        verdicts,
        key=lambda verdict: (verdict.whole.available is None, verdict.whole.available or 0),
        default=None,
    )
