"""Ends of a node's attempts: settlements, wrong payments, and answers that refuse."""

from typing import Any

import pytest
from actor_bench import Bench
from attempt_world import MODULE_CID
from node_runs import delivered, executed, fetched, hold_of
from refusals import refusing

from mesh.actors.node.rows import ATTEMPTS, AttemptPhase
from mesh.core.ports.work import Failed, WorkFault, WorkId
from mesh.core.records.settlement import Ground
from mesh.core.records.work import GaveUp, Receipt


@pytest.mark.parametrize("moment", ["fetching", "running", "delivered"])
def test_settlement_ends_the_attempt_whatever_it_does(node: Bench, moment: str) -> None:
    attempt = hold_of(node)
    if moment != "fetching":
        work = fetched(node, attempt)
        if moment == "delivered":
            executed(node, work)
    node.receive(attempt.settlement(Ground.CANCELLED, 100))
    assert not node.open_work() and not node.unanswered()
    (row,) = node.rows(ATTEMPTS)
    assert (row.phase, row.paid, row.complaint) == (AttemptPhase.ENDED, 100, "")
    assert bool(node.cancelled) == (moment != "delivered")
    if moment != "fetching":
        node.block(MODULE_CID)
    if moment == "running":
        sent = len(node.sent)
        executed(node, work)
        node.later(5_000)
        assert len(node.sent) == sent


@pytest.mark.parametrize(
    ("ground", "paid", "complaint"),
    [
        (Ground.VERIFIED, 850, ""),
        (Ground.VERIFIED, 849, "849 were paid, 850 are due"),
        (Ground.CANCELLED, 851, "851 were paid, at most 850 were to be"),
        (Ground.GAVE_UP, 0, "this node did not give up"),
    ],
)
def test_wrong_payment_is_noted(node: Bench, ground: Ground, paid: int, complaint: str) -> None:
    attempt = delivered(node)
    node.receive(attempt.settlement(ground, paid))
    (row,) = node.rows(ATTEMPTS)
    assert (row.paid, row.complaint) == (paid, complaint)


def test_settlement_of_its_own_receipt_is_in_order(node: Bench) -> None:
    attempt = delivered(node)
    node.receive(attempt.settlement(Ground.VERIFIED, 850, receipt=node.last(Receipt).cid))
    assert node.rows(ATTEMPTS)[0].complaint == ""


@pytest.mark.parametrize("answer", ["settlement", "answer"])
def test_attempt_that_was_given_up_ends_in_order(node: Bench, answer: str) -> None:
    attempt = hold_of(node)
    node.finish(
        WorkId(f"fetch/{attempt.hold.cid}/1"), Failed(fault=WorkFault.MISSING, detail="lost")
    )
    assert node.unanswered() == {f"end/{attempt.hold.cid}"}
    if answer == "settlement":
        node.receive(attempt.settlement(Ground.GAVE_UP))
    else:
        node.receive(_answer(node, node.last(GaveUp).cid, detail=""))
    (row,) = node.rows(ATTEMPTS)
    assert row.phase is AttemptPhase.ENDED
    assert row.complaint == ("" if answer == "settlement" else "over")
    assert not node.unanswered()


def test_settlement_of_another_issuer_ends_nothing(node: Bench) -> None:
    attempt = hold_of(node)
    node.receive(attempt.settlement(Ground.CANCELLED, by=node.world.submitter))
    assert node.refusals == {"WRONG_ROLE": 1}
    assert node.open_work()


def test_second_settlement_is_an_equivocation(node: Bench) -> None:
    attempt = hold_of(node)
    node.receive(attempt.settlement(Ground.CANCELLED, 100))
    node.receive(attempt.settlement(Ground.CANCELLED, 100))
    node.receive(attempt.settlement(Ground.SILENT))
    assert node.refusals == {"EQUIVOCATION": 1}
    assert node.rows(ATTEMPTS)[0].paid == 100


def _answer(node: Bench, request: Any, **changes: Any) -> Any:
    body = refusing(request, **{"detail": "too late", **changes})
    return node.world.sign(body, node.world.issuer)


def test_refusing_answer_ends_the_attempt(node: Bench) -> None:
    delivered(node)
    node.receive(_answer(node, node.last(Receipt).cid))
    (row,) = node.rows(ATTEMPTS)
    assert (row.phase, row.complaint) == (AttemptPhase.ENDED, "too late")
    assert not node.unanswered()


@pytest.mark.parametrize("changes", [{"retry_after": 3}, {"accepted": True}])
def test_answer_that_refuses_nothing_for_good_changes_nothing(
    node: Bench, changes: dict[str, Any]
) -> None:
    attempt = delivered(node)
    node.receive(_answer(node, node.last(Receipt).cid, **changes))
    assert node.unanswered() == {f"end/{attempt.hold.cid}"}


def test_answer_with_a_settlement_is_taken_as_that(node: Bench) -> None:
    attempt = delivered(node)
    settlement = attempt.settlement(Ground.SILENT)
    answer = _answer(node, node.last(Receipt).cid, settlement=settlement.cid)
    node.receive(answer)
    assert node.refusals == {"INCOMPLETE": 1}
    node.receive(answer, settlement)
    assert node.rows(ATTEMPTS)[0].settlement == settlement.cid
