"""The jobs that a child descends from, in the proof of the child: what one file shows of them.

Rule: manifests say who delegates how deep and for how much; the settlement of the nearest parent
says that its program has asked for this very job. What other children have used of a budget, no
file shows.
"""

from collections.abc import Iterator
from typing import Final

from mesh.core.findings import Fault, Finding, differing
from mesh.core.jobs.request import JobRequest, MalformedSubmission, request_of
from mesh.core.market.terms import CLOCK_SKEW_SECONDS
from mesh.core.proofs.proof import EFFECTS, Origin, Proof, result_in, unreadable
from mesh.core.records.jobs import JobManifest
from mesh.core.records.settlement import Ground
from mesh.core.records.terms import Parent
from runtime.content.codec import CodecError
from runtime.execution.effects import SubmitJob, effects_from_block
from runtime.identity.signed import Signed

Findings = Iterator[Finding]

PARENTS: Final = "parents"
_ASKED: Final = frozenset(JobRequest.__struct_fields__) & frozenset(JobManifest.__struct_fields__)
_DECIDED_LATER: Final = frozenset({"job_id", "budget", "children", "award_delegate", "engine"})
"""Fields that the effect does not say, or says otherwise."""


def check_parents(proof: Proof) -> Findings:
    """What speaks against a child of another job; nothing where it is none."""
    parent = proof.manifest.body.parent
    if parent is None:
        return
    if proof.origin is None:
        yield Finding(fault=Fault.MISSING, subject=PARENTS, detail=str(parent.cause))
        return
    yield from _check_chain(proof, proof.origin)
    yield from _check_settled(proof, proof.origin)
    yield from _check_effect(proof, proof.origin, parent)


def _check_chain(proof: Proof, origin: Origin) -> Findings:
    """Each manifest names the next, delegates as deep, and at least as much as is held."""
    job = proof.manifest
    for distance, above in enumerate(origin.parents, 1):
        named, above_depth = job.body.parent, above.body.parent
        if named is None:
            yield Finding(fault=Fault.PARENT_DIFFERS, subject=PARENTS, detail=str(above.cid))
            return
        depth = 1 + (0 if above_depth is None else above_depth.depth)
        yield from differing(
            PARENTS,
            (Fault.PARENT_DIFFERS, named.cause, above.cid),
            (Fault.PARENT_DIFFERS, named.depth, depth),
        )
        delegated = above.body.children
        if delegated is None or distance > delegated.depth:
            detail = f"{above.cid}, {distance} above"
            yield Finding(fault=Fault.NOT_DELEGATED, subject=PARENTS, detail=detail)
        elif proof.hold.body.amount > delegated.budget:
            detail = f"{proof.hold.body.amount} are held, {above.cid} delegates {delegated.budget}"
            yield Finding(fault=Fault.NOT_DELEGATED, subject=PARENTS, detail=detail)
        job = above
    if job.body.parent is not None:
        detail = str(job.body.parent.cause)
        yield Finding(fault=Fault.MISSING, subject=PARENTS, detail=detail)
    nearest = origin.parents[0]
    if proof.manifest.signer not in (nearest.signer, nearest.body.award_delegate):
        yield Finding(fault=Fault.NOT_THE_SUBMITTERS, subject="manifest", detail="of its parent")


def _check_settled(proof: Proof, origin: Origin) -> Findings:
    """The same issuer has settled the nearest parent as verified, with this receipt, before."""
    settled, hold = origin.settlement, origin.hold
    yield from differing(
        PARENTS,
        (Fault.NOT_AN_ISSUERS, settled.signer, proof.hold.signer),
        (Fault.NOT_AN_ISSUERS, hold.signer, proof.hold.signer),
        (Fault.OTHER_JOB, hold.body.job, origin.parents[0].cid),
        (Fault.OTHER_HOLD, settled.body.hold, hold.cid),
        (Fault.OTHER_RECEIPT, settled.body.receipt, origin.receipt.cid),
        (Fault.GROUND_WRONG, settled.body.ground.value, Ground.VERIFIED.value),
    )
    if settled.body.issued_at > proof.hold.body.issued_at + CLOCK_SKEW_SECONDS:
        detail = f"settled at {settled.body.issued_at}, held at {proof.hold.body.issued_at}"
        yield Finding(fault=Fault.TIMES_WRONG, subject=PARENTS, detail=detail)


def _check_effect(proof: Proof, origin: Origin, parent: Parent) -> Findings:
    """The effect at the child's position asks for this job."""
    block = proof.data.get(origin.receipt.body.deterministic)
    result = None if block is None else result_in(block)
    if result is None or result.effects is None:
        yield Finding(fault=Fault.PARENT_DIFFERS, subject=PARENTS, detail="there is no effect")
        return
    block = proof.data.get(result.effects)
    if block is None:
        yield Finding(fault=Fault.MISSING, subject=EFFECTS, detail=str(result.effects))
        return
    try:
        effects = effects_from_block(block)
    except CodecError as error:
        yield unreadable(EFFECTS, str(error))
        return
    effect = effects[parent.position] if parent.position < len(effects) else None
    if not isinstance(effect, SubmitJob):
        detail = f"no job is submitted at {parent.position}"
        yield Finding(fault=Fault.PARENT_DIFFERS, subject=PARENTS, detail=detail)
        return
    yield from _compare(proof.manifest, effect, origin)


def _compare(child: Signed[JobManifest], effect: SubmitJob, origin: Origin) -> Findings:
    try:
        asked = request_of(effect, origin.parents[0].body.ccl)
    except MalformedSubmission as error:
        yield Finding(fault=Fault.PARENT_DIFFERS, subject="manifest", detail=str(error))
        return
    wrong = [
        name
        for name in sorted(_ASKED - _DECIDED_LATER)
        if getattr(asked, name) != getattr(child.body, name)
    ]
    if child.body.budget != effect.committed_units:
        wrong.append("budget")
    if wrong:
        detail = f"different: {', '.join(wrong)}"
        yield Finding(fault=Fault.PARENT_DIFFERS, subject="manifest", detail=detail)
