"""Usage of units by member, resource, scope and period, from an issuer's books.

Rule: the sum of a member's rows of a resource is the balance of its account, to the unit; what is
on hold is no usage yet.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Final

from msgspec import Struct

from ccl.abi.text.times import rfc3339
from mesh.actors.issuer.rows import ATTEMPTS
from mesh.core.ports.blocks import BlockError
from mesh.core.records.jobs import JobManifest
from mesh.core.records.settlement import Settlement
from mesh.core.settlement.books import ENTRIES, EntryRow
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError
from runtime.tokens.transfers import AccountKind, TransferState

UNREADABLE: Final = "(unreadable)"
"""The scope of a job whose manifest cannot be read in the issuer's store."""


class Period(Enum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


_CHARS: Final = {Period.DAY: 10, Period.MONTH: 7, Period.YEAR: 4, Period.ALL: 0}


class UsageRow(Struct, frozen=True, kw_only=True):
    """Units of one member. period: as much of the UTC date as the report groups by.

    issued: created for it; paid, earned: for work; received, sent: by transfers.
    """

    period: str
    member: Did
    name: str
    resource_type: str
    scope: str
    issued: int = 0
    paid: int = 0
    earned: int = 0
    received: int = 0
    sent: int = 0

    @property
    def net(self) -> int:
        return self.issued + self.earned + self.received - self.paid - self.sent


class _Movement(Struct, frozen=True, kw_only=True):
    """One amount of a posted entry, for one member."""

    member: Did
    unit: str
    scope: str
    at: int
    kind: str
    amount: int


def usage_report(reader: Reader, period: Period) -> tuple[UsageRow, ...]:
    """All usage in the issuer's books, by period, member, resource and scope. The issuer is
    local."""
    sums: dict[tuple[str, Did, str, str], dict[str, int]] = {}
    for each in _movements(reader):
        key = (rfc3339_date(each.at)[: _CHARS[period]], each.member, each.unit, each.scope)
        counted = sums.setdefault(key, {})
        counted[each.kind] = counted.get(each.kind, 0) + each.amount
    return tuple(
        UsageRow(
            period=when,
            member=member,
            name=reader.members.name(member),
            resource_type=unit,
            scope=scope,
            **counted,
        )
        for (when, member, unit, scope), counted in sorted(sums.items())
    )


def rfc3339_date(seconds: int) -> str:
    """The UTC date and time; the bare seconds of a time that has none."""
    return rfc3339(seconds) or str(seconds)


def _movements(reader: Reader) -> Iterator[_Movement]:
    for entry in reader.view.rows(reader.issuer, ENTRIES).select():
        if entry.state is TransferState.POSTED:
            yield from _of_entry(reader, entry)


def _of_entry(reader: Reader, entry: EntryRow) -> Iterator[_Movement]:
    attempts = reader.view.rows(reader.issuer, ATTEMPTS).select(id=entry.id)
    scope, at = "", entry.created_at
    moved: list[tuple[Did, str, int]]
    if attempts:
        scope = _scope(reader, attempts[0].job)
        at = _settled_at(reader, attempts[0].settlement, entry)
        paid = sum(each.amount for each in entry.payments)
        moved = [(entry.debit_owner, "paid", paid)] if paid else []
        moved += ((each.owner, "earned", each.amount) for each in entry.payments)
    else:
        moved = list(_transferred(entry))
    for member, kind, amount in moved:
        yield _Movement(
            member=member, unit=entry.unit, scope=scope, at=at, kind=kind, amount=amount
        )


def _transferred(entry: EntryRow) -> Iterator[tuple[Did, str, int]]:
    """What an entry moves that is no hold: units created, or sent by their owner."""
    is_issue = entry.debit_kind is AccountKind.ISSUANCE
    if not is_issue:
        yield entry.debit_owner, "sent", entry.amount
    if entry.credit_owner is not None and entry.credit_kind is AccountKind.HOLDINGS:
        yield entry.credit_owner, "issued" if is_issue else "received", entry.amount


def _scope(reader: Reader, job: Cid) -> str:
    try:
        manifest = reader.archive.find(reader.view.blocks(reader.issuer), JobManifest, job)
    except (BlockError, RecordError):
        manifest = None
    return UNREADABLE if manifest is None else manifest.body.scope


def _settled_at(reader: Reader, settlement: Cid | None, entry: EntryRow) -> int:
    """The time of the settlement; of the hold where that record cannot be read."""
    if settlement is None:
        return entry.created_at
    try:
        found = reader.archive.find(reader.view.blocks(reader.issuer), Settlement, settlement)
    except (BlockError, RecordError):
        found = None
    return entry.created_at if found is None else found.body.issued_at
