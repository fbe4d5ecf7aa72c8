"""What becomes of a program's effects, what is due when, and what the ids are made of."""

from functools import partial
from typing import Any

import pytest
from meshfolk import START, Folk, key
from msgspec.structs import replace
from village import Village

from mesh.adapters.memory import MemoryStore
from mesh.core.findings import Fault
from mesh.core.ids import effect_id, execution_seed, hold_id, issue_id, new_job_id
from mesh.diagram import diagram
from mesh.effects import (
    NEEDS_SUBMITTER,
    STATE_MOVED,
    EffectsDone,
    Standing,
    carry_out,
)
from mesh.job import FINAL, TRANSITIONS, Job, Phase, Vote
from mesh.records import AppliedEffect, Hold, HoldEnd, PendingEffect, Verdict
from mesh.settlement import (
    HOLD_OVER,
    NO_QUORUM,
    NOT_ANCHORED,
    Close,
    Escalate,
    check_settlement,
    follow_up,
    settle,
    void,
)
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.effects import AnchorData, RecordUsage, SubmitJob
from runtime.execution.state import EMPTY
from runtime.identity.signed import sign

ONE = cid_of(b"one", Codec.RAW)
EFFECTS = (
    RecordUsage(resource_type="compute", amount=3),
    SubmitJob(
        wasm_cid=ONE,
        description="more",
        resource_type="compute",
        resource_amount=1,
        priority="low",
    ),
    AnchorData(data="minutes of the meeting"),
)


def applied(ran_on: Cid | None = None) -> EffectsDone:
    with MemoryStore().read() as tx:
        standing = Standing(
            owner=key("alice").did,
            issuer=key("issuer").did,
            root=None,
            snapshot=EMPTY,
            ledger=tx.ledger,
        )
        return carry_out(
            EFFECTS, ran_on=ran_on, standing=standing, ids=partial(effect_id, ONE), now=START
        )


def test_effects_are_applied_within_the_submitters_authority() -> None:
    done = applied()
    data = b"minutes of the meeting"
    cid = cid_of(data, Codec.RAW)
    assert done.applied == (
        AppliedEffect(position=0, record=None),
        AppliedEffect(position=2, record=cid),
    )
    assert done.pending == (PendingEffect(position=1, reason=NEEDS_SUBMITTER),)
    assert done.blocks == ((cid, data),)


def test_no_effect_is_applied_to_a_state_that_has_moved() -> None:
    done = applied(ran_on=ONE)
    assert done.applied == () and done.blocks == ()
    assert [each.reason for each in done.pending] == [STATE_MOVED] * 3


def completed() -> tuple[Job, int]:
    village = Village()
    name = village.submit()
    village.run(until=Phase.COMPLETED)
    return village.job(name), village.network.now


JOB, NOW = completed()


def voted(*verdicts: Verdict, anchored: bool = True, escalated: bool = False) -> Job:
    votes = tuple(
        Vote(attestation=ONE, verifier=did, verdict=verdict)
        for did, verdict in zip(JOB.drawn, verdicts, strict=False)
    )
    anchor = ONE if anchored else None
    return replace(JOB, votes=votes, anchor=anchor, escalated=escalated)


YES, NO, UNSURE = Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("job", "seconds", "due"),
    [
        (voted(), 0, None),
        (voted(YES), 0, None),
        (voted(YES, NO), 599, None),
        (voted(YES, YES), 0, Close(end=HoldEnd.POSTED, verdict=YES)),
        (voted(YES, YES, anchored=False), 0, None),
        (voted(YES, YES, YES, anchored=False), 0, None),
        (voted(YES, YES, anchored=False), 600, Escalate()),
        (
            voted(YES, YES, anchored=False, escalated=True),
            600,
            Close(end=HoldEnd.VOIDED, verdict=None, reason=NOT_ANCHORED),
        ),
        (voted(YES, NO), 600, Escalate()),
        (voted(YES, NO, UNSURE), 0, Escalate()),
        (
            voted(YES, NO, UNSURE, escalated=True),
            0,
            Close(end=HoldEnd.VOIDED, verdict=None, reason=NO_QUORUM),
        ),
        (
            voted(YES, YES),
            100_000,
            Close(end=HoldEnd.VOIDED, verdict=None, reason=HOLD_OVER),
        ),
    ],
)
def test_completed_job_has_its_deadlines(job: Job, seconds: int, due: object) -> None:
    assert follow_up(job, NOW + seconds) == due


