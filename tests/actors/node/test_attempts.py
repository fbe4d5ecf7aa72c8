"""A node's attempts: from the hold to the receipt, each step once, whatever comes twice."""

from typing import Any

import pytest
from actor_bench import Bench, Chip
from attempt_world import START, execution, key
from msgspec.structs import replace
from node_runs import bid_of, delivered, executed, fetched, hold_of

from mesh.actors.node.rows import ATTEMPTS, SPEEDS
from mesh.core.ports.work import Execute, Failed, Fetch, WorkFault, WorkId
from mesh.core.records.work import Anchor, GaveUp, GaveUpGround, Progress, Receipt, WorkPhase
from mesh.core.verification.receipts import verify_receipt
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid, Codec, cid_of


def test_hold_is_executed_and_answered_with_a_receipt_that_stands(node: Bench) -> None:
    attempt = hold_of(node)
    (fetch,) = node.asked
    assert isinstance(fetch.work, Fetch) and fetch.work.owners == (node.world.submitter.did,)
    work = fetched(node, attempt)
    execute = node.asked[-1].work
    assert isinstance(execute, Execute) and execute.max_seconds == attempt.hold.body.max_seconds
    executed(node, work)
    phases = [(each.body.sequence, each.body.phase) for each in node.signed(Progress)]
    assert phases == [(1, WorkPhase.FETCHING), (2, WorkPhase.RUNNING)]
    receipt, world = node.last(Receipt), node.world
    assert node.hearers(receipt) == {world.issuer.did, world.submitter.did}
    rest = {receipt.body.deterministic, receipt.body.hold}
    (anchor,) = node.attached(receipt) - rest
    body = node.actor.archive.read_as(Anchor, node.block(anchor)).body
    assert (body.receipt, body.sequence, body.parents) == (receipt.cid, 1, ())
    findings = verify_receipt(
        receipt,
        result=read_result(node.block(receipt.body.deterministic)),
        manifest=attempt.manifest,
        bid=attempt.bid,
        award=attempt.award,
        hold=attempt.hold,
        context=attempt.context,
        now=START + 4,
    )
    assert findings == ()
    assert node.unanswered() == {f"end/{attempt.hold.cid}"}


def test_receipts_and_anchors_are_chained(node: Bench) -> None:
    other = key("node-1")
    seen = node.world.sign(
        Anchor(receipt=cid_of(b"r", Codec.DAG_CBOR), parents=(), sequence=9), other
    )
    node.receive(seen)
    delivered(node, 1)
    delivered(node, 2)
    first, second = node.signed(Receipt)
    assert (first.body.previous, second.body.previous) == (None, first.cid)
    one, two = (
        node.actor.archive.read_as(Anchor, node.block(row.anchor))
        for row in sorted(node.rows(ATTEMPTS), key=lambda row: row.receipt != first.cid)
    )
    assert one.body.parents == (seen.cid,)
    assert two.body.parents == (one.cid, seen.cid)
    assert (one.body.sequence, two.body.sequence) == (1, 2)


def test_what_is_held_already_is_not_fetched(node: Bench) -> None:
    delivered(node, 1)
    asked = len(node.asked)
    hold_of(node, 2)
    (work,) = (each.work for each in node.asked[asked:])
    assert isinstance(work, Execute)


@pytest.mark.parametrize("moment", ["fetching", "running", "delivered"])
def test_repeated_hold_gets_the_stored_answer_and_no_second_execution(
    node: Bench, moment: str
) -> None:
    attempt = hold_of(node)
    if moment != "fetching":
        work = fetched(node, attempt)
        if moment == "delivered":
            executed(node, work)
    asked, sent = list(node.asked), len(node.sent)
    node.receive(attempt.hold, *attempt.order_blocks)
    assert node.asked == asked
    answers = [each.record for each in node.sent[sent:]]
    if moment == "delivered":
        assert set(answers) == {node.last(Receipt).cid}
        assert len(node.signed(Receipt)) == 1
    else:
        assert set(answers) == {node.last(Progress).cid}
        assert [each.body.sequence for each in node.signed(Progress)][-1] == 2 + (
            moment == "running"
        )


