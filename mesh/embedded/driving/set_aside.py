"""What an actor could not take in, kept with its exception until somebody has it tried again.

Rule: only a failure of our own program ends here: what is wrong with a message is a refusal of the
actor, what is wrong with the store ends the turn.
"""

import traceback
from enum import Enum
from typing import Final

from msgspec import Struct

from mesh.actors.stores import Sending, Turn, View
from mesh.core.ports.tables import Rows, Table
from mesh.core.ports.work import WorkId
from mesh.embedded.driving.undelivered import keep_undelivered, take_undelivered
from mesh.embedded.rows import HOME
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import cut

DETAIL_BYTES_MAX: Final = 4_096
KEPT_MAX: Final = 1_000
"""Further ones take the place of the oldest."""


class Event(Enum):
    """What an actor was given."""

    RECEIVE = "receive"
    TICK = "tick"
    FINISHED = "finished"


class SetAsideRow(Struct, frozen=True, kw_only=True):
    """A message, tick or result that an actor could not take in.

    concerns: the actor. sender, record, attached: of a message. work: of a result. error: one line;
    trace: where it was raised. at: Unix seconds.
    """

    number: int
    concerns: Did
    event: Event
    sender: Did | None
    record: Cid | None
    attached: tuple[Cid, ...]
    work: WorkId | None
    error: str
    trace: str
    at: int


SET_ASIDE: Final = Table(
    name="set_aside", row=SetAsideRow, key=("number",), indexes=(("concerns",),)
)


def set_aside(
    turn: Turn,
    actor: Did,
    event: Event,
    error: Exception,
    *,
    sending: Sending | None,
    work: WorkId | None,
) -> SetAsideRow:
    """Keep what an actor could not take in; work whose result it was is no longer open."""
    if work is not None:
        with turn.delivery(actor) as tx:
            tx.end_work(work)
    with turn.delivery(HOME) as tx:
        rows = tx.rows(SET_ASIDE)
        text = cut(f"{type(error).__name__}: {error}", DETAIL_BYTES_MAX)
        row = SetAsideRow(
            number=_number(rows, actor, event, text),
            concerns=actor,
            event=event,
            sender=None if sending is None else sending.sender,
            record=None if sending is None else sending.record,
            attached=() if sending is None else sending.attached,
            work=work,
            error=text,
            trace=cut("".join(traceback.format_exception(error)[-8:]), DETAIL_BYTES_MAX),
            at=turn.now.wall,
        )
        rows.put(row)
        rows.delete(max(0, row.number - KEPT_MAX))
    return row


def _number(rows: Rows[SetAsideRow], actor: Did, event: Event, error: str) -> int:
    """The next number; that of the same tick that fails again and again."""
    newest = rows.select(descending=True, limit=1)
    if not newest:
        return 1
    last = newest[0]
    same = event is Event.TICK and (last.concerns, last.event, last.error) == (actor, event, error)
    return last.number if same else last.number + 1


def set_aside_rows(view: View) -> tuple[SetAsideRow, ...]:
    """All that was set aside, the oldest first."""
    return view.rows(HOME, SET_ASIDE).select()


def try_again(turn: Turn, number: int) -> bool:
    """Have a message that was set aside delivered in the next turn; whether it was one.

    A tick is tried again by itself; work whose result failed is asked for anew by a repair.
    """
    with turn.delivery(HOME) as tx:
        row = tx.rows(SET_ASIDE).get(number)
        if row is None or row.sender is None or row.record is None:
            return False
        tx.rows(SET_ASIDE).delete(number)
    sending = Sending(sender=row.sender, to=row.concerns, record=row.record, attached=row.attached)
    keep_undelivered(turn, (*take_undelivered(turn), sending))
    return True