@pytest.mark.parametrize("anchored", [True, False])
def test_quorum_that_refutes_closes_the_job_anchored_or_not(anchored: bool) -> None:
    due = follow_up(voted(NO, NO, anchored=anchored), NOW)
    assert isinstance(due, Close)
    assert (due.end, due.verdict) == (HoldEnd.VOIDED, NO)


def test_settlement_names_its_grounds() -> None:
    job = voted(YES, YES)
    done = applied()
    body = settle(job, ONE, Close(end=HoldEnd.POSTED, verdict=YES), done, NOW)
    assert body.attestations == (ONE, ONE)
    assert (body.job, body.receipt, body.hold) == (job.manifest, job.receipt, ONE)
    assert body.applied == done.applied and body.pending == done.pending
    with pytest.raises(AssertionError, match="unverified effects are void"):
        settle(job, ONE, Close(end=HoldEnd.VOIDED, verdict=NO), done, NOW)
    assert settle(job, ONE, Close(end=HoldEnd.VOIDED, verdict=NO), EffectsDone(), NOW).applied == ()


def test_hold_without_a_receipt_is_voided_with_proof() -> None:
    body = void(replace(JOB, receipt=None, votes=()), ONE, "the lease ran out", NOW)
    assert (body.end, body.hold, body.job) == (HoldEnd.VOIDED, ONE, JOB.manifest)
    assert (body.receipt, body.attestations, body.reason) == (None, (), "the lease ran out")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"job": ONE}, Fault.OTHER_JOB),
        ({"hold": ONE}, Fault.OTHER_HOLD),
        ({"receipt": None}, Fault.OTHER_RECEIPT),
        ({"end": HoldEnd.POSTED}, Fault.OTHER_END),
    ],
)
def test_settlement_that_is_not_the_end_of_the_hold_is_noticed(
    changes: dict[str, Any], fault: Fault | None
) -> None:
    folk = Folk()
    placed = Hold(id=hold_id(ONE, 1), token=ONE, amount=1, expires_at=NOW)
    hold = sign(placed, mesh=folk.mesh, key=folk.founder)
    honest = settle(JOB, hold.cid, Close(end=HoldEnd.VOIDED, verdict=NO), EffectsDone(), NOW)
    signed = sign(replace(honest, **changes), mesh=folk.mesh, key=folk.founder)
    terms: Any = {"job": JOB.manifest, "hold": hold, "end": HoldEnd.VOIDED, "receipt": JOB.receipt}
    assert [each.fault for each in check_settlement(signed, **terms)] == ([fault] if fault else [])
    stranger = sign(honest, mesh=folk.mesh, key=folk.submitter)
    assert [each.fault for each in check_settlement(stranger, **terms)] == [Fault.NOT_AN_ISSUERS]


# --- identifiers


def test_job_id_is_a_uuid_of_version_7() -> None:
    """The example of RFC 9562, appendix A.6."""
    random = (0xCC3 << 62 | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert new_job_id(0x017F22E279B0, random) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ids_made_later_sort_later() -> None:
    ids = [new_job_id(START * 1000 + n, bytes([255 - n]) * 10) for n in range(5)]
    assert sorted(ids) == ids


def test_no_two_purposes_share_an_id() -> None:
    did = key("submitter").did
    ids = [hold_id(ONE, 1), hold_id(ONE, 2), issue_id(ONE), effect_id(ONE, 1)]
    ids += [execution_seed(ONE, did), execution_seed(ONE, key("other").did)]
    assert len(set(ids)) == len(ids)
    assert {len(each) for each in ids} == {32}


# --- the diagram


def test_diagram_shows_every_transition() -> None:
    text = diagram()
    lines = text.splitlines()
    assert lines[0] == "stateDiagram-v2"
    for (phase, event), transition in TRANSITIONS.items():
        start = "[*]" if phase is None else phase.value
        arrow = f"    {start} --> {transition.to.value}: "
        (line,) = (each for each in lines if each.startswith(arrow))
        assert event.__name__ in line
    assert {each for each in FINAL if f"    {each.value} --> [*]" in lines} == FINAL
