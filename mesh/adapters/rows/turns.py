"""Turns and deliveries, as layers over what a store holds.

Rule: a delivery is a layer over its turn, a turn a layer over the store; an adapter reads rows and
blocks, and writes the changes of a whole turn at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from msgspec.structs import replace

from mesh.actors.actor import Instant, Now
from mesh.actors.stores import OutboxRow, Sending, WorkRow
from mesh.adapters.rows.blocks import ActorBlocks, BlockLayer, BlockSource
from mesh.adapters.rows.layers import Layer, LayerRows, RowSource
from mesh.adapters.rows.layout import layout_of
from mesh.adapters.rows.queues import (
    ActorOutbox,
    ActorWork,
    next_due,
    outbox_rows,
    take_due,
    work_rows,
)
from mesh.core.ports.tables import Table
from mesh.core.ports.work import WorkId
from runtime.content.cid import Cid
from runtime.content.did import Did

T = TypeVar("T")


class Source(RowSource, BlockSource, Protocol):
    """What an adapter reads."""


class StoreView:
    """The `View` port, over layers that nothing is written to."""

    def __init__(self, source: Source, *, quota_bytes: int) -> None:
        self._quota_bytes = quota_bytes
        self.row_layer = Layer(source)
        self.block_layer = BlockLayer(source, quota_bytes=quota_bytes)

    def rows(self, actor: Did, table: Table[T]) -> LayerRows[T]:
        return LayerRows(self.row_layer, layout_of(table), actor)

    def blocks(self, actor: Did) -> ActorBlocks:
        return ActorBlocks(self.block_layer, actor)

    def cids(self, actor: Did) -> tuple[Cid, ...]:
        return tuple(sorted(self.block_layer.cids(actor)))

    def open_work(self) -> LayerRows[WorkRow]:
        return work_rows(self.row_layer)

    def unanswered(self) -> LayerRows[OutboxRow]:
        return outbox_rows(self.row_layer)

    def total_bytes(self) -> int:
        return self.block_layer.total_bytes()

    def rehearsal(self, actor: Did, now: Now) -> "StoreDelivery":
        return StoreDelivery(
            Layer(self.row_layer),
            BlockLayer(self.block_layer, quota_bytes=self._quota_bytes),
            actor,
            now,
        )


class StoreTurn(StoreView):
    """The `Turn` port."""

    def __init__(self, source: Source, now: Now, *, quota_bytes: int) -> None:
        super().__init__(source, quota_bytes=quota_bytes)
        self.now = now
        self._in_delivery = False
        self._sent: list[Sending] = []
        self._asked: list[tuple[Did, WorkId]] = []
        self._cancelled: list[tuple[Did, WorkId]] = []

    @contextmanager
    def delivery(self, actor: Did) -> Iterator["StoreDelivery"]:
        assert not self._in_delivery, "deliveries do not nest"
        self._in_delivery = True
        try:
            made = self.rehearsal(actor, self.now)
            yield made
        finally:
            self._in_delivery = False
        self.row_layer.take(made.row_layer)
        self.block_layer.take(made.block_layer)
        self._sent += made.outbox.sent
        self._asked += made.work.asked
        self._cancelled += made.work.cancelled

    def take_sent(self) -> tuple[Sending, ...]:
        taken = tuple(self._sent)
        self._sent.clear()
        return taken

    def take_asked(self) -> tuple[WorkRow, ...]:
        rows = self.open_work()
        # What was taken back and put again is there twice.
        taken = [rows.get(*each) for each in dict.fromkeys(self._asked)]
        self._asked.clear()
        return tuple(row for row in taken if row is not None)

    def take_cancelled(self) -> tuple[tuple[Did, WorkId], ...]:
        taken = tuple(self._cancelled)
        self._cancelled.clear()
        return taken

    def claim(self, actor: Did, work: WorkId, claimed_by: str | None) -> bool:
        rows = work_rows(self.row_layer)
        row = rows.get(actor, work)
        if row is None:
            return False
        rows.put(replace(row, claimed_by=claimed_by))
        return True

    def take_due(self) -> tuple[Sending, ...]:
        return take_due(outbox_rows(self.row_layer), self.now)

    def next_due(self) -> Instant | None:
        found = next_due(outbox_rows(self.row_layer), self.now)
        return None if found is None else Instant(found)


class StoreDelivery:
    """The `DeliveryTransaction` port."""

    def __init__(self, rows: Layer, blocks: BlockLayer, actor: Did, now: Now) -> None:
        self.actor = actor
        self.row_layer = rows
        self.block_layer = blocks
        self.blocks = ActorBlocks(blocks, actor)
        self.outbox = ActorOutbox(rows, actor, now)
        self.work = ActorWork(rows, actor)

    def rows(self, table: Table[T]) -> LayerRows[T]:
        return LayerRows(self.row_layer, layout_of(table), self.actor)

    def end_work(self, work: WorkId) -> bool:
        return self.work.end(work)
