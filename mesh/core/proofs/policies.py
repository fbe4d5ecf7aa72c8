"""The issuer's policies that a proof holds, against the hold that they ought to have allowed.

Rule: a file shows no usage by other jobs, so only what is denied to a subject without any usage is
a finding. A policy that the file lacks is none.
"""

from collections.abc import Iterable, Iterator, Sequence

from mesh.core.findings import Fault, Finding
from mesh.core.proofs.proof import Proof
from mesh.core.records.settlement import Policy
from runtime.identity.signed import Signed
from runtime.tokens.assessment import evaluate
from runtime.tokens.policy import Denied, Usage
from runtime.tokens.token import within


def check_policies(proof: Proof) -> Iterator[Finding]:
    """The policies that deny the hold to whoever has used nothing before."""
    at = proof.hold.body.issued_at
    for editions in _applicable(proof):
        denied = [_denial(proof, each) for each in possible_at(editions, at)]
        if denied and all(denied):
            detail = denied[-1]
            yield Finding(fault=Fault.POLICY_DENIES, subject="hold", detail=detail)


def possible_at(editions: Sequence[Signed[Policy]], at: int) -> tuple[Signed[Policy], ...]:
    """The editions of one policy of which one was in force at a time (Unix seconds), by edition:
    the newest before it, and those of the same second."""
    ordered = sorted(editions, key=lambda each: each.body.edition)
    before = [each for each in ordered if each.body.effective_at < at]
    return (*before[-1:], *(each for each in ordered if each.body.effective_at == at))


def _denial(proof: Proof, policy: Signed[Policy]) -> str:
    """What a policy has against the hold, empty where it allows it."""
    decision = evaluate(
        policy.body.rule,
        subject=proof.manifest.signer,
        amount=proof.hold.body.amount,
        usage=Usage(),
        now=proof.hold.body.issued_at,
    )
    return f"{policy.cid}: {decision.reason.value}" if isinstance(decision, Denied) else ""


def _applicable(proof: Proof) -> Iterable[list[Signed[Policy]]]:
    """The editions of each policy that the job is under, of those in the proof."""
    manifest = proof.manifest.body
    found: dict[str, list[Signed[Policy]]] = {}
    for each in proof.policies:
        body = each.body
        is_of_job = body.resource_type is manifest.resource_type
        if each.signer == proof.hold.signer and is_of_job and within(manifest.scope, body.scope):
            found.setdefault(body.scope, []).append(each)
    return found.values()
