"""The ledger's rows in SQLite; the rules are `runtime.tokens.ledger`'s.

Rule: the database checks again that no holding falls below zero; it never decides.
"""

from collections.abc import Iterator
from typing import Any, Final

from mesh.adapters.sqlite.connection import Database
from runtime.content.cid import Cid
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.content.typed import union_from_value, union_to_value
from runtime.tokens.ledger import (
    Account,
    AccountKey,
    AccountKind,
    Change,
    PolicyInForce,
    TokenUse,
    Transfer,
    TransferId,
    TransferState,
    UsageRow,
)
from runtime.tokens.policy import Rule, Usage
from runtime.tokens.token import ResourceType

_TOTALS: Final = "credits_posted, debits_posted, credits_pending, debits_pending"
_TRANSFER: Final = (
    "id, issuer, resource_type, debit_owner, debit_kind, credit_owner, credit_kind, amount, "
    "state, created_at, expires_at, tokens, policy, subject"
)


class SqliteLedger:
    """The `Ledger` port over the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._run = database.connection.execute

    def apply(self, change: Change) -> None:
        """Write the rows of a change, in the transaction in which it was decided."""
        for transfer in change.transfers:
            self._write_transfer(transfer)
        for account in change.accounts:
            self._write_account(account)
        for use in change.token_uses:
            self._run("INSERT OR REPLACE INTO token_uses VALUES (?, ?)", (use.token.raw, use.drawn))
        for row in change.usages:
            self._write_usage(row)

    def account(self, key: AccountKey) -> Account:
        row = self._run(
            f"SELECT {_TOTALS} FROM accounts"
            " WHERE issuer = ? AND resource_type = ? AND owner = ? AND kind = ?",
            _key(key),
        ).fetchone()
        return Account(key=key) if row is None else _account(key, row)

    def accounts(self) -> tuple[Account, ...]:
        return self._accounts("", ())

    def accounts_of(self, owner: Did) -> tuple[Account, ...]:
        return self._accounts("WHERE owner = ?", (owner,))

    def _accounts(self, where: str, values: tuple[str, ...]) -> tuple[Account, ...]:
        rows = self._run(
            f"SELECT issuer, resource_type, owner, kind, {_TOTALS} FROM accounts {where}"
            " ORDER BY issuer, resource_type, owner, kind",
            values,
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

    def overdue_holds(self, now: int) -> tuple[Transfer, ...]:
        rows = self._run(
            f"SELECT {_TRANSFER} FROM transfers WHERE state = 'pending' AND expires_at <= ?"
            " ORDER BY expires_at, id",
            (now,),
        )
        return tuple(_transfer(row) for row in rows)

    def token_use(self, token: Cid) -> TokenUse:
        row = self._run("SELECT drawn FROM token_uses WHERE token = ?", (token.raw,)).fetchone()
        return TokenUse(token=token, drawn=0 if row is None else row[0])

    def usage(self, policy: Cid, subject: Did) -> Usage:
        row = self._run(
            "SELECT committed, level, updated_at FROM usages WHERE policy = ? AND subject = ?",
            (policy.raw, subject),
        ).fetchone()
        return Usage() if row is None else Usage(committed=row[0], level=row[1], updated_at=row[2])

    def policy(self, owner: Did, resource_type: ResourceType) -> PolicyInForce | None:
        row = self._run(
            "SELECT cid, rule FROM policies WHERE owner = ? AND resource_type = ?",
            (owner, resource_type.value),
        ).fetchone()
        if row is None:
            return None
        return PolicyInForce(cid=Cid(row[0]), rule=union_from_value(Rule, decode(row[1])))

    def set_policy(self, owner: Did, resource_type: ResourceType, policy: PolicyInForce) -> None:
        self._run(
            "INSERT OR REPLACE INTO policies VALUES (?, ?, ?, ?)",
            (
                owner,
                resource_type.value,
                policy.cid.raw,
                encode(union_to_value(Rule, policy.rule)),
            ),
        )

    def revoke(self, target: Cid) -> None:
        self._run("INSERT OR IGNORE INTO revocations VALUES (?)", (target.raw,))

    def is_revoked(self, target: Cid) -> bool:
        row = self._run("SELECT 1 FROM revocations WHERE target = ?", (target.raw,)).fetchone()
        return row is not None

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
