"""Ledger rows, policies and registers, as every store keeps them."""

import pytest
from meshfolk import START, key
from msgspec.structs import replace

from mesh.ports import Store, Transaction
from runtime.content.cid import Codec, cid_of
from runtime.content.did import Did
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.ledger import Change, decide
from runtime.tokens.policy import Bucket, PermitList, RateLimit, Usage
from runtime.tokens.token import ResourceType, TokenClass, Unit
from runtime.tokens.transfers import (
    Account,
    AccountKey,
    AccountKind,
    Allocate,
    Command,
    CountedUnder,
    Issue,
    Move,
    Payment,
    PlaceHold,
    PostHold,
    Retire,
    TokenShare,
    TokenUse,
    Transfer,
    TransferId,
    TransferState,
)

ALICE, BOB, ISSUER = key("alice").did, key("bob").did, key("issuer").did
ONE = cid_of(b"one", Codec.RAW)
TWO = cid_of(b"two", Codec.RAW)
HOLDINGS = AccountKey(issuer=ISSUER, unit=ResourceType.COMPUTE, owner=ALICE)
HOLD_ID = TransferId(b"h" * 32)
GRANT = Issue(
    id=TransferId(b"i" * 32), issuer=ISSUER, owner=ALICE, unit=ResourceType.COMPUTE, amount=100
)
RATE = RateLimit(amount=1, per_seconds=10, burst=100)


USAGE = UsageKey(issuer=ISSUER, resource_type=ResourceType.COMPUTE, scope="", subject=ALICE)


class Abandoned(Exception):
    """Raised inside a transaction to have it undone."""


def hold() -> PlaceHold:
    return PlaceHold(
        id=HOLD_ID,
        debit=HOLDINGS,
        amount=40,
        expires_at=START + 10,
        subject=ALICE,
        tokens=(TokenShare(token=ONE, amount=100),),
        policies=(PolicyInForce(cid=TWO, rule=RATE),),
    )


def test_ledger_rows_come_back(store: Store) -> None:
    with store.write() as tx:
        for command in (GRANT, hold()):
            change = decide(tx.ledger, command, START)
            assert isinstance(change, Change)
            tx.ledger.apply(change)
    with store.read() as tx:
        mine = Account(key=HOLDINGS, credits_posted=100, debits_pending=40)
        issuance = AccountKey(
            issuer=ISSUER,
            unit=ResourceType.COMPUTE,
            owner=ISSUER,
            kind=AccountKind.ISSUANCE,
        )
        assert tx.ledger.account(HOLDINGS) == mine
        assert tx.ledger.account(issuance).balance == -100
        assert tx.ledger.accounts_of(ALICE) == (mine,)
        assert len(tx.ledger.accounts()) == 2
        assert tx.ledger.transfer(HOLD_ID) == Transfer(
            id=HOLD_ID,
            debit=HOLDINGS,
            credit=None,
            amount=40,
            state=TransferState.PENDING,
            created_at=START,
            expires_at=START + 10,
            tokens=(ONE,),
            policies=(CountedUnder(policy=TWO, scope=""),),
            subject=ALICE,
        )
        assert tx.ledger.token_use(ONE) == TokenUse(token=ONE, drawn=40)
        drawn = Bucket(drawn=400, per_seconds=10, at=START)
        assert tx.ledger.usage(USAGE) == Usage(committed=40, buckets=(drawn,))
        assert [each.id for each in tx.ledger.overdue_holds(START + 10)] == [HOLD_ID]
        assert tx.ledger.overdue_holds(START + 9) == ()


def test_posted_hold_comes_back_with_its_payments(store: Store) -> None:
    payments = (Payment(owner=BOB, amount=30), Payment(owner=ISSUER, amount=4))
    placed = replace(hold(), expires_at=None)
    with store.write() as tx:
        for command in (GRANT, placed, PostHold(id=HOLD_ID, payments=payments)):
            change = decide(tx.ledger, command, START)
            assert isinstance(change, Change)
            tx.ledger.apply(change)
    with store.read() as tx:
        stored = tx.ledger.transfer(HOLD_ID)
        assert stored is not None and stored.is_hold and stored.expires_at is None
        assert stored.payments == payments and stored.state is TransferState.POSTED
        assert tx.ledger.account(replace(HOLDINGS, owner=BOB)).balance == 30
        assert tx.ledger.overdue_holds(START + 10**9) == ()


