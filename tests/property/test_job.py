"""`step` is total and keeps its promises over every phase, event and time."""

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from meshfolk import START, key
from msgspec.structs import replace

from mesh import events as ev
from mesh.core.fields import NodeId
from mesh.core.ids import hold_id, new_job_id
from mesh.events import Event, JobKey, Stored, event_from_value, event_to_value
from mesh.job import (
    ATTEMPTS_MAX,
    FINAL,
    HOLD_MARGIN_SECONDS,
    TRANSITIONS,
    Effect,
    HoldAction,
    Job,
    Phase,
    StepRefusal,
    has_quorum,
    is_expired,
)
from mesh.records import Priority, Verdict
from mesh.settlement import Close, Escalate, Lose, closing_event, follow_up, losing_event
from mesh.step import Step, replay, step
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.content.typed import from_value, to_value

KEY = JobKey(submitter=key("submitter").did, job_id=new_job_id(START * 1000, bytes(10)))
MEMBERS = tuple(key(f"member-{i}").did for i in range(5))
CIDS = st.integers(0, 3).map(lambda n: cid_of(bytes([n]), Codec.RAW))
TIMES = st.integers(0, 8000).map(lambda seconds: START + seconds)
DIDS = st.sampled_from(MEMBERS)
ATTEMPTS = st.integers(1, 4)
NODES = st.just(NodeId("node"))
MANIFEST = cid_of(b"manifest", Codec.RAW)


@st.composite
def awards(draw: st.DrawFn) -> ev.JobAwarded:
    attempt, lease = draw(ATTEMPTS), draw(TIMES)
    return ev.JobAwarded(
        award=draw(CIDS),
        bid=draw(CIDS),
        attempt=attempt,
        executor=draw(DIDS),
        node_id=draw(NODES),
        hold=hold_id(MANIFEST, attempt),
        hold_expires_at=lease + draw(st.sampled_from([0, HOLD_MARGIN_SECONDS, 9000])),
        lease_expires_at=lease,
    )


EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        ev.JobCreated,
        manifest=st.just(MANIFEST),
        bid_deadline=TIMES,
        expires_at=TIMES,
        quorum=st.just(2),
        verifiers=st.just(3),
        priority=st.sampled_from(Priority),
    ),
    st.builds(ev.JobSubmitted),
    st.builds(ev.JobRefused, reason=st.just("no")),
    st.builds(ev.BidReceived, bid=CIDS, bidder=DIDS, node_id=NODES, expires_at=TIMES),
    st.builds(ev.BidDeclined, decline=CIDS, bidder=DIDS, node_id=NODES),
    st.builds(ev.BidsLapsed),
    awards(),
    st.builds(ev.ExecutionStarted, attempt=ATTEMPTS),
    st.builds(ev.AttemptLost, attempt=ATTEMPTS, settlement=CIDS, reason=st.just("gone")),
    st.builds(ev.LastAttemptLost, attempt=ATTEMPTS, settlement=CIDS, reason=st.just("gone")),
    st.builds(ev.ModuleNotCompiled, attempt=ATTEMPTS, settlement=CIDS, reason=st.just("large")),
    st.builds(ev.ReceiptAccepted, attempt=ATTEMPTS, receipt=CIDS, verifiers=st.just(MEMBERS[:3])),
    st.builds(ev.ReceiptAnchored, anchor=CIDS),
    st.builds(
        ev.AttestationReceived,
        attestation=CIDS,
        verifier=DIDS,
        verdict=st.sampled_from(Verdict),
    ),
    st.builds(ev.VerificationEscalated, verifiers=st.lists(DIDS, min_size=1).map(tuple)),
    st.builds(ev.QuorumConfirmed, settlement=CIDS),
    st.builds(ev.QuorumRefuted, settlement=CIDS),
    st.builds(ev.QuorumMissed, settlement=CIDS, reason=st.just("silence")),
    st.builds(
        ev.JobCancelled,
        cancel=CIDS,
        settlement=st.none() | CIDS,
        reason=st.just("changed my mind"),
    ),
    st.builds(ev.JobExpired),
)


