"""Usage of units by member, resource, scope and period, from an issuer's books.

Rule: the sum of a member's rows of a resource is the balance of its accounts, to the unit; what is
on hold is no usage yet. Each report compares the entries that it counts with the accounts.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final, TypeVar

from msgspec import Struct

from ccl.abi.text.times import rfc3339
from mesh.actors.issuer.rows import ATTEMPTS, TOKENS
from mesh.core.ids import issue_id
from mesh.core.ports.blocks import BlockError
from mesh.core.records.jobs import JobManifest
from mesh.core.records.settlement import Settlement
from mesh.core.settlement.attempt import Attempt
from mesh.core.settlement.books import ACCOUNTS, ENTRIES, AccountRow, EntryRow
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError
from runtime.tokens.token import ResourceToken, within
from runtime.tokens.transfers import AccountKind, TransferState

T = TypeVar("T")

UNREADABLE: Final = "(unreadable)"
"""The scope of units whose manifest or token cannot be read in the issuer's store."""


class Period(Enum):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


_CHARS: Final = {Period.DAY: 10, Period.MONTH: 7, Period.YEAR: 4, Period.ALL: 0}


class UsageQuery(Struct, frozen=True, kw_only=True):
    """Which usage is reported. scope: that one and those inside it. since: Unix seconds. None: of
    all."""

    period: Period
    member: Did | None = None
    resource_type: str | None = None
    scope: str | None = None
    since: int | None = None


