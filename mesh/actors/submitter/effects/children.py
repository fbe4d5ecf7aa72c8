"""Jobs that a verified job's program submits: within what its manifest delegates.

Rule: all of them, or none of the effects. They are signed and recorded before any unit moves, and
submitted after it: what could speak against one is known before. A child names the effect that asks
for it; its id and times follow from that.
"""

from collections import Counter
from collections.abc import Iterable

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.submitter import submission
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import bidding
from mesh.actors.submitter.rows import TOKENS
from mesh.actors.submitter.statements import statement_of
from mesh.actors.submitter.submission import Descent, SubmissionRefusal
from mesh.core.fields import REASON_BYTES_MAX, JobId
from mesh.core.ids import followed_job_id
from mesh.core.jobs import events as ev
from mesh.core.jobs.effects import (
    EffectFault,
    EffectRefusal,
    Plan,
)
from mesh.core.jobs.job import Job, Phase
from mesh.core.jobs.request import JobRequest, MalformedSubmission, request_of
from mesh.core.records.jobs import JobManifest
from mesh.core.records.terms import Children, Parent
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import cut
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
            settled_at=settled_at,
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
    prepared: list[JobManifest] = []
    for job_id, request, descent in wanted:
        before = book.job(tx, job_id)
        found = submission.prepare(book, tx, request, job_id, now, descent)
        if before is not None:
            return EffectRefusal(fault=EffectFault.CHILD_REFUSED, detail=f"{job_id} is taken")
        if isinstance(found, SubmissionRefusal):
            words = f"{found.fault.value} ({found.detail})"
            return EffectRefusal(fault=EffectFault.CHILD_REFUSED, detail=words)
        prepared.append(found)
    return _against_all(book, tx, prepared, plan)


def _against_all(
    book: JobBook, tx: ActorTransaction, children: Iterable[JobManifest], plan: Plan
) -> EffectRefusal | None:
    """What speaks against all children together, after the units that move: too little is left."""
    of_tokens: Counter[Cid] = Counter()
    of_accounts: Counter[tuple[Did, str]] = Counter()
    for item in plan.items:
        assert plan.issuer is not None, "items have an issuer"
        of_accounts[plan.issuer, item.resource_type.value] += item.amount
    for child in children:
        row = tx.rows(TOKENS).get(child.resource_token)
        assert row is not None, "a child was prepared with a token that is held"
        of_tokens[row.token] += child.budget
        if row.amount - row.spent < of_tokens[row.token]:
            return _too_little(max(0, row.amount - row.spent), of_tokens[row.token])
        if len(row.chain) == 1 and not row.scope:
            of_accounts[row.issuer, child.resource_type.value] += child.budget
    for (issuer, kind), needed in of_accounts.items():
        statement = statement_of(book, tx, issuer)
        if statement is not None and statement.balances.get(kind, 0) < needed:
            return _too_little(statement.balances.get(kind, 0), needed)
    return None


def _too_little(left: int, needed: int) -> EffectRefusal:
    detail = f"{left} left, {needed} needed for all units and jobs together"
    return EffectRefusal(fault=EffectFault.CHILD_REFUSED, detail=detail)


def create_children(
    book: JobBook,
    tx: ActorTransaction,
    settled_at: int,
    manifest: Signed[JobManifest],
    plan: Plan,
    now: Now,
) -> tuple[JobId, ...]:
    """Sign and record the children of a plan that `against_children` has nothing against."""
    created = []
    for job_id, request, descent in children_of(settled_at, manifest, plan):
        job = submission.create(book, tx, request, job_id, now, descent)
        assert isinstance(job, Job), f"it was prepared in this transaction: {job}"
        created.append(job_id)
    return tuple(created)


def submit_children(
    book: JobBook, tx: ActorTransaction, children: Iterable[JobId], now: Now
) -> None:
    """Submit the children that were created, but for those that have ended since: by their
    submitter's hand, or because their time is over."""
    for job_id in children:
        job = book.record(tx, job_id, ev.JobSubmitted(), now)
        if isinstance(job, Job):
            job = book.must_record(tx, job, ev.AutoAwardChosen(is_on=True), now)
            bidding.ask(book, tx, job, now)


def refuse_children(
    book: JobBook, tx: ActorTransaction, children: Iterable[JobId], reason: str, now: Now
) -> None:
    """End the children that were created and are not to be submitted."""
    for job_id in children:
        job = book.job(tx, job_id)
        if job is not None and job.phase is Phase.CREATED:
            refused = ev.JobRefused(reason=cut(reason, REASON_BYTES_MAX))
            book.must_record(tx, job, refused, now)
