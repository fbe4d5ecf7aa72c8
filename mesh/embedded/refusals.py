"""Refusals of a submitter as errors for people: code, reason, next step."""

from collections.abc import Mapping
from typing import Final

from mesh.actors.submitter.awarding import AwardFault, AwardRefusal
from mesh.actors.submitter.submission import SubmissionFault, SubmissionRefusal
from mesh.actors.submitter.withdrawal import CancelFault, CancelRefusal
from mesh.config import RANGES
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.job import Job
from mesh.core.jobs.request import JobRequest
from mesh.queries.offers import not_sold
from runtime.content.did import Did
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import TokenRefusal

_IDENTITY_FAULTS: Final = frozenset(
    {
        TokenRefusal.CHAIN_BROKEN,
        TokenRefusal.NOT_SIGNED_BY_ISSUER,
        TokenRefusal.NOT_SIGNED_BY_HOLDER,
        TokenRefusal.FOREIGN_AUDIENCE,
        TokenRefusal.WRONG_MESH,
        TokenRefusal.WRONG_ISSUER,
    }
)
_HINTS: Final[Mapping[SubmissionFault, str]] = {
    SubmissionFault.POLICY: "meshctl policy show",
    SubmissionFault.TOKEN_EXHAUSTED: "meshctl tokens balance; a smaller --budget may fit",
    SubmissionFault.BALANCE_TOO_LOW: "meshctl tokens balance; a smaller --budget may fit",
    SubmissionFault.TOKEN: "meshctl tokens balance lists the tokens that can pay",
    SubmissionFault.VERIFIERS_TOO_FEW: "ask for a smaller quorum",
    SubmissionFault.QUORUM_TOO_SMALL: "ask for a larger quorum",
    SubmissionFault.NO_DELEGATION: "delegate to its children: --children DEPTH,BUDGET",
    SubmissionFault.NOT_A_FILE: "supply the module itself with `meshctl block put FILE` and name "
    "that CID",
}
_USAGE: Final = frozenset(
    {
        SubmissionFault.VERIFIERS_TOO_FEW,
        SubmissionFault.QUORUM_TOO_SMALL,
        SubmissionFault.NO_DELEGATION,
    }
)
_LIMIT_NOUNS: Final = {
    "module_bytes": "the module's bytes",
    "input_bytes": "the input's bytes",
    "memory_bytes": "the bytes of memory that the job asks for",
    "description_bytes": "the description's bytes",
    "token_chain": "the chain of tokens",
}


def submission_error(
    refusal: SubmissionRefusal, request: JobRequest, job_id: JobId, owner: Did
) -> CommandError:
    """A job that is not submitted."""
    match refusal.fault:
        case SubmissionFault.ID_TAKEN:
            return CommandError(
                ExitCode.FAILED,
                "job-id-taken",
                f"job {job_id} exists already with another {refusal.detail or 'token'}",
                hint="leave --id out for a new job, or repeat the very same request",
                details={"job_id": job_id, "differs_in": list(refusal.differs_in)},
            )
        case SubmissionFault.OVER_LIMIT:
            return _over_limit(refusal)
        case SubmissionFault.NOT_SOLD:
            return not_sold(request.resource_type, refusal.sold)
        case SubmissionFault.NO_TOKEN:
            kind = request.resource_type.value
            return CommandError(
                ExitCode.DENIED,
                "no-token",
                f"{owner} holds no token for {kind}",
                hint=f"meshctl tokens issue --type {kind} --amount 1000",
            )
        case SubmissionFault.MALFORMED:
            return CommandError(
                ExitCode.USAGE,
                "job-malformed",
                f"the job cannot be written down: {refusal.detail}",
                hint="`meshctl submit-job --help` says what each option takes",
            )
        case SubmissionFault.NOT_A_FILE:
            return CommandError(
                ExitCode.FAILED,
                "not-a-file",
                refusal.detail,
                hint=_HINTS[SubmissionFault.NOT_A_FILE],
            )
        case _:
            return _unpaid(refusal, request)


def _over_limit(refusal: SubmissionRefusal) -> CommandError:
    assert refusal.limit is not None and refusal.most is not None, "a limit is named"
    ceiling = RANGES[refusal.limit][1]
    hint = f"ask for less, or raise {refusal.limit} in config.toml, to at most {ceiling}"
    if refusal.most >= ceiling:
        hint = f"no mesh of this version takes more than {ceiling}; ask for less"
    if refusal.limit == "description_bytes" and refusal.most >= ceiling:
        hint = "shorten it; what is long belongs into the input"
    return CommandError(
        ExitCode.USAGE,
        "over-limit",
        f"{_LIMIT_NOUNS[refusal.limit]}: {refusal.found}, at most {refusal.most} are taken here",
        hint=hint,
        details={"limit": refusal.limit, "most": refusal.most, "found": refusal.found},
    )


