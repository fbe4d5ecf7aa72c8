"""The ledger conserves under any sequence of commands and repeats."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import get_args

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from row_tables import moment
from signers import key

from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.settlement.books import Books
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.ledger import NOTHING, Change, LedgerRefusal, Refused, decide
from runtime.tokens.policy import Quota
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import (
    AccountKey,
    AccountKind,
    Command,
    Issue,
    Move,
    Payment,
    PlaceHold,
    PostHold,
    TokenShare,
    Transfer,
    TransferId,
    TransferState,
    VoidHold,
)

ISSUER = key("issuer").did
OWNERS = tuple(key(f"owner-{i}").did for i in range(3))
TOKENS = tuple(TokenShare(token=cid_of(bytes([i]), Codec.RAW), amount=60 * i) for i in (1, 2))
POLICY = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=Quota(limit=30))
NARROW = PolicyInForce(cid=cid_of(b"narrow", Codec.RAW), scope="care", rule=Quota(limit=20))

GRANTS = tuple(
    Issue(
        id=TransferId(bytes([0x80 | n]) * 32),
        issuer=ISSUER,
        owner=owner,
        unit=ResourceType.COMPUTE,
        amount=100,
    )
    for n, owner in enumerate(OWNERS)
)
"""Every sequence begins with these, for without units all else is refused alike."""

HOLD_IDS = [TransferId(bytes([n]) * 32) for n in range(4)]
OTHER_IDS = [TransferId(bytes([n]) * 32) for n in range(4, 10)]
HOLDS = st.sampled_from(HOLD_IDS)
IDS = st.sampled_from([*OTHER_IDS, *OTHER_IDS, *HOLD_IDS[:2]])
OWNER = st.sampled_from(OWNERS)
LIKELY = st.integers(1, 40)
ODD = st.sampled_from([-1, 0, 61, 120, INTEGER_MAX, INTEGER_MAX + 1])
AMOUNTS = st.one_of(LIKELY, LIKELY, LIKELY, ODD)


def holdings(owner: Did) -> AccountKey:
    return AccountKey(issuer=ISSUER, unit=ResourceType.COMPUTE, owner=owner)


ISSUANCE = AccountKey(
    issuer=ISSUER, unit=ResourceType.COMPUTE, owner=ISSUER, kind=AccountKind.ISSUANCE
)
ACCOUNTS = st.sampled_from([*map(holdings, OWNERS), *map(holdings, OWNERS), ISSUANCE])
PAYMENT = st.builds(Payment, owner=OWNER, amount=st.integers(1, 12))
PAYMENTS = st.one_of(
    st.tuples(PAYMENT),
    st.tuples(PAYMENT, PAYMENT),
    st.tuples(PAYMENT, PAYMENT, PAYMENT),
    st.lists(st.builds(Payment, owner=OWNER, amount=AMOUNTS), max_size=3).map(tuple),
)
PLACE: st.SearchStrategy[Command] = st.builds(
    PlaceHold,
    id=HOLDS,
    debit=ACCOUNTS,
    amount=AMOUNTS,
    subject=OWNER,
    tokens=st.sampled_from([(), TOKENS[1:], TOKENS]),
    policies=st.sampled_from([(), (POLICY,), (POLICY, NARROW)]),
)
POST = st.builds(PostHold, id=HOLDS, payments=PAYMENTS)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    PLACE,
    PLACE,
    PLACE,
    POST,
    POST,
    st.builds(VoidHold, id=HOLDS),
    st.builds(Move, id=IDS, debit=ACCOUNTS, credit=ACCOUNTS, amount=AMOUNTS),
    st.builds(
        Issue,
        id=IDS,
        issuer=st.just(ISSUER),
        owner=OWNER,
        unit=st.just(ResourceType.COMPUTE),
        amount=AMOUNTS,
    ),
)


Answer = Change | Refused


@contextmanager
def new_books() -> Iterator[Books]:
    with MemoryStore().turn(moment()) as turn, turn.delivery(ISSUER) as tx:
        books = Books(tx, ISSUER)
        assert books.carry_out(*GRANTS, now=0) is None
        yield books


def run(books: Books, commands: list[tuple[Command, int]]) -> Iterator[tuple[Command, int, Answer]]:
    now = 0
    for command, seconds in commands:
        now += seconds
        answer = decide(books, command, now)
        refused = books.carry_out(command, now=now)
        assert refused == (answer if isinstance(answer, Refused) else None)
        yield command, now, answer


def spent(hold: Transfer) -> int:
    """What a hold takes of its tokens and its policy: all while pending, then what it paid."""
    return hold.amount if hold.state is TransferState.PENDING else hold.paid


def moved(transfer: Transfer, key: AccountKey) -> int:
    """What a transfer adds to the balance of an account."""
    if transfer.credit is not None:
        return transfer.amount * ((transfer.credit == key) - (transfer.debit == key))
    got = sum(each.amount for each in transfer.payments if holdings(each.owner) == key)
    return got - (transfer.paid if transfer.debit == key else 0)


def check(books: Books, *more: Issue) -> None:
    accounts = books.accounts()
    assert sum(each.balance for each in accounts) == 0
    ids = [*HOLD_IDS, *OTHER_IDS, *(grant.id for grant in (*GRANTS, *more))]
    holds = [books.transfer(each) for each in ids]
    pending = [each for each in holds if each is not None and each.state is TransferState.PENDING]
    for account in accounts:
        held = sum(each.amount for each in pending if each.debit == account.key)
        assert account.debits_pending == held
        assert account.balance == sum(moved(each, account.key) for each in holds if each)
        if account.key.kind is AccountKind.HOLDINGS:
            assert account.available >= 0
        else:
            assert account.balance <= 0 and account.debits_pending == 0
        for total in (account.credits_posted, account.debits_posted):
            assert 0 <= total <= INTEGER_MAX
    for share in TOKENS:
        drawn = sum(
            spent(each) for each in holds if each is not None and share.token in each.tokens
        )
        assert books.token_use(share.token).drawn == drawn <= share.amount
    for policy, owner in product((POLICY, NARROW), OWNERS):
        committed = sum(
            spent(each)
            for each in holds
            if each is not None
            and policy.scope in [counted.scope for counted in each.policies]
            and each.subject == owner
        )
        key = UsageKey(
            issuer=ISSUER,
            resource_type=ResourceType.COMPUTE,
            scope=policy.scope,
            subject=owner,
        )
        assert isinstance(policy.rule, Quota)
        row = books.usage(key)
        assert row.usage.committed == committed <= policy.rule.limit
        changes = [
            number
            for each in holds
            if each is not None and each.subject == owner
            for counted in each.policies
            if counted.scope == policy.scope
            for number in (counted.number, counted.returned)
            if number is not None
        ]
        assert sorted(changes) == list(range(1, row.changes + 1))


SEQUENCES = st.lists(st.tuples(COMMANDS, st.integers(0, 4)), min_size=25, max_size=50)


@examples(150)
@given(SEQUENCES)
def test_nothing_is_made_or_lost(commands: list[tuple[Command, int]]) -> None:
    with new_books() as books:
        for _ in run(books, commands):
            check(books)


@examples(100)
@given(SEQUENCES)
def test_repeat_changes_nothing(commands: list[tuple[Command, int]]) -> None:
    with new_books() as books:
        for command, now, first in run(books, commands):
            again = decide(books, command, now)
            assert again == (NOTHING if isinstance(first, Change) else first)


VAST_AMOUNTS = st.one_of(LIKELY, st.integers(INTEGER_MAX // 3, INTEGER_MAX - 300))
VAST_ACCOUNTS = st.sampled_from([*map(holdings, OWNERS)])
VAST: st.SearchStrategy[Command] = st.one_of(
    st.builds(Move, id=IDS, debit=VAST_ACCOUNTS, credit=VAST_ACCOUNTS, amount=VAST_AMOUNTS),
    st.builds(PlaceHold, id=HOLDS, debit=VAST_ACCOUNTS, amount=VAST_AMOUNTS, subject=OWNER),
    st.builds(
        PostHold, id=HOLDS, payments=st.tuples(st.builds(Payment, owner=OWNER, amount=VAST_AMOUNTS))
    ),
)


@examples(100)
@given(st.lists(st.tuples(VAST, st.just(1)), min_size=20, max_size=40))
def test_totals_that_would_not_fit_refuse_nothing(commands: list[tuple[Command, int]]) -> None:
    """All units that there can be come and go; only more of them are refused."""
    all_others = replace(GRANTS[0], id=TransferId(b"\xff" * 32), amount=INTEGER_MAX - 300)
    with new_books() as books:
        assert books.carry_out(all_others, now=0) is None
        for _, _, answer in run(books, commands):
            assert not isinstance(answer, Refused) or answer.reason is not LedgerRefusal.LEDGER_FULL
            check(books, all_others)


@examples(100)
@given(SEQUENCES)
def test_every_hold_can_be_ended(
    commands: list[tuple[Command, int]],
) -> None:
    with new_books() as books:
        for _ in run(books, commands):
            pass
        for hold_id in HOLD_IDS:
            left = books.transfer(hold_id)
            if left is not None and left.state is TransferState.PENDING:
                assert books.carry_out(VoidHold(id=hold_id), now=1000) is None
                check(books)
        assert all(each.debits_pending == 0 for each in books.accounts())


def test_sequences_reach_every_command_and_most_refusals() -> None:
    """Guards the properties above against a generator whose commands are all refused."""
    reached: set[object] = set()

    @settings(max_examples=600, database=None, derandomize=True)
    @given(SEQUENCES)
    def observe(commands: list[tuple[Command, int]]) -> None:
        with new_books() as books:
            for command, _, answer in run(books, commands):
                if isinstance(answer, Refused):
                    reached.add(answer.reason)
                elif answer != NOTHING:
                    reached.add(type(command))
                    if isinstance(command, PostHold):
                        reached.add(len(command.payments))

    observe()
    rare = {
        LedgerRefusal.ID_NOT_32_BYTES,
        LedgerRefusal.OTHER_LEDGER,
        LedgerRefusal.OTHER_PAYMENTS,
        LedgerRefusal.LEDGER_FULL,
    }
    assert reached >= {1, 2, *get_args(Command), *(set(LedgerRefusal) - rare)}
