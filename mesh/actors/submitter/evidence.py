"""Evidence: what settlements say of members, row by row, and its sum for each member.

Rule: a sum changes with its rows, in the same transaction; it can be computed anew from them.
"""

from collections import Counter
from typing import Protocol, TypeVar

from mesh.actors.actor import ActorTransaction
from mesh.actors.submitter.rows import EVIDENCE, FAULTS, TALLIES, EvidenceRow, FaultRow, TallyRow
from mesh.core.market.reputation import Reputation, Tally, reputation
from mesh.core.ports.tables import RowReader, Table
from runtime.content.cid import Cid
from runtime.content.did import Did

T = TypeVar("T")


class HasRows(Protocol):
    """A transaction or view, as far as it is read here."""

    def rows(self, table: Table[T]) -> RowReader[T]: ...


def note_evidence(tx: ActorTransaction, row: EvidenceRow) -> None:
    """Keep what a settlement says of a member, which is not known yet."""
    assert tx.rows(EVIDENCE).get(row.member, row.hold) is None, "a hold is settled once"
    tx.rows(EVIDENCE).put(row)
    _count(tx, row, 1)


def void_evidence(tx: ActorTransaction, hold: Cid) -> None:
    """Drop what the settlement of a hold has said."""
    for row in tx.rows(EVIDENCE).select(hold=hold):
        tx.rows(EVIDENCE).delete(row.member, row.hold)
        _count(tx, row, -1)


def reputation_of(tx: HasRows, member: Did) -> Reputation:
    """What the settlements that were read here say of a member."""
    faults = tx.rows(FAULTS).derived(_faults_by_member)
    return reputation(_tally_of(tx, member), faults=faults[member])


def _count(tx: ActorTransaction, row: EvidenceRow, times: int) -> None:
    tally = _tally_of(tx, row.member).plus(row.kind, row.value, times=times)
    if tally.count:
        tx.rows(TALLIES).put(TallyRow(member=row.member, tally=tally))
    else:
        tx.rows(TALLIES).delete(row.member)


def _tally_of(tx: HasRows, member: Did) -> Tally:
    row = tx.rows(TALLIES).get(member)
    return Tally() if row is None else row.tally


def _faults_by_member(rows: RowReader[FaultRow]) -> Counter[Did]:
    return Counter(row.accused for row in rows.select())
