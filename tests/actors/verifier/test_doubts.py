"""Messages to a verifier that are late, stale, or of those who may not send them."""

from typing import Any

import pytest
from actor_bench import Bench
from attempt_world import execution, key
from msgspec.structs import replace
from refusals import refusing
from verifier_runs import draw_of, executed, fetched, observed, taken

from mesh.actors.verifier.rows import VERIFIED_RECEIPTS
from mesh.core.records.settlement import Ground
from mesh.core.records.work import Attestation, Draw, Seal
from runtime.content.cid import Codec, cid_of

OTHER = cid_of(b"other", Codec.DAG_CBOR)


def test_repeat_of_a_draw_by_another_signer_is_refused(verifier: Bench) -> None:
    found = taken(verifier)
    sent = len(verifier.sent)
    forged = found.attempt.draw(found.first.cid, by=key("submitter"))
    verifier.receive(forged, *found.attached)
    assert verifier.refusals == {"WRONG_ROLE": 1} and len(verifier.sent) == sent


def test_widened_draw_must_rest_on_the_same_first_record(verifier: Bench) -> None:
    found = draw_of(verifier, number=2)
    verifier.receive(found.draw, *found.attached, found.attempt.draw(OTHER))
    assert verifier.refusals == {"INCONSISTENT": 1} and not verifier.asked


@pytest.mark.parametrize("wrong", ["draw", "seal of another hold"])
def test_opening_of_other_records_shows_nothing(sealed_verifier: Bench, wrong: str) -> None:
    found = observed(sealed_verifier)
    world, own = sealed_verifier.world, sealed_verifier.last(Seal)
    draw, seals = found.draw, [found.first, own]
    if wrong == "draw":
        draw = found.attempt.draw(found.first.cid, verifiers=(sealed_verifier.own.did,))
        assert isinstance(draw.body, Draw)
    else:
        seals.append(world.sign(Seal(hold=OTHER, digest=b"\1" * 32), world.verifiers[1]))
    sealed_verifier.receive(found.attempt.opening([draw], seals), draw, *seals)
    assert sealed_verifier.refusals == {"INCONSISTENT": 1}
    assert not sealed_verifier.signed(Attestation)


def test_opening_of_an_unknown_hold_or_before_the_seal_is_refused(
    sealed_verifier: Bench,
) -> None:
    found = taken(sealed_verifier)
    own = found.attempt.seal(sealed_verifier.own)
    opening = found.attempt.opening([found.draw], [found.first, own])
    sealed_verifier.receive(opening, found.draw, found.first, own)
    unknown = found.attempt.opening([found.draw], [own], hold=OTHER)
    sealed_verifier.receive(unknown)
    assert sealed_verifier.refusals == {"OVER": 1, "UNKNOWN_SUBJECT": 1}


def test_second_settlement_is_an_equivocation(verifier: Bench) -> None:
    found = observed(verifier)
    for ground in (Ground.NO_QUORUM, Ground.NO_QUORUM, Ground.SILENT):
        verifier.receive(found.attempt.settlement(ground))
    assert verifier.refusals == {"EQUIVOCATION": 1}


def test_receipt_of_which_nothing_was_observed_is_not_kept(verifier: Bench) -> None:
    found = taken(verifier)
    receipt = found.attempt.receipt()
    settlement = found.attempt.settlement(Ground.VERIFIED, 850, receipt=receipt.cid)
    verifier.receive(settlement, receipt)
    assert not verifier.rows(VERIFIED_RECEIPTS) and not verifier.open_work()


def test_answer_with_the_settlement_of_another_hold_ends_nothing(verifier: Bench) -> None:
    first = observed(verifier)
    number = int(first.attempt.manifest.body.job_id[-12:], 16)
    second = draw_of(verifier, first_job=number + 1)
    verifier.receive(second.draw, *second.attached)
    settled = second.attempt.settlement(Ground.CANCELLED)
    answer = refusing(verifier.last(Attestation).cid, settlement=settled.cid)
    verifier.receive(verifier.world.sign(answer, verifier.world.issuer), settled)
    assert verifier.refusals == {"INCONSISTENT": 1}
    assert verifier.unanswered() and verifier.open_work()


@pytest.mark.parametrize(
    ("changes", "is_over"),
    [
        ({}, True),
        ({"accepted": True}, False),
        ({"retry_after": 5}, False),
        ({"request": OTHER}, False),
    ],
    ids=["refused", "accepted", "to be sent again", "of another request"],
)
def test_answer_ends_a_duty_only_by_refusing_it_for_good(
    verifier: Bench, changes: dict[str, Any], is_over: bool
) -> None:
    found = observed(verifier)
    body = replace(refusing(verifier.last(Attestation).cid, "not-due"), **changes)
    verifier.receive(verifier.world.sign(body, verifier.world.issuer))
    assert verifier.unanswered() == (set() if is_over else {f"end/{found.attempt.hold.cid}"})
    assert verifier.refusals == ({"UNKNOWN_SUBJECT": 1} if "request" in changes else {})


def test_settlement_before_the_draw_is_unknown_and_the_draw_still_counts(
    verifier: Bench,
) -> None:
    found = draw_of(verifier)
    verifier.receive(found.attempt.settlement(Ground.CANCELLED))
    assert verifier.refusals == {"UNKNOWN_SUBJECT": 1}
    verifier.receive(found.draw, *found.attached)
    executed(verifier, fetched(verifier, found), execution())
    assert len(verifier.signed(Attestation)) == 1
