"""The ledger conserves under any sequence of commands, repeats and timeouts."""

from collections.abc import Iterator

from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from meshfolk import key

from mesh.adapters.memory import MemoryStore
from mesh.ports import Transaction
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.tokens.ledger import NOTHING, Change, Refused, decide
from runtime.tokens.policy import Quota
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import (
    AccountKey,
    AccountKind,
    Command,
    ExpireHold,
    Issue,
    Move,
    PlaceHold,
    PolicyInForce,
    PostHold,
    Retire,
    TokenShare,
    TransferId,
    TransferState,
    VoidHold,
)

ISSUER = key("issuer").did
OWNERS = tuple(key(f"owner-{i}").did for i in range(3))
TOKENS = tuple(TokenShare(token=cid_of(bytes([i]), Codec.RAW), amount=60 * i) for i in (1, 2))
POLICY = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=Quota(limit=90))

IDS = st.integers(0, 11).map(lambda n: TransferId(bytes([n]) * 32))
OWNER = st.sampled_from(OWNERS)
AMOUNTS = st.one_of(st.integers(-1, 120), st.sampled_from([0, INTEGER_MAX, INTEGER_MAX + 1]))


def holdings(owner: str) -> AccountKey:
    return AccountKey(issuer=ISSUER, unit=ResourceType.COMPUTE, owner=owner)  # type: ignore[arg-type]


ACCOUNTS = st.one_of(
    OWNER.map(holdings),
    st.just(
        AccountKey(
            issuer=ISSUER,
            unit=ResourceType.COMPUTE,
            owner=ISSUER,
            kind=AccountKind.ISSUANCE,
        )
    ),
)

COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        Issue,
        id=IDS,
        issuer=st.just(ISSUER),
        owner=OWNER,
        unit=st.just(ResourceType.COMPUTE),
        amount=AMOUNTS,
    ),
    st.builds(
        Retire,
        id=IDS,
        issuer=st.just(ISSUER),
        owner=OWNER,
        unit=st.just(ResourceType.COMPUTE),
        amount=AMOUNTS,
    ),
    st.builds(Move, id=IDS, debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS),
    st.builds(
        PlaceHold,
        id=IDS,
        debit=ACCOUNTS,
        credit=ACCOUNTS,
        amount=AMOUNTS,
        expires_at=st.integers(0, 60),
        subject=OWNER,
        tokens=st.sampled_from([(), TOKENS[:1], TOKENS]),
        policy=st.sampled_from([None, POLICY]),
    ),
    st.builds(PostHold, id=IDS),
    st.builds(VoidHold, id=IDS),
    st.builds(ExpireHold, id=IDS),
)


Answer = Change | Refused


def run(
    tx: Transaction, commands: list[tuple[Command, int]]
) -> Iterator[tuple[Command, int, Answer]]:
    now = 0
    for command, seconds in commands:
        now += seconds
        change = decide(tx.ledger, command, now)
        if isinstance(change, Change):
            tx.ledger.apply(change)
        yield command, now, change


def check(tx: Transaction) -> None:
    accounts = tx.ledger.accounts()
    assert sum(each.balance for each in accounts) == 0
    holds = [tx.ledger.transfer(TransferId(bytes([n]) * 32)) for n in range(12)]
    pending = [each for each in holds if each is not None and each.state is TransferState.PENDING]
    for account in accounts:
        held = sum(each.amount for each in pending if each.debit == account.key)
        assert account.debits_pending == held
        coming = sum(each.amount for each in pending if each.credit == account.key)
        assert account.credits_pending == coming
        if account.key.kind is AccountKind.HOLDINGS:
            assert account.available >= 0
        else:
            assert account.balance <= 0 and account.debits_pending == 0
        for total in (account.credits_posted, account.debits_posted):
            assert 0 <= total <= INTEGER_MAX
    for share in TOKENS:
        drawn = sum(
            each.amount
            for each in holds
            if each is not None
            and share.token in each.tokens
            and each.state in (TransferState.PENDING, TransferState.POSTED)
        )
        assert tx.ledger.token_use(share.token).drawn == drawn <= share.amount
    for owner in OWNERS:
        committed = sum(
            each.amount
            for each in holds
            if each is not None
            and each.policy == POLICY.cid
            and each.subject == owner
            and each.state in (TransferState.PENDING, TransferState.POSTED)
        )
        assert tx.ledger.usage(POLICY.cid, owner).committed == committed <= 90


SEQUENCES = st.lists(st.tuples(COMMANDS, st.integers(0, 8)), max_size=40)


@examples(150)
@given(SEQUENCES)
def test_nothing_is_made_or_lost(commands: list[tuple[Command, int]]) -> None:
    with MemoryStore().write() as tx:
        for _ in run(tx, commands):
            check(tx)


@examples(100)
@given(SEQUENCES)
def test_repeat_changes_nothing(commands: list[tuple[Command, int]]) -> None:
    with MemoryStore().write() as tx:
        for command, now, first in run(tx, commands):
            again = decide(tx.ledger, command, now)
            assert again == (NOTHING if isinstance(first, Change) else first)


@examples(100)
@given(SEQUENCES)
def test_at_the_end_of_time_no_hold_is_left(commands: list[tuple[Command, int]]) -> None:
    with MemoryStore().write() as tx:
        for _ in run(tx, commands):
            pass
        for hold in tx.ledger.overdue_holds(1000):
            change = decide(tx.ledger, ExpireHold(id=hold.id), 1000)
            assert isinstance(change, Change)
            tx.ledger.apply(change)
        check(tx)
        assert all(each.debits_pending == 0 for each in tx.ledger.accounts())
