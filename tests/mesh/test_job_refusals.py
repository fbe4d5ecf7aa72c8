"""Why an event does not happen to a job: every refusal by its name."""

from typing import Any

import pytest
from meshfolk import START, key
from msgspec.structs import replace

from mesh import events as ev
from mesh.core.fields import NodeId
from mesh.core.ids import hold_id, new_job_id
from mesh.events import Event, JobKey
from mesh.job import (
    ATTEMPTS_MAX,
    BIDS_MAX,
    HOLD_MARGIN_SECONDS,
    VERIFY_SECONDS,
    Effect,
    Job,
    Offer,
    Phase,
    StepRefusal,
    has_quorum,
    quorum_of,
)
from mesh.records import Priority, Verdict
from mesh.step import Step, step
from runtime.content.cid import Codec, cid_of

KEY = JobKey(submitter=key("submitter").did, job_id=new_job_id(START * 1000, bytes(10)))
ONE, TWO = cid_of(b"1", Codec.RAW), cid_of(b"2", Codec.RAW)
NODE, OTHER = key("node").did, key("other").did
VERIFIERS = tuple(sorted(key(f"verifier-{n}").did for n in range(6)))
NAME = NodeId("node")
LEASE = START + 100

CREATED = ev.JobCreated(
    manifest=ONE,
    bid_deadline=START + 300,
    expires_at=START + 3600,
    quorum=2,
    verifiers=3,
    priority=Priority.MEDIUM,
)
BID = ev.BidReceived(bid=ONE, bidder=NODE, node_id=NAME, expires_at=START + 3000)
AWARD = ev.JobAwarded(
    award=ONE,
    bid=ONE,
    attempt=1,
    executor=NODE,
    node_id=NAME,
    hold=hold_id(ONE, 1),
    hold_expires_at=LEASE + HOLD_MARGIN_SECONDS,
    lease_expires_at=LEASE,
)
RECEIPT = ev.ReceiptAccepted(attempt=1, receipt=ONE, verifiers=VERIFIERS[:3])
ESCALATED = ev.VerificationEscalated(verifiers=VERIFIERS[3:])
LATE = START + VERIFY_SECONDS


def vote(number: int, verdict: Verdict = Verdict.CONFIRMED) -> ev.AttestationReceived:
    return ev.AttestationReceived(attestation=ONE, verifier=VERIFIERS[number], verdict=verdict)


def told(*events: Event, job: Job | None = None, now: int = START) -> Job:
    """The job after these events, all of which must happen."""
    for event in events:
        after = step(job, KEY, event, now)
        assert isinstance(after, Step), (event, after)
        job = after.job
    assert job is not None
    return job


NEW = told(CREATED)
OPEN = told(ev.JobSubmitted(), job=NEW)
OFFERED = told(BID, job=OPEN)
TWO_BIDS = told(replace(BID, bidder=OTHER, expires_at=START + 3300), job=OFFERED)
ASSIGNED = told(AWARD, job=OFFERED)
RUNNING = told(ev.ExecutionStarted(attempt=1), job=ASSIGNED)
DONE = told(RECEIPT, job=ASSIGNED)
ANCHORED = told(ev.ReceiptAnchored(anchor=ONE), job=DONE)
SECOND = told(
    ev.AttemptLost(attempt=1, settlement=ONE, reason=""),
    BID,
    replace(AWARD, attempt=2, hold=hold_id(ONE, 2)),
    job=ASSIGNED,
)
CONFIRMED = told(vote(0), vote(1), job=ANCHORED)
FULL = replace(
    OPEN,
    bids=tuple(
        Offer(record=ONE, bidder=OTHER, node_id=NAME, expires_at=START + 3000)
        for _ in range(BIDS_MAX)
    ),
)
HELD = {"now": LEASE + HOLD_MARGIN_SECONDS}

