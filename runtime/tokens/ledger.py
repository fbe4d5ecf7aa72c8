"""Rules of the ledger: double entry in two phases, `hold → post | void`.

A hold is posted to one payee or several; what they do not get returns to the payer. `decide` reads
through a small view and returns the rows to write, or a refusal; a store does both in one
transaction, with one writer per issuer. The sum over all accounts is zero; only an issuer's
issuance account is negative, by exactly the units that are outstanding; every other account stays ≥
0, holds included. Every command carries an id chosen by its client: the same command again changes
nothing, another one under the same id is refused. Units that are outstanding fit 63 bits, and so
does each balance: an open hold can always be posted.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final, Protocol, assert_never

from msgspec import Struct
from msgspec.structs import replace

from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.tokens.assessment import evaluate
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.policy import Denied, Usage, released
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import (
    TRANSFER_ID_BYTES,
    Account,
    AccountKey,
    AccountKind,
    Command,
    CountedUnder,
    Issue,
    Move,
    Payment,
    PlaceHold,
    PostHold,
    TokenShare,
    TokenUse,
    Transfer,
    TransferId,
    TransferState,
    VoidHold,
)


class LedgerRefusal(Enum):
    """Why a command is refused, in the order it is checked."""

    ID_NOT_32_BYTES = "a transfer's id has 32 bytes"
    AMOUNT_NOT_POSITIVE = "the amount must be at least 1"
    AMOUNT_TOO_LARGE = "the amount does not fit 63 bits"
    NO_PAYMENTS = "a hold is posted to one payee or more; void it to give all of it back"
    SAME_ACCOUNT = "debit and credit are the same account"
    OTHER_LEDGER = "the accounts belong to different issuers or units"
    ISSUANCE_NOT_SPENDABLE = "units leave the issuance account only by being issued"
    ID_REUSED = "this id already names a transfer with other content"
    TOKEN_EXHAUSTED = "the token has less left than the amount asked for"
    BALANCE_TOO_LOW = "the account has less available than the amount asked for"
    DENIED_BY_POLICY = "the policy in force does not allow it"
    LEDGER_FULL = "the units of all accounts, or of a quota, would not fit 63 bits"
    HOLD_NOT_FOUND = "no hold has this id"
    HOLD_VOIDED = "the hold was voided"
    HOLD_POSTED = "the hold was posted: the units have moved"
    OTHER_PAYMENTS = "the hold was posted with other payments"
    PAYMENTS_OVER_HOLD = "the payments add up to more than the hold"


class Refused(Struct, frozen=True, kw_only=True):
    """A refusal. `denial` and the `policy` that denies are set for DENIED_BY_POLICY; `available`
    for what is exhausted or too low."""

    reason: LedgerRefusal
    denial: Denied | None = None
    policy: PolicyInForce | None = None
    available: int | None = None


class UsageRow(Struct, frozen=True, kw_only=True):
    """A subject's usage in the scope of a policy. changes: how many holds and returns it is of."""

    key: UsageKey
    usage: Usage = Usage()
    changes: int = 0


class Change(Struct, frozen=True, kw_only=True):
    """The rows to write, each replacing the one of the same key. Empty: nothing changes."""

    transfers: tuple[Transfer, ...] = ()
    accounts: tuple[Account, ...] = ()
    token_uses: tuple[TokenUse, ...] = ()
    usages: tuple[UsageRow, ...] = ()


NOTHING: Final = Change()


class LedgerView(Protocol):
    """The rows that the rules read. A missing row reads as an empty one; a missing transfer as
    None."""

    def account(self, key: AccountKey) -> Account: ...
    def transfer(self, transfer_id: TransferId) -> Transfer | None: ...
    def token_use(self, token: Cid) -> TokenUse: ...
    def usage(self, key: UsageKey) -> UsageRow: ...


def decide(view: LedgerView, command: Command, now: int) -> Change | Refused:
    """Decides what a command changes. Total and pure: the caller writes, in one transaction."""
    if len(command.id) != TRANSFER_ID_BYTES:
        return Refused(reason=LedgerRefusal.ID_NOT_32_BYTES)
    match command:
        case Issue() | Move() | PlaceHold():
            return _transfer(view, command, now)
        case PostHold() | VoidHold():
            return _resolve(view, command)
        case _:
            assert_never(command)


