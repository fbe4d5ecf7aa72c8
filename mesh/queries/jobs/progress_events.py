"""Progress of a job as typed events: one for each thing that has come to be.

Rule: what is committed is told, once, in the order of the job's history.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import Struct

from mesh.actors.submitter.evidence import reputation_of
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Stored
from mesh.core.jobs.job import FINAL, TRANSITIONS, Job, Phase, count, verdict_of
from mesh.core.market.reputation import Reputation
from mesh.core.records.market import Bid, Decline
from mesh.core.verification.verdicts import Verdict
from mesh.queries.reader import Reader
from runtime.content.cid import Cid


class Submitted(Struct, frozen=True, kw_only=True):
    job_id: JobId
    description: str


class BidArrived(Struct, frozen=True, kw_only=True):
    job_id: JobId
    node_id: NodeId
    price: int
    estimated_seconds: int
    reputation: Reputation
    location: str


class BidRefused(Struct, frozen=True, kw_only=True):
    """A node does not bid, and says why."""

    job_id: JobId
    node_id: NodeId
    reason: str
    detail: str


class Awarded(Struct, frozen=True, kw_only=True):
    """The issuer holds the price for an attempt."""

    job_id: JobId
    node_id: NodeId
    price: int
    attempt: int


class AwardDenied(Struct, frozen=True, kw_only=True):
    """The issuer holds nothing for a bid."""

    job_id: JobId
    code: str
    reason: str
    retry_at: int | None


class StatusChanged(Struct, frozen=True, kw_only=True):
    """Assigned, Running or Completed; or Submitted again after a lost attempt (`reason`)."""

    job_id: JobId
    phase: Phase
    reason: str = ""


class ReceiptStored(Struct, frozen=True, kw_only=True):
    job_id: JobId
    receipt: Cid


class Anchored(Struct, frozen=True, kw_only=True):
    job_id: JobId
    anchor: Cid


class Attested(Struct, frozen=True, kw_only=True):
    """verdict: None where another engine gave the result."""

    job_id: JobId
    verifier: str
    verdict: Verdict | None


class Ended(Struct, frozen=True, kw_only=True):
    """The final phase. confirmed of drawn verifiers agreed with the receipt."""

    job_id: JobId
    phase: Phase
    confirmed: int
    drawn: int
    reason: str


ProgressEvent: TypeAlias = (
    Submitted
    | BidArrived
    | BidRefused
    | Awarded
    | AwardDenied
    | StatusChanged
    | ReceiptStored
    | Anchored
    | Attested
    | Ended
)


def progress_events(
    reader: Reader, job: Job, phase: Phase | None, stored: Iterable[Stored]
) -> Iterator[ProgressEvent]:
    """What some events of a job's history say. job: as it is now; phase: before the first of these
    events. Raises CommandError `block-…`, `record-invalid`."""
    for each in stored:
        after = TRANSITIONS[phase, type(each.event)].to
        yield from _of_event(reader, job, each.event)
        if after is not phase:
            yield from _of_phase(job, phase, after, each.event)
        phase = after


def _of_event(reader: Reader, job: Job, event: ev.Event) -> Iterator[ProgressEvent]:
    job_id = job.job_id
    match event:
        case ev.BidReceived():
            bid = reader.record(Bid, event.bid).body
            yield BidArrived(
                job_id=job_id,
                node_id=event.node_id,
                price=bid.price,
                estimated_seconds=bid.estimated_seconds,
                reputation=reputation_of(reader, event.signer),
                location=bid.location,
            )
        case ev.BidDeclined():
            decline = reader.record(Decline, event.decline).body
            yield BidRefused(
                job_id=job_id,
                node_id=event.node_id,
                reason=decline.reason.value,
                detail=decline.detail,
            )
        case ev.AwardRefused():
            yield AwardDenied(
                job_id=job_id, code=event.code, reason=event.reason, retry_at=event.retry_at
            )
        case ev.HoldReceived():
            yield Awarded(
                job_id=job_id,
                node_id=event.node_id,
                price=reader.record(Bid, event.bid).body.price,
                attempt=event.attempt,
            )
        case ev.ReceiptAnchored():
            yield Anchored(job_id=job_id, anchor=event.anchor)
        case ev.AttestationReceived():
            vote = next((each for each in job.votes if each.verifier == event.signer), None)
            yield Attested(
                job_id=job_id,
                verifier=reader.members.name(event.signer),
                verdict=None if vote is None else verdict_of(vote, job.result),
            )
        case _:
            pass


def _of_phase(
    job: Job, before: Phase | None, after: Phase, event: ev.Event
) -> Iterator[ProgressEvent]:
    job_id = job.job_id
    if after in FINAL:
        yield Ended(
            job_id=job_id,
            phase=after,
            confirmed=count(job, Verdict.CONFIRMED),
            drawn=len(job.drawn),
            reason=job.reason,
        )
        return
    if before is Phase.ASSIGNED and after is Phase.COMPLETED:
        yield StatusChanged(job_id=job_id, phase=Phase.RUNNING)
    if after is not Phase.CREATED and before is not Phase.CREATED:
        reason = event.reason if isinstance(event, ev.AttemptLost) else ""
        yield StatusChanged(job_id=job_id, phase=after, reason=reason)
    if isinstance(event, ev.ReceiptAccepted):
        yield ReceiptStored(job_id=job_id, receipt=event.receipt)
