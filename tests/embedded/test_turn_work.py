"""Work that turns ask for, and results that they take in."""

import pytest
from talking_actors import ANNE, BERT, Mesh, tell

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.stores import DeliveryTransaction
from mesh.core.ports.work import (
    Execute,
    Failed,
    Fetch,
    Fetched,
    WorkFault,
    WorkId,
)
from mesh.core.records.terms import Priority
from mesh.embedded.driving.set_aside import Event, set_aside_rows
from mesh.embedded.driving.turns import Finished
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.content.did import Did


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()


MODULE = cid_of(b"module", Codec.RAW)
CONTEXT = cid_of(encode({}), Codec.DAG_CBOR)
EXTRA = cid_of(b"extra", Codec.RAW)
ORDER = Execute(
    module=MODULE, context=CONTEXT, input=None, max_seconds=1, priority=Priority.LOW, since=0
)


def wanted(*owners: Did) -> Fetch:
    return Fetch(module=MODULE, context=CONTEXT, input=None, extra=(EXTRA,), owners=owners)


def test_fetch_is_done_at_once_from_the_owners_that_are_named(mesh: Mesh) -> None:
    def own(tx: DeliveryTransaction, now: Now) -> None:
        for codec, data in ((Codec.RAW, b"module"), (Codec.RAW, b"extra")):
            tx.blocks.put(cid_of(data, codec), data)

    with mesh.turns.turn() as opened:
        opened.command(ANNE, own)
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), wanted(BERT))
    mesh.say("work")
    with mesh.store.view() as view:
        assert not view.blocks(BERT).has(MODULE), "nobody named Anne as an owner"
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), wanted(BERT, ANNE))
    mesh.say("work")
    mesh.anne.on["own"] = lambda tx: tx.blocks.put(CONTEXT, encode({}))
    mesh.bert.on["pass on"] = lambda tx: tell(tx, ANNE, "own")
    mesh.say("pass on")
    mesh.say("work")
    with mesh.store.view() as view:
        assert [view.blocks(BERT).get(each) for each in (MODULE, EXTRA)] == [b"module", b"extra"]
    nobody = "no owner has it"
    missing = WorkFault.MISSING
    first, second, third = mesh.bert.results
    assert first == Failed(fault=missing, detail=nobody, missing=(MODULE, CONTEXT, EXTRA))
    assert second == Failed(fault=missing, detail=nobody, missing=(CONTEXT,))
    assert isinstance(third, Failed)
    assert third.fault is WorkFault.MODULE, "the block is here, and is no context"


def test_what_a_last_fetch_leads_to_is_not_lost(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finished(tx: ActorTransaction) -> None:
        tx.work.put(WorkId("w"), ORDER)
        tell(tx, ANNE, "working")

    mesh.bert.on["finished"] = finished
    monkeypatch.setattr("mesh.embedded.driving.turns.TURN_SECONDS", 0)
    with mesh.turns.turn() as opened:
        opened.command(BERT, lambda tx, now: tx.work.put(WorkId("f"), wanted(BERT)))
        report = opened.settle()
    assert len(mesh.bert.results) == 1
    assert mesh.heard(ANNE) == {}, "the turn has ended with the fetch"
    assert [row.id for row in report.asked] == ["w"]
    assert not report.is_silent
    monkeypatch.undo()
    with mesh.turns.turn() as opened:
        opened.settle()
    assert mesh.heard(ANNE) == {"working": 1}


def test_result_reaches_its_actor_once_and_only_while_it_is_wanted(mesh: Mesh) -> None:
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), ORDER)
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: tell(tx, BERT, "work"))
        report = opened.settle()
    assert [row.id for row in report.asked] == ["w"]
    done = Finished(actor=BERT, work=WorkId("w"), result=Fetched())
    for _ in range(2):
        with mesh.turns.turn((done,)) as opened:
            opened.settle()
    assert mesh.bert.results == [Fetched()]


def test_work_that_was_taken_back_is_reported_and_its_result_ignored(mesh: Mesh) -> None:
    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), ORDER)
    mesh.bert.on["stop"] = lambda tx: tx.work.cancel(WorkId("w"))
    mesh.say("work")
    with mesh.turns.turn() as opened:
        opened.command(ANNE, lambda tx, now: tell(tx, BERT, "stop"))
        report = opened.settle()
    assert report.cancelled == [(BERT, "w")]
    with mesh.turns.turn((Finished(actor=BERT, work=WorkId("w"), result=Fetched()),)) as opened:
        opened.settle()
    assert mesh.bert.results == []


def test_result_that_raises_ends_its_work(mesh: Mesh) -> None:
    def fail(tx: ActorTransaction) -> None:
        raise ZeroDivisionError

    mesh.bert.on["work"] = lambda tx: tx.work.put(WorkId("w"), ORDER)
    mesh.bert.on["finished"] = fail
    mesh.say("work")
    with mesh.turns.turn((Finished(actor=BERT, work=WorkId("w"), result=Fetched()),)) as opened:
        opened.settle()
    with mesh.store.view() as view:
        (row,) = set_aside_rows(view)
        assert view.open_work().count() == 0
    assert (row.event, row.work) == (Event.FINISHED, "w")
