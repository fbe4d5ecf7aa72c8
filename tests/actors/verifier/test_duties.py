"""A verifier's duties: it works for a draw that follows, once, and says what it found itself."""

from itertools import pairwise
from typing import Any

import pytest
from actor_bench import Bench, Chip
from attempt_world import execution, key, result
from msgspec.structs import replace
from refusals import refusing
from verifier_runs import Drawn, draw_of, executed, fetched, observed, taken

from mesh.actors.executions import QUIET_MS
from mesh.actors.verifier.rows import (
    DUTIES,
    OBSERVATIONS,
    VERIFIED_RECEIPTS,
    DutyPhase,
)
from mesh.core.ports.work import Execute, Failed, Fetch, WorkFault, WorkId
from mesh.core.records.market import NodeProfile
from mesh.core.records.settlement import Ground
from mesh.core.records.work import Anchor, Attestation, Progress, Seal, WorkPhase
from mesh.core.verification.draw import commitment_of
from mesh.core.verification.results import result_block
from mesh.core.verification.seals import opens
from mesh.core.verification.verdicts import Verdict
from runtime.content.cid import Codec, cid_of


def test_draw_is_verified_by_an_execution_of_its_own(verifier: Bench) -> None:
    found = taken(verifier)
    world = verifier.world
    (fetch,) = verifier.asked
    assert isinstance(fetch.work, Fetch)
    assert fetch.work.owners == (world.node.did, world.submitter.did)
    work = fetched(verifier, found)
    assert isinstance(verifier.asked[-1].work, Execute)
    executed(verifier, work)
    assert verifier.signed(Progress) == [], "what has ended at once needs no sign of life"
    attestation = verifier.last(Attestation)
    assert attestation.body == found.attempt.attestation(verifier.own).body
    shown = {attestation.body.hold, found.draw.cid}
    assert verifier.attached(attestation) == {result_block(result())[0], *shown}
    assert verifier.hearers(attestation) == {world.issuer.did, world.submitter.did}
    assert verifier.unanswered() == {f"end/{found.attempt.hold.cid}"}
    assert not verifier.signed(Anchor)


def test_observation_is_its_own_whatever_the_receipt_says(verifier: Bench) -> None:
    found = taken(verifier)
    executed(verifier, fetched(verifier, found), execution(b"another"))
    own = result_block(result(b"another"))[0]
    assert verifier.last(Attestation).body.deterministic == own
    assert verifier.rows(OBSERVATIONS)[0].deterministic == own


@pytest.mark.parametrize("moment", ["fetching", "verifying", "attested"])
def test_repeated_draw_gets_the_stored_answer(verifier: Bench, moment: str) -> None:
    found = taken(verifier)
    if moment != "fetching":
        work = fetched(verifier, found)
        if moment == "attested":
            executed(verifier, work)
    asked, sent = list(verifier.asked), len(verifier.sent)
    verifier.receive(found.draw, *found.attached)
    assert verifier.asked == asked
    answers = {each.record for each in verifier.sent[sent:]}
    kind = Attestation if moment == "attested" else Progress
    assert answers == {verifier.last(kind).cid}
    assert len(verifier.signed(Attestation)) == (moment == "attested")


def test_widened_draw_names_those_who_follow(verifier: Bench) -> None:
    found = draw_of(verifier, number=2)
    verifier.receive(found.draw, *found.attached)
    assert verifier.refusals == {"INCONSISTENT": 1}
    verifier.receive(found.draw, *found.attached, found.attempt.draw(found.first.cid))
    assert len(verifier.asked) == 1


