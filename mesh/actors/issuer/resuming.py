"""Resuming after a gap: the executors of open attempts are sent their holds again.

Rule: before silence ends an attempt, its executor has had a lease to show what became of it. An
issuer whose store is an old copy learns so in time that it has settled the hold before.
"""

from mesh.actors.actor import ActorTransaction
from mesh.actors.issuer.attempts.orders import hold_word, named_by_hold, order_of
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.core.ports.messages import Outgoing
from mesh.core.settlement.attempt import OPEN_PHASES


def order_again(issuer: IssuerCore, tx: ActorTransaction) -> None:
    """Send each open hold to its executor, until that one is heard of."""
    for attempt in tx.rows(ATTEMPTS).select(phase=OPEN_PHASES):
        tx.outbox.put(
            Outgoing(
                to=(attempt.executor,),
                record=attempt.hold,
                attached=named_by_hold(order_of(issuer, tx, attempt)),
                until=hold_word(attempt.hold),
            )
        )