def _unpaid(refusal: SubmissionRefusal, request: JobRequest) -> CommandError:
    code = f"submission-{refusal.fault.name.lower().replace('_', '-')}"
    if refusal.token is not None:
        code = f"token-{refusal.token.name.lower().replace('_', '-')}"
    kind = ExitCode.IDENTITY if refusal.token in _IDENTITY_FAULTS else ExitCode.DENIED
    if refusal.fault in _USAGE:
        kind = ExitCode.USAGE
    detail = f": {refusal.detail}" if refusal.detail else ""
    details: dict[str, object] = {
        "fault": refusal.fault.name,
        "budget": request.resource_amount if request.budget is None else request.budget,
        "token": None if request.token is None else str(request.token),
    }
    hint = _HINTS[refusal.fault]
    if refusal.available is not None:
        details["available"] = refusal.available
    denial = refusal.denial
    if denial is not None:
        details["available"] = denial.available
        details["retry_after_seconds"] = denial.retry_after_seconds
        detail += f" ({denial.available} units allowed now)"
        if denial.retry_after_seconds is not None:
            hint = f"wait {denial.retry_after_seconds} s, or {hint}"
    return CommandError(
        kind, code, f"the job is refused: {refusal.fault.value}{detail}", hint=hint, details=details
    )


def award_error(refusal: AwardRefusal, job: Job, node_id: NodeId) -> CommandError:
    """A bid that is not awarded."""
    match refusal.fault:
        case AwardFault.NO_SUCH_BID:
            return _no_such_bid(job, node_id)
        case AwardFault.BID_NOT_AWARDABLE:
            return CommandError(
                ExitCode.FAILED,
                "bid-not-awardable",
                f"the bid of {node_id} cannot be accepted: {refusal.bid or refusal.detail}",
                hint=f"meshctl get-bids --job-id {job.job_id}",
            )
        case AwardFault.STATE_TOO_LARGE:
            return CommandError(
                ExitCode.FAILED,
                "register-too-large",
                f"{refusal.fault.value}: {refusal.detail}",
                hint="burn the units of holders that have left, or issue in another name",
            )
        case _:
            return not_open(job)


def not_open(job: Job) -> CommandError:
    """A job that takes no award any more."""
    reason = f"job {job.job_id} is {job.phase.value}"
    if job.node_id is not None:
        reason = f"job {job.job_id} was awarded to {job.node_id} already ({job.phase.value})"
    return CommandError(
        ExitCode.FAILED,
        "job-not-open",
        reason,
        hint=f"meshctl job-status {job.job_id}",
        details={"job_id": job.job_id, "state": job.phase.value, "node_id": job.node_id},
    )


def _no_such_bid(job: Job, node_id: NodeId) -> CommandError:
    if job.is_final or job.award is not None:
        return not_open(job)
    names = [bid.node_id for bid in job.bids]
    where = f"meshctl get-bids --job-id {job.job_id}"
    return CommandError(
        ExitCode.NOT_FOUND,
        "unknown-bid",
        f"job {job.job_id} has no bid of '{node_id}'",
        hint=f"the bids are of {', '.join(names)}" if names else where,
        details={"job_id": job.job_id, "nodes": names},
    )


def dearer(job_id: JobId, node_id: NodeId, price: int, most: int) -> CommandError:
    """A new bid that asks more than the expired one that was accepted."""
    return CommandError(
        ExitCode.FAILED,
        "bid-dearer",
        f"the bid of {node_id} over {most} has expired, and it asks {price} now",
        hint=f"to pay that: meshctl accept-bid --job-id {job_id} --node-id {node_id}",
        details={"job_id": job_id, "node_id": node_id, "price": price, "expired_price": most},
    )


def cancel_error(refusal: CancelRefusal, job_id: JobId) -> CommandError:
    """A job that is not withdrawn."""
    phase = "unknown" if refusal.phase is None else refusal.phase.value
    assert refusal.fault is CancelFault.ENDED, "the caller has found the job"
    return not_cancellable(job_id, phase)


def not_cancellable(job_id: JobId, phase: str) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "job-not-cancellable",
        f"job {job_id} is {phase} and cannot be cancelled",
        hint=f"meshctl job-status {job_id}",
        details={"job_id": job_id, "state": phase},
    )