def _wrong_draw(verifier: Bench, found: Drawn, wrong: str) -> tuple[Any, tuple[Any, ...]]:
    attempt, first, own = found.attempt, found.first.cid, verifier.own.did
    attached: tuple[Any, ...] = found.attached
    match wrong:
        case "another secret":
            return attempt.draw(first, secret=b"\7" * 32), attached
        case "chosen":
            others = [each.did for each in verifier.world.verifiers if each.did != own]
            chosen = next(
                (own, *pair)
                for pair in pairwise(others)
                if {own, *pair} != set(found.draw.body.verifiers)
            )
            return attempt.draw(first, verifiers=chosen), attached
        case "a part":
            return attempt.draw(first, verifiers=(own,)), attached
        case "another order":
            turned = tuple(reversed(found.draw.body.verifiers))
            return attempt.draw(first, verifiers=turned), attached
        case "another round":
            return attempt.draw(first, round=2), attached
        case "another first":
            other = attempt.draw(cid_of(b"first", Codec.DAG_CBOR))
            return attempt.draw(first, verifiers=(own, *other.body.verifiers[1:])), attached
    raise AssertionError(wrong)


@pytest.mark.parametrize(
    "wrong",
    ["another secret", "chosen", "a part", "another order", "another round", "another first"],
)
def test_draw_that_does_not_follow_asks_for_nothing(verifier: Bench, wrong: str) -> None:
    found = draw_of(verifier)
    draw, attached = _wrong_draw(verifier, found, wrong)
    verifier.receive(draw, *attached)
    assert verifier.refusals == {"INCONSISTENT": 1}
    assert not verifier.asked


@pytest.mark.parametrize(
    ("by", "refusal"),
    [(key("submitter"), "WRONG_ROLE"), (key("stranger"), "WRONG_ROLE")],
)
def test_draw_of_another_than_the_issuer_asks_for_nothing(
    verifier: Bench, by: Any, refusal: str
) -> None:
    found = draw_of(verifier)
    verifier.receive(found.attempt.draw(found.first.cid, by=by), *found.attached)
    assert verifier.refusals == {refusal: 1}


def test_draw_for_a_hold_of_no_issuer_asks_for_nothing(verifier: Bench) -> None:
    """Also where hold and draw agree."""
    world = verifier.world
    found = draw_of(verifier)
    manifest = found.attempt.manifest
    forged = world.attempt(found.attempt.bid, manifest, by=world.submitter)
    draw = world.sign(replace(found.draw.body, hold=forged.hold.cid), world.submitter)
    verifier.receive(draw, forged.hold, *forged.order_blocks)
    assert verifier.refusals == {"WRONG_ROLE": 1}


def test_draw_of_others_is_refused(verifier: Bench) -> None:
    found = draw_of(verifier)
    others = tuple(each for each in found.draw.body.verifiers if each != verifier.own.did)
    verifier.receive(found.attempt.draw(found.first.cid, verifiers=others), *found.attached)
    assert verifier.refusals == {"NOT_ADDRESSED": 1}


def test_draw_without_its_records_waits_for_a_whole_one(verifier: Bench) -> None:
    found = draw_of(verifier)
    for position in range(len(found.attached)):
        blocks = list(found.attached)
        del blocks[position]
        verifier.receive(found.draw, *blocks)
    assert verifier.refusals == {"INCOMPLETE": len(found.attached)}
    verifier.receive(found.draw, *found.attached)
    assert len(verifier.asked) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1},
        {"draw_commitment": commitment_of(b"\2" * 32)},
        {"eligible": cid_of(b"list", Codec.DAG_CBOR)},
        {"executor": key("node-1").did},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_hold_with_other_terms_is_not_verified(verifier: Bench, changes: Any) -> None:
    found = draw_of(verifier)
    wrong = verifier.world.attempt(found.attempt.bid, found.attempt.manifest, **changes)
    draw = verifier.world.sign(replace(found.draw.body, hold=wrong.hold.cid), verifier.world.issuer)
    verifier.receive(draw, wrong.hold, *wrong.order_blocks)
    assert sum(verifier.refusals.values()) == 1
    assert not verifier.asked


def test_another_engine_verifies_nothing(verifier: Bench, chip: Chip) -> None:
    found = draw_of(verifier)
    chip.engine = replace(chip.engine, version="2")
    verifier.receive(found.draw, *found.attached)
    assert verifier.refusals == {"INCONSISTENT": 1}


