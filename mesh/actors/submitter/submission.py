"""Submission of a job: from a request to a signed manifest, with the token that pays for it.

Rule: what would be refused later is refused now, before anything is stored; the same request under
the same id is the same job.
"""

from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.submitter.journal import JobBook, created
from mesh.actors.submitter.market.offers import sold_instead
from mesh.actors.submitter.rows import PROFILES, TOKENS, TokenRow
from mesh.actors.submitter.statements import policies_in_force, statement_of, usage_under
from mesh.actors.submitter.tokens import chain_of, revoked_of
from mesh.core.fields import JobId
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Job, Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.jobs.submitting_calls import submitting_calls
from mesh.core.records.jobs import JobManifest
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Statement
from mesh.core.records.terms import Parent
from mesh.core.verification.inputs import inputs_of
from runtime.content.cid import Cid, Codec
from runtime.content.did import Did
from runtime.content.shapes import ShapeError
from runtime.content.typed import to_value
from runtime.tokens.assessment import evaluate
from runtime.tokens.policy import Denied
from runtime.tokens.token import Demand, TokenRefusal, check_chain, within


class SubmissionFault(Enum):
    """Why a job is not submitted, in the order it is checked."""

    ID_TAKEN = "a job of this id exists with another request"
    OVER_LIMIT = "it is over a limit of this mesh"
    NOT_A_FILE = "a block that it takes cannot be read as a file"
    NO_DELEGATION = "its module submits jobs, and the job delegates none"
    QUORUM_TOO_SMALL = "it asks for a smaller quorum than the mesh does"
    VERIFIERS_TOO_FEW = "it asks for a larger quorum than the mesh has federation nodes"
    DELEGATE_UNKNOWN = "who may award it besides its submitter is no submitter of this mesh"
    NOT_SOLD = "no node of this mesh sells the resource"
    NO_TOKEN = "no token is held for this resource"
    MALFORMED = "it cannot be written down"
    TOKEN = "the resource token does not pay for it"
    TOKEN_EXHAUSTED = "the resource token has too little left"
    BALANCE_TOO_LOW = "the account has too little available"
    POLICY = "the issuer's policy denies it"


class SubmissionRefusal(Struct, frozen=True, kw_only=True):
    """limit, most, found: of OVER_LIMIT. differs_in: fields, of ID_TAKEN. sold: resources, of
    NOT_SOLD. token and denial say more of TOKEN and POLICY. available: units left."""

    fault: SubmissionFault
    detail: str = ""
    limit: str | None = None
    most: int | None = None
    found: int | None = None
    differs_in: tuple[str, ...] = ()
    sold: tuple[str, ...] = ()
    token: TokenRefusal | None = None
    denial: Denied | None = None
    available: int | None = None


class Descent(Struct, frozen=True, kw_only=True):
    """Where a job comes from that another job's program submits. issuers: of the parent's.
    settled_at: when that one was settled, from which the times of its children follow."""

    parent: Parent
    issuers: tuple[Did, ...]
    settled_at: int


Submitted: TypeAlias = Job | SubmissionRefusal


def submit(
    book: JobBook,
    tx: ActorTransaction,
    request: JobRequest,
    job_id: JobId,
    now: Now,
) -> Submitted:
    """Sign, check and record a job, or say why not; then nothing is stored. Nobody is asked yet."""
    job = create(book, tx, request, job_id, now)
    if not isinstance(job, Job) or job.phase is not Phase.CREATED:
        return job
    return book.must_record(tx, job, ev.JobSubmitted(), now)


def create(
    book: JobBook,
    tx: ActorTransaction,
    request: JobRequest,
    job_id: JobId,
    now: Now,
    descent: Descent | None = None,
) -> Submitted:
    """Sign, check and record a job that is not submitted yet, or say why not."""
    before = book.job(tx, job_id)
    if before is not None:
        differs = _differing(book.manifest(tx, before).body, request)
        if not differs:
            return before
        return SubmissionRefusal(
            fault=SubmissionFault.ID_TAKEN, detail=", ".join(differs), differs_in=differs
        )
    prepared = prepare(book, tx, request, job_id, now, descent)
    if isinstance(prepared, SubmissionRefusal):
        return prepared
    manifest = book.sign(tx, prepared)
    job = book.record(tx, job_id, created(manifest), now)
    assert isinstance(job, Job), f"a new job has no history that refuses: {job}"
    return job


def prepare(
    book: JobBook,
    tx: ActorTransaction,
    request: JobRequest,
    job_id: JobId,
    now: Now,
    descent: Descent | None = None,
) -> JobManifest | SubmissionRefusal:
    """The manifest to sign, or why the job is refused. Nothing is written."""
    return (
        _over_limit(book, tx, request)
        or _unfit(tx, request)
        or _unfit_for_members(book, tx, request, now)
        or _unsold(book, tx, request, now)
        or _paid(book, tx, request, job_id, now, descent)
    )