def _transfer(view: LedgerView, command: Issue | Move | PlaceHold, now: int) -> Change | Refused:
    wanted = _as_transfer(command, now)
    if refusal := _amount_refusal(wanted.amount):
        return Refused(reason=refusal)
    if refusal := _accounts_refusal(command, wanted):
        return Refused(reason=refusal)
    before = view.transfer(command.id)
    if before is not None:
        return NOTHING if _same(before, wanted) else Refused(reason=LedgerRefusal.ID_REUSED)
    shares = command.tokens if isinstance(command, PlaceHold) else ()
    uses = tuple(view.token_use(share.token) for share in shares)
    if shares and wanted.amount > (left := _left(shares, uses)):
        return Refused(reason=LedgerRefusal.TOKEN_EXHAUSTED, available=left)
    payer = view.account(wanted.debit)
    if not isinstance(command, Issue) and payer.available < wanted.amount:
        return Refused(reason=LedgerRefusal.BALANCE_TOO_LOW, available=payer.available)
    usages: tuple[UsageRow, ...] = ()
    if isinstance(command, PlaceHold):
        after = _usages_after(view, command, now)
        if isinstance(after, Refused):
            return after
        usages = after
        wanted = replace(wanted, policies=_counted(command, usages))
    accounts = _accounts_after(view, wanted)
    if any(map(_overflows, accounts)):
        return Refused(reason=LedgerRefusal.LEDGER_FULL)
    return Change(
        transfers=(wanted,),
        accounts=accounts,
        token_uses=_drawn(uses, wanted.amount),
        usages=usages,
    )


def _usages_after(view: LedgerView, hold: PlaceHold, now: int) -> tuple[UsageRow, ...] | Refused:
    """Gives the subject's usage in the scope of each policy that applies, or the denial of one."""
    found = []
    for policy in hold.policies:
        before = view.usage(_usage_key(hold.debit, policy.scope, hold.subject))
        answer = evaluate(
            policy.rule,
            subject=hold.subject,
            amount=hold.amount,
            usage=before.usage,
            now=now,
        )
        if isinstance(answer, Denied):
            return Refused(reason=LedgerRefusal.DENIED_BY_POLICY, denial=answer, policy=policy)
        if answer.usage.committed > INTEGER_MAX:
            return Refused(reason=LedgerRefusal.LEDGER_FULL)
        found.append(_changed(before, answer.usage))
    return tuple(found)


def _changed(row: UsageRow, usage: Usage) -> UsageRow:
    return replace(row, usage=usage, changes=row.changes + 1)


def _counted(hold: PlaceHold, usages: tuple[UsageRow, ...]) -> tuple[CountedUnder, ...]:
    return tuple(
        CountedUnder(policy=policy.cid, scope=policy.scope, number=after.changes)
        for policy, after in zip(hold.policies, usages, strict=True)
    )


def _usage_key(debit: AccountKey, scope: str, subject: Did) -> UsageKey:
    assert isinstance(debit.unit, ResourceType), "policies are for resources"
    return UsageKey(issuer=debit.issuer, resource_type=debit.unit, scope=scope, subject=subject)


def _amount_refusal(amount: int) -> LedgerRefusal | None:
    if amount < 1:
        return LedgerRefusal.AMOUNT_NOT_POSITIVE
    if amount > INTEGER_MAX:
        return LedgerRefusal.AMOUNT_TOO_LARGE
    return None


def _accounts_refusal(command: Issue | Move | PlaceHold, wanted: Transfer) -> LedgerRefusal | None:
    debit, credit = wanted.debit, wanted.credit
    if debit == credit:
        return LedgerRefusal.SAME_ACCOUNT
    if credit is not None and (debit.issuer, debit.unit) != (credit.issuer, credit.unit):
        return LedgerRefusal.OTHER_LEDGER
    kinds = {key.kind for key in (debit, credit) if key is not None}
    if kinds != {AccountKind.HOLDINGS} and not isinstance(command, Issue):
        return LedgerRefusal.ISSUANCE_NOT_SPENDABLE
    return None


def _accounts_after(view: LedgerView, transfer: Transfer) -> tuple[Account, ...]:
    """Gives the accounts of a new transfer with its amount in them."""
    payer = view.account(transfer.debit)
    if transfer.credit is None:
        return (replace(payer, debits_pending=payer.debits_pending + transfer.amount),)
    payee = view.account(transfer.credit)
    return (
        _fitting(replace(payer, debits_posted=payer.debits_posted + transfer.amount)),
        _fitting(replace(payee, credits_posted=payee.credits_posted + transfer.amount)),
    )


def _resolve(view: LedgerView, command: PostHold | VoidHold) -> Change | Refused:
    if isinstance(command, PostHold):
        if not command.payments:
            return Refused(reason=LedgerRefusal.NO_PAYMENTS)
        for payment in command.payments:
            if refusal := _amount_refusal(payment.amount):
                return Refused(reason=refusal)
    hold = view.transfer(command.id)
    if hold is None or not hold.is_hold:
        return Refused(reason=LedgerRefusal.HOLD_NOT_FOUND)
    match command, hold.state:
        case (PostHold(payments=payments), TransferState.POSTED):
            if payments != hold.payments:
                return Refused(reason=LedgerRefusal.OTHER_PAYMENTS)
            return NOTHING
        case (VoidHold(), TransferState.VOIDED):
            return NOTHING
        case (_, TransferState.POSTED):
            return Refused(reason=LedgerRefusal.HOLD_POSTED)
        case (_, TransferState.VOIDED):
            return Refused(reason=LedgerRefusal.HOLD_VOIDED)
        case (PostHold(payments=payments), TransferState.PENDING):
            return _end(view, hold, TransferState.POSTED, payments)
        case (VoidHold(), TransferState.PENDING):
            return _end(view, hold, TransferState.VOIDED)
    raise AssertionError("the cases above cover every command and state")


