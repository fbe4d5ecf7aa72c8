"""Refusals of the submitter's actor as errors for people: the reason, and the next step."""

from collections.abc import Mapping
from typing import Final

from mesh.actors.submitter.market.awarding import AwardFault, AwardRefusal
from mesh.actors.submitter.submission import SubmissionFault, SubmissionRefusal
from mesh.actors.submitter.withdrawal import CancelRefusal
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.job import Job
from mesh.core.jobs.request import JobRequest
from mesh.embedded.driving.set_aside import Event, SetAsideRow
from mesh.home.config import RANGES
from mesh.queries.nodes.offers import not_sold
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
    SubmissionFault.VERIFIERS_TOO_FEW: "ask for fewer: --verifiers 3 --quorum 2",
    SubmissionFault.QUORUM_TOO_SMALL: "ask for a larger quorum",
    SubmissionFault.DELEGATE_UNKNOWN: "name a submitter (`meshctl identity show`), or leave it out",
    SubmissionFault.NO_DELEGATION: "delegate with `children: {depth: 1, budget: 500}` in a job "
    "document (`meshctl submit-job --file FILE`), or use a module that submits none",
    SubmissionFault.NOT_A_FILE: "supply the block itself with `meshctl block put FILE`",
}
_OF_USAGE: Final = frozenset(
    {
        SubmissionFault.VERIFIERS_TOO_FEW,
        SubmissionFault.QUORUM_TOO_SMALL,
        SubmissionFault.DELEGATE_UNKNOWN,
        SubmissionFault.NO_DELEGATION,
        SubmissionFault.NOT_A_FILE,
    }
)
_TAKEN_IN: Final = {Event.RECEIVE: "message", Event.TICK: "tick", Event.FINISHED: "result"}
_NOUNS: Final = {
    "module_bytes": "the module's bytes",
    "input_bytes": "the input's bytes",
    "memory_bytes": "the bytes of memory that the job asks for",
    "description_bytes": "the description's bytes",
    "token_chain": "the chain of tokens",
}
"""What each limit of the configuration is a limit of."""


def submission_refused(
    refusal: SubmissionRefusal, request: JobRequest, holder: Did
) -> CommandError:
    """The error of a job that is not submitted. holder: the submitter."""
    match refusal.fault:
        case SubmissionFault.ID_TAKEN:
            differing = refusal.differs_in
            other = ", ".join(differing) or "token"
            return CommandError(
                ExitCode.FAILED,
                "job-id-taken",
                f"job {request.job_id} exists already with another {other}",
                hint="leave --id out for a new job, or repeat the very same request",
                details={"job_id": request.job_id, "differs_in": list(differing)},
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
                f"{holder} holds no token for {kind}",
                hint=f"meshctl tokens issue --type {kind} --amount 1000",
            )
        case SubmissionFault.MALFORMED:
            return CommandError(
                ExitCode.USAGE,
                "job-malformed",
                f"the job cannot be written down: {refusal.detail}",
                hint="`meshctl submit-job --help` says what each option takes",
            )
        case _:
            return _refused(refusal, request)


def _refused(refusal: SubmissionRefusal, request: JobRequest) -> CommandError:
    code = f"submission-{refusal.fault.name.lower().replace('_', '-')}"
    if refusal.token is not None:
        code = f"token-{refusal.token.name.lower().replace('_', '-')}"
    kind = ExitCode.IDENTITY if refusal.token in _IDENTITY_FAULTS else ExitCode.DENIED
    if refusal.fault in _OF_USAGE:
        kind = ExitCode.USAGE
    detail = f": {refusal.detail}" if refusal.detail else ""
    budget = request.resource_amount if request.budget is None else request.budget
    details: dict[str, object] = {"fault": refusal.fault.name, "budget": budget}
    hint = _HINTS[refusal.fault]
    if refusal.token is TokenRefusal.AMOUNT_TOO_LARGE:
        detail += f" ({budget} asked for)"
        hint = f"meshctl tokens issue --amount {budget}, or ask for less"
    if refusal.available is not None:
        details["available"] = refusal.available
    if refusal.denial is not None:
        denial = refusal.denial
        details["available"] = denial.available
        details["retry_after_seconds"] = denial.retry_after_seconds
        detail += f" ({denial.available} units allowed now)"
        if denial.retry_after_seconds is not None:
            hint = f"wait {denial.retry_after_seconds} s, or {hint}"
    return CommandError(
        kind, code, f"the job is refused: {refusal.fault.value}{detail}", hint=hint, details=details
    )


