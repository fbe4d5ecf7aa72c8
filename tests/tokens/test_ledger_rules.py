"""Rules of the ledger one by one: each refusal has its name, and each repeat is harmless."""

from collections.abc import Iterator

import pytest
from meshfolk import key
from msgspec.structs import replace

from mesh.adapters.memory import MemoryStore
from mesh.ports import Transaction
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.ledger import NOTHING, Change, LedgerRefusal, Refused, decide
from runtime.tokens.policy import PermitList, Quota, RateLimit
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import (
    AccountKey,
    AccountKind,
    Allocate,
    Command,
    EndAllocation,
    ExpireHold,
    Issue,
    Move,
    Payment,
    PlaceHold,
    PostHold,
    Retire,
    TokenShare,
    TokenUse,
    TransferId,
    TransferState,
    VoidHold,
)

ISSUER, ALICE, BOB, CAROL = (key(name).did for name in ("issuer", "alice", "bob", "carol"))
MINE = AccountKey(issuer=ISSUER, unit=ResourceType.COMPUTE, owner=ALICE)
YOURS = replace(MINE, owner=BOB)
ISSUANCE = replace(MINE, owner=ISSUER, kind=AccountKind.ISSUANCE)
TOKEN = TokenShare(token=cid_of(b"token", Codec.RAW), amount=60)


USAGE = UsageKey(issuer=ISSUER, resource_type=ResourceType.COMPUTE, scope="", subject=ALICE)


def name(text: str) -> TransferId:
    return TransferId(text.encode().ljust(32, b"."))


GRANT = Issue(
    id=name("grant"),
    issuer=ISSUER,
    owner=ALICE,
    unit=ResourceType.COMPUTE,
    amount=100,
)
HOLD = PlaceHold(id=name("hold"), debit=MINE, amount=40, expires_at=50, subject=ALICE)
POST = PostHold(id=HOLD.id, payments=(Payment(owner=BOB, amount=40),))
RETIRE = Retire(id=name("retire"), issuer=ISSUER, owner=ALICE, unit=ResourceType.COMPUTE, amount=25)
MOVE = Move(id=name("move"), debit=MINE, credit=YOURS, amount=30)


@pytest.fixture
def tx() -> Iterator[Transaction]:
    with MemoryStore().write() as tx:
        done(tx, GRANT)
        yield tx


def done(tx: Transaction, command: Command, now: int = 0) -> None:
    change = decide(tx.ledger, command, now)
    assert isinstance(change, Change), change
    tx.ledger.apply(change)


def balances(tx: Transaction) -> tuple[int, int, int, int]:
    """Mine, what is available of it, yours, the issuance."""
    mine = tx.ledger.account(MINE)
    return (
        mine.balance,
        mine.available,
        tx.ledger.account(YOURS).balance,
        tx.ledger.account(ISSUANCE).balance,
    )


def test_hold_sets_aside_and_a_post_moves(tx: Transaction) -> None:
    done(tx, HOLD)
    assert balances(tx) == (100, 60, 0, -100)
    done(tx, POST, now=49)
    assert balances(tx) == (60, 60, 40, -100)


@pytest.mark.parametrize(
    ("end", "now", "state"),
    [
        (VoidHold(id=HOLD.id), 0, TransferState.VOIDED),
        (VoidHold(id=HOLD.id), 60, TransferState.VOIDED),
        (ExpireHold(id=HOLD.id), 50, TransferState.EXPIRED),
    ],
)
def test_void_or_expired_hold_gives_everything_back(
    tx: Transaction, end: Command, now: int, state: TransferState
) -> None:
    done(tx, replace(HOLD, tokens=(TOKEN,)))
    assert tx.ledger.token_use(TOKEN.token).drawn == 40
    done(tx, end, now)
    assert balances(tx) == (100, 100, 0, -100)
    assert tx.ledger.token_use(TOKEN.token).drawn == 0
    hold = tx.ledger.transfer(HOLD.id)
    assert hold is not None and hold.state is state
    done(tx, VoidHold(id=HOLD.id), now)
    assert balances(tx) == (100, 100, 0, -100)


def test_move_is_done_at_once(tx: Transaction) -> None:
    done(tx, MOVE)
    assert balances(tx) == (70, 70, 30, -100)