def test_second_hold_with_the_same_id_orders_nothing(node: Bench) -> None:
    attempt = hold_of(node)
    other = node.world.attempt(attempt.bid, attempt.manifest, issued_at=START + 2)
    node.receive(other.hold, *other.order_blocks)
    assert node.refusals == {"EQUIVOCATION": 1}
    assert len(node.asked) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 999},
        {"pot": 1},
        {"max_seconds": 7},
        {"token": cid_of(b"other", Codec.DAG_CBOR)},
        {"attempt": 2},
        {"id": b"\1" * 32},
        {"issued_at": START - 301},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_hold_with_other_terms_is_refused_and_said_so(node: Bench, changes: Any) -> None:
    attempt = bid_of(node)
    wrong = node.world.attempt(attempt.bid, attempt.manifest, **changes)
    node.receive(wrong.hold, *wrong.order_blocks)
    assert node.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED
    assert not node.asked
    sent = len(node.sent)
    node.receive(wrong.hold, *wrong.order_blocks)
    assert [each.record for each in node.sent[sent:]] == [node.last(GaveUp).cid]


def test_hold_of_a_member_that_is_no_issuer_is_refused(node: Bench) -> None:
    attempt = bid_of(node)
    for signer in (node.world.submitter, node.world.nodes[1], key("stranger")):
        wrong = node.world.attempt(attempt.bid, attempt.manifest, by=signer)
        node.receive(wrong.hold, *wrong.order_blocks)
    assert node.refusals == {"WRONG_ROLE": 3}
    assert not node.asked and not node.signed(GaveUp)


def test_hold_for_another_node_is_not_worked_for(node: Bench) -> None:
    manifest = node.world.manifest()
    other = node.world.attempt(node.world.bid(manifest, node.world.nodes[1]), manifest)
    node.receive(other.hold, *other.order_blocks)
    stolen = node.world.attempt(
        node.world.bid(manifest, node.world.nodes[1]), manifest, executor=node.own.did
    )
    node.receive(stolen.hold, *stolen.order_blocks)
    assert node.refusals == {"NOT_ADDRESSED": 2}
    assert not node.asked


def test_hold_without_its_records_waits_for_a_whole_one(node: Bench) -> None:
    attempt = bid_of(node)
    for position in range(len(attempt.order_blocks)):
        blocks = list(attempt.order_blocks)
        if blocks.pop(position) == attempt.bid.block:
            continue
        node.receive(attempt.hold, *blocks)
        assert not node.asked
    assert set(node.refusals) == {"INCOMPLETE"}
    node.receive(attempt.hold, *attempt.order_blocks)
    assert len(node.asked) == 1


def test_hold_below_unknown_members_waits(node: Bench) -> None:
    attempt = bid_of(node)
    unknown = node.world.attempt(
        attempt.bid, attempt.manifest, members=cid_of(b"change", Codec.DAG_CBOR)
    )
    node.receive(unknown.hold, *unknown.order_blocks)
    assert node.refusals == {"UNKNOWN_SUBJECT": 1}


def test_hold_of_an_issuer_that_is_not_accepted_is_refused(node: Bench) -> None:
    attempt = bid_of(node)
    settings = node.do(node.actor.settings)
    narrowed = replace(settings, accepted_issuers=(key("another").did,))
    node.do(lambda tx: node.actor.configure(tx, narrowed, node.now))
    node.receive(attempt.hold, *attempt.order_blocks)
    assert node.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED


def test_expired_bid_orders_nothing(node: Bench) -> None:
    attempt = bid_of(node)
    node.later(3_600_000)
    node.receive(attempt.hold, *attempt.order_blocks)
    assert node.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED


def test_another_engine_by_now_refuses_the_hold(node: Bench, chip: Chip) -> None:
    attempt = bid_of(node)
    chip.engine = replace(chip.engine, version="2")
    node.receive(attempt.hold, *attempt.order_blocks)
    assert node.last(GaveUp).body.ground is GaveUpGround.HOLD_REFUSED


# --- progress


