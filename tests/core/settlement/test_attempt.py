"""The table of an attempt: every phase against every event."""

from typing import Final, get_args

import pytest
from msgspec.structs import replace

from mesh.core.records.settlement import Ground
from mesh.core.records.terms import Engine
from mesh.core.records.work import WorkPhase
from mesh.core.settlement.attempt import (
    TRANSITIONS,
    Attempt,
    AttemptPhase,
    Attested,
    Drawn,
    DrawWidened,
    Event,
    Heard,
    Moment,
    Result,
    ResultFixed,
    Revealed,
    SealOf,
    SealsOpened,
    Settled,
    SignOfLife,
    StepRefusal,
    VerifierSealed,
    Vote,
    step,
)
from runtime.content.cid import Codec, cid_of
from runtime.content.did import Did
from runtime.tokens.transfers import TransferId

CID = cid_of(b"record", Codec.DAG_CBOR)
OTHER = cid_of(b"other", Codec.DAG_CBOR)
AT = Moment(wall=1, monotonic=1, boot="boot")
EXECUTOR, VERIFIER, STRANGER = Did("did:key:e"), Did("did:key:v"), Did("did:key:s")
ENGINE = Engine(name="e", version="1", config="c", arch="a")
RESULT = Result(receipt=CID, anchor=CID, deterministic=CID, engine=ENGINE)
HELD = Attempt(
    hold=CID,
    id=TransferId(bytes(32)),
    award=CID,
    job=CID,
    bid=CID,
    submitter=Did("did:key:m"),
    executor=EXECUTOR,
    attempt=1,
    is_sealed=True,
    quorum=1,
    verifiers=1,
    eligible_count=2,
    amount=10,
    pot=1,
    lease_ms=1_000,
    max_seconds=10,
    work_seconds=1,
    held_at=AT,
)
SEALED = replace(
    HELD,
    phase=AttemptPhase.DRAWN,
    first=CID,
    draws=(CID,),
    drawn=(Drawn(verifier=VERIFIER, round=1, at=AT),),
    seals=(SealOf(signer=EXECUTOR, seal=CID),),
)
OPENED = replace(
    SEALED,
    phase=AttemptPhase.OPENED,
    seals=(*SEALED.seals, SealOf(signer=VERIFIER, seal=CID)),
    opening=CID,
    opened=(EXECUTOR, VERIFIER),
    opened_at=AT,
)
ENDED = replace(OPENED, phase=AttemptPhase.SETTLED, ground=Ground.SILENT, settlement=CID)
VOTE = Vote(verifier=VERIFIER, attestation=CID, deterministic=CID, engine=ENGINE)
PHASES: Final = {
    AttemptPhase.HELD: HELD,
    AttemptPhase.DRAWN: SEALED,
    AttemptPhase.OPENED: OPENED,
    AttemptPhase.SETTLED: ENDED,
}
EVENTS: Final[tuple[Event, ...]] = (
    Heard(sign=SignOfLife(signer=EXECUTOR, sequence=1, at=AT), phase=WorkPhase.RUNNING),
    ResultFixed(
        first=CID,
        seal=SealOf(signer=EXECUTOR, seal=CID),
        result=None,
        draw=CID,
        verifiers=(VERIFIER,),
        at=AT,
    ),
    VerifierSealed(seal=SealOf(signer=VERIFIER, seal=CID)),
    SealsOpened(opening=CID, signers=(EXECUTOR, VERIFIER), at=AT),
    Revealed(result=RESULT),
    Attested(vote=VOTE),
    DrawWidened(draw=OTHER, verifiers=(STRANGER,), at=AT),
    Settled(ground=Ground.SILENT, settlement=CID),
)


def test_every_event_is_tried() -> None:
    assert {type(each) for each in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("phase", AttemptPhase, ids=lambda each: each.name)
@pytest.mark.parametrize("event", EVENTS, ids=lambda each: type(each).__name__)
def test_event_leads_where_the_table_says(phase: AttemptPhase, event: Event) -> None:
    to = TRANSITIONS.get((phase, type(event)))
    after = step(PHASES[phase], event)
    if phase is AttemptPhase.SETTLED:
        assert (to, after) == (None, StepRefusal.SETTLED)
    elif to is None:
        assert after is StepRefusal.NOT_IN_THIS_PHASE
    elif (phase, type(event)) == (AttemptPhase.DRAWN, Attested):
        assert after is StepRefusal.NOT_OPENED, "a sealed result is shown after the opening"
    else:
        assert isinstance(after, Attempt)
        assert after.phase is to


@pytest.mark.parametrize(
    ("attempt", "event", "refusal"),
    [
        (
            replace(HELD, signs=(SignOfLife(signer=EXECUTOR, sequence=1, at=AT),)),
            EVENTS[0],
            StepRefusal.OLD_SIGN,
        ),
        (
            SEALED,
            Heard(sign=SignOfLife(signer=STRANGER, sequence=1, at=AT), phase=WorkPhase.RUNNING),
            StepRefusal.NOT_TAKING_PART,
        ),
        (replace(HELD, is_sealed=False), EVENTS[1], StepRefusal.WRONG_KIND),
        (HELD, replace(EVENTS[1], seal=None, result=RESULT), StepRefusal.WRONG_KIND),
        (HELD, replace(EVENTS[1], seal=None), StepRefusal.WRONG_KIND),
        (replace(SEALED, is_sealed=False), EVENTS[2], StepRefusal.WRONG_KIND),
        (
            SEALED,
            VerifierSealed(seal=SealOf(signer=STRANGER, seal=CID)),
            StepRefusal.NOT_TAKING_PART,
        ),
        (replace(OPENED, phase=AttemptPhase.DRAWN), EVENTS[2], StepRefusal.ALREADY_SEALED),
        (replace(SEALED, is_sealed=False), EVENTS[3], StepRefusal.WRONG_KIND),
        (replace(OPENED, result=RESULT), EVENTS[4], StepRefusal.ALREADY_REVEALED),
        (replace(OPENED, votes=(VOTE,)), EVENTS[5], StepRefusal.ALREADY_REVEALED),
        (
            OPENED,
            Attested(vote=replace(VOTE, verifier=STRANGER)),
            StepRefusal.NOT_TAKING_PART,
        ),
        (replace(OPENED, draws=(CID, OTHER)), EVENTS[6], StepRefusal.ALREADY_WIDENED),
    ],
)
def test_event_that_does_not_fit_is_refused_by_name(
    attempt: Attempt, event: Event, refusal: StepRefusal
) -> None:
    assert step(attempt, event) is refusal


def test_running_time_is_from_the_first_to_the_last_sign_of_running() -> None:
    attempt = HELD
    for sequence, phase in enumerate(
        (WorkPhase.FETCHING, WorkPhase.RUNNING, WorkPhase.RUNNING, WorkPhase.FETCHING), 1
    ):
        at = replace(AT, monotonic=sequence)
        sign = SignOfLife(signer=EXECUTOR, sequence=sequence, at=at)
        after = step(attempt, Heard(sign=sign, phase=phase))
        assert isinstance(after, Attempt)
        attempt = after
    assert attempt.running_first is not None and attempt.running_last is not None
    assert (attempt.running_first.monotonic, attempt.running_last.monotonic) == (2, 3)