def test_retired_units_are_out_of_circulation(tx: Transaction) -> None:
    done(tx, RETIRE)
    assert balances(tx) == (75, 75, 0, -75)
    done(tx, HOLD)
    refused = decide(tx.ledger, replace(RETIRE, id=name("more"), amount=36), 0)
    assert refused == Refused(reason=LedgerRefusal.BALANCE_TOO_LOW, available=35)


@pytest.mark.parametrize("command", [GRANT, HOLD, MOVE, RETIRE])
def test_same_command_again_changes_nothing(tx: Transaction, command: Command) -> None:
    done(tx, command)
    before = balances(tx)
    assert decide(tx.ledger, command, 10) == NOTHING
    assert decide(tx.ledger, command, 1000) == NOTHING
    assert balances(tx) == before


def test_repeat_after_the_end_of_a_hold_changes_nothing(tx: Transaction) -> None:
    done(tx, HOLD)
    done(tx, POST)
    for command in (HOLD, POST):
        assert decide(tx.ledger, command, 0) == NOTHING


def paying(*payments: tuple[Did, int]) -> tuple[Payment, ...]:
    return tuple(Payment(owner=owner, amount=amount) for owner, amount in payments)


R = LedgerRefusal
CASES: list[tuple[LedgerRefusal, Command, int]] = [
    (R.ID_NOT_32_BYTES, replace(MOVE, id=TransferId(b"short")), 0),
    (R.AMOUNT_NOT_POSITIVE, replace(MOVE, amount=0), 0),
    (R.AMOUNT_NOT_POSITIVE, replace(HOLD, amount=-1), 0),
    (R.AMOUNT_TOO_LARGE, replace(MOVE, amount=INTEGER_MAX + 1), 0),
    (R.NO_PAYMENTS, PostHold(id=HOLD.id, payments=()), 0),
    (R.AMOUNT_NOT_POSITIVE, PostHold(id=HOLD.id, payments=paying((BOB, 5), (CAROL, 0))), 0),
    (R.AMOUNT_TOO_LARGE, PostHold(id=HOLD.id, payments=paying((BOB, INTEGER_MAX + 1))), 0),
    (R.SAME_ACCOUNT, replace(MOVE, credit=MINE), 0),
    (R.OTHER_LEDGER, replace(MOVE, credit=replace(YOURS, issuer=BOB)), 0),
    (
        R.OTHER_LEDGER,
        replace(MOVE, credit=replace(YOURS, unit=ResourceType.STORAGE)),
        0,
    ),
    (R.ISSUANCE_NOT_SPENDABLE, replace(MOVE, debit=ISSUANCE), 0),
    (R.ISSUANCE_NOT_SPENDABLE, replace(HOLD, debit=ISSUANCE), 0),
    (R.ISSUANCE_NOT_SPENDABLE, replace(MOVE, credit=ISSUANCE), 0),
    (R.ID_REUSED, replace(GRANT, amount=101), 0),
    (R.ID_REUSED, replace(MOVE, id=GRANT.id), 0),
    (R.EXPIRY_NOT_IN_FUTURE, HOLD, 50),
    (R.TOKEN_EXHAUSTED, replace(HOLD, amount=61, tokens=(TOKEN,)), 0),
    (R.BALANCE_TOO_LOW, replace(HOLD, amount=101), 0),
    (R.BALANCE_TOO_LOW, replace(MOVE, debit=YOURS, credit=MINE), 0),
    (R.LEDGER_FULL, replace(GRANT, id=name("more"), amount=INTEGER_MAX), 0),
    (R.HOLD_NOT_FOUND, replace(POST, id=name("nothing")), 0),
    (R.HOLD_NOT_FOUND, VoidHold(id=GRANT.id), 0),
    (R.HOLD_NOT_FOUND, replace(POST, id=GRANT.id), 0),
    (R.HOLD_NOT_FOUND, ExpireHold(id=name("nothing")), 0),
]


@pytest.mark.parametrize(("refusal", "command", "now"), CASES)
def test_each_refusal_has_its_name(
    tx: Transaction, refusal: LedgerRefusal, command: Command, now: int
) -> None:
    before = balances(tx)
    answer = decide(tx.ledger, command, now)
    assert isinstance(answer, Refused)
    assert answer.reason is refusal
    assert balances(tx) == before