def test_machine_that_fails_three_times_is_silent(verifier: Bench) -> None:
    found = taken(verifier)
    fetched(verifier, found)
    sent = len(verifier.sent)
    for number in (1, 2, 3):
        verifier.finish(
            WorkId(f"execute/{found.attempt.hold.cid}/{number}"),
            Failed(fault=WorkFault.MACHINE, detail="the worker died"),
        )
    (row,) = verifier.rows(DUTIES)
    assert (row.phase, row.why_silent) == (DutyPhase.SILENT, "machine: the worker died")
    verifier.later(10_000)
    verifier.receive(found.draw, *found.attached)
    assert len(verifier.sent) == sent


def test_progress_is_sent_while_it_verifies(verifier: Bench) -> None:
    found = taken(verifier)
    assert verifier.later(QUIET_MS - 1) == verifier.now.after(1)
    assert verifier.signed(Progress) == []
    verifier.later(1)
    work = fetched(verifier, found)
    assert verifier.later(QUIET_MS - 1) == verifier.now.after(1)
    for milliseconds in (1, 999, 1, 1_000):
        verifier.later(milliseconds)
    signs = [(each.body.sequence, each.body.phase) for each in verifier.signed(Progress)]
    assert signs == [
        (1, WorkPhase.FETCHING),
        (2, WorkPhase.VERIFYING),
        (3, WorkPhase.VERIFYING),
        (4, WorkPhase.VERIFYING),
    ]
    executed(verifier, work)
    verifier.later(1_000)
    assert len(verifier.signed(Progress)) == 4


# --- ends


@pytest.mark.parametrize("own", [b"forty-two", b"another"])
def test_every_verified_receipt_is_kept_with_its_own_verdict(verifier: Bench, own: bytes) -> None:
    found = observed(verifier, execution(own))
    receipt = found.attempt.receipt()
    settlement = found.attempt.settlement(Ground.VERIFIED, 850, receipt=receipt.cid)
    verifier.receive(settlement, receipt, result_block(result())[1])
    (row,) = verifier.rows(VERIFIED_RECEIPTS)
    assert row.receipt == receipt.cid
    assert row.verdict is (Verdict.CONFIRMED if own == b"forty-two" else Verdict.REFUTED)
    assert verifier.block(receipt.cid) == receipt.block
    verifier.block(receipt.body.deterministic)
    assert not verifier.unanswered()


def test_receipt_that_comes_with_a_later_settlement_is_kept(verifier: Bench) -> None:
    found = observed(verifier)
    receipt = found.attempt.receipt()
    settlement = found.attempt.settlement(Ground.VERIFIED, 850, receipt=receipt.cid)
    verifier.receive(settlement)
    assert verifier.refusals == {"INCOMPLETE": 1} and not verifier.unanswered()
    verifier.receive(settlement, receipt)
    assert len(verifier.rows(VERIFIED_RECEIPTS)) == 1


def test_receipt_of_another_executor_is_not_kept(verifier: Bench) -> None:
    found = observed(verifier)
    receipt = found.attempt.receipt(by=verifier.world.nodes[1])
    settlement = found.attempt.settlement(Ground.VERIFIED, 850, receipt=receipt.cid)
    verifier.receive(settlement, receipt)
    assert not verifier.rows(VERIFIED_RECEIPTS)


@pytest.mark.parametrize("moment", ["fetching", "verifying", "attested"])
def test_settlement_ends_the_duty_whatever_it_does(verifier: Bench, moment: str) -> None:
    found = taken(verifier)
    work = WorkId("")
    if moment != "fetching":
        work = fetched(verifier, found)
        if moment == "attested":
            executed(verifier, work)
    verifier.receive(found.attempt.settlement(Ground.CANCELLED))
    assert not verifier.open_work() and not verifier.unanswered()
    assert verifier.rows(DUTIES)[0].phase is DutyPhase.ENDED
    sent = len(verifier.sent)
    if moment == "verifying":
        executed(verifier, work)
    verifier.later(5_000)
    assert len(verifier.sent) == sent


def test_settlement_of_another_issuer_ends_nothing(verifier: Bench) -> None:
    found = taken(verifier)
    verifier.receive(found.attempt.settlement(Ground.CANCELLED, by=key("submitter")))
    assert verifier.refusals == {"WRONG_ROLE": 1} and verifier.open_work()