def _end(
    view: LedgerView,
    hold: Transfer,
    state: TransferState,
    payments: tuple[Payment, ...] = (),
) -> Change | Refused:
    """Ends a pending hold: pays its payees, and gives the rest back to account, tokens, quota."""
    ended = replace(hold, state=state, payments=payments)
    returned = hold.amount - ended.paid
    if returned < 0:
        return Refused(reason=LedgerRefusal.PAYMENTS_OVER_HOLD, available=hold.amount)
    uses = tuple(view.token_use(token) for token in hold.tokens) if returned else ()
    usages = _usages_given_back(view, hold, returned)
    if usages:
        policies = zip(hold.policies, usages, strict=True)
        counted = tuple(replace(each, returned=after.changes) for each, after in policies)
        ended = replace(ended, policies=counted)
    return Change(
        transfers=(ended,),
        accounts=_accounts_paid(view, ended),
        token_uses=_drawn(uses, -returned),
        usages=usages,
    )


def _usages_given_back(view: LedgerView, hold: Transfer, amount: int) -> tuple[UsageRow, ...]:
    if not amount or hold.subject is None:
        return ()
    rows = (view.usage(_usage_key(hold.debit, each.scope, hold.subject)) for each in hold.policies)
    return tuple(_changed(row, released(row.usage, amount)) for row in rows)


def _accounts_paid(view: LedgerView, hold: Transfer) -> tuple[Account, ...]:
    """Gives the accounts after a hold's payments. A payee may occur twice, or be the payer."""
    payer = view.account(hold.debit)
    after = {
        payer.key: replace(
            payer,
            debits_pending=payer.debits_pending - hold.amount,
            debits_posted=payer.debits_posted + hold.paid,
        )
    }
    for payment in hold.payments:
        key = replace(hold.debit, owner=payment.owner)
        payee = after.get(key) or view.account(key)
        after[key] = replace(payee, credits_posted=payee.credits_posted + payment.amount)
    return tuple(map(_fitting, after.values()))


def _left(shares: Sequence[TokenShare], uses: Sequence[TokenUse]) -> int:
    """Gives the units that a chain's leaf may still spend: a draw counts for its parents too."""
    return min(share.amount - use.drawn for share, use in zip(shares, uses, strict=True))


def _drawn(uses: Sequence[TokenUse], amount: int) -> tuple[TokenUse, ...]:
    """Gives the uses of a chain after a draw; a negative amount gives back."""
    return tuple(replace(use, drawn=use.drawn + amount) for use in uses)


def _as_transfer(command: Issue | Move | PlaceHold, now: int) -> Transfer:
    match command:
        case Issue():
            holdings = AccountKey(issuer=command.issuer, unit=command.unit, owner=command.owner)
            return Transfer(
                id=command.id,
                debit=replace(holdings, owner=command.issuer, kind=AccountKind.ISSUANCE),
                credit=holdings,
                amount=command.amount,
                state=TransferState.POSTED,
                created_at=now,
            )
        case Move():
            return Transfer(
                id=command.id,
                debit=command.debit,
                credit=command.credit,
                amount=command.amount,
                state=TransferState.POSTED,
                created_at=now,
            )
        case PlaceHold():
            return Transfer(
                id=command.id,
                debit=command.debit,
                credit=None,
                amount=command.amount,
                state=TransferState.PENDING,
                created_at=now,
                tokens=tuple(share.token for share in command.tokens),
                subject=command.subject,
            )
        case _:
            assert_never(command)


def _same(before: Transfer, wanted: Transfer) -> bool:
    """Returns whether a repeated command says the same as the first. The policies may have changed
    since."""
    return wanted == replace(
        before,
        state=wanted.state,
        created_at=wanted.created_at,
        policies=wanted.policies,
        payments=(),
    )


def _fitting(account: Account) -> Account:
    """Totals that would not fit are kept without what came and went; the balance is the same."""
    if not _overflows(account):
        return account
    both = min(account.credits_posted, account.debits_posted)
    return replace(
        account,
        credits_posted=account.credits_posted - both,
        debits_posted=account.debits_posted - both,
    )


def _overflows(account: Account) -> bool:
    return (
        account.credits_posted > INTEGER_MAX
        or account.debits_posted + account.debits_pending > INTEGER_MAX
    )