LATER: list[tuple[LedgerRefusal, Command | None, Command, int]] = [
    (R.HOLD_POSTED, POST, VoidHold(id=HOLD.id), 0),
    (R.HOLD_POSTED, POST, ExpireHold(id=HOLD.id), 60),
    (R.HOLD_VOIDED, VoidHold(id=HOLD.id), POST, 0),
    (R.HOLD_EXPIRED, None, POST, 50),
    (R.HOLD_NOT_EXPIRED, None, ExpireHold(id=HOLD.id), 49),
    (R.ID_REUSED, None, replace(HOLD, amount=41), 0),
    (R.ID_REUSED, None, replace(HOLD, expires_at=51), 0),
    (R.ID_REUSED, None, replace(HOLD, expires_at=None), 0),
    (R.PAYMENTS_OVER_HOLD, None, replace(POST, payments=paying((BOB, 40), (CAROL, 1))), 0),
    (R.OTHER_PAYMENTS, POST, replace(POST, payments=paying((BOB, 39))), 0),
    (R.OTHER_PAYMENTS, POST, replace(POST, payments=paying((CAROL, 40))), 0),
    (R.OTHER_PAYMENTS, POST, replace(POST, payments=paying((BOB, 20), (BOB, 20))), 0),
    (R.ID_REUSED, None, replace(HOLD, subject=BOB), 0),
    (R.BALANCE_TOO_LOW, None, replace(MOVE, amount=61), 0),
]


@pytest.mark.parametrize(("refusal", "first", "then", "now"), LATER)
def test_hold_is_refused_with_its_reason(
    tx: Transaction, refusal: LedgerRefusal, first: Command | None, then: Command, now: int
) -> None:
    done(tx, HOLD)
    if first is not None:
        done(tx, first)
    answer = decide(tx.ledger, then, now)
    assert isinstance(answer, Refused)
    assert answer.reason is refusal


def test_hold_is_paid_to_several_and_the_rest_returns(tx: Transaction) -> None:
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=Quota(limit=90))
    done(tx, replace(HOLD, tokens=(TOKEN,), policies=(policy,)))
    assert tx.ledger.account(YOURS).balance == 0
    done(tx, replace(POST, payments=paying((BOB, 25), (CAROL, 5), (BOB, 2))))
    assert balances(tx) == (68, 68, 27, -100)
    assert tx.ledger.account(replace(MINE, owner=CAROL)).balance == 5
    assert tx.ledger.token_use(TOKEN.token).drawn == 32
    assert tx.ledger.usage(USAGE).committed == 32


def test_payer_may_be_among_the_payees(tx: Transaction) -> None:
    done(tx, replace(HOLD, tokens=(TOKEN,)))
    done(tx, replace(POST, payments=paying((ALICE, 30), (BOB, 10))))
    assert balances(tx) == (90, 90, 10, -100)
    assert tx.ledger.token_use(TOKEN.token).drawn == 40


def test_rate_limit_gives_back_nothing_that_returns(tx: Transaction) -> None:
    rule = RateLimit(amount=1, per_seconds=10, burst=50)
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=rule)
    done(tx, replace(HOLD, policies=(policy,)))
    held = tx.ledger.usage(USAGE)
    done(tx, replace(POST, payments=paying((BOB, 1))))
    assert tx.ledger.usage(USAGE) == replace(held, committed=1)


def test_hold_without_expiry_is_ended_by_a_command_alone(tx: Transaction) -> None:
    done(tx, replace(HOLD, expires_at=None))
    answer = decide(tx.ledger, ExpireHold(id=HOLD.id), INTEGER_MAX)
    assert answer == Refused(reason=R.HOLD_NOT_EXPIRED)
    assert tx.ledger.overdue_holds(INTEGER_MAX) == ()
    done(tx, POST, INTEGER_MAX)
    assert balances(tx) == (60, 60, 40, -100)