class UsageRow(Struct, frozen=True, kw_only=True):
    """Units of one member. period: as much of the UTC date as the report groups by.

    issued: created for it; paid, earned: for work; received, sent: by transfers, and by setting
    units aside for a scope, under which they are received.
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


class Disagreement(Struct, frozen=True, kw_only=True):
    """An account whose balance is not the sum of its entries."""

    owner: Did
    unit: str
    kind: AccountKind
    counted: int
    balance: int


class UsageReport(Struct, frozen=True, kw_only=True):
    """accounts: how many were compared with their entries, which are all of the ledger, whatever
    was asked for; disagreements: those that are something else."""

    rows: tuple[UsageRow, ...]
    accounts: int
    disagreements: tuple[Disagreement, ...]


class _Account(Struct, frozen=True, kw_only=True):
    owner: Did
    unit: str
    kind: AccountKind


class _Movement(Struct, frozen=True, kw_only=True):
    """An amount of a posted entry that one account gains, or loses (where it is negative). member:
    whose account it is. kind: the field of UsageRow that counts it."""

    account: _Account
    member: Did
    scope: str
    at: int
    kind: str
    amount: int


class _Owner(Struct, frozen=True, kw_only=True):
    """Whose an account is. scope: for which its units are set aside."""

    member: Did
    scope: str


def usage_report(reader: Reader, query: UsageQuery) -> UsageReport:
    """The usage in the issuer's books, by period, member, resource and scope. The issuer is
    local."""
    movements = tuple(_movements(reader))
    wanted = (each for each in movements if _is_wanted(each, query))
    accounts, disagreements = _compared(reader, movements)
    return UsageReport(
        rows=_grouped(reader, wanted, query.period), accounts=accounts, disagreements=disagreements
    )


def _is_wanted(each: _Movement, query: UsageQuery) -> bool:
    return (
        each.account.kind is AccountKind.HOLDINGS
        and query.member in (None, each.member)
        and query.resource_type in (None, each.account.unit)
        and (query.scope is None or within(each.scope, query.scope))
        and (query.since is None or each.at >= query.since)
    )


def _grouped(
    reader: Reader, movements: Iterable[_Movement], period: Period
) -> tuple[UsageRow, ...]:
    sums: dict[tuple[str, str, Did, str, str], dict[str, int]] = {}
    for each in movements:
        when = rfc3339_date(each.at)[: _CHARS[period]]
        name = reader.members.name(each.member)
        counted = sums.setdefault((when, name, each.member, each.account.unit, each.scope), {})
        counted[each.kind] = counted.get(each.kind, 0) + abs(each.amount)
    return tuple(
        UsageRow(period=when, member=member, name=name, resource_type=unit, scope=scope, **counted)
        for (when, name, member, unit, scope), counted in sorted(sums.items())
    )


def _compared(
    reader: Reader, movements: Iterable[_Movement]
) -> tuple[int, tuple[Disagreement, ...]]:
    """How many accounts there are, and those whose balance is not the sum of their movements."""
    counted: dict[_Account, int] = {}
    for each in movements:
        counted[each.account] = counted.get(each.account, 0) + each.amount
    balances = {
        _Account(owner=row.owner, unit=row.unit, kind=row.kind): _balance(row)
        for row in reader.view.rows(reader.issuer, ACCOUNTS).select()
    }
    accounts = sorted({*counted, *balances}, key=lambda each: (each.unit, each.owner))
    return len(accounts), tuple(
        Disagreement(
            owner=each.owner,
            unit=each.unit,
            kind=each.kind,
            counted=counted.get(each, 0),
            balance=balances.get(each, 0),
        )
        for each in accounts
        if counted.get(each, 0) != balances.get(each, 0)
    )


def _balance(row: AccountRow) -> int:
    return row.credits_posted - row.debits_posted


def rfc3339_date(seconds: int) -> str:
    """The UTC date and time; the bare seconds of a time that has none."""
    return rfc3339(seconds) or str(seconds)


# --- what the entries of the ledger move


def _movements(reader: Reader) -> Iterator[_Movement]:
    owners, scopes = _allocations(reader)
    # All at once: by one query a hold, a report of thousands takes twice as long.
    attempts = {row.id: row for row in reader.view.rows(reader.issuer, ATTEMPTS).select()}
    for entry in reader.view.rows(reader.issuer, ENTRIES).select():
        if entry.state is not TransferState.POSTED:
            continue
        scope, at = None, entry.created_at
        if entry.credit_owner is None:
            scope, at = _of_hold(reader, entry, attempts.get(entry.id))
        elif entry.debit_kind is AccountKind.ISSUANCE:
            scope = scopes.get(entry.id, "")
        for kind, owner, counted_as, amount in _moved(entry):
            whose = owners.get(owner, _Owner(member=owner, scope=""))
            yield _Movement(
                account=_Account(owner=owner, unit=entry.unit, kind=kind),
                member=whose.member,
                scope=whose.scope if scope is None else scope,
                at=at,
                kind=counted_as,
                amount=amount,
            )


def _allocations(reader: Reader) -> tuple[dict[Did, _Owner], dict[bytes, str]]:
    """Whose the accounts are that hold units set aside, and the scopes of issues by their ids."""
    owners: dict[Did, _Owner] = {}
    scopes: dict[bytes, str] = {}
    for row in reader.view.rows(reader.issuer, TOKENS).select():
        if row.parent is not None:
            continue
        token = _read(reader, ResourceToken, row.token)
        scope = UNREADABLE if token is None else token.scope
        scopes[issue_id(row.token)] = scope
        if row.payer != row.audience:
            owners[row.payer] = _Owner(member=row.audience, scope=scope)
    return owners, scopes


def _moved(entry: EntryRow) -> Iterator[tuple[AccountKind, Did, str, int]]:
    """What a posted entry moves: of each account that it concerns its kind, its owner, as what the
    amount counts, and the amount, negative where it goes."""
    if entry.credit_owner is not None and entry.credit_kind is not None:
        yield entry.debit_kind, entry.debit_owner, "sent", -entry.amount
        received = "issued" if entry.debit_kind is AccountKind.ISSUANCE else "received"
        yield entry.credit_kind, entry.credit_owner, received, entry.amount
        return
    paid = sum(each.amount for each in entry.payments)
    if paid:
        yield entry.debit_kind, entry.debit_owner, "paid", -paid
    for each in entry.payments:
        yield AccountKind.HOLDINGS, each.owner, "earned", each.amount


def _of_hold(reader: Reader, entry: EntryRow, attempt: Attempt | None) -> tuple[str, int]:
    """The scope of the job that a hold pays for, and when it was settled; what cannot be read is
    said, and the time is that of the hold."""
    if attempt is None:
        return UNREADABLE, entry.created_at
    manifest = _read(reader, JobManifest, attempt.job)
    ended = attempt.settlement
    settlement = None if ended is None else _read(reader, Settlement, ended)
    return (
        UNREADABLE if manifest is None else manifest.scope,
        entry.created_at if settlement is None else settlement.issued_at,
    )


def _read(reader: Reader, kind: type[T], cid: Cid) -> T | None:
    """A record of the issuer's store, None where it cannot be read."""
    try:
        found = reader.archive.find(reader.view.blocks(reader.issuer), kind, cid)
    except (BlockError, RecordError):
        return None
    return None if found is None else found.body
