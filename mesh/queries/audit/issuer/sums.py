"""The audit of sums: accounts, and draws on tokens, from the entries.

Rule: each is computed anew from the entries that signed records lead to; all accounts of a unit
together are zero.
"""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from mesh.core.settlement.books import (
    ACCOUNTS,
    TOKEN_USES,
    AccountRow,
    EntryRow,
)
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.issuer.facts import IssuerFacts
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.tokens.transfers import AccountKind, TokenUse, TransferState

_Key = tuple[str, Did, AccountKind]


def check_accounts(facts: IssuerFacts, entries: list[EntryRow]) -> Iterator[Finding]:
    """Each account is the sum of its entries; none but the issuance is below zero."""
    wanted = [_as_kept(facts, row) for row in _accounts(entries)]
    yield from compare(
        facts.store, ACCOUNTS, wanted, lambda row: f"account {row.unit} of {row.owner}"
    )
    totals: Counter[str] = Counter()
    for row in facts.store.rows(ACCOUNTS):
        balance = row.credits_posted - row.debits_posted
        totals[row.unit] += balance
        if row.kind is AccountKind.HOLDINGS and balance - row.debits_pending < 0:
            yield _sum(
                facts,
                f"account {row.unit} of {row.owner}",
                f"{balance - row.debits_pending} units available",
            )
    for unit, total in totals.items():
        if total:
            yield _sum(
                facts,
                f"ledger of {facts.did}",
                f"the {unit} accounts add up to {total}, not to 0",
            )


def _sum(facts: IssuerFacts, subject: str, text: str) -> Finding:
    return Finding(
        kind=Kind.SUM,
        actor=facts.did,
        subject=subject,
        text=f"{subject}: {text}",
        # The rows that differ have the mends; a sum of right rows that is wrong has none.
        mend=None,
    )


def _accounts(entries: list[EntryRow]) -> Iterator[AccountRow]:
    sums: dict[_Key, Counter[str]] = {}

    def add(owner: Did, kind: AccountKind, unit: str, field: str, amount: int) -> None:
        sums.setdefault((unit, owner, kind), Counter())[field] += amount

    for row in entries:
        paid = sum(each.amount for each in row.payments)
        if row.credit_owner is not None and row.credit_kind is not None:
            add(row.debit_owner, row.debit_kind, row.unit, "debits_posted", row.amount)
            add(row.credit_owner, row.credit_kind, row.unit, "credits_posted", row.amount)
            continue
        is_open = row.state is TransferState.PENDING
        held = row.amount if is_open else 0
        add(row.debit_owner, row.debit_kind, row.unit, "debits_pending", held)
        add(row.debit_owner, row.debit_kind, row.unit, "debits_posted", paid)
        for each in row.payments:
            add(each.owner, AccountKind.HOLDINGS, row.unit, "credits_posted", each.amount)
    for (unit, owner, kind), found in sums.items():
        yield AccountRow(
            unit=unit,
            owner=owner,
            kind=kind,
            credits_posted=found["credits_posted"],
            debits_posted=found["debits_posted"],
            debits_pending=found["debits_pending"],
        )


def _as_kept(facts: IssuerFacts, row: AccountRow) -> AccountRow:
    """Of totals that would not fit, what came and went is left out of both; how much, depends on
    when."""
    if row.credits_posted <= INTEGER_MAX:
        return row
    stored = facts.store.row(ACCOUNTS, row.unit, row.owner, row.kind)
    off = row.debits_posted if stored is None else row.credits_posted - stored.credits_posted
    off = min(max(off, row.credits_posted - INTEGER_MAX), row.debits_posted)
    return replace(
        row, credits_posted=row.credits_posted - off, debits_posted=row.debits_posted - off
    )


def drawn_by(row: EntryRow) -> int:
    """What an entry counts against tokens and quotas."""
    return row.amount if row.state is TransferState.PENDING else sum(p.amount for p in row.payments)


def check_token_uses(facts: IssuerFacts, entries: list[EntryRow]) -> Iterator[Finding]:
    """What was drawn on each token, by itself and its children."""
    drawn: Counter[Cid] = Counter()
    for row in entries:
        for token in row.tokens:
            drawn[token] += drawn_by(row)
    wanted = (TokenUse(token=token, drawn=units) for token, units in drawn.items())
    yield from compare(facts.store, TOKEN_USES, wanted, lambda row: f"use of token {row.token}")