def test_allocation_comes_back(store: Store) -> None:
    child, parent = TokenShare(token=ONE, amount=30), TokenShare(token=TWO, amount=100)
    with store.write() as tx:
        change = decide(tx.ledger, Allocate(id=HOLD_ID, child=child, parent=parent), START)
        assert isinstance(change, Change)
        tx.ledger.apply(change)
    with store.read() as tx:
        assert tx.ledger.token_use(ONE) == TokenUse(token=ONE, is_allocation=True)
        assert tx.ledger.token_use(TWO) == TokenUse(token=TWO, set_aside=30)


def test_missing_ledger_rows_read_as_empty(store: Store) -> None:
    with store.read() as tx:
        assert tx.ledger.account(HOLDINGS) == Account(key=HOLDINGS)
        assert tx.ledger.transfer(HOLD_ID) is None
        assert tx.ledger.token_use(ONE) == TokenUse(token=ONE)
        assert tx.ledger.usage(USAGE) == Usage()
        assert tx.ledger.accounts_of(ALICE) == ()


def test_policies_and_revocations_are_kept(store: Store) -> None:
    compute, storage = ResourceType.COMPUTE, ResourceType.STORAGE
    with store.write() as tx:
        assert tx.ledger.policy(ISSUER, compute) is None
        tx.ledger.set_policy(ISSUER, compute, PolicyInForce(cid=ONE, rule=RATE))
        listed = PolicyInForce(cid=TWO, rule=PermitList(dids=(ALICE,)))
        tx.ledger.set_policy(ISSUER, compute, listed)
        tx.ledger.revoke(ONE)
        tx.ledger.revoke(ONE)
    with store.read() as tx:
        assert tx.ledger.policy(ISSUER, compute) == listed
        assert tx.ledger.policy(ISSUER, storage) is None
        assert tx.ledger.is_revoked(ONE) and not tx.ledger.is_revoked(TWO)


def test_classes_of_ones_own_issue_are_a_register(store: Store) -> None:
    hour, share = TokenClass("hour"), TokenClass("share")
    number = iter(range(1, 99))

    def name() -> TransferId:
        return TransferId(next(number).to_bytes(32, "big"))

    def issue(unit: Unit, owner: Did, amount: int, issuer: Did = ALICE) -> Issue:
        return Issue(id=name(), issuer=issuer, owner=owner, unit=unit, amount=amount)

    def do(tx: Transaction, *commands: Command) -> None:
        for command in commands:
            change = decide(tx.ledger, command, START)
            assert isinstance(change, Change)
            tx.ledger.apply(change)

    with store.write() as tx:
        do(tx, issue(hour, ALICE, 5), issue(hour, BOB, 2), issue(share, BOB, 1))
        do(tx, issue(hour, BOB, 7, issuer=ISSUER), issue(ResourceType.COMPUTE, BOB, 9))
        assert tx.ledger.register(ALICE) == {"hour": {ALICE: 5, BOB: 2}, "share": {BOB: 1}}
        do(tx, Retire(id=name(), issuer=ALICE, owner=BOB, unit=share, amount=1))
        debit = AccountKey(issuer=ALICE, unit=hour, owner=BOB)
        do(tx, Move(id=name(), debit=debit, credit=replace(debit, owner=ALICE), amount=1))
        assert tx.ledger.register(ALICE) == {"hour": {ALICE: 6, BOB: 1}}
    with pytest.raises(Abandoned), store.write() as tx:
        do(tx, issue(hour, BOB, 100))
        assert tx.ledger.register(ALICE)["hour"][BOB] == 101
        raise Abandoned
    with store.read() as tx:
        assert tx.ledger.register(ALICE) == {"hour": {ALICE: 6, BOB: 1}}
        assert tx.ledger.register(ISSUER) == {"hour": {BOB: 7}}
        assert tx.ledger.register(BOB) == {}
        assert sum(each.balance for each in tx.ledger.accounts()) == 0
