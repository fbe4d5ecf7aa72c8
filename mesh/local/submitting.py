"""Submitting a job: from what a user asks for to a signed, checked and published manifest.

Rule: a job that would be refused is not recorded at all; the same request under the same id
is the same job.
"""

from msgspec.structs import replace

from ccl.abi.host_calls import DESCRIPTION_BYTES_MAX
from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.core.fields import JobId
from mesh.events import JobKey
from mesh.job import Effect, Job
from mesh.journal import Recorded, record
from mesh.local.limits import check_limits
from mesh.local.members import TOKEN
from mesh.local.purses import chain_of, purse_of
from mesh.local.request import JobRequest
from mesh.local.world import World
from mesh.records import JobManifest
from mesh.submission import (
    Purse,
    SubmissionFault,
    SubmissionRefusal,
    check_submission,
)
from runtime.content.cid import Cid
from runtime.content.shapes import ShapeError
from runtime.identity.signed import Signed, sign
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.choice import HeldToken, choose_token
from runtime.tokens.token import Demand, TokenRefusal


def submit(
    tx: SqliteTransaction, world: World, request: JobRequest, job_id: JobId, *, now: int
) -> Job:
    """Sign, check and record. Raises CommandError where the job is refused."""
    key = JobKey(submitter=world.members.submitter.did, job_id=job_id)
    existing = tx.jobs.get(key)
    if existing is not None:
        _same_or_refuse(tx, world, existing, request)
        return existing
    manifest, purse = prepare(tx, world, request, job_id, now=now)
    refusal = check(tx, world, manifest, purse, now=now)
    if refusal is not None:
        raise problem_of(refusal, manifest)
    check_limits(tx, world.config, manifest.body, len(purse.chain))
    world.archive.put(tx, manifest)
    created = ev.JobCreated(
        manifest=manifest.cid,
        bid_deadline=manifest.body.bid_deadline,
        expires_at=manifest.body.expires_at,
        quorum=manifest.body.trust.quorum,
        verifiers=manifest.body.trust.verifiers,
        priority=manifest.body.priority,
    )
    _recorded(record(tx, key, created, now))
    return publish(tx, key, now=now)


def publish(tx: SqliteTransaction, key: JobKey, *, now: int) -> Job:
    """Record that the checks passed."""
    job = _recorded(record(tx, key, ev.JobSubmitted(), now)).job
    for work in tx.work.pending(key):
        if work.effect is Effect.SUBMIT:
            tx.work.done(work.id)
    return job


def _recorded(answer: object) -> Recorded:
    assert isinstance(answer, Recorded), f"a new job has no history that refuses: {answer}"
    return answer


def prepare(
    tx: SqliteTransaction, world: World, request: JobRequest, job_id: JobId, *, now: int
) -> tuple[Signed[JobManifest], Purse]:
    """The signed manifest and what pays for it; nothing is stored."""
    submitter = world.members.submitter
    size = len(request.description.encode())
    if size > DESCRIPTION_BYTES_MAX:
        raise CommandError(
            ExitCode.USAGE,
            "over-limit",
            f"the description's bytes: {size}, at most {DESCRIPTION_BYTES_MAX} are taken",
            hint="shorten it; what is long belongs into the input",
            details={
                "limit": "description_bytes",
                "most": DESCRIPTION_BYTES_MAX,
                "found": size,
            },
        )
    try:
        manifest, purse = _choose_token(tx, world, request, job_id, now)
        signed = sign(manifest, mesh=world.members.mesh, key=submitter)
    except (ShapeError, ValueError) as error:
        raise CommandError(
            ExitCode.USAGE,
            "job-malformed",
            f"the job cannot be written down: {error}",
            hint="`meshctl submit-job --help` says what each option takes",
        ) from None
    return signed, purse


def _choose_token(
    tx: SqliteTransaction, world: World, request: JobRequest, job_id: JobId, now: int
) -> tuple[JobManifest, Purse]:
    """The named token, else the one that pays for the budget within the scope, else the nearest."""
    submitter = world.members.submitter.did
    if request.token is not None:
        chain = chain_of(tx, world, request.token)
        manifest = _manifest(world, request, job_id, request.token, now)
        return manifest, purse_of(tx, chain, submitter)
    held = []
    for name in _tokens(tx):
        chain = chain_of(tx, world, tx.settings.get(name))
        purse = purse_of(tx, chain, submitter)
        held.append(HeldToken(chain=chain, uses=purse.uses, available=purse.available))
    demand = Demand(
        mesh=world.members.mesh,
        holder=submitter,
        resource_type=request.resource_type,
        scope=request.scope,
        amount=budget_of(request),
        issuers=(world.members.issuer.did,),
    )
    links = {link.cid for each in held for link in each.chain}
    revoked = frozenset(cid for cid in links if tx.ledger.is_revoked(cid))
    choice = choose_token(held, demand, revoked=revoked, now=now)
    if choice is None:
        raise CommandError(
            ExitCode.DENIED,
            "no-token",
            f"{submitter} holds no token for {request.resource_type.value}",
            hint=f"meshctl tokens issue --type {request.resource_type.value} --amount 1000",
        )
    chain = tuple(choice.held.chain)
    manifest = _manifest(world, request, job_id, chain[0].cid, now)
    return manifest, purse_of(tx, chain, submitter)


