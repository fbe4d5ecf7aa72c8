"""Messages that a turn has left to the next one: rows of the home, in the order of sending.

Rule: they are taken up by the very next turn, whichever process has it.
"""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from mesh.actors.stores import Sending, Turn
from mesh.core.ports.tables import Table
from mesh.embedded.rows import HOME
from runtime.content.cid import Cid
from runtime.content.did import Did


class UndeliveredRow(Struct, frozen=True, kw_only=True):
    """A message to one receiver. record, attached: CIDs of blocks of the sender's."""

    number: int
    sender: Did
    to: Did
    record: Cid
    attached: tuple[Cid, ...]


UNDELIVERED: Final = Table(name="undelivered", row=UndeliveredRow, key=("number",))


def take_undelivered(turn: Turn) -> tuple[Sending, ...]:
    """What the turn before has left."""
    rows = turn.rows(HOME, UNDELIVERED).select()
    if not rows:
        return ()
    with turn.delivery(HOME) as tx:
        for row in rows:
            tx.rows(UNDELIVERED).delete(row.number)
    return tuple(
        Sending(sender=row.sender, to=row.to, record=row.record, attached=row.attached)
        for row in rows
    )


def keep_undelivered(turn: Turn, left: Iterable[Sending]) -> None:
    """Leave messages to the next turn, which has not taken up any since."""
    with turn.delivery(HOME) as tx:
        for number, each in enumerate(left, 1):
            tx.rows(UNDELIVERED).put(
                UndeliveredRow(
                    number=number,
                    sender=each.sender,
                    to=each.to,
                    record=each.record,
                    attached=each.attached,
                )
            )