def test_refusing_answer_ends_the_duty(verifier: Bench) -> None:
    observed(verifier)
    answer = refusing(verifier.last(Attestation).cid)
    verifier.receive(verifier.world.sign(answer, key("submitter")))
    assert verifier.unanswered()
    verifier.receive(verifier.world.sign(answer, verifier.world.issuer))
    assert not verifier.unanswered()


# --- sealed


def test_sealed_result_is_fixed_first_and_shown_at_the_opening(sealed_verifier: Bench) -> None:
    found = observed(sealed_verifier)
    attempt, world = found.attempt, sealed_verifier.world
    seal = sealed_verifier.last(Seal)
    assert sealed_verifier.hearers(seal) == {world.issuer.did}
    assert not sealed_verifier.signed(Attestation)
    assert sealed_verifier.attached(seal) == {seal.body.hold, found.draw.cid}
    seals = [found.first, seal]
    opening = attempt.opening([found.draw], seals)
    sealed_verifier.receive(opening, found.draw, *seals)
    attestation = sealed_verifier.last(Attestation)
    assert opens(seal, attestation.body.deterministic, attestation.body.nonce)
    assert sealed_verifier.hearers(attestation) == {world.issuer.did}
    shown = {attestation.body.deterministic, attempt.hold.cid, found.draw.cid, opening.cid}
    assert sealed_verifier.attached(attestation) == shown
    sent = len(sealed_verifier.sent)
    sealed_verifier.receive(opening, found.draw, *seals)
    again = [each.record for each in sealed_verifier.sent[sent:]]
    assert again == [attestation.cid], "the issuer has not heard it"
    assert sealed_verifier.unanswered() == {f"end/{attempt.hold.cid}"}


@pytest.mark.parametrize("wrong", ["own not listed", "executor's not listed", "another signer"])
def test_wrong_opening_shows_nothing(sealed_verifier: Bench, wrong: str) -> None:
    found = observed(sealed_verifier)
    seal, by = sealed_verifier.last(Seal), sealed_verifier.world.issuer
    seals = [found.first, seal]
    if wrong == "own not listed":
        seals = [found.first]
    elif wrong == "executor's not listed":
        seals = [seal]
    else:
        by = sealed_verifier.world.submitter
    opening = found.attempt.opening([found.draw], seals, by=by)
    sealed_verifier.receive(opening, found.draw, found.first, seal)
    assert not sealed_verifier.signed(Attestation)
    assert sum(sealed_verifier.refusals.values()) == 1


@pytest.mark.parametrize("wrong", ["executor", "hold"])
def test_seal_of_another_executor_or_hold_draws_nobody(sealed_verifier: Bench, wrong: str) -> None:
    world = sealed_verifier.world
    other = world.manifest(200)
    for job in range(1, 100):
        manifest = world.manifest(job)
        attempt = world.attempt(world.bid(manifest), manifest)
        if wrong == "executor":
            foreign = attempt.seal(world.nodes[1])
        else:
            foreign = world.attempt(world.bid(other), other).seal(world.node)
        draw = attempt.draw(foreign.cid)
        if sealed_verifier.own.did in draw.body.verifiers:
            sealed_verifier.receive(draw, attempt.hold, *attempt.order_blocks, foreign)
            break
    assert sealed_verifier.refusals == {"INCONSISTENT": 1}


def test_restored_verifier_seals_the_same_again(sealed_verifier: Bench) -> None:
    copy = sealed_verifier.store.copy()
    found = observed(sealed_verifier)
    again = sealed_verifier.restart(copy)
    again.receive(found.draw, *found.attached)
    executed(again, fetched(again, found))
    assert again.last(Seal).cid == sealed_verifier.last(Seal).cid


def test_profile_says_engine_and_offers_nothing(verifier: Bench, chip: Chip) -> None:
    profile = verifier.last(NodeProfile).body
    assert (profile.rates, profile.engine) == ({}, chip.engine)
