"""Books of an issuer: its ledger's accounts, transfers, draws on tokens and usages, as rows.

Rule: `runtime.tokens.ledger` decides; here its rows are read and written. Several commands are
carried out all or none.
"""

from collections.abc import Iterable
from typing import Final, Protocol, TypeVar

from msgspec import Struct

from mesh.core.ports.tables import Rows, Table
from mesh.core.records.settlement import usage_name
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.in_force import UsageKey
from runtime.tokens.ledger import Change, Refused, UsageRow, decide
from runtime.tokens.policy import Bucket, Usage
from runtime.tokens.token import ResourceType, Unit, unit_named
from runtime.tokens.transfers import (
    Account,
    AccountKey,
    AccountKind,
    Command,
    CountedUnder,
    Payment,
    TokenUse,
    Transfer,
    TransferId,
    TransferState,
)

T = TypeVar("T")


class AccountRow(Struct, frozen=True, kw_only=True):
    """An account of the issuer's ledger. unit: by its name."""

    unit: str
    owner: Did
    kind: AccountKind
    credits_posted: int
    debits_posted: int
    debits_pending: int


class EntryRow(Struct, frozen=True, kw_only=True):
    """A transfer of the issuer's ledger; credit_owner and credit_kind: None of a hold."""

    id: TransferId
    unit: str
    debit_owner: Did
    debit_kind: AccountKind
    credit_owner: Did | None
    credit_kind: AccountKind | None
    amount: int
    state: TransferState
    created_at: int
    tokens: tuple[Cid, ...]
    policies: tuple[CountedUnder, ...]
    subject: Did | None
    payments: tuple[Payment, ...]


class CommittedRow(Struct, frozen=True, kw_only=True):
    """The usage of a subject under the issuer's policies for a resource within a scope. changes:
    how many holds and returns it is of."""

    resource_type: ResourceType
    scope: str
    subject: Did
    committed: int
    buckets: tuple[Bucket | None, ...]
    changes: int


ACCOUNTS: Final = Table(
    name="ledger_accounts", row=AccountRow, key=("unit", "owner", "kind"), indexes=(("owner",),)
)
ENTRIES: Final = Table(
    name="ledger_entries",
    row=EntryRow,
    key=("id",),
    indexes=(("debit_owner",), ("credit_owner",)),
)
TOKEN_USES: Final = Table(name="ledger_token_uses", row=TokenUse, key=("token",))
USAGES: Final = Table(
    name="ledger_usages",
    row=CommittedRow,
    key=("resource_type", "scope", "subject"),
    indexes=(("subject",),),
)


class HasRows(Protocol):
    """A transaction, as far as the books need it."""

    def rows(self, table: Table[T]) -> Rows[T]: ...


class Books:
    """The ledger of one issuer within one transaction."""

    def __init__(self, tx: HasRows, issuer: Did) -> None:
        self._issuer = issuer
        self._accounts = tx.rows(ACCOUNTS)
        self._entries = tx.rows(ENTRIES)
        self._uses = tx.rows(TOKEN_USES)
        self._usages = tx.rows(USAGES)

    def key(self, unit: Unit, owner: Did) -> AccountKey:
        """The holdings of an owner."""
        return AccountKey(issuer=self._issuer, unit=unit, owner=owner)

    def carry_out(self, *commands: Command, now: int) -> Refused | None:
        """Carry out commands, all or none of them."""
        staged = _Staged(self)
        for command in commands:
            change = decide(staged, command, now)
            if isinstance(change, Refused):
                return change
            staged.take(change)
        self._write(staged)
        return None

    def _write(self, staged: "_Staged") -> None:
        for account in staged.accounts.values():
            self._accounts.put(_account_row(account))
        for transfer in staged.transfers.values():
            self._entries.put(_entry_row(transfer))
        for use in staged.uses.values():
            self._uses.put(use)
        for usage in staged.usages.values():
            self._usages.put(_committed_row(usage))

    # --- as the ledger's rules read them

    def account(self, key: AccountKey) -> Account:
        row = self._accounts.get(key.unit.value, key.owner, key.kind)
        return Account(key=key) if row is None else self._account(row)

    def transfer(self, transfer_id: TransferId) -> Transfer | None:
        row = self._entries.get(transfer_id)
        return None if row is None else self._transfer(row)

    def token_use(self, token: Cid) -> TokenUse:
        return self._uses.get(token) or TokenUse(token=token)

    def usage(self, key: UsageKey) -> UsageRow:
        row = self._usages.get(key.resource_type, key.scope, key.subject)
        if row is None:
            return UsageRow(key=key)
        usage = Usage(committed=row.committed, buckets=row.buckets)
        return UsageRow(key=key, usage=usage, changes=row.changes)

    # --- as statements and histories show them

    def accounts_of(self, owner: Did) -> tuple[Account, ...]:
        return tuple(map(self._account, self._accounts.select(owner=owner)))

    def accounts(self) -> tuple[Account, ...]:
        return tuple(map(self._account, self._accounts.select()))

    def usages_of(self, subject: Did) -> tuple[CommittedRow, ...]:
        return self._usages.select(subject=subject)

    def _account(self, row: AccountRow) -> Account:
        return Account(
            key=AccountKey(
                issuer=self._issuer, unit=unit_named(row.unit), owner=row.owner, kind=row.kind
            ),
            credits_posted=row.credits_posted,
            debits_posted=row.debits_posted,
            debits_pending=row.debits_pending,
        )

    def _transfer(self, row: EntryRow) -> Transfer:
        unit = unit_named(row.unit)
        credit = None
        if row.credit_owner is not None and row.credit_kind is not None:
            credit = AccountKey(
                issuer=self._issuer, unit=unit, owner=row.credit_owner, kind=row.credit_kind
            )
        return Transfer(
            id=row.id,
            debit=AccountKey(
                issuer=self._issuer, unit=unit, owner=row.debit_owner, kind=row.debit_kind
            ),
            credit=credit,
            amount=row.amount,
            state=row.state,
            created_at=row.created_at,
            tokens=row.tokens,
            policies=row.policies,
            subject=row.subject,
            payments=row.payments,
        )