@st.composite
def told(draw: st.DrawFn) -> tuple[Job, list[Stored]]:
    """A job somewhere in its life, and its history: mostly likely events, then anything."""
    wanted = draw(st.sampled_from(LIVES))
    job: Job | None = None
    history: list[Stored] = []
    for event, now in wanted:
        after = step(job, KEY, event, now)
        assert isinstance(after, Step), (type(event), after)
        job = after.job
        history.append(Stored(number=job.revision, at=now, event=event))
    assert job is not None
    return job, history


ONE = cid_of(b"\0", Codec.RAW)
BID = ev.BidReceived(bid=ONE, bidder=MEMBERS[0], node_id=NodeId("node"), expires_at=START + 2000)


def _award(attempt: int, at: int) -> tuple[Event, int]:
    """The award of an attempt to the first member."""
    lease = at + 100
    event = ev.JobAwarded(
        award=ONE,
        bid=ONE,
        attempt=attempt,
        executor=MEMBERS[0],
        node_id=NodeId("node"),
        hold=hold_id(MANIFEST, attempt),
        hold_expires_at=lease + HOLD_MARGIN_SECONDS,
        lease_expires_at=lease,
    )
    return event, at


def _votes(verdict: Verdict) -> list[tuple[Event, int]]:
    return [
        (ev.AttestationReceived(attestation=ONE, verifier=who, verdict=verdict), START + 3)
        for who in MEMBERS[:2]
    ]


def _lost_attempts() -> list[tuple[Event, int]]:
    """Every attempt awarded and lost, until none is left."""
    events: list[tuple[Event, int]] = []
    for attempt in range(1, ATTEMPTS_MAX + 1):
        at = START + attempt
        kind = ev.AttemptLost if attempt < ATTEMPTS_MAX else ev.LastAttemptLost
        lost = kind(attempt=attempt, settlement=ONE, reason="")
        events += [(BID, at), _award(attempt, at), (lost, at)]
    return events


def _lives() -> list[list[tuple[Event, int]]]:
    """Every prefix of the ways a job usually goes: each phase is reached."""
    created = ev.JobCreated(
        manifest=MANIFEST,
        bid_deadline=START + 300,
        expires_at=START + 3600,
        quorum=2,
        verifiers=3,
        priority=Priority.MEDIUM,
    )
    opening: list[tuple[Event, int]] = [
        (created, START),
        (ev.JobSubmitted(), START),
        (BID, START),
    ]
    done: list[tuple[Event, int]] = [
        (ev.ExecutionStarted(attempt=1), START + 1),
        (ev.ReceiptAccepted(attempt=1, receipt=ONE, verifiers=MEMBERS[:3]), START + 2),
    ]

    anchored: list[tuple[Event, int]] = [(ev.ReceiptAnchored(anchor=ONE), START + 2)]
    late = START + 1000
    lives = [
        [
            *opening,
            _award(1, START),
            *done,
            *anchored,
            *_votes(Verdict.CONFIRMED),
            (ev.QuorumConfirmed(settlement=ONE), START + 4),
        ],
        [
            *opening,
            _award(1, START),
            *done,
            *_votes(Verdict.REFUTED),
            (ev.QuorumRefuted(settlement=ONE), START + 4),
        ],
        [
            *opening,
            _award(1, START),
            *done,
            (ev.VerificationEscalated(verifiers=MEMBERS[:3]), late),
            (ev.QuorumMissed(settlement=ONE, reason="silence"), late + 1000),
        ],
        [*opening[:2], *_lost_attempts()],
        [*opening, (ev.BidsLapsed(), START + 2000)],
        [*opening[:2], (ev.JobCancelled(cancel=ONE, settlement=None, reason=""), START)],
        [
            *opening,
            _award(1, START),
            (ev.JobCancelled(cancel=ONE, settlement=ONE, reason=""), START),
        ],
        [*opening[:2], (ev.JobExpired(), START + 3600)],
        [opening[0], (ev.JobRefused(reason="no"), START)],
    ]
    return [life[:end] for life in lives for end in range(1, len(life) + 1)]


LIVES = _lives()


def test_lives_reach_every_phase() -> None:
    reached = {replay(KEY, _stored(life)).phase for life in LIVES}  # type: ignore[union-attr]
    assert reached == set(Phase)


