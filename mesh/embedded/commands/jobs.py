"""Commands of the local submitter: within a turn, all or nothing, with refusals as errors."""

from collections.abc import Callable, Iterable, MutableMapping

from mesh.actors.actor import Now
from mesh.actors.issuer.rows import TOKENS as ISSUED
from mesh.actors.stores import DeliveryTransaction
from mesh.actors.submitter.actor import Submitter
from mesh.actors.submitter.market.awarding import AwardRefusal
from mesh.actors.submitter.rows import TOKENS
from mesh.actors.submitter.submission import SubmissionFault, SubmissionRefusal
from mesh.actors.submitter.withdrawal import CancelFault, CancelRefusal
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs.request import JobRequest
from mesh.core.records.archive import UNREADABLE
from mesh.core.records.market import Bid
from mesh.embedded.commands.refusals import (
    award_refused,
    bid_dearer,
    cancel_refused,
    not_cancellable,
    submission_refused,
)
from mesh.queries.jobs.view import find_job_row, unknown_job
from mesh.queries.reader import Reader, missing_block, unreadable
from runtime.content.cid import Cid
from runtime.terminal.errors import CommandError
from runtime.tokens.token import TokenRefusal


def storing(
    submitter: Submitter, blocks: Iterable[tuple[Cid, bytes]]
) -> Callable[[DeliveryTransaction, Now], None]:
    """Store blocks, for which jobs may wait."""

    def store(tx: DeliveryTransaction, now: Now) -> None:
        cids = []
        for cid, data in blocks:
            tx.blocks.put(cid, data)
            cids.append(cid)
        submitter.supply(tx, cids, now)

    return store


def submitting(
    submitter: Submitter,
    requests: Iterable[JobRequest],
    blocks: Iterable[tuple[Cid, bytes]],
    *,
    auto_award: bool,
) -> Callable[[DeliveryTransaction, Now], tuple[JobId, ...]]:
    """Submit several jobs with blocks, all or none. auto_award: the best bid of each. Raises
    CommandError where one is refused."""
    store = storing(submitter, blocks)

    def submit(tx: DeliveryTransaction, now: Now) -> tuple[JobId, ...]:
        store(tx, now)
        found = []
        for each in requests:
            job = submitter.submit(tx, each, now)
            if isinstance(job, SubmissionRefusal):
                raise submission_refused(job, each, submitter.did)
            found.append(job.job_id)
        if auto_award:
            problems: dict[JobId, CommandError] = {}
            awarding_best(submitter, found, problems)(tx, now)
            for problem in problems.values():
                raise problem
        return tuple(found)

    return submit


def check_tokens(reader: Reader, requests: Iterable[JobRequest]) -> None:
    """Raise CommandError for a named token that is another's, or unknown."""
    for request in requests:
        token = request.token
        if token is None or reader.rows(TOKENS).get(token) is not None:
            continue
        if reader.view.rows(reader.issuer, ISSUED).get(token) is None:
            raise missing_block(token, "token")
        refusal = SubmissionRefusal(
            fault=SubmissionFault.TOKEN,
            detail=TokenRefusal.FOREIGN_AUDIENCE.value,
            token=TokenRefusal.FOREIGN_AUDIENCE,
        )
        raise submission_refused(refusal, request, reader.owner)


def awarding_best(
    submitter: Submitter, job_ids: Iterable[JobId], problems: MutableMapping[JobId, CommandError]
) -> Callable[[DeliveryTransaction, Now], None]:
    """Have the best bid of each job awarded, now or as soon as there is one. problems: gets those
    of which a record cannot be read, and why."""

    def choose(tx: DeliveryTransaction, now: Now) -> None:
        for job_id in job_ids:
            try:
                submitter.auto_award(tx, job_id, now, is_on=True)
            except UNREADABLE as error:
                problems[job_id] = unreadable(error)

    return choose


def accepting(
    submitter: Submitter, job_id: JobId, node_id: NodeId, most: int | None
) -> Callable[[DeliveryTransaction, Now], None]:
    """Award a job to a node's bid. most: the price that was accepted, None for any. Raises
    CommandError where that cannot be."""

    def accept(tx: DeliveryTransaction, now: Now) -> None:
        job = submitter.job(tx, job_id)
        if job is None:
            raise unknown_job(job_id)
        offer = next((each for each in job.bids if each.node_id == node_id), None)
        if offer is not None and most is not None:
            price = submitter.archive.get(tx.blocks, Bid, offer.record).body.price
            if price > most:
                raise bid_dearer(job_id, node_id, price, most)
        done = submitter.accept(tx, job_id, node_id, now)
        if isinstance(done, AwardRefusal):
            raise award_refused(done, job, node_id)

    return accept


def price_of(reader: Reader, job_id: JobId, node_id: NodeId) -> int | None:
    """What a node asks for the job, None if the job has no bid of it. Raises CommandError."""
    job = find_job_row(reader, job_id).job
    offer = next((each for each in job.bids if each.node_id == node_id), None)
    return None if offer is None else reader.record(Bid, offer.record).body.price


def cancelling(
    submitter: Submitter, job_id: JobId, reason: str
) -> Callable[[DeliveryTransaction, Now], None]:
    """Withdraw a job. Raises CommandError `unknown-job`, `job-not-cancellable`."""

    def cancel(tx: DeliveryTransaction, now: Now) -> None:
        done = submitter.cancel(tx, job_id, reason, now)
        if not isinstance(done, CancelRefusal):
            return
        if done.fault is CancelFault.NO_SUCH_JOB:
            raise unknown_job(job_id)
        raise not_cancellable(done, job_id)

    return cancel


def check_cancelled(reader: Reader, job_id: JobId) -> None:
    """Raise CommandError `job-not-cancellable` where the issuer has a result already."""
    job = find_job_row(reader, job_id).job
    if job.cancel is None and not job.is_final:
        raise cancel_refused(job)
