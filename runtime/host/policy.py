"""Policies inside an execution: the rule in force with the caller's usage when it began.

A context's `policies` holds, by resource type, the value that `policy_to_value` makes. Each
submission of the execution counts as usage for the next.
"""

from typing import Any, Final, assert_never

from msgspec import Struct

from runtime.content.did import Did
from runtime.content.typed import from_value, to_value
from runtime.tokens.policy import Allowed, Denied, PermitList, Rule, Usage, evaluate

DENIAL: Final = "denied by policy"
"""Beginning of the reason of a denial, after the resource."""


class PolicyInForce(Struct, frozen=True, kw_only=True):
    rule: Rule
    usage: Usage


def policy_to_value(rule: Rule, usage: Usage) -> dict[str, Any]:
    """Makes the value that a context's `policies` holds for one resource type."""
    return to_value(PolicyInForce(rule=rule, usage=usage))


def permitted(policy: PolicyInForce, *, subject: Did, amount: int, now: int) -> PolicyInForce | str:
    """Gives the policy with the amount used, or the reason of its denial."""
    verdict = evaluate(policy.rule, subject=subject, amount=amount, usage=policy.usage, now=now)
    match verdict:
        case Allowed(usage=usage):
            return PolicyInForce(rule=policy.rule, usage=usage)
        case Denied(reason=reason, available=available, retry_after_seconds=wait):
            later = "" if wait is None else f", enough in {wait} s"
            return f"{DENIAL}: {reason.value} ({available} units allowed now{later})"
        case _:
            assert_never(verdict)


def policy_from_value(value: Any, *, subject: Did) -> PolicyInForce:
    """Reads the value that `policy_to_value` made; of a permit list only the entry of the subject.

    Raises ValueError.
    """
    policy = from_value(PolicyInForce, value)
    if isinstance(policy.rule, PermitList):
        listed = (subject,) if subject in policy.rule.dids else ()
        return PolicyInForce(rule=PermitList(dids=listed), usage=policy.usage)
    return policy


def members_listed(value: Any) -> int:
    """Gives the length of the permit list in a policy's value, before it is read."""
    match value:
        case {"rule": {"dids": list(dids)}}:
            return len(dids)
        case _:
            return 0