R = StepRefusal
CASES: list[tuple[StepRefusal, Job | None, Event, dict[str, Any]]] = [
    (R.NO_SUCH_JOB, None, BID, {}),
    (R.JOB_EXISTS, NEW, CREATED, {}),
    (R.JOB_EXISTS, told(ev.JobRefused(reason=""), job=NEW), CREATED, {}),
    (R.JOB_IS_FINAL, told(ev.JobRefused(reason=""), job=NEW), BID, {}),
    (R.NOT_IN_THIS_PHASE, NEW, BID, {}),
    (R.NOT_IN_THIS_PHASE, DONE, ev.JobCancelled(cancel=ONE, settlement=None, reason=""), {}),
    (R.NOT_IN_THIS_PHASE, DONE, RECEIPT, {}),
    (R.NOT_IN_THIS_PHASE, ASSIGNED, AWARD, {}),
    (R.BIDDING_CLOSED, OPEN, BID, {"now": START + 301}),
    (R.TOO_MANY_BIDS, FULL, BID, {}),
    (R.DUPLICATE_BID, OFFERED, replace(BID, bid=TWO), {}),
    (R.DUPLICATE_BID, OFFERED, ev.BidDeclined(decline=ONE, bidder=NODE, node_id=NAME), {}),
    (R.BID_EXPIRED, OPEN, replace(BID, expires_at=START), {}),
    (R.BID_EXPIRED, OFFERED, AWARD, {"now": START + 3000}),
    (R.BIDS_STAND, OPEN, ev.BidsLapsed(), {"now": START + 3000}),
    (R.BIDS_STAND, OFFERED, ev.BidsLapsed(), {"now": START + 2999}),
    (R.BIDS_STAND, OFFERED, ev.BidsLapsed(), {"now": START + 3600}),
    (R.BIDS_STAND, TWO_BIDS, ev.BidsLapsed(), {"now": START + 3000}),
    (R.BID_NOT_FOUND, OPEN, AWARD, {}),
    (R.BID_NOT_FOUND, OFFERED, replace(AWARD, bid=TWO), {}),
    (R.BID_NOT_FOUND, OFFERED, replace(AWARD, executor=OTHER), {}),
    (R.JOB_PAST_EXPIRY, NEW, ev.JobSubmitted(), {"now": START + 3600}),
    (R.JOB_PAST_EXPIRY, OFFERED, AWARD, {"now": START + 3600}),
    (R.OLD_ATTEMPT, OFFERED, replace(AWARD, attempt=0), {}),
    (R.OLD_ATTEMPT, SECOND, RECEIPT, {}),
    (R.OLD_ATTEMPT, SECOND, replace(RECEIPT, attempt=3), {}),
    (R.OLD_ATTEMPT, SECOND, ev.ExecutionStarted(attempt=1), {}),
    (R.OLD_ATTEMPT, SECOND, ev.AttemptLost(attempt=1, settlement=ONE, reason=""), {}),
    (R.OLD_ATTEMPT, RUNNING, ev.ModuleNotCompiled(attempt=2, settlement=ONE, reason=""), {}),
    (R.LEASE_OVER, ASSIGNED, RECEIPT, {"now": LEASE}),
    (R.LEASE_OVER, ASSIGNED, ev.ExecutionStarted(attempt=1), {"now": LEASE}),
    (R.LEASE_NOT_IN_FUTURE, OFFERED, AWARD, {"now": LEASE}),
    (R.HOLD_TOO_SHORT, OFFERED, replace(AWARD, hold_expires_at=LEASE + 1), {}),
    (R.ATTEMPTS_LEFT, ASSIGNED, ev.LastAttemptLost(attempt=1, settlement=ONE, reason=""), {}),
    (
        R.NO_ATTEMPTS_LEFT,
        ASSIGNED,
        ev.AttemptLost(attempt=1, settlement=ONE, reason=""),
        {"now": START + 3600},
    ),
    (
        R.NO_ATTEMPTS_LEFT,
        replace(ASSIGNED, lost_by=(NODE,) * (ATTEMPTS_MAX - 1)),
        ev.AttemptLost(attempt=1, settlement=ONE, reason=""),
        {},
    ),
    (R.ALREADY_ANCHORED, ANCHORED, ev.ReceiptAnchored(anchor=TWO), {}),
    (R.NOT_A_DRAWN_VERIFIER, DONE, vote(3), {}),
    (R.ALREADY_ATTESTED, told(vote(0), job=DONE), vote(0, Verdict.REFUTED), {}),
    (R.ALREADY_ESCALATED, told(ESCALATED, job=DONE, now=LATE), ESCALATED, {"now": LATE * 2}),
    (R.NO_QUORUM, told(vote(0), job=ANCHORED), ev.QuorumConfirmed(settlement=ONE), {}),
    (R.NO_QUORUM, CONFIRMED, ev.QuorumRefuted(settlement=ONE), {}),
    (
        R.NOT_ANCHORED,
        told(vote(0), vote(1), job=DONE),
        ev.QuorumConfirmed(settlement=ONE),
        {},
    ),
    (R.QUORUM_REACHED, CONFIRMED, ESCALATED, {"now": LATE}),
    (
        R.QUORUM_REACHED,
        CONFIRMED,
        ev.QuorumMissed(settlement=ONE, reason=""),
        {"now": LATE},
    ),
    (R.HOLD_OVER, CONFIRMED, ev.QuorumConfirmed(settlement=ONE), HELD),
    (R.NOT_SETTLED, ASSIGNED, ev.JobCancelled(cancel=ONE, settlement=None, reason=""), {}),
    (R.NOTHING_HELD, OPEN, ev.JobCancelled(cancel=ONE, settlement=ONE, reason=""), {}),
    (R.NOT_DUE, DONE, ESCALATED, {}),
    (R.NOT_DUE, DONE, ev.QuorumMissed(settlement=ONE, reason=""), {"now": LATE}),
    (R.NOT_DUE, OPEN, ev.JobExpired(), {"now": START + 3599}),
]


