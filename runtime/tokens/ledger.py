"""Rules of the ledger: double entry in two phases, `hold → post | void`.

`decide` reads through a small view and returns the rows to write, or a refusal; a store does both
in one transaction, with one writer per issuer. The sum over all accounts is zero; only an issuer's
issuance account is negative, by exactly the units that are outstanding; every other account stays ≥
0, holds included. Every command carries an id chosen by its client: the same command again changes
nothing, another one under the same id is refused.
"""

from enum import Enum
from typing import Final, Protocol, assert_never

from msgspec import Struct
from msgspec.structs import replace

from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.tokens.policy import Denied, Usage, evaluate, released
from runtime.tokens.transfers import (
    TRANSFER_ID_BYTES,
    Account,
    AccountKey,
    AccountKind,
    Command,
    ExpireHold,
    Issue,
    Move,
    PlaceHold,
    PostHold,
    Retire,
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
    SAME_ACCOUNT = "debit and credit are the same account"
    OTHER_LEDGER = "the accounts belong to different issuers or units"
    ISSUANCE_NOT_SPENDABLE = "units leave the issuance account only by being issued"
    ID_REUSED = "this id already names a transfer with other content"
    EXPIRY_NOT_IN_FUTURE = "the hold would expire before it begins"
    TOKEN_EXHAUSTED = "the token has less left than the amount asked for"
    BALANCE_TOO_LOW = "the account has less available than the amount asked for"
    DENIED_BY_POLICY = "the policy in force does not allow it"
    LEDGER_FULL = "a total would not fit 63 bits"
    HOLD_NOT_FOUND = "no hold has this id"
    HOLD_EXPIRED = "the hold has expired"
    HOLD_VOIDED = "the hold was voided"
    HOLD_POSTED = "the hold was posted: the units have moved"
    HOLD_NOT_EXPIRED = "the hold has not expired yet"


class Refused(Struct, frozen=True, kw_only=True):
    """A refusal. `denial` is set for DENIED_BY_POLICY; `available` for what is exhausted or too
    low."""

    reason: LedgerRefusal
    denial: Denied | None = None
    available: int | None = None


class UsageRow(Struct, frozen=True, kw_only=True):
    policy: Cid
    subject: Did
    usage: Usage


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
    def usage(self, policy: Cid, subject: Did) -> Usage: ...


def decide(view: LedgerView, command: Command, now: int) -> Change | Refused:
    """Decides what a command changes. Total and pure: the caller writes, in one transaction."""
    if len(command.id) != TRANSFER_ID_BYTES:
        return Refused(reason=LedgerRefusal.ID_NOT_32_BYTES)
    match command:
        case Issue() | Retire() | Move() | PlaceHold():
            return _transfer(view, command, now)
        case PostHold() | VoidHold() | ExpireHold():
            return _resolve(view, command, now)
        case _:
            assert_never(command)


def _transfer(
    view: LedgerView, command: Issue | Retire | Move | PlaceHold, now: int
) -> Change | Refused:
    wanted = _as_transfer(command, now)
    debit, credit = wanted.debit, wanted.credit
    if wanted.amount < 1:
        return Refused(reason=LedgerRefusal.AMOUNT_NOT_POSITIVE)
    if wanted.amount > INTEGER_MAX:
        return Refused(reason=LedgerRefusal.AMOUNT_TOO_LARGE)
    if debit == credit:
        return Refused(reason=LedgerRefusal.SAME_ACCOUNT)
    if (debit.issuer, debit.unit) != (credit.issuer, credit.unit):
        return Refused(reason=LedgerRefusal.OTHER_LEDGER)
    issuance = {key.kind for key in (debit, credit)} - {AccountKind.HOLDINGS}
    if issuance and not isinstance(command, Issue | Retire):
        return Refused(reason=LedgerRefusal.ISSUANCE_NOT_SPENDABLE)
    before = view.transfer(command.id)
    if before is not None:
        return NOTHING if _same(before, wanted) else Refused(reason=LedgerRefusal.ID_REUSED)
    if wanted.expires_at is not None and wanted.expires_at <= now:
        return Refused(reason=LedgerRefusal.EXPIRY_NOT_IN_FUTURE)
    shares = command.tokens if isinstance(command, PlaceHold) else ()
    uses = tuple(view.token_use(share.token) for share in shares)
    for share, use in zip(shares, uses, strict=True):
        if wanted.amount > share.amount - use.drawn:
            left = max(0, share.amount - use.drawn)
            return Refused(reason=LedgerRefusal.TOKEN_EXHAUSTED, available=left)
    payer, payee = view.account(debit), view.account(credit)
    if not isinstance(command, Issue) and payer.available < wanted.amount:
        return Refused(reason=LedgerRefusal.BALANCE_TOO_LOW, available=payer.available)
    usages: tuple[UsageRow, ...] = ()
    if isinstance(command, PlaceHold) and command.policy is not None:
        answer = evaluate(
            command.policy.rule,
            subject=command.subject,
            amount=command.amount,
            usage=view.usage(command.policy.cid, command.subject),
            now=now,
        )
        if isinstance(answer, Denied):
            return Refused(reason=LedgerRefusal.DENIED_BY_POLICY, denial=answer)
        usages = (UsageRow(policy=command.policy.cid, subject=command.subject, usage=answer.usage),)
    if wanted.state is TransferState.PENDING:
        payer, payee = _move_pending(payer, payee, wanted.amount)
    else:
        payer, payee = _move_posted(payer, payee, wanted.amount)
    if _overflows(payer) or _overflows(payee):
        return Refused(reason=LedgerRefusal.LEDGER_FULL)
    return Change(
        transfers=(wanted,),
        accounts=(payer, payee),
        token_uses=tuple(replace(use, drawn=use.drawn + wanted.amount) for use in uses),
        usages=usages,
    )


def _resolve(
    view: LedgerView, command: PostHold | VoidHold | ExpireHold, now: int
) -> Change | Refused:
    hold = view.transfer(command.id)
    if hold is None or hold.expires_at is None:
        return Refused(reason=LedgerRefusal.HOLD_NOT_FOUND)
    due = now >= hold.expires_at
    match command, hold.state:
        case (PostHold(), TransferState.POSTED):
            return NOTHING
        case (VoidHold() | ExpireHold(), TransferState.VOIDED | TransferState.EXPIRED):
            return NOTHING
        case (_, TransferState.POSTED):
            return Refused(reason=LedgerRefusal.HOLD_POSTED)
        case (_, TransferState.VOIDED):
            return Refused(reason=LedgerRefusal.HOLD_VOIDED)
        case (_, TransferState.EXPIRED):
            return Refused(reason=LedgerRefusal.HOLD_EXPIRED)
        case (PostHold(), TransferState.PENDING):
            if due:
                return Refused(reason=LedgerRefusal.HOLD_EXPIRED)
            return _post(view, hold)
        case (VoidHold(), TransferState.PENDING):
            return _release(view, hold, TransferState.VOIDED)
        case (ExpireHold(), TransferState.PENDING):
            if not due:
                return Refused(reason=LedgerRefusal.HOLD_NOT_EXPIRED)
            return _release(view, hold, TransferState.EXPIRED)
    raise AssertionError("the cases above cover every command and state")


def _post(view: LedgerView, hold: Transfer) -> Change:
    payer, payee = view.account(hold.debit), view.account(hold.credit)
    payer, payee = _move_pending(payer, payee, -hold.amount)
    payer, payee = _move_posted(payer, payee, hold.amount)
    assert payer.available >= 0, "the hold kept this amount available"
    assert not _overflows(payee), "the hold was counted when it was placed"
    return Change(transfers=(replace(hold, state=TransferState.POSTED),), accounts=(payer, payee))


def _release(view: LedgerView, hold: Transfer, state: TransferState) -> Change:
    payer, payee = view.account(hold.debit), view.account(hold.credit)
    usages: tuple[UsageRow, ...] = ()
    if hold.policy is not None and hold.subject is not None:
        usage = released(view.usage(hold.policy, hold.subject), hold.amount)
        usages = (UsageRow(policy=hold.policy, subject=hold.subject, usage=usage),)
    uses = tuple(view.token_use(token) for token in hold.tokens)
    return Change(
        transfers=(replace(hold, state=state),),
        accounts=_move_pending(payer, payee, -hold.amount),
        token_uses=tuple(replace(use, drawn=use.drawn - hold.amount) for use in uses),
        usages=usages,
    )


def _as_transfer(command: Issue | Retire | Move | PlaceHold, now: int) -> Transfer:
    match command:
        case Issue() | Retire():
            holdings = AccountKey(issuer=command.issuer, unit=command.unit, owner=command.owner)
            issuance = replace(holdings, owner=command.issuer, kind=AccountKind.ISSUANCE)
            is_issue = isinstance(command, Issue)
            return Transfer(
                id=command.id,
                debit=issuance if is_issue else holdings,
                credit=holdings if is_issue else issuance,
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
                credit=command.credit,
                amount=command.amount,
                state=TransferState.PENDING,
                created_at=now,
                expires_at=command.expires_at,
                tokens=tuple(share.token for share in command.tokens),
                policy=None if command.policy is None else command.policy.cid,
                subject=command.subject,
            )
        case _:
            assert_never(command)


def _same(before: Transfer, wanted: Transfer) -> bool:
    """Returns whether a repeated command says the same as the first. The policy may have changed
    since."""
    return wanted == replace(
        before,
        state=wanted.state,
        created_at=wanted.created_at,
        policy=wanted.policy,
    )


def _move_pending(payer: Account, payee: Account, amount: int) -> tuple[Account, Account]:
    return (
        replace(payer, debits_pending=payer.debits_pending + amount),
        replace(payee, credits_pending=payee.credits_pending + amount),
    )


def _move_posted(payer: Account, payee: Account, amount: int) -> tuple[Account, Account]:
    return (
        replace(payer, debits_posted=payer.debits_posted + amount),
        replace(payee, credits_posted=payee.credits_posted + amount),
    )


def _overflows(account: Account) -> bool:
    return (
        account.credits_posted + account.credits_pending > INTEGER_MAX
        or account.debits_posted + account.debits_pending > INTEGER_MAX
    )