@examples(600)
@given(told(), EVENTS, TIMES)
def test_step_is_total_and_keeps_its_promises(
    told_job: tuple[Job, list[Stored]], event: Event, now: int
) -> None:
    before, history = told_job
    after = step(before, KEY, event, now)
    if isinstance(after, StepRefusal):
        return
    job = after.job
    transition = TRANSITIONS[before.phase, type(event)]
    assert not before.is_final, "nothing happens after the end"
    assert (job.phase, after.hold) == (transition.to, transition.hold)
    assert job.revision == before.revision + 1
    assert (job.deadline is None) == job.is_final, "every phase but the last has a deadline"
    assert job.attempt >= before.attempt
    assert job.manifest == before.manifest and job.key == before.key
    if after.hold in (HoldAction.KEEP, HoldAction.POST, HoldAction.VOID):
        assert before.hold is not None
    if after.hold is HoldAction.NONE:
        assert before.hold is None
    # A hold ends by exactly one settlement, and nothing else is settled.
    ends_hold = after.hold in (HoldAction.POST, HoldAction.VOID)
    assert ends_hold == (getattr(event, "settlement", None) is not None)
    if ends_hold and job.is_final:
        assert job.settlement == event.settlement  # type: ignore[union-attr]
    if isinstance(event, ev.JobAwarded):
        chosen = [bid for bid in before.bids if bid.record == event.bid]
        assert any(not is_expired(bid, now) for bid in chosen), "what has expired is not awarded"
    if job.round > before.round:
        assert not job.bids and not job.declines and Effect.REQUEST_BIDS in transition.effects
    if after.hold is HoldAction.POST:
        assert has_quorum(before, Verdict.CONFIRMED) and before.anchor is not None
    assert not (has_quorum(job, Verdict.CONFIRMED) and has_quorum(job, Verdict.REFUTED))
    assert from_value(Job, decode(encode(to_value(job)))) == job
    history.append(Stored(number=job.revision, at=now, event=event))
    assert replay(KEY, history) == job


@examples(300)
@given(EVENTS, TIMES)
def test_job_begins_only_by_being_created(event: Event, now: int) -> None:
    after = step(None, KEY, event, now)
    if isinstance(event, ev.JobCreated):
        assert isinstance(after, Step)
        assert after.job.phase is Phase.CREATED and after.job.revision == 1
    else:
        assert after is StepRefusal.NO_SUCH_JOB


@examples(300)
@given(told(), TIMES)
def test_due_event_can_be_recorded_and_time_ends_every_job(
    told_job: tuple[Job, list[Stored]], now: int
) -> None:
    job, _ = told_job
    one = cid_of(b"\0", Codec.RAW)
    for _ in range(10):
        due = follow_up(job, now)
        match due:
            case None:
                now += 700
                continue
            case Escalate():
                event: Event = ev.VerificationEscalated(verifiers=MEMBERS[:3])
            case Close():
                event = closing_event(due, one)
            case Lose():
                event = losing_event(job, due, one)
            case _:
                event = due
        after = step(job, KEY, event, now)
        assert isinstance(after, Step), after
        job = after.job
    if job.is_final:
        assert follow_up(job, now) is None
    assert job.is_final


@examples(200)
@given(EVENTS)
def test_event_survives_its_encoding(event: Event) -> None:
    assert event_from_value(decode(encode(event_to_value(event)))) == event


def test_gap_in_a_history_is_noticed() -> None:
    history = _stored(LIVES[3])
    broken = (*history[:2], replace(history[2], number=4))
    try:
        replay(KEY, broken)
    except ValueError as error:
        assert "a gap in the numbers" in str(error)
    else:
        raise AssertionError("the gap was not noticed")


def test_every_phase_that_is_not_final_can_end() -> None:
    ends = {phase: {phase} for phase in Phase}
    for _ in Phase:
        for (phase, _event), transition in TRANSITIONS.items():
            if phase is not None:
                ends[phase] |= ends[transition.to]
    for phase in Phase:
        assert ends[phase] & FINAL


def _stored(life: list[tuple[Event, int]]) -> tuple[Stored, ...]:
    return tuple(Stored(number=n, at=at, event=event) for n, (event, at) in enumerate(life, 1))