@pytest.mark.parametrize(("refusal", "job", "event", "when"), CASES)
def test_each_refusal_has_its_name(
    refusal: StepRefusal, job: Job | None, event: Event, when: dict[str, Any]
) -> None:
    assert step(job, KEY, event, when.get("now", START)) is refusal


def test_every_refusal_is_tested() -> None:
    assert {case[0] for case in CASES} == set(StepRefusal)


def test_after_a_lost_attempt_bids_are_taken_again_although_bidding_was_closed() -> None:
    lost = told(ev.AttemptLost(attempt=1, settlement=ONE, reason=""), job=ASSIGNED)
    assert lost.bids == () and lost.lost_by == (NODE,)
    assert told(BID, job=lost, now=START + 900).bids[0].bidder == NODE


def test_when_all_bids_have_expired_the_nodes_are_asked_again() -> None:
    declined = told(ev.BidDeclined(decline=TWO, bidder=OTHER, node_id=NAME), job=OFFERED)
    late = START + 3000
    again = told(ev.BidsLapsed(), job=declined, now=late)
    assert (again.phase, again.bids, again.declines, again.round) == (Phase.SUBMITTED, (), (), 2)
    both = told(replace(BID, bid=TWO, expires_at=late + 500), job=again, now=late)
    assert both.bids[0].record == TWO
    after = step(declined, KEY, ev.BidsLapsed(), late)
    assert isinstance(after, Step) and after.effects == (Effect.REQUEST_BIDS,)


def test_attempt_number_may_be_skipped_but_never_used_again() -> None:
    later = replace(AWARD, attempt=5, hold=hold_id(ONE, 5))
    assert told(later, job=OFFERED).attempt == 5


@pytest.mark.parametrize(
    ("quorum", "drawn", "needed"),
    [(2, 3, 2), (1, 1, 1), (2, 2, 2), (2, 4, 3), (2, 6, 4), (3, 4, 3)],
)
def test_quorum_is_always_a_majority(quorum: int, drawn: int, needed: int) -> None:
    assert quorum_of(quorum, drawn) == needed


def test_two_verdicts_never_both_have_a_quorum() -> None:
    """One confirms, one refutes, the third is silent; three more are asked."""
    job = told(vote(0), vote(1, Verdict.REFUTED), job=ANCHORED)
    job = told(ESCALATED, job=job, now=LATE)
    assert job.drawn == tuple(sorted((*VERIFIERS[:2], *VERIFIERS[3:])))
    job = told(vote(3), vote(4, Verdict.REFUTED), job=job, now=LATE)
    assert not has_quorum(job, Verdict.CONFIRMED) and not has_quorum(job, Verdict.REFUTED)
    job = told(vote(5), job=job, now=LATE)
    assert has_quorum(job, Verdict.CONFIRMED) and not has_quorum(job, Verdict.REFUTED)
    done = told(ev.QuorumConfirmed(settlement=ONE), job=job, now=LATE)
    assert done.phase is Phase.VERIFIED


@pytest.mark.parametrize(
    ("job", "deadline"),
    [
        (NEW, START + 3600),
        (OFFERED, START + 3600),
        (ASSIGNED, LEASE),
        (told(ev.ExecutionStarted(attempt=1), job=ASSIGNED), LEASE),
        (DONE, START + VERIFY_SECONDS),
        (CONFIRMED, START + VERIFY_SECONDS),
        (told(ESCALATED, job=DONE, now=LATE), LATE + VERIFY_SECONDS),
        (told(ev.QuorumConfirmed(settlement=ONE), job=CONFIRMED), None),
    ],
)
def test_every_phase_has_its_deadline(job: Job, deadline: int | None) -> None:
    assert job.deadline == deadline
