"""A restored issuer: its store is an old copy of itself, and it signs nothing more.

Rule: what was sent was stored first. A record of this issuer's own that others show to it and that
it does not have was lost with the store; whatever it signed now might fill a slot a second time, or
pay out of a balance that is gone. Whoever asks shows the newest records that it has: submitters the
Statement, executors and verifiers the records of their hold.
"""

from collections.abc import Iterator
from typing import Any, Final

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import Incoming, MessageRefusal
from mesh.actors.issuer.core import IssuerCore
from mesh.actors.issuer.rows import ATTEMPTS, RESTORED, STATEMENTS, TOKENS, RestoredRow
from mesh.core.records.settlement import Settlement, Statement
from mesh.core.records.work import Draw, Hold, Opening
from runtime.identity.signed import RecordError, Signed
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import ResourceToken

NUMBER: Final = 0
RESTORED_TEXT: Final = "this issuer was restored from an old copy, and signs nothing more"
_SIGNED: Final = b"\x63sig"
"""The name of a record's last field, in its bytes: other blocks need not be read."""


def is_restored(tx: ActorTransaction) -> bool:
    return tx.rows(RESTORED).get(NUMBER) is not None


def refuse_restored(tx: ActorTransaction) -> None:
    """Raises CommandError `issuer-restored` for a command of a restored issuer."""
    if is_restored(tx):
        raise CommandError(
            ExitCode.DENIED,
            "issuer-restored",
            RESTORED_TEXT,
            hint="put back the newest copy of the home; `meshctl doctor` says what is lost",
        )


def take_own(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> MessageRefusal | None:
    """A settlement of this issuer's own, shown to it by a member whose attempt has ended."""
    return None if incoming.record.signer == issuer.did else MessageRefusal.NOT_ADDRESSED


def note_own_records(
    issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming, now: Now
) -> None:
    """Note that this store is an old copy, where a message shows it."""
    for record in _shown(issuer, tx, incoming):
        if record.signer == issuer.did and _is_lost(tx, record) and not is_restored(tx):
            issuer.keep(tx, record)
            tx.rows(RESTORED).put(
                RestoredRow(
                    number=NUMBER,
                    shown=record.cid,
                    kind=type(record.body).__name__,
                    seen_at=now.wall,
                )
            )


def _shown(issuer: IssuerCore, tx: ActorTransaction, incoming: Incoming) -> Iterator[Signed[Any]]:
    """The records of a message that are not stored here."""
    if not tx.blocks.has(incoming.record.cid):
        yield incoming.record
    for cid, block in incoming.attached.items():
        if _SIGNED not in block or tx.blocks.has(cid):
            continue
        try:
            yield issuer.archive.read(block)
        except RecordError:
            continue


def _is_lost(tx: ActorTransaction, record: Signed[Any]) -> bool:
    """Whether the rows know nothing of a record that this issuer has signed. Blocks of what has
    ended may have been thrown away; rows say what they were."""
    match record.body:
        case Statement(owner=owner, sequence=sequence):
            known = tx.rows(STATEMENTS).get(owner)
            return known is None or known.sequence <= sequence
        case Hold():
            return tx.rows(ATTEMPTS).get(record.cid) is None
        case Draw(hold=hold):
            attempt = tx.rows(ATTEMPTS).get(hold)
            return attempt is None or (attempt.is_open and record.cid not in attempt.draws)
        case Opening(hold=hold, draws=draws):
            attempt = tx.rows(ATTEMPTS).get(hold)
            return attempt is None or (attempt.is_open and len(draws) >= attempt.round)
        case Settlement(hold=hold):
            attempt = tx.rows(ATTEMPTS).get(hold)
            return attempt is None or attempt.settlement != record.cid
        case ResourceToken(parent=None):
            return tx.rows(TOKENS).get(record.cid) is None
        case _:
            return False
