"""The outbox and the work of one actor, over rows of the store.

Rule: a message with `until` is a row from the moment it is put until it is answered; work is a row
until it has ended or was taken back. Row and message are put, and taken back, together.
"""

from typing import Final

from msgspec.structs import replace

from mesh.actors.actor import Now
from mesh.actors.stores import (
    OUTBOX,
    SEND_AGAIN_MS,
    SEND_AGAIN_MS_MAX,
    WORK,
    OutboxRow,
    Sending,
    WorkRow,
)
from mesh.adapters.rows.layers import Layer, LayerRows
from mesh.adapters.rows.layout import layout_of
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.work import Execute, Work, WorkId
from runtime.content.did import Did

_OUTBOX: Final = layout_of(OUTBOX)
_WORK: Final = layout_of(WORK)


def outbox_rows(layer: Layer) -> LayerRows[OutboxRow]:
    return LayerRows(layer, _OUTBOX, None)


def work_rows(layer: Layer) -> LayerRows[WorkRow]:
    return LayerRows(layer, _WORK, None)


class ActorOutbox:
    """The `Outbox` port of one actor. sent: what was put, a message for each receiver."""

    def __init__(self, layer: Layer, actor: Did, now: Now) -> None:
        self._rows = outbox_rows(layer)
        self._actor = actor
        self._now = now
        self.sent: list[Sending] = []

    def put(self, message: Outgoing) -> None:
        for to in message.to:
            self.sent.append(
                Sending(sender=self._actor, to=to, record=message.record, attached=message.attached)
            )
            if message.until is not None:
                self._rows.put(
                    OutboxRow(
                        actor=self._actor,
                        until=message.until,
                        to=to,
                        record=message.record,
                        attached=message.attached,
                        boot=self._now.boot,
                        next_at=self._now.after(SEND_AGAIN_MS),
                        tries=0,
                    )
                )

    def answered(self, until: str, by: Did | None = None) -> None:
        if by is not None:
            self._rows.delete(self._actor, until, by)
            return
        for row in self._rows.select(actor=self._actor, until=until):
            self._rows.delete(self._actor, until, row.to)


class ActorWork:
    """The `WorkQueue` port of one actor. asked, cancelled: what it has changed, in order."""

    def __init__(self, layer: Layer, actor: Did) -> None:
        self._rows = work_rows(layer)
        self._actor = actor
        self.asked: list[tuple[Did, WorkId]] = []
        self.cancelled: list[tuple[Did, WorkId]] = []

    def put(self, work_id: WorkId, work: Work) -> None:
        if self._rows.get(self._actor, work_id) is not None:
            return
        self._rows.put(
            WorkRow(
                actor=self._actor,
                id=work_id,
                work=work,
                priority=work.priority if isinstance(work, Execute) else None,
                since=work.since if isinstance(work, Execute) else None,
                claimed_by=None,
            )
        )
        self.asked.append((self._actor, work_id))

    def cancel(self, work_id: WorkId) -> None:
        if self.end(work_id):
            self.cancelled.append((self._actor, work_id))

    def end(self, work_id: WorkId) -> bool:
        """Whether the work was open; it is not any more."""
        return self._rows.delete(self._actor, work_id)


def take_due(rows: LayerRows[OutboxRow], now: Now) -> tuple[Sending, ...]:
    """The messages to be sent again now; each is due again after twice as long."""
    found = rows.due("next_at", now.monotonic, boot=now.boot)
    for row in found:
        _delay(rows, row, now)
    earlier = _of_earlier_boots(rows, now)
    for row in earlier:
        _delay(rows, row, now)
    return tuple(_sending(row) for row in (*earlier, *found))


def next_due(rows: LayerRows[OutboxRow], now: Now) -> int | None:
    """When the next message is due, in milliseconds of this boot."""
    if _of_earlier_boots(rows, now):
        return now.monotonic
    first = rows.select(order="next_at", limit=1, boot=now.boot)
    return first[0].next_at if first else None


def _of_earlier_boots(rows: LayerRows[OutboxRow], now: Now) -> tuple[OutboxRow, ...]:
    if rows.count() == rows.count(boot=now.boot):
        return ()
    return tuple(row for row in rows.select() if row.boot != now.boot)


def _delay(rows: LayerRows[OutboxRow], row: OutboxRow, now: Now) -> None:
    tries = row.tries + 1
    wait = min(SEND_AGAIN_MS << min(tries, 16), SEND_AGAIN_MS_MAX)
    rows.put(replace(row, boot=now.boot, next_at=now.after(wait), tries=tries))


def _sending(row: OutboxRow) -> Sending:
    return Sending(sender=row.actor, to=row.to, record=row.record, attached=row.attached)
