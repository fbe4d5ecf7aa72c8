"""Every phase of a job × every event, and histories that replay."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from issuing.records import WALL, key_of
from msgspec.structs import fields, replace

from mesh.core.fields import JobId
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Event, Stored, proof_of
from mesh.core.jobs.job import BIDS_MAX, FINAL, TRANSITIONS, Job, Phase, StepRefusal
from mesh.core.jobs.step import replay, step
from mesh.core.records.settlement import Ground
from mesh.core.records.terms import Priority
from runtime.content.cid import Codec, cid_of

NODES = tuple(sorted(key_of(f"node {number}").did for number in range(3)))
VERIFIERS = tuple(sorted(key_of(f"verifier {number}").did for number in range(4)))
ISSUER = key_of("issuer").did
KINDS = get_args(Event)


def cid(text: str) -> Any:
    return cid_of(text.encode(), Codec.DAG_CBOR)


CREATED = ev.JobCreated(
    manifest=cid("manifest"),
    signer=key_of("submitter").did,
    bid_deadline=WALL + 30,
    expires_at=WALL + 60,
    quorum=2,
    verifiers=3,
    priority=Priority.MEDIUM,
    cause=None,
    job_id=JobId("01890000-0000-7000-8000-000000000001"),
)


def bid(number: int) -> ev.BidReceived:
    return ev.BidReceived(
        bid=cid(f"bid {number}"),
        signer=NODES[number],
        node_id=f"node-{number}",
        expires_at=WALL + 40,
    )


def award(number: int = 0, attempt: int = 1) -> ev.AwardSigned:
    return ev.AwardSigned(
        award=cid(f"award {attempt}"),
        signer=CREATED.signer,
        bid=cid(f"bid {number}"),
        attempt=attempt,
        executor=NODES[number],
        node_id=f"node-{number}",
    )


def hold(number: int = 0, attempt: int = 1) -> ev.HoldReceived:
    return ev.HoldReceived(
        hold=cid(f"hold {attempt}"),
        signer=ISSUER,
        award=cid(f"award {attempt}"),
        bid=cid(f"bid {number}"),
        attempt=attempt,
        executor=NODES[number],
        node_id=f"node-{number}",
    )


def attestation(number: int, found: str = "right") -> ev.AttestationReceived:
    return ev.AttestationReceived(
        attestation=cid(f"attestation {number}"),
        signer=VERIFIERS[number],
        deterministic=cid(found),
        engine="engine",
    )


STARTED = ev.ExecutionStarted(progress=cid("progress"), signer=NODES[0])
RECEIPT = ev.ReceiptAccepted(
    receipt=cid("receipt"), signer=NODES[0], deterministic=cid("right"), engine="engine"
)
DRAWN = ev.VerifiersDrawn(draw=cid("draw"), signer=ISSUER, round=1, verifiers=VERIFIERS[:3])
ANCHORED = ev.ReceiptAnchored(anchor=cid("anchor"), signer=NODES[0])
CONFIRMED = ev.QuorumConfirmed(settlement=cid("settlement"), signer=ISSUER)
ASKED = ev.NodesAsked(round=1, nodes=NODES)


def lost(attempt: int = 1, kind: Any = ev.AttemptLost) -> Any:
    return kind(
        settlement=cid(f"settlement {attempt}"),
        signer=ISSUER,
        attempt=attempt,
        ground=Ground.SILENT,
        reason="silent",
    )


EVENTS: dict[type, Event] = {
    type(each): each
    for each in (
        CREATED,
        ev.JobSubmitted(),
        ev.JobRefused(reason="no"),
        ev.AutoAwardChosen(is_on=True),
        ASKED,
        bid(0),
        ev.BidDeclined(decline=cid("decline"), signer=NODES[2], node_id="node-2"),
        ev.BidsLapsed(),
        award(),
        ev.AwardRefused(
            award=cid("award 1"),
            answer=cid("answer"),
            signer=ISSUER,
            code="policy",
            reason="no",
            retry_at=None,
        ),
        hold(),
        STARTED,
        RECEIPT,
        ANCHORED,
        DRAWN,
        attestation(0),
        CONFIRMED,
        ev.QuorumRefuted(settlement=cid("settlement"), signer=ISSUER, reason="other"),
        ev.QuorumMissed(settlement=cid("settlement"), signer=ISSUER, reason="none"),
        lost(),
        lost(3, ev.LastAttemptLost),
        ev.ModuleNotCompiled(settlement=cid("settlement"), signer=ISSUER, reason="no"),
        ev.AttemptCancelled(settlement=cid("settlement"), signer=ISSUER, reason="mine"),
        ev.CancelAsked(cancel=cid("cancel"), signer=CREATED.signer, reason="mine"),
        ev.CancelRefused(answer=cid("answer"), signer=ISSUER, reason="late"),
        ev.JobCancelled(cancel=cid("cancel"), signer=CREATED.signer, answer=None, reason="mine"),
        ev.JobExpired(),
        ev.EffectsApplied(root=None, transfer=None, children=(), reason=""),
    )
}

SUBMITTED = (CREATED, ev.JobSubmitted(), ASKED, bid(0), bid(1))
COMPLETED = (*SUBMITTED, award(), hold(), STARTED, RECEIPT, ANCHORED, DRAWN)
PATHS: dict[Phase, tuple[Event, ...]] = {
    Phase.CREATED: (CREATED,),
    Phase.SUBMITTED: SUBMITTED,
    Phase.ASSIGNED: (*SUBMITTED, award(), hold()),
    Phase.RUNNING: (*SUBMITTED, award(), hold(), STARTED),
    Phase.COMPLETED: (*COMPLETED, attestation(1), attestation(2)),
    Phase.VERIFIED: (*COMPLETED, attestation(1), attestation(2), CONFIRMED),
    Phase.FAILED: (CREATED, EVENTS[ev.JobRefused]),
    Phase.DISPUTED: (*COMPLETED, EVENTS[ev.QuorumRefuted]),
    Phase.CANCELLED: (CREATED, EVENTS[ev.JobCancelled]),
}


def played(events: tuple[Event, ...], at: int = WALL) -> Job:
    job = replay(Stored(number=number, at=at, event=each) for number, each in enumerate(events, 1))
    assert job is not None
    return job


def test_table_of_samples_is_complete() -> None:
    assert EVENTS.keys() == set(KINDS)


@pytest.mark.parametrize("phase", PATHS)
def test_path_leads_to_its_phase(phase: Phase) -> None:
    assert played(PATHS[phase]).phase is phase


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phase", PATHS)
def test_event_does_what_the_table_says_or_nothing(phase: Phase, kind: type[Event]) -> None:
    before = played(PATHS[phase])
    after = step(before, EVENTS[kind], WALL)
    transition = TRANSITIONS.get((phase, kind))
    if transition is None:
        expected = StepRefusal.JOB_IS_FINAL if phase in FINAL else StepRefusal.NOT_IN_THIS_PHASE
        assert after is (StepRefusal.JOB_EXISTS if kind is ev.JobCreated else expected)
    elif isinstance(after, Job):
        assert (after.phase, after.revision) == (transition.to, before.revision + 1)


@pytest.mark.parametrize("kind", [each for each in KINDS if each is not ev.JobCreated])
def test_nothing_happens_to_no_job(kind: type[Event]) -> None:
    assert step(None, EVENTS[kind], WALL) is StepRefusal.NO_SUCH_JOB


@pytest.mark.parametrize(("place", "transition"), TRANSITIONS.items())
def test_transition_that_rests_on_the_issuer_names_its_record(place: Any, transition: Any) -> None:
    names = {each.name for each in fields(place[1])}
    if transition.rests_on is not None:
        assert proof_of(EVENTS[place[1]]) is not None
        assert "signer" in names
    if transition.to in (Phase.VERIFIED, Phase.DISPUTED) and place[0] is not Phase.VERIFIED:
        assert transition.rests_on is not None


REFUSALS: list[tuple[StepRefusal, tuple[Event, ...], Event, int]] = [
    (StepRefusal.JOB_PAST_EXPIRY, (CREATED,), ev.JobSubmitted(), 60),
    (StepRefusal.JOB_PAST_EXPIRY, SUBMITTED, award(), 60),
    (StepRefusal.NO_CHANGE, SUBMITTED, ev.AutoAwardChosen(is_on=False), 0),
    (StepRefusal.NO_CHANGE, SUBMITTED, ASKED, 0),
    (StepRefusal.NO_CHANGE, COMPLETED, RECEIPT, 0),
    (StepRefusal.AWARDED, (*SUBMITTED, award()), award(1), 0),
    (StepRefusal.AWARDED, (*SUBMITTED, award()), ev.JobExpired(), 60),
    (StepRefusal.AWARDED, (*SUBMITTED, award()), EVENTS[ev.JobCancelled], 0),
    (StepRefusal.OTHER_ROUND, SUBMITTED, ev.NodesAsked(round=2, nodes=NODES), 0),
    (StepRefusal.BIDDING_CLOSED, SUBMITTED, EVENTS[ev.BidDeclined], 31),
    (StepRefusal.NOT_ASKED, (CREATED, ev.JobSubmitted()), bid(0), 0),
    (StepRefusal.DUPLICATE_BID, SUBMITTED, bid(0), 0),
    (StepRefusal.BIDS_STAND, SUBMITTED, ev.BidsLapsed(), 0),
    (StepRefusal.BID_EXPIRED, SUBMITTED, award(), 40),
    (StepRefusal.BID_NOT_FOUND, SUBMITTED, award(2), 0),
    (StepRefusal.OTHER_ATTEMPT, SUBMITTED, award(attempt=2), 0),
    (StepRefusal.OTHER_ATTEMPT, SUBMITTED, hold(attempt=2), 0),
    (StepRefusal.OTHER_AWARD, SUBMITTED, EVENTS[ev.AwardRefused], 0),
    (
        StepRefusal.CANCEL_ASKED,
        (*SUBMITTED, award(), EVENTS[ev.CancelAsked]),
        EVENTS[ev.CancelAsked],
        0,
    ),
    (StepRefusal.NO_CANCEL, SUBMITTED, EVENTS[ev.CancelRefused], 0),
    (StepRefusal.ALREADY_ANCHORED, COMPLETED, ANCHORED, 0),
    (StepRefusal.WRONG_ROUND, COMPLETED, DRAWN, 0),
    (
        StepRefusal.ALREADY_DRAWN,
        COMPLETED,
        ev.VerifiersDrawn(draw=cid("2"), signer=ISSUER, round=2, verifiers=VERIFIERS[2:]),
        0,
    ),
    (StepRefusal.NOT_A_DRAWN_VERIFIER, COMPLETED, attestation(3), 0),
    (StepRefusal.ALREADY_ATTESTED, (*COMPLETED, attestation(1)), attestation(1), 0),
    (StepRefusal.NO_QUORUM, (*COMPLETED, attestation(1)), CONFIRMED, 0),
    (StepRefusal.ATTEMPTS_LEFT, COMPLETED, lost(1, ev.LastAttemptLost), 0),
    (StepRefusal.OTHER_ATTEMPT, COMPLETED, lost(2), 0),
    (StepRefusal.NOT_DUE, SUBMITTED, ev.JobExpired(), 59),
]


@pytest.mark.parametrize(("refusal", "before", "event", "seconds"), REFUSALS)
def test_refusal(
    refusal: StepRefusal, before: tuple[Event, ...], event: Event, seconds: int
) -> None:
    assert step(played(before), event, WALL + seconds) is refusal


OF_EVERY_PHASE = {
    StepRefusal.NO_SUCH_JOB,
    StepRefusal.JOB_EXISTS,
    StepRefusal.JOB_IS_FINAL,
    StepRefusal.NOT_IN_THIS_PHASE,
}
"""Which are tried for every phase and event."""
APART = {StepRefusal.TOO_MANY_BIDS, StepRefusal.NOT_ANCHORED, StepRefusal.NO_ATTEMPTS_LEFT}
"""Which have tests of their own."""


def test_each_refusal_is_tried() -> None:
    assert {each for each, *_ in REFUSALS} | OF_EVERY_PHASE | APART == set(StepRefusal)


def test_more_bids_than_a_job_may_have_are_refused() -> None:
    job = played(SUBMITTED)
    offer = job.bids[0]
    full = replace(job, bids=tuple(replace(offer, bidder=str(n)) for n in range(BIDS_MAX)))
    assert step(full, bid(2), WALL) is StepRefusal.TOO_MANY_BIDS
    assert isinstance(step(full, EVENTS[ev.BidDeclined], WALL), Job)
    assert isinstance(step(replace(full, bids=full.bids[1:]), bid(2), WALL), Job)


def test_receipt_that_is_not_anchored_is_not_verified() -> None:
    unanchored = tuple(each for each in COMPLETED if each is not ANCHORED)
    before = played((*unanchored, attestation(1), attestation(2)))
    assert step(before, CONFIRMED, WALL) is StepRefusal.NOT_ANCHORED


def test_third_loss_is_the_last() -> None:
    events: tuple[Event, ...] = (CREATED, ev.JobSubmitted())
    for attempt in (1, 2, 3):
        asked = ev.NodesAsked(round=attempt, nodes=NODES)
        events += (asked, bid(0), award(attempt=attempt), hold(attempt=attempt))
        if attempt < 3:
            events += (lost(attempt),)
    before = played(events)
    assert step(before, lost(3), WALL) is StepRefusal.NO_ATTEMPTS_LEFT
    after = step(before, lost(3, ev.LastAttemptLost), WALL)
    assert isinstance(after, Job) and after.phase is Phase.FAILED


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(list(EVENTS.values())), st.integers(0, 70)), max_size=40))
def test_whatever_happens_replays(wanted: list[tuple[Event, int]]) -> None:
    job: Job | None = None
    history: list[Stored] = []
    now = WALL
    for event, seconds in [(CREATED, 0), (ev.JobSubmitted(), 0), (ASKED, 0), *wanted]:
        now = max(now, WALL + seconds)
        after = step(job, event, now)
        if isinstance(after, Job):
            history.append(Stored(number=len(history) + 1, at=now, event=event))
            job = after
    assert replay(history) == job


def test_gap_in_a_history_is_no_history() -> None:
    with pytest.raises(ValueError, match="a gap in the numbers"):
        replay([Stored(number=2, at=WALL, event=CREATED)])
