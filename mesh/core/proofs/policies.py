"""The issuer's policies that a proof holds, against the hold that they ought to have allowed.

Rule: a file shows no usage by other jobs, so only what is denied to a subject without any usage is
a finding. A policy that the file lacks is none.
"""

from collections.abc import Iterator

from mesh.core.findings import Fault, Finding
from mesh.core.proofs.proof import Proof
from mesh.core.records.settlement import Policy
from runtime.identity.signed import Signed
from runtime.tokens.assessment import evaluate
from runtime.tokens.policy import Denied, Usage
from runtime.tokens.token import within


def check_policies(proof: Proof) -> Iterator[Finding]:
    """The policies that deny the hold to whoever has used nothing before."""
    hold = proof.hold
    for policy in in_force(proof):
        decision = evaluate(
            policy.body.rule,
            subject=proof.manifest.signer,
            amount=hold.body.amount,
            usage=Usage(),
            now=hold.body.issued_at,
        )
        if isinstance(decision, Denied):
            detail = f"{policy.cid}: {decision.reason.value}"
            yield Finding(fault=Fault.POLICY_DENIES, subject="hold", detail=detail)


def in_force(proof: Proof) -> tuple[Signed[Policy], ...]:
    """The newest version for each scope that contains the job's, of those in the proof."""
    manifest = proof.manifest.body
    newest: dict[str, Signed[Policy]] = {}
    for each in proof.policies:
        body = each.body
        if each.signer != proof.hold.signer or body.resource_type is not manifest.resource_type:
            continue
        if not within(manifest.scope, body.scope) or body.effective_at > proof.hold.body.issued_at:
            continue
        before = newest.get(body.scope)
        if before is None or before.body.edition < body.edition:
            newest[body.scope] = each
    return tuple(newest.values())
