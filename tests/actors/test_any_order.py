"""Nodes and verifiers with messages, results and time in any order, and any of them lost or twice.

Whatever comes: nothing is signed twice for one slot, no hold is executed twice, and after the
settlement nothing is left to do. Messages that are sent again until they are answered bring the
attempt to its end from wherever it stands.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from actor_bench import Bench, Chip
from attempt_world import MODULE, MODULE_CID, World, result
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from node_runs import bid_of, executed, node_bench
from verifier_runs import draw_of, verifier_bench

from mesh.core.membership.equivocation import slots_of
from mesh.core.ports.work import Execute, Failed, Fetched, WorkFault
from mesh.core.records.settlement import Ground, Settlement
from mesh.core.records.work import Attestation, Receipt, Seal
from runtime.content.cid import Cid

Step = Callable[[], None]
STEPS = st.lists(st.integers(0, 7), max_size=30)


def _work(bench: Bench) -> None:
    """Carry out all work that is open."""
    bench.put((MODULE_CID, MODULE))
    for row in bench.open_work():
        if isinstance(row.work, Execute):
            executed(bench, row.id)
        else:
            bench.finish(row.id, Fetched())


def _fail(bench: Bench) -> None:
    for row in bench.open_work():
        bench.finish(row.id, Failed(fault=WorkFault.MACHINE, detail="died"))


def _wait(bench: Bench) -> None:
    bench.later(1_000)


def _holds_true(bench: Bench) -> None:
    sent = bench.signed(object)
    filled = Counter(slot for each in sent for slot in slots_of(each))
    assert not [slot for slot, count in filled.items() if count > 1]
    assert all(count == 1 for count in Counter(row.id for row in bench.asked).values())


def _play(bench: Bench, steps: list[int], choices: list[Step]) -> None:
    for number in steps:
        choices[number % len(choices)]()
        _holds_true(bench)


def _ends(bench: Bench, *steps: Step) -> None:
    """After the first of these steps, a settlement, nothing is sent but that, to its issuer."""
    steps[0]()
    issuer = bench.world.issuer.did
    assert not bench.open_work() and not bench.unanswered()
    sent = len(bench.sent)
    for step in steps:
        step()
    bench.later(60_000)
    _work(bench)
    shown = bench.sent[sent:]
    assert all(each.to == issuer and is_settlement(bench, each.record) for each in shown)
    assert not bench.unanswered()


def is_settlement(bench: Bench, record: Cid) -> bool:
    return record in {each.cid for each in bench.signed(Settlement)}


@examples(60)
@given(STEPS, st.booleans(), st.booleans())
def test_node_with_everything_in_any_order(
    steps: list[int], sealed: bool, is_settled: bool
) -> None:
    bench = node_bench(World(sealed=sealed), Chip())
    attempt = bid_of(bench)
    own = attempt.seal(bench.own)
    draw = attempt.draw(own.cid)
    seals: list[Any] = [own, *(attempt.seal(bench.world.key_of(d)) for d in draw.body.verifiers)]
    opening = attempt.opening([draw], seals)
    settlement = attempt.settlement(Ground.CANCELLED)

    def order() -> None:
        bench.receive(attempt.hold, *attempt.order_blocks)

    def opened() -> None:
        bench.receive(opening, draw, *seals)

    _play(
        bench,
        steps,
        [
            order,
            opened,
            lambda: bench.receive(draw),
            lambda: _work(bench),
            lambda: _fail(bench),
            lambda: bench.receive(attempt.manifest),
            lambda: _wait(bench),
            order,
        ],
    )
    order()
    if not is_settled:
        for _ in range(2):
            _work(bench)
        opened()
        _holds_true(bench)
        assert bench.unanswered() == {f"end/{attempt.hold.cid}"}
        assert len(bench.signed(Receipt)) <= 1
    _ends(bench, lambda: bench.receive(settlement), order, opened)


@examples(60)
@given(STEPS, st.booleans(), st.booleans())
def test_verifier_with_everything_in_any_order(
    steps: list[int], sealed: bool, is_settled: bool
) -> None:
    bench = verifier_bench(World(sealed=sealed, verifiers=5), Chip())
    found = draw_of(bench)
    attempt = found.attempt
    seals = [found.first, attempt.seal(bench.own, result())]
    opening = attempt.opening([found.draw], seals if sealed else seals[1:])
    settlement = attempt.settlement(Ground.NO_QUORUM)

    def drawn() -> None:
        bench.receive(found.draw, *found.attached)

    def opened() -> None:
        bench.receive(opening, found.draw, *seals)

    _play(
        bench,
        steps,
        [
            drawn,
            opened,
            lambda: _work(bench),
            lambda: _fail(bench),
            lambda: _wait(bench),
            drawn,
        ],
    )
    drawn()
    if not is_settled:
        for _ in range(2):
            _work(bench)
        opened()
        _holds_true(bench)
        assert bench.unanswered() <= {f"end/{attempt.hold.cid}"}
        assert len(bench.signed(Seal)) <= 1 and len(bench.signed(Attestation)) <= 1
    _ends(bench, lambda: bench.receive(settlement), drawn, opened)