def test_payee_whose_total_would_overflow_is_not_paid(tx: Transaction) -> None:
    full = replace(GRANT, id=name("full"), owner=BOB, issuer=ISSUER, amount=INTEGER_MAX - 100)
    done(tx, full)
    done(tx, replace(RETIRE, id=name("out"), owner=BOB, amount=INTEGER_MAX - 100))
    done(tx, HOLD)
    done(tx, replace(MOVE, id=name("near"), amount=60))
    done(tx, replace(MOVE, id=name("back"), debit=YOURS, credit=MINE, amount=60))
    before = balances(tx)
    answer = decide(tx.ledger, replace(POST, payments=paying((CAROL, 1), (BOB, 39))), 0)
    assert isinstance(answer, Change)
    over = replace(HOLD, id=name("over"), amount=60)
    done(tx, over)
    tx.ledger.apply(answer)
    assert decide(tx.ledger, PostHold(id=over.id, payments=paying((BOB, 2))), 0) == Refused(
        reason=R.LEDGER_FULL
    )
    assert before == (100, 60, 0, -100)


def test_post_of_an_expired_hold_is_refused(tx: Transaction) -> None:
    done(tx, HOLD)
    done(tx, ExpireHold(id=HOLD.id), 50)
    answer = decide(tx.ledger, POST, 0)
    assert answer == Refused(reason=R.HOLD_EXPIRED)


def test_policy_is_evaluated_in_the_same_decision(tx: Transaction) -> None:
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=PermitList(dids=(BOB,)))
    answer = decide(tx.ledger, replace(HOLD, policies=(policy,)), 0)
    assert isinstance(answer, Refused)
    assert answer.reason is R.DENIED_BY_POLICY and answer.denial is not None
    assert answer.policy == policy
    done(tx, replace(HOLD, policies=(policy,), subject=BOB))


def test_child_token_draws_on_its_parents_too(tx: Transaction) -> None:
    child = TokenShare(token=cid_of(b"child", Codec.RAW), amount=50)
    done(tx, replace(HOLD, tokens=(child, TOKEN)))
    assert tx.ledger.token_use(TOKEN.token).drawn == 40
    again = replace(HOLD, id=name("again"), amount=21, tokens=(TOKEN,))
    assert decide(tx.ledger, again, 0) == Refused(reason=R.TOKEN_EXHAUSTED, available=20)


CHILD = TokenShare(token=cid_of(b"child", Codec.RAW), amount=50)
SET_ASIDE = Allocate(id=name("aside"), child=CHILD, parent=TOKEN)
END = EndAllocation(id=name("end"), child=CHILD, parent=TOKEN)


def test_parent_no_longer_spends_what_is_set_aside(tx: Transaction) -> None:
    done(tx, SET_ASIDE)
    assert decide(tx.ledger, SET_ASIDE, 0) == NOTHING
    by_parent = replace(HOLD, amount=11, tokens=(TOKEN,))
    assert decide(tx.ledger, by_parent, 0) == Refused(reason=R.TOKEN_EXHAUSTED, available=10)
    done(tx, replace(by_parent, amount=10))
    by_child = replace(HOLD, id=name("other"), amount=50, tokens=(CHILD, TOKEN))
    done(tx, by_child)
    assert tx.ledger.token_use(TOKEN.token) == TokenUse(token=TOKEN.token, drawn=60)
    done(tx, PostHold(id=by_child.id, payments=paying((BOB, 20))))
    assert tx.ledger.token_use(TOKEN.token) == TokenUse(token=TOKEN.token, drawn=30, set_aside=30)


def test_more_than_is_left_is_not_set_aside(tx: Transaction) -> None:
    done(tx, replace(HOLD, amount=11, tokens=(TOKEN,)))
    assert decide(tx.ledger, SET_ASIDE, 0) == Refused(reason=R.TOKEN_EXHAUSTED, available=49)


def test_ended_allocation_gives_back_what_was_not_spent(tx: Transaction) -> None:
    done(tx, replace(HOLD, amount=20, tokens=(CHILD, TOKEN)))
    done(tx, SET_ASIDE)
    assert tx.ledger.token_use(TOKEN.token).set_aside == 30
    done(tx, END)
    assert decide(tx.ledger, END, 0) == NOTHING
    assert tx.ledger.token_use(TOKEN.token) == TokenUse(token=TOKEN.token, drawn=20)
    done(tx, VoidHold(id=HOLD.id))
    assert tx.ledger.token_use(TOKEN.token) == TokenUse(token=TOKEN.token)


def test_all_refusals_are_tested() -> None:
    tested = {case[0] for case in CASES} | {case[0] for case in LATER}
    assert tested | {R.DENIED_BY_POLICY} == set(R)
