"""Jobs that a verified job's program submits: within what its manifest delegates.

Rule: all of them, or none of the effects; a child names the effect that asks for it, and its id
follows from that.
"""

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.submitter import submission
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.submission import Descent, SubmissionRefusal
from mesh.core.fields import JobId
from mesh.core.ids import followed_job_id
from mesh.core.jobs.effects import (
    EffectFault,
    EffectRefusal,
    Plan,
)
from mesh.core.jobs.request import JobRequest, MalformedSubmission, request_of
from mesh.core.records.jobs import JobManifest
from mesh.core.records.terms import Children, Parent
from runtime.identity.signed import Signed


def children_of(
    settled_at: int, manifest: Signed[JobManifest], plan: Plan
) -> list[tuple[JobId, JobRequest, Descent]]:
    """The jobs that a verified job's program submits. Raises MalformedSubmission."""
    if not plan.submissions:
        return []
    delegated = manifest.body.children
    assert delegated is not None, "it was checked"
    depth = 1 if manifest.body.parent is None else manifest.body.parent.depth + 1
    found = []
    left = delegated.budget
    requests = [request_of(each.effect, manifest.body.ccl) for each in plan.submissions]
    left -= sum(each.effect.committed_units for each in plan.submissions)
    children = (
        Children(depth=delegated.depth - 1, budget=left)
        if delegated.depth > 1 and left > 0
        else None
    )
    for each, request in zip(plan.submissions, requests, strict=True):
        descent = Descent(
            parent=Parent(cause=manifest.cid, position=each.position, depth=depth),
            issuers=manifest.body.accepted_issuers,
        )
        job_id = followed_job_id(manifest.cid, each.position, settled_at)
        found.append((job_id, replace(request, children=children), descent))
    return found


def against_children(
    book: JobBook,
    tx: ActorTransaction,
    settled_at: int,
    manifest: Signed[JobManifest],
    plan: Plan,
    now: Now,
) -> EffectRefusal | None:
    delegated = manifest.body.children
    if delegated is None:
        return EffectRefusal(fault=EffectFault.NO_CHILDREN)
    total = sum(each.effect.committed_units for each in plan.submissions)
    if total > delegated.budget:
        detail = f"they may cost {total}, {delegated.budget} are delegated"
        return EffectRefusal(fault=EffectFault.CHILD_REFUSED, detail=detail)
    try:
        wanted = children_of(settled_at, manifest, plan)
    except MalformedSubmission as error:
        return EffectRefusal(fault=EffectFault.CHILD_REFUSED, detail=str(error))
    for job_id, request, descent in wanted:
        prepared = submission.prepare(book, tx, request, job_id, now, descent)
        if isinstance(prepared, SubmissionRefusal):
            words = f"{prepared.fault.value} ({prepared.detail})"
            return EffectRefusal(fault=EffectFault.CHILD_REFUSED, detail=words)
    return None
