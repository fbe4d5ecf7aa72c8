"""A node of a sealed mesh: its result is fixed first, and shown when the seals are opened."""

from typing import Any

import pytest
from actor_bench import Bench
from attempt_world import Attempt, key, result
from node_runs import bid_of, delivered, hold_of

from mesh.actors.base import REFUSALS
from mesh.actors.node.rows import ATTEMPTS, AttemptPhase
from mesh.core.records.settlement import Ground
from mesh.core.records.work import Receipt, Seal
from mesh.core.verification.seals import opens
from runtime.content.cid import Codec, cid_of


def _sealed(node: Bench) -> tuple[Attempt, Any, Any, list[Any]]:
    """The attempt, the node's seal, the draw by it, and the verifiers' seals."""
    attempt = delivered(node)
    own = node.last(Seal)
    draw = attempt.draw(own.cid)
    seals = [attempt.seal(node.world.key_of(did)) for did in draw.body.verifiers]
    return attempt, own, draw, seals


def test_seal_goes_to_the_issuer_alone_and_hides_the_result(sealed_node: Bench) -> None:
    attempt = delivered(sealed_node)
    seal = sealed_node.last(Seal)
    assert sealed_node.hearers(seal) == {sealed_node.world.issuer.did}
    assert sealed_node.attached(seal) == {attempt.hold.cid}
    assert not sealed_node.signed(Receipt)
    assert sealed_node.unanswered() == {f"seal/{attempt.hold.cid}"}


def test_opening_reveals_the_receipt_that_opens_the_seal(sealed_node: Bench) -> None:
    attempt, own, draw, seals = _sealed(sealed_node)
    sealed_node.receive(draw)
    sealed_node.receive(attempt.opening([draw], [own, *seals]), draw, own, *seals)
    receipt = sealed_node.last(Receipt)
    assert opens(own, receipt.body.deterministic, receipt.body.nonce)
    assert sealed_node.hearers(receipt) == {sealed_node.world.issuer.did}
    assert sealed_node.unanswered() == {f"end/{attempt.hold.cid}"}


def test_repeated_opening_gets_the_stored_receipt(sealed_node: Bench) -> None:
    attempt, own, draw, seals = _sealed(sealed_node)
    for _ in range(3):
        sealed_node.receive(attempt.opening([draw], [own, *seals]), draw, own, *seals)
    assert len(sealed_node.signed(Receipt)) == 1
    assert [each.record for each in sealed_node.sent].count(sealed_node.last(Receipt).cid) == 3


def test_opening_before_the_result_changes_nothing(sealed_node: Bench) -> None:
    attempt = hold_of(sealed_node)
    own = attempt.seal(sealed_node.own)
    draw = attempt.draw(own.cid)
    sealed_node.receive(attempt.opening([draw], [own]), draw, own)
    assert sealed_node.refusals == {"OVER": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        "not listed",
        "another's draw",
        "not drawn",
        "of another hold",
        "another signer",
        "incomplete",
    ],
)
def test_wrong_opening_reveals_nothing(sealed_node: Bench, wrong: str) -> None:
    attempt, own, draw, seals = _sealed(sealed_node)
    by, listed, attached = sealed_node.world.issuer, [own, *seals], [draw, own, *seals]
    match wrong:
        case "not listed":
            listed = seals
        case "another's draw":
            draw = attempt.draw(seals[0].cid)
            attached = [draw, own, *seals]
        case "not drawn":
            draw = attempt.draw(own.cid, verifiers=(key("verifier-0").did,))
            attached = [draw, own, *seals]
        case "of another hold":
            other = sealed_node.world.sign(
                Seal(hold=cid_of(b"hold", Codec.DAG_CBOR), digest=b"\1" * 32), key("verifier-1")
            )
            listed, attached = [own, other], [draw, own, other]
        case "another signer":
            by = sealed_node.world.submitter
        case "incomplete":
            attached = [draw, own]
    sealed_node.receive(attempt.opening([draw], listed, by=by), *attached)
    assert not sealed_node.signed(Receipt)
    assert sum(sealed_node.refusals.values()) == 1


def test_draw_by_another_first_record_is_refused(sealed_node: Bench) -> None:
    attempt, *_ = _sealed(sealed_node)
    sealed_node.receive(attempt.draw(cid_of(b"other", Codec.DAG_CBOR)))
    assert sealed_node.refusals == {"INCONSISTENT": 1}


def test_settlement_of_a_sealed_attempt_ends_it(sealed_node: Bench) -> None:
    attempt, own, draw, seals = _sealed(sealed_node)
    sealed_node.receive(attempt.settlement(Ground.UNOPENED))
    assert not sealed_node.unanswered()
    sealed_node.receive(attempt.opening([draw], [own, *seals]), draw, own, *seals)
    assert not sealed_node.signed(Receipt)
    assert sealed_node.rows(ATTEMPTS)[0].phase is AttemptPhase.ENDED


def test_restored_node_seals_the_same_again(sealed_node: Bench) -> None:
    """Two different seals for one hold would be a provable fault."""
    attempt = delivered(sealed_node)
    (before,) = sealed_node.signed(Seal)
    assert before.cid == attempt.seal(sealed_node.own, result()).cid


def test_draw_or_opening_of_a_hold_that_has_not_come_is_unknown(sealed_node: Bench) -> None:
    attempt = bid_of(sealed_node)
    seal = attempt.seal(sealed_node.own)
    draw = attempt.draw(seal.cid)
    sealed_node.receive(draw)
    sealed_node.receive(attempt.opening([draw], [seal]), draw, seal)
    refused = {(row.reason, row.kind) for row in sealed_node.rows(REFUSALS)}
    assert refused == {("UNKNOWN_SUBJECT", "Draw"), ("UNKNOWN_SUBJECT", "Opening")}
    assert not sealed_node.signed(Receipt)