_ASKED_FOR = tuple(
    name
    for name in JobRequest.__struct_fields__
    if name not in ("job_id", "token", "budget") and name in JobManifest.__struct_fields__
)


def _differing(before: JobManifest, request: JobRequest) -> tuple[str, ...]:
    """Fields in which a repeated request says something else. Times may differ, and so may the
    token where none was named."""
    differs = [name for name in _ASKED_FOR if getattr(before, name) != getattr(request, name)]
    if before.budget != _budget_of(request):
        differs.append("budget")
    if request.token not in (None, before.resource_token):
        differs.append("token")
    return tuple(differs)


def _budget_of(request: JobRequest) -> int:
    return request.resource_amount if request.budget is None else request.budget


def _over_limit(
    book: JobBook, tx: ActorTransaction, request: JobRequest
) -> SubmissionRefusal | None:
    settings = book.settings
    given = None if request.input is None else tx.blocks.size(request.input)
    for limit, most, found in (
        ("module_bytes", settings.module_bytes, tx.blocks.size(request.module)),
        ("input_bytes", settings.allowed.input_bytes, given),
        ("memory_bytes", settings.memory_bytes, request.requirements.memory_bytes),
        (
            "description_bytes",
            settings.description_bytes,
            len(request.description.encode("utf-8", "replace")),
        ),
    ):
        if found is not None and found > most:
            return _over(limit, most, found)
    return None


def _over(limit: str, most: int, found: int) -> SubmissionRefusal:
    return SubmissionRefusal(fault=SubmissionFault.OVER_LIMIT, limit=limit, most=most, found=found)


def _unfit(tx: ActorTransaction, request: JobRequest) -> SubmissionRefusal | None:
    """What can be known of the blocks that are here."""
    inputs = inputs_of(tx.blocks, request.module, None, request.input)
    if inputs.malformed is not None:
        return SubmissionRefusal(fault=SubmissionFault.NOT_A_FILE, detail=inputs.malformed)
    if request.children is None and request.module.codec is Codec.RAW:
        module = tx.blocks.get(request.module)
        if module is not None and (calls := submitting_calls(module)):
            detail = ", ".join(calls)
            return SubmissionRefusal(fault=SubmissionFault.NO_DELEGATION, detail=detail)
    return None


def _unfit_for_members(
    book: JobBook, tx: ActorTransaction, request: JobRequest, now: Now
) -> SubmissionRefusal | None:
    members = book.members(tx)
    least = members.genesis.body.quorum
    if request.trust.quorum < least:
        detail = f"{request.trust.quorum}, at least {least}"
        return SubmissionRefusal(fault=SubmissionFault.QUORUM_TOO_SMALL, detail=detail)
    has = len(members.with_role(Role.VERIFIER, now.wall))
    if request.trust.quorum > has:
        detail = f"{request.trust.quorum}, the mesh has {has}"
        return SubmissionRefusal(fault=SubmissionFault.VERIFIERS_TOO_FEW, detail=detail)
    delegate = request.award_delegate
    if delegate is not None and not members.has_role(delegate, Role.SUBMITTER, now.wall):
        # What it was offered could never be delivered.
        return SubmissionRefusal(fault=SubmissionFault.DELEGATE_UNKNOWN, detail=delegate)
    return None


def _unsold(
    book: JobBook, tx: ActorTransaction, request: JobRequest, now: Now
) -> SubmissionRefusal | None:
    wanted = request.resource_type
    sold = sold_instead(
        wanted, book.members(tx), tx.rows(PROFILES), book.archive, tx.blocks, now.wall
    )
    if sold is None:
        return None
    return SubmissionRefusal(fault=SubmissionFault.NOT_SOLD, detail=wanted.value, sold=sold)


# --- what pays


def _paid(
    book: JobBook,
    tx: ActorTransaction,
    request: JobRequest,
    job_id: JobId,
    now: Now,
    descent: Descent | None,
) -> JobManifest | SubmissionRefusal:
    """The manifest with the token that was asked for, else the first that covers it."""
    rows = _tokens_for(tx, request, now, descent)
    if not rows:
        return SubmissionRefusal(fault=SubmissionFault.NO_TOKEN, detail=request.resource_type.value)
    first: SubmissionRefusal | None = None
    for row in rows:
        try:
            manifest = _manifest(book, request, job_id, row, now, descent)
            to_value(manifest)  # raises as signing it would
        except (ShapeError, ValueError) as error:
            return SubmissionRefusal(fault=SubmissionFault.MALFORMED, detail=str(error))
        refusal = _unpaid(book, tx, manifest, row, now)
        if refusal is None:
            return manifest
        first = first or refusal
    assert first is not None, "there was a token"
    return first