class _Staged:
    """The books with what commands have changed and nothing has written yet."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.accounts: dict[AccountKey, Account] = {}
        self.transfers: dict[TransferId, Transfer] = {}
        self.uses: dict[Cid, TokenUse] = {}
        self.usages: dict[UsageKey, UsageRow] = {}

    def take(self, change: Change) -> None:
        self.accounts |= {each.key: each for each in change.accounts}
        self.transfers |= {each.id: each for each in change.transfers}
        self.uses |= {each.token: each for each in change.token_uses}
        self.usages |= {each.key: each for each in change.usages}

    def account(self, key: AccountKey) -> Account:
        return self.accounts.get(key) or self._books.account(key)

    def transfer(self, transfer_id: TransferId) -> Transfer | None:
        return self.transfers.get(transfer_id) or self._books.transfer(transfer_id)

    def token_use(self, token: Cid) -> TokenUse:
        return self.uses.get(token) or self._books.token_use(token)

    def usage(self, key: UsageKey) -> UsageRow:
        return self.usages.get(key) or self._books.usage(key)


def available_by_type(accounts: Iterable[Account]) -> dict[str, int]:
    """The units that may be spent or held, by unit."""
    return {each.key.unit.value: each.available for each in _holdings(accounts) if each.available}


def held_by_type(accounts: Iterable[Account]) -> dict[str, int]:
    """The units on hold, by unit."""
    return {
        each.key.unit.value: each.debits_pending
        for each in _holdings(accounts)
        if each.debits_pending
    }


def usage_by_name(usages: Iterable[CommittedRow]) -> dict[str, int]:
    """The units that a subject has committed, by resource and scope."""
    return {usage_name(each.resource_type, each.scope): each.committed for each in usages}


def _holdings(accounts: Iterable[Account]) -> Iterable[Account]:
    return (each for each in accounts if each.key.kind is AccountKind.HOLDINGS)


def _account_row(account: Account) -> AccountRow:
    return AccountRow(
        unit=account.key.unit.value,
        owner=account.key.owner,
        kind=account.key.kind,
        credits_posted=account.credits_posted,
        debits_posted=account.debits_posted,
        debits_pending=account.debits_pending,
    )


def _committed_row(row: UsageRow) -> CommittedRow:
    return CommittedRow(
        resource_type=row.key.resource_type,
        scope=row.key.scope,
        subject=row.key.subject,
        committed=row.usage.committed,
        buckets=row.usage.buckets,
        changes=row.changes,
    )


def _entry_row(transfer: Transfer) -> EntryRow:
    credit = transfer.credit
    return EntryRow(
        id=transfer.id,
        unit=transfer.debit.unit.value,
        debit_owner=transfer.debit.owner,
        debit_kind=transfer.debit.kind,
        credit_owner=None if credit is None else credit.owner,
        credit_kind=None if credit is None else credit.kind,
        amount=transfer.amount,
        state=transfer.state,
        created_at=transfer.created_at,
        tokens=transfer.tokens,
        policies=transfer.policies,
        subject=transfer.subject,
        payments=transfer.payments,
    )
