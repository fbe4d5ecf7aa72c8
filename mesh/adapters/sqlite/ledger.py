"""The ledger's rows in SQLite; the rules are `runtime.tokens.ledger`'s.

Rule: the database checks again that no holding falls below zero; it never decides. Rows are
kept in memory while the lock is held and written once, in the transaction that changed them.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from mesh.adapters.sqlite.connection import Database
from mesh.adapters.sqlite.kept import Kept
from runtime.content.cid import Cid
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.content.typed import from_value, to_value, union_from_value, union_to_value
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.ledger import Change
from runtime.tokens.policy import Bucket, Rule, Usage
from runtime.tokens.register import Register, held_in_class
from runtime.tokens.token import ResourceType, TokenClass, unit_named
from runtime.tokens.transfers import (
    Account,
    AccountKey,
    AccountKind,
    CountedUnder,
    Payment,
    TokenUse,
    Transfer,
    TransferId,
    TransferState,
)

_TOTALS: Final = "credits_posted, debits_posted, debits_pending"
_TRANSFER: Final = (
    "id, issuer, unit, debit_owner, debit_kind, credit_owner, credit_kind, amount, "
    "state, created_at, expires_at, tokens, policies, subject, payments"
)


class SqliteLedger:
    """The `Ledger` port over the tables."""

    def __init__(self, database: Database) -> None:
        self._run = database.connection.execute
        self._run_many = database.connection.executemany
        self._accounts = Kept(read=self._read_account, write=self._write_accounts)
        self._transfers = Kept(read=self._read_transfer, write=self._write_transfers)
        self._token_uses = Kept(read=self._read_token_use, write=self._write_token_uses)
        self._usages = Kept(read=self._read_usage, write=self._write_usages)
        self._policies = Kept(read=self._read_policy, write=self._write_policies)
        self._revocations = Kept(read=self._read_revocation, write=self._write_revocations)
        self._registers: dict[Did, dict[str, dict[str, int]]] = {}

    def flush(self) -> None:
        """Write what changed since the last flush."""
        for kept in self._kept:
            kept.flush()

    def forget(self) -> None:
        """Drop what is kept in memory: it may not be what is stored."""
        self._registers.clear()
        for kept in self._kept:
            kept.forget()

    @property
    def _kept(self) -> tuple[Kept[Any, Any], ...]:
        return (
            self._accounts,
            self._transfers,
            self._token_uses,
            self._usages,
            self._policies,
            self._revocations,
        )

    def apply(self, change: Change) -> None:
        """Take in the rows of a change, in the transaction in which it was decided."""
        for transfer in change.transfers:
            self._transfers.put(transfer.id, transfer)
        for account in change.accounts:
            self._accounts.put(account.key, account)
            if isinstance(account.key.unit, TokenClass):
                self._registers.pop(account.key.issuer, None)
        for use in change.token_uses:
            self._token_uses.put(use.token, use)
        for row in change.usages:
            self._usages.put(row.key, row.usage)

    def account(self, key: AccountKey) -> Account:
        return self._accounts.get(key)

    def transfer(self, transfer_id: TransferId) -> Transfer | None:
        return self._transfers.get(transfer_id)

    def token_use(self, token: Cid) -> TokenUse:
        return self._token_uses.get(token)

    def usage(self, key: UsageKey) -> Usage:
        return self._usages.get(key)

    def policy(self, owner: Did, resource_type: ResourceType) -> PolicyInForce | None:
        return self._policies.get((owner, resource_type))

    def set_policy(self, owner: Did, resource_type: ResourceType, policy: PolicyInForce) -> None:
        self._policies.put((owner, resource_type), policy)

    def revoke(self, target: Cid) -> None:
        self._revocations.put(target, True)

    def is_revoked(self, target: Cid) -> bool:
        return self._revocations.get(target)

    def accounts(self) -> tuple[Account, ...]:
        return self._select_accounts("", ())

    def accounts_of(self, owner: Did) -> tuple[Account, ...]:
        return self._select_accounts("WHERE owner = ?", (owner,))

    def register(self, issuer: Did) -> Register:
        """As stored: asked for at every award, so it is kept until one of its accounts changes."""
        kept = self._registers.get(issuer)
        if kept is None:
            kept = {}
            for account in self._select_accounts("WHERE issuer = ?", (issuer,)):
                if held_in_class(account, issuer):
                    key = account.key
                    kept.setdefault(key.unit.value, {})[key.owner] = account.balance
            self._registers[issuer] = kept
        return kept

    def _select_accounts(self, where: str, values: tuple[str, ...]) -> tuple[Account, ...]:
        self._accounts.flush()
        rows = self._run(
            f"SELECT issuer, unit, owner, kind, {_TOTALS} FROM accounts {where}"
            " ORDER BY issuer, unit, owner, kind",
            values,
        )
        return tuple(
            _account(
                AccountKey(
                    issuer=Did(issuer),
                    unit=unit_named(unit),
                    owner=Did(owner),
                    kind=AccountKind(kind),
                ),
                totals,
            )
            for issuer, unit, owner, kind, *totals in rows
        )

    def transfers(self) -> Iterator[Transfer]:
        """All transfers, in the order of their ids."""
        self._transfers.flush()
        for row in self._run(f"SELECT {_TRANSFER} FROM transfers ORDER BY id"):
            yield _transfer(row)

    def overdue_holds(self, now: int) -> tuple[Transfer, ...]:
        self._transfers.flush()
        rows = self._run(
            f"SELECT {_TRANSFER} FROM transfers WHERE state = 'pending' AND expires_at <= ?"
            " ORDER BY expires_at, id",
            (now,),
        )
        return tuple(_transfer(row) for row in rows)

    # --- rows

    def _read_account(self, key: AccountKey) -> Account:
        row = self._run(
            f"SELECT {_TOTALS} FROM accounts"
            " WHERE issuer = ? AND unit = ? AND owner = ? AND kind = ?",
            _key(key),
        ).fetchone()
        return Account(key=key) if row is None else _account(key, row)

    def _write_accounts(self, rows: list[tuple[AccountKey, Account]]) -> None:
        self._run_many(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *_key(key),
                    account.credits_posted,
                    account.debits_posted,
                    account.debits_pending,
                )
                for key, account in rows
            ],
        )

    def _read_transfer(self, transfer_id: TransferId) -> Transfer | None:
        row = self._run(
            f"SELECT {_TRANSFER} FROM transfers WHERE id = ?", (transfer_id,)
        ).fetchone()
        return None if row is None else _transfer(row)

    def _write_transfers(self, rows: list[tuple[TransferId, Transfer | None]]) -> None:
        self._run_many(
            "INSERT OR REPLACE INTO transfers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_transfer_row(transfer) for _, transfer in rows if transfer is not None],
        )

    def _read_token_use(self, token: Cid) -> TokenUse:
        row = self._run(
            "SELECT drawn, set_aside, is_allocation FROM token_uses WHERE token = ?", (token.raw,)
        ).fetchone()
        if row is None:
            return TokenUse(token=token)
        return TokenUse(token=token, drawn=row[0], set_aside=row[1], is_allocation=bool(row[2]))

    def _write_token_uses(self, rows: list[tuple[Cid, TokenUse]]) -> None:
        self._run_many(
            "INSERT OR REPLACE INTO token_uses VALUES (?, ?, ?, ?)",
            [(token.raw, use.drawn, use.set_aside, int(use.is_allocation)) for token, use in rows],
        )

    def _read_usage(self, key: UsageKey) -> Usage:
        row = self._run(
            "SELECT committed, buckets FROM usages"
            " WHERE issuer = ? AND resource_type = ? AND scope = ? AND subject = ?",
            (key.issuer, key.resource_type.value, key.scope, key.subject),
        ).fetchone()
        return Usage() if row is None else Usage(committed=row[0], buckets=_buckets(row[1]))

    def _write_usages(self, rows: list[tuple[UsageKey, Usage]]) -> None:
        self._run_many(
            "INSERT OR REPLACE INTO usages VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    key.issuer,
                    key.resource_type.value,
                    key.scope,
                    key.subject,
                    usage.committed,
                    encode([None if each is None else to_value(each) for each in usage.buckets]),
                )
                for key, usage in rows
            ],
        )

    def _read_policy(self, key: tuple[Did, ResourceType]) -> PolicyInForce | None:
        owner, resource_type = key
        row = self._run(
            "SELECT cid, version, rule FROM policies WHERE owner = ? AND resource_type = ?",
            (owner, resource_type.value),
        ).fetchone()
        if row is None:
            return None
        cid, version, rule = row
        return PolicyInForce(
            cid=Cid(cid), version=version, rule=union_from_value(Rule, decode(rule))
        )

    def _write_policies(
        self, rows: list[tuple[tuple[Did, ResourceType], PolicyInForce | None]]
    ) -> None:
        self._run_many(
            "INSERT OR REPLACE INTO policies VALUES (?, ?, ?, ?, ?)",
            [
                (
                    owner,
                    kind.value,
                    policy.cid.raw,
                    policy.version,
                    encode(union_to_value(Rule, policy.rule)),
                )
                for (owner, kind), policy in rows
                if policy is not None
            ],
        )

    def _read_revocation(self, target: Cid) -> bool:
        row = self._run("SELECT 1 FROM revocations WHERE target = ?", (target.raw,)).fetchone()
        return row is not None

    def _write_revocations(self, rows: list[tuple[Cid, bool]]) -> None:
        self._run_many(
            "INSERT OR IGNORE INTO revocations VALUES (?)", [(target.raw,) for target, _ in rows]
        )


def _buckets(data: bytes) -> tuple[Bucket | None, ...]:
    return tuple(None if each is None else from_value(Bucket, each) for each in decode(data))


def _key(key: AccountKey) -> tuple[str, str, str, str]:
    return (key.issuer, key.unit.value, key.owner, key.kind.value)


def _account(key: AccountKey, totals: Any) -> Account:
    credits_posted, debits_posted, debits_pending = totals
    return Account(
        key=key,
        credits_posted=credits_posted,
        debits_posted=debits_posted,
        debits_pending=debits_pending,
    )


def _transfer_row(transfer: Transfer) -> tuple[Any, ...]:
    return (
        transfer.id,
        transfer.debit.issuer,
        transfer.debit.unit.value,
        transfer.debit.owner,
        transfer.debit.kind.value,
        None if transfer.credit is None else transfer.credit.owner,
        None if transfer.credit is None else transfer.credit.kind.value,
        transfer.amount,
        transfer.state.value,
        transfer.created_at,
        transfer.expires_at,
        encode(list(transfer.tokens)),
        encode([[each.policy, each.scope] for each in transfer.policies]),
        transfer.subject,
        encode([[payment.owner, payment.amount] for payment in transfer.payments]),
    )


def _transfer(row: Any) -> Transfer:
    raw_id, issuer, kind, debit, debit_kind, credit, credit_kind, amount, state, *rest = row
    created_at, expires_at, tokens, policies, subject, payments = rest
    unit = unit_named(kind)
    paying = AccountKey(
        issuer=Did(issuer), unit=unit, owner=Did(debit), kind=AccountKind(debit_kind)
    )
    return Transfer(
        id=TransferId(raw_id),
        debit=paying,
        credit=None
        if credit is None
        else replace(paying, owner=Did(credit), kind=AccountKind(credit_kind)),
        amount=amount,
        state=TransferState(state),
        created_at=created_at,
        expires_at=expires_at,
        tokens=tuple(decode(tokens)),
        policies=tuple(
            CountedUnder(policy=policy, scope=scope) for policy, scope in decode(policies)
        ),
        subject=None if subject is None else Did(subject),
        payments=tuple(
            Payment(owner=Did(owner), amount=amount) for owner, amount in decode(payments)
        ),
    )