def _tokens_for(
    tx: ActorTransaction, request: JobRequest, now: Now, descent: Descent | None
) -> list[TokenRow]:
    """The tokens that may pay, in the order in which they are tried: the narrowest scope first,
    then those of an issuer itself, then those that expire first. A token that cannot pay is tried
    only where none can. What another member has handed on may have nothing left, and only its
    issuer knows."""
    rows = tx.rows(TOKENS)
    if request.token is not None:
        named = rows.get(request.token)
        return [] if named is None else [named]
    held = [
        row
        for row in rows.select(resource_type=request.resource_type)
        if within(request.scope, row.scope) and (descent is None or row.issuer in descent.issuers)
    ]
    return sorted(
        held,
        key=lambda row: (
            row.is_revoked or now.wall >= row.expires_at,
            -len(row.scope),
            len(row.chain) > 1,
            row.expires_at,
            row.token,
        ),
    )


def _manifest(
    book: JobBook,
    request: JobRequest,
    job_id: JobId,
    token: TokenRow,
    now: Now,
    descent: Descent | None,
) -> JobManifest:
    begins_at = now.wall if descent is None else descent.settled_at
    expires_at = begins_at + book.settings.job_seconds
    # A child may be submitted late, after a fetch that took long: then too there is time for bids.
    window = book.settings.job_seconds if descent else book.settings.bid_window_seconds
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
        budget=_budget_of(request),
        scope=request.scope,
        priority=request.priority,
        resource_token=token.token,
        accepted_issuers=(token.issuer,),
        engine=request.engine,
        trust=request.trust,
        award_delegate=request.award_delegate,
        children=request.children,
        parent=None if descent is None else descent.parent,
        bid_deadline=min(begins_at + window, expires_at),
        expires_at=expires_at,
        created_at=begins_at,
    )


def _unpaid(
    book: JobBook, tx: ActorTransaction, manifest: JobManifest, row: TokenRow, now: Now
) -> SubmissionRefusal | None:
    chain = chain_of(book, tx, row)
    if len(chain) > book.settings.token_chain:
        return _over("token_chain", book.settings.token_chain, len(chain))
    assert book.archive.mesh is not None, "tokens are of a mesh"
    demand = Demand(
        mesh=book.archive.mesh,
        holder=book.did,
        resource_type=manifest.resource_type,
        scope=manifest.scope,
        amount=manifest.budget,
        issuers=manifest.accepted_issuers,
    )
    refusal = check_chain(chain, demand, revoked=revoked_of(tx, chain), now=now.wall)
    if refusal is not None:
        return SubmissionRefusal(fault=SubmissionFault.TOKEN, detail=refusal.value, token=refusal)
    left = max(0, row.amount - row.spent)
    if left < manifest.budget:
        return _too_little(SubmissionFault.TOKEN_EXHAUSTED, "left", left, manifest.budget)
    statement = statement_of(book, tx, row.issuer)
    if statement is None:
        return None
    if len(chain) == 1 and not row.scope:  # others draw on accounts that are not the submitter's
        available = statement.balances.get(manifest.resource_type.value, 0)
        if available < manifest.budget:
            fault = SubmissionFault.BALANCE_TOO_LOW
            return _too_little(fault, "available", available, manifest.budget)
    return _denied(book, tx, manifest, row.issuer, statement, now)


def _too_little(fault: SubmissionFault, word: str, left: int, budget: int) -> SubmissionRefusal:
    detail = f"{left} {word}, the budget is {budget}"
    return SubmissionRefusal(fault=fault, detail=detail, available=left)


def _denied(
    book: JobBook,
    tx: ActorTransaction,
    manifest: JobManifest,
    issuer: Did,
    statement: Statement,
    now: Now,
) -> SubmissionRefusal | None:
    for policy in policies_in_force(book, tx, issuer, statement):
        body = policy.body
        if body.resource_type is not manifest.resource_type:
            continue
        if not within(manifest.scope, body.scope):
            continue
        answer = evaluate(
            body.rule,
            subject=book.did,
            amount=manifest.budget,
            usage=usage_under(statement, body),
            now=now.wall,
        )
        if isinstance(answer, Denied):
            return SubmissionRefusal(
                fault=SubmissionFault.POLICY, detail=answer.reason.value, denial=answer
            )
    return None


def missing_block(tx: ActorTransaction, manifest: JobManifest) -> Cid | None:
    """The first block without which the job cannot be executed, and that is not here."""
    lacking = inputs_of(tx.blocks, manifest.module, None, manifest.input).lacking
    return lacking[0] if lacking else None
