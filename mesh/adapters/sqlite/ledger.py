"""The ledger's rows in SQLite; the rules are `runtime.tokens.ledger`'s.

Rule: what a command reads and what it writes are one transaction.
"""

from collections.abc import Iterator
from typing import Any, Final

from mesh.adapters.sqlite.connection import Database
from runtime.content.cid import Cid
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.tokens.ledger import (
    Account,
    AccountKey,
    AccountKind,
    Change,
    Command,
    Refused,
    TokenUse,
    Transfer,
    TransferId,
    TransferState,
    UsageRow,
    decide,
)
from runtime.tokens.policy import Usage
from runtime.tokens.token import ResourceType

_TOTALS: Final = "credits_posted, debits_posted, credits_pending, debits_pending"
_TRANSFER: Final = (
    "id, issuer, resource_type, debit_owner, debit_kind, credit_owner, credit_kind, amount, "
    "state, created_at, expires_at, tokens, policy, subject"
)


class SqliteLedger:
    """A `LedgerView` over the tables, and the writer of what the rules decide."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._run = database.connection.execute

    def apply(self, command: Command, now: int) -> Change | Refused:
        """Decide and write in one transaction; a repeat of a command changes nothing."""
        with self._database.transaction():
            change = decide(self, command, now)
            if isinstance(change, Change):
                self._write(change)
            return change

    def account(self, key: AccountKey) -> Account:
        row = self._run(
            f"SELECT {_TOTALS} FROM accounts"
            " WHERE issuer = ? AND resource_type = ? AND owner = ? AND kind = ?",
            _key(key),
        ).fetchone()
        return Account(key=key) if row is None else _account(key, row)

    def accounts(self) -> tuple[Account, ...]:
        """All accounts, ordered by key."""
        rows = self._run(
            f"SELECT issuer, resource_type, owner, kind, {_TOTALS} FROM accounts"
            " ORDER BY 1, 2, 3, 4"
        )
        return tuple(
            _account(
                AccountKey(
                    issuer=Did(issuer),
                    resource_type=ResourceType(resource_type),
                    owner=Did(owner),
                    kind=AccountKind(kind),
                ),
                totals,
            )
            for issuer, resource_type, owner, kind, *totals in rows
        )

    def transfer(self, transfer_id: TransferId) -> Transfer | None:
        row = self._run(
            f"SELECT {_TRANSFER} FROM transfers WHERE id = ?", (transfer_id,)
        ).fetchone()
        return None if row is None else _transfer(row)

    def transfers(self) -> Iterator[Transfer]:
        """All transfers, in the order of their ids."""
        for row in self._run(f"SELECT {_TRANSFER} FROM transfers ORDER BY id"):
            yield _transfer(row)

    def due_holds(self, now: int) -> tuple[TransferId, ...]:
        """Pending holds whose time is over."""
        rows = self._run(
            "SELECT id FROM transfers WHERE state = 'pending' AND expires_at <= ?"
            " ORDER BY expires_at, id",
            (now,),
        )
        return tuple(TransferId(raw) for (raw,) in rows)

    def token_use(self, token: Cid) -> TokenUse:
        row = self._run("SELECT drawn FROM token_uses WHERE token = ?", (token.raw,)).fetchone()
        return TokenUse(token=token, drawn=0 if row is None else row[0])

    def usage(self, policy: Cid, subject: Did) -> Usage:
        row = self._run(
            "SELECT committed, level, updated_at FROM usages WHERE policy = ? AND subject = ?",
            (policy.raw, subject),
        ).fetchone()
        return Usage() if row is None else Usage(committed=row[0], level=row[1], updated_at=row[2])

    def _write(self, change: Change) -> None:
        for transfer in change.transfers:
            self._write_transfer(transfer)
        for account in change.accounts:
            self._write_account(account)
        for use in change.token_uses:
            self._run("INSERT OR REPLACE INTO token_uses VALUES (?, ?)", (use.token.raw, use.drawn))
        for row in change.usages:
            self._write_usage(row)

    def _write_transfer(self, transfer: Transfer) -> None:
        self._run(
            "INSERT OR REPLACE INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                transfer.id,
                transfer.debit.issuer,
                transfer.debit.resource_type.value,
                transfer.debit.owner,
                transfer.debit.kind.value,
                transfer.credit.owner,
                transfer.credit.kind.value,
                transfer.amount,
                transfer.state.value,
                transfer.created_at,
                transfer.expires_at,
                encode(list(transfer.tokens)),
                None if transfer.policy is None else transfer.policy.raw,
                transfer.subject,
            ),
        )

    def _write_account(self, account: Account) -> None:
        self._run(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *_key(account.key),
                account.credits_posted,
                account.debits_posted,
                account.credits_pending,
                account.debits_pending,
            ),
        )

    def _write_usage(self, row: UsageRow) -> None:
        usage = row.usage
        self._run(
            "INSERT OR REPLACE INTO usages VALUES (?, ?, ?, ?, ?)",
            (row.policy.raw, row.subject, usage.committed, usage.level, usage.updated_at),
        )


def _key(key: AccountKey) -> tuple[str, str, str, str]:
    return (key.issuer, key.resource_type.value, key.owner, key.kind.value)


def _account(key: AccountKey, totals: Any) -> Account:
    credits_posted, debits_posted, credits_pending, debits_pending = totals
    return Account(
        key=key,
        credits_posted=credits_posted,
        debits_posted=debits_posted,
        credits_pending=credits_pending,
        debits_pending=debits_pending,
    )


def _transfer(row: Any) -> Transfer:
    raw_id, issuer, kind, debit, debit_kind, credit, credit_kind, amount, state, *rest = row
    created_at, expires_at, tokens, policy, subject = rest
    resource_type = ResourceType(kind)
    return Transfer(
        id=TransferId(raw_id),
        debit=AccountKey(
            issuer=Did(issuer),
            resource_type=resource_type,
            owner=Did(debit),
            kind=AccountKind(debit_kind),
        ),
        credit=AccountKey(
            issuer=Did(issuer),
            resource_type=resource_type,
            owner=Did(credit),
            kind=AccountKind(credit_kind),
        ),
        amount=amount,
        state=TransferState(state),
        created_at=created_at,
        expires_at=expires_at,
        tokens=tuple(decode(tokens)),
        policy=None if policy is None else Cid(policy),
        subject=None if subject is None else Did(subject),
    )