def _is_stored(node: Bench, cid: Cid) -> bool:
    with node.store.view() as view:
        return view.blocks(node.own.did).has(cid)


def test_progress_is_sent_every_third_of_the_lease_while_the_work_is_open(node: Bench) -> None:
    attempt = hold_of(node)
    work = fetched(node, attempt)
    before = len(node.signed(Progress))
    assert node.later(999) == node.now.after(1)
    assert len(node.signed(Progress)) == before
    node.later(1)
    node.later(1_000)
    sequences = [each.body.sequence for each in node.signed(Progress)]
    assert sequences == list(range(1, before + 3))
    assert [_is_stored(node, each.cid) for each in node.signed(Progress)[-3:]] == [
        False,
        False,
        True,
    ]
    estimate = node.last(Progress).body.fuel_estimate
    assert estimate == min(attempt.award.body.fuel_limit, 2 * 100_000_000)
    executed(node, work)
    sent = len(node.sent)
    node.later(10_000)
    assert len(node.sent) == sent


def test_progress_goes_on_after_the_machine_was_started_again(node: Bench) -> None:
    attempt = hold_of(node)
    fetched(node, attempt)
    again = node.restart(boot="boot-2")
    again.now = replace(again.now, monotonic=again.now.after(-900))
    again.later(0)
    assert [each.body.sequence for each in again.signed(Progress)] == [3]
    again.later(0)
    assert len(again.signed(Progress)) == 1


# --- faults and the wall clock


def test_machine_fault_is_tried_three_times(node: Bench) -> None:
    attempt = hold_of(node)
    fetched(node, attempt)
    fault = Failed(fault=WorkFault.MACHINE, detail="the worker died")
    for number in (1, 2):
        node.finish(WorkId(f"execute/{attempt.hold.cid}/{number}"), fault)
        assert not node.signed(GaveUp)
    node.finish(WorkId(f"execute/{attempt.hold.cid}/3"), fault)
    gave_up = node.last(GaveUp)
    assert gave_up.body.ground is GaveUpGround.MACHINE
    assert node.hearers(gave_up) == {node.world.issuer.did}
    assert node.unanswered() == {f"end/{attempt.hold.cid}"}


@pytest.mark.parametrize(
    ("fault", "ground"),
    [
        (WorkFault.MODULE, GaveUpGround.MODULE),
        (WorkFault.WALL_CLOCK, GaveUpGround.WALL_CLOCK),
        (WorkFault.MISSING, GaveUpGround.BLOCKS),
    ],
)
@pytest.mark.parametrize("kind", ["fetch", "execute"])
def test_other_faults_end_the_attempt_with_their_ground(
    node: Bench, fault: WorkFault, ground: GaveUpGround, kind: str
) -> None:
    attempt = hold_of(node)
    if kind == "execute":
        fetched(node, attempt)
    node.finish(WorkId(f"{kind}/{attempt.hold.cid}/1"), Failed(fault=fault, detail="so"))
    assert node.last(GaveUp).body == GaveUp(hold=attempt.hold.cid, ground=ground, detail="so")


def test_attempt_ends_when_its_wall_clock_is_over(node: Bench) -> None:
    attempt = hold_of(node)
    work = fetched(node, attempt)
    node.later(1000 * attempt.hold.body.max_seconds - 1)
    assert not node.signed(GaveUp)
    node.later(1_000)
    assert node.last(GaveUp).body.ground is GaveUpGround.WALL_CLOCK
    assert node.cancelled == [work] and not node.open_work()


# --- speed


def test_speed_is_learned_from_own_executions(node: Bench) -> None:
    attempt = hold_of(node)
    executed(node, fetched(node, attempt), execution(fuel=10_000_000, wall_ms=1_000))
    (speed,) = node.rows(SPEEDS)
    assert speed.executions == 1 and speed.fuel_per_second < 100_000_000


def test_short_execution_teaches_nothing(node: Bench) -> None:
    attempt = hold_of(node)
    executed(node, fetched(node, attempt), execution(fuel=10, wall_ms=1))
    assert not node.rows(SPEEDS)
