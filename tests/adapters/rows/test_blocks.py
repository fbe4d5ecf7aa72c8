"""The blocks of actors: stored once, seen by who holds them, within one quota."""

from collections.abc import Callable

import pytest
from row_tables import ANN, BEN, block, moment

from mesh.actors.stores import Store
from mesh.core.ports.blocks import BlockError, BlockFault
from runtime.content.did import Did

CID, DATA = block("x" * 40)
OTHER, OTHER_DATA = block("y" * 40)


def put(store: Store, *actors: Did) -> None:
    for actor in actors:
        with store.turn(moment()) as turn, turn.delivery(actor) as tx:
            tx.blocks.put(CID, DATA)


def test_block_is_seen_by_who_holds_it(store: Store) -> None:
    put(store, ANN)
    with store.turn(moment()) as turn:
        with turn.delivery(BEN) as tx:
            assert not tx.blocks.has(CID)
            assert tx.blocks.get(CID) is None
            assert tx.blocks.size(CID) is None
            assert not tx.blocks.delete(CID)
        with turn.delivery(ANN) as tx:
            assert tx.blocks.has(CID)
            assert tx.blocks.get(CID) == DATA
            assert tx.blocks.size(CID) == 40


def test_block_of_two_actors_is_counted_once(store: Store) -> None:
    put(store, ANN, BEN)
    with store.turn(moment()) as turn:
        assert turn.total_bytes() == 40
        with turn.delivery(ANN) as tx:
            assert tx.blocks.delete(CID)
            assert not tx.blocks.delete(CID)
        assert turn.total_bytes() == 40
        assert turn.blocks(BEN).get(CID) == DATA
        assert turn.blocks(ANN).get(CID) is None
        with turn.delivery(BEN) as tx:
            assert tx.blocks.delete(CID)
        assert turn.total_bytes() == 0
    with store.view() as view:
        assert view.total_bytes() == 0
        assert view.blocks(BEN).get(CID) is None


def test_block_is_deleted_and_put_again_within_a_turn(store: Store) -> None:
    put(store, ANN)
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.blocks.delete(CID)
            tx.blocks.put(CID, DATA)
            tx.blocks.put(OTHER, OTHER_DATA)
        with turn.delivery(ANN) as tx:
            tx.blocks.delete(CID)
            tx.blocks.delete(OTHER)
        with turn.delivery(BEN) as tx:
            tx.blocks.put(CID, DATA)
    with store.view() as view:
        assert view.total_bytes() == 40
        assert view.blocks(BEN).get(CID) == DATA
        assert view.cids(ANN) == ()
        assert view.cids(BEN) == (CID,)


def test_repeat_is_harmless(store: Store) -> None:
    put(store, ANN, ANN)
    with store.view() as view:
        assert view.total_bytes() == 40


def test_bytes_of_another_block_are_refused(store: Store) -> None:
    with (
        store.turn(moment()) as turn,
        pytest.raises(BlockError) as caught,
        turn.delivery(ANN) as tx,
    ):
        tx.blocks.put(CID, OTHER_DATA)
    assert caught.value.fault is BlockFault.MISMATCH


def test_quota_is_of_distinct_bytes(open_store: Callable[[int], Store]) -> None:
    store = open_store(60)
    put(store, ANN, BEN)
    with store.turn(moment()) as turn:
        with pytest.raises(BlockError) as caught, turn.delivery(ANN) as tx:
            tx.blocks.put(OTHER, OTHER_DATA)
        assert caught.value.fault is BlockFault.QUOTA
        assert "40 + 40 of 60 bytes" in caught.value.message
        for actor in (ANN, BEN):
            with turn.delivery(actor) as tx:
                tx.blocks.delete(CID)
        with turn.delivery(ANN) as tx:
            tx.blocks.put(OTHER, OTHER_DATA)
    with store.view() as view:
        assert view.total_bytes() == 40
        assert view.cids(ANN) == (OTHER,)


def test_cids_are_listed_in_order_with_changes(store: Store) -> None:
    put(store, ANN)
    with store.turn(moment()) as turn:
        with turn.delivery(ANN) as tx:
            tx.blocks.put(OTHER, OTHER_DATA)
        assert turn.cids(ANN) == tuple(sorted((CID, OTHER)))
        assert turn.cids(BEN) == ()