def budget_of(request: JobRequest) -> int:
    """The highest price: the amount of work where none is given."""
    return request.resource_amount if request.budget is None else request.budget


def _tokens(tx: SqliteTransaction) -> tuple[str, ...]:
    return tx.settings.names(TOKEN)


def _manifest(
    world: World, request: JobRequest, job_id: JobId, token: Cid, now: int
) -> JobManifest:
    return JobManifest(
        job_id=job_id,
        description=request.description,
        module=request.module,
        entry=request.entry,
        arguments=request.arguments,
        input=request.input,
        ccl=request.ccl,
        requirements=request.requirements,
        resource_type=request.resource_type,
        resource_amount=request.resource_amount,
        budget=budget_of(request),
        scope=request.scope,
        priority=request.priority,
        resource_token=token,
        accepted_issuers=(world.members.issuer.did,),
        engine=None,
        trust=request.trust,
        award_delegate=None,
        bid_deadline=now + world.config.bid_window_seconds,
        expires_at=now + world.config.job_seconds,
        created_at=now,
    )


def check(
    tx: SqliteTransaction,
    world: World,
    manifest: Signed[JobManifest],
    purse: Purse,
    *,
    now: int,
    is_fresh: bool = True,
) -> SubmissionRefusal | None:
    """What the mesh's rules say against a manifest."""
    return check_submission(
        manifest,
        purse,
        issuers=manifest.body.accepted_issuers,
        federation=world.members.genesis.body.federation,
        revoked=tuple(link.cid for link in purse.chain if tx.ledger.is_revoked(link.cid)),
        now=now,
        is_fresh=is_fresh,
    )


def _same_or_refuse(tx: SqliteTransaction, world: World, job: Job, request: JobRequest) -> None:
    """Whether a request under a used id asks for the same job. Times and token may differ."""
    before = world.archive.get(tx, JobManifest, job.manifest).body
    again = _manifest(world, request, job.key.job_id, before.resource_token, before.created_at)
    again = replace(again, bid_deadline=before.bid_deadline, expires_at=before.expires_at)
    if request.token not in (None, before.resource_token) or again != before:
        changed = [
            name
            for name in JobManifest.__struct_fields__
            if getattr(again, name) != getattr(before, name)
        ]
        raise CommandError(
            ExitCode.FAILED,
            "job-id-taken",
            f"job {job.key.job_id} exists already with another {', '.join(changed) or 'token'}",
            hint="leave --id out for a new job, or repeat the very same request",
            details={"job_id": job.key.job_id, "differs_in": changed},
        )


IDENTITY_FAULTS = frozenset(
    {
        TokenRefusal.CHAIN_BROKEN,
        TokenRefusal.NOT_SIGNED_BY_ISSUER,
        TokenRefusal.NOT_SIGNED_BY_HOLDER,
        TokenRefusal.FOREIGN_AUDIENCE,
        TokenRefusal.WRONG_MESH,
        TokenRefusal.WRONG_ISSUER,
    }
)
_HINTS = {
    SubmissionFault.POLICY: "meshctl policy show",
    SubmissionFault.TOKEN_EXHAUSTED: "meshctl tokens balance; a smaller --budget may fit",
    SubmissionFault.BALANCE_TOO_LOW: "meshctl tokens balance; a smaller --budget may fit",
    SubmissionFault.TOKEN: "meshctl tokens balance lists the tokens that can pay",
    SubmissionFault.EXPIRED: "submit it again",
    SubmissionFault.TOO_OLD: "check this machine's clock, then submit it again",
    SubmissionFault.FROM_THE_FUTURE: "check this machine's clock, then submit it again",
    SubmissionFault.VERIFIERS_TOO_FEW: "ask for a smaller quorum",
}


def problem_of(refusal: SubmissionRefusal, manifest: Signed[JobManifest]) -> CommandError:
    """A refused submission as a named problem."""
    code = f"submission-{refusal.fault.name.lower().replace('_', '-')}"
    if refusal.token is not None:
        code = f"token-{refusal.token.name.lower().replace('_', '-')}"
    kind = ExitCode.IDENTITY if refusal.token in IDENTITY_FAULTS else ExitCode.DENIED
    if refusal.fault is SubmissionFault.VERIFIERS_TOO_FEW:
        kind = ExitCode.USAGE
    detail = f": {refusal.detail}" if refusal.detail else ""
    details: dict[str, object] = {
        "fault": refusal.fault.name,
        "budget": manifest.body.budget,
        "token": str(manifest.body.resource_token),
    }
    hint = _HINTS[refusal.fault]
    if refusal.available is not None:
        details["available"] = refusal.available
    if refusal.denial is not None:
        details["available"] = refusal.denial.available
        details["retry_after_seconds"] = refusal.denial.retry_after_seconds
        detail += f" ({refusal.denial.available} units allowed now)"
        if refusal.denial.retry_after_seconds is not None:
            hint = f"wait {refusal.denial.retry_after_seconds} s, or {hint}"
    return CommandError(
        kind, code, f"the job is refused: {refusal.fault.value}{detail}", hint=hint, details=details
    )