def _over_limit(refusal: SubmissionRefusal) -> CommandError:
    name, most, found = refusal.limit, refusal.most, refusal.found
    assert name is not None and most is not None, "a limit has a name and a bound"
    ceiling = RANGES[name][1]
    way_out = f"ask for less, or raise {name} in config.toml, to at most {ceiling}"
    if most >= ceiling:
        way_out = f"no mesh of this version takes more than {ceiling}; ask for less"
    return CommandError(
        ExitCode.USAGE,
        "over-limit",
        f"{_NOUNS[name]}: {found}, at most {most} are taken here",
        hint=way_out,
        details={"limit": name, "most": most, "found": found},
    )


def award_refused(refusal: AwardRefusal, job: Job, node_id: NodeId) -> CommandError:
    """The error of a bid that is not awarded."""
    job_id = job.job_id
    if refusal.fault is AwardFault.NO_SUCH_BID:
        names = [bid.node_id for bid in job.bids]
        return CommandError(
            ExitCode.NOT_FOUND,
            "unknown-bid",
            f"job {job_id} has no bid of '{node_id}'",
            hint=(
                f"the bids are of {', '.join(names)}"
                if names
                else f"meshctl get-bids --job-id {job_id}"
            ),
            details={"job_id": job_id, "nodes": names},
        )
    if refusal.fault is AwardFault.BID_NOT_AWARDABLE:
        return CommandError(
            ExitCode.FAILED,
            "bid-not-awardable",
            f"the bid of {node_id} cannot be accepted: {refusal.bid or refusal.detail}",
            hint=f"meshctl get-bids --job-id {job_id}",
        )
    if job.node_id is not None:
        reason = f"job {job_id} was awarded to {job.node_id} already ({job.phase.value})"
    else:
        reason = f"job {job_id} is {job.phase.value}"
    return CommandError(
        ExitCode.FAILED,
        "job-not-open",
        reason,
        hint=f"meshctl job-status {job_id}",
        details={"job_id": job_id, "state": job.phase.value, "node_id": job.node_id},
    )


def bid_dearer(job_id: JobId, node_id: NodeId, price: int, most: int) -> CommandError:
    """The error of a new bid that asks more than the expired one that was accepted."""
    return CommandError(
        ExitCode.FAILED,
        "bid-dearer",
        f"the bid of {node_id} over {most} has expired, and it asks {price} now",
        hint=f"to pay that: meshctl accept-bid --job-id {job_id} --node-id {node_id}",
        details={"job_id": job_id, "node_id": node_id, "price": price, "expired_price": most},
    )


def not_cancellable(refusal: CancelRefusal, job_id: JobId) -> CommandError:
    """The error of a job that has ended."""
    assert refusal.phase is not None, "the caller has looked for the job"
    return CommandError(
        ExitCode.FAILED,
        "job-not-cancellable",
        f"job {job_id} is {refusal.phase.value} and cannot be cancelled",
        hint=f"meshctl job-status {job_id}",
        details={"job_id": job_id, "state": refusal.phase.value},
    )


def cancel_refused(job: Job) -> CommandError:
    """The error of a job whose result was at the issuer before its withdrawal."""
    return CommandError(
        ExitCode.FAILED,
        "job-not-cancellable",
        f"job {job.job_id} is {job.phase.value} and cannot be cancelled: its result is there",
        hint=f"meshctl job-status {job.job_id} --wait",
        details={"job_id": job.job_id, "state": job.phase.value},
    )


def timed_out(job_ids: tuple[JobId, ...]) -> CommandError:
    """The time that the caller gave is over for these jobs; nothing is lost."""
    assert job_ids, "somebody waited for them"
    name = f"job {job_ids[0]}" if len(job_ids) == 1 else f"{len(job_ids)} jobs"
    return CommandError(
        ExitCode.TIMEOUT,
        "timed-out",
        f"the time to wait for {name} is over; the next command that waits continues there",
        hint="; ".join(f"meshctl job-status {job_id} --wait" for job_id in job_ids[:3]),
        details={"job_ids": list(job_ids)},
    )


def stalled(job_id: JobId, actor: str, hit: SetAsideRow) -> CommandError:
    """A job does not go on since an actor could not take something in. actor: its name."""
    hint = {
        Event.RECEIVE: f"meshctl doctor --retry {hit.number}",
        Event.TICK: "meshctl doctor; a tick is tried again by itself",
        Event.FINISHED: "meshctl doctor --repair",
    }[hit.event]
    return CommandError(
        ExitCode.FAILED,
        "set-aside",
        f"job {job_id} does not go on: {actor} could not take in a {_TAKEN_IN[hit.event]} "
        f"({hit.number}): {hit.error}",
        hint=hint,
        details={"job_id": job_id, "actor": actor, "number": hit.number, "error": hit.error},
    )
