"""Rules of the ledger one by one: each refusal has its name, and each repeat is harmless."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from row_tables import moment
from signers import key

from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.settlement.books import Books
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.ledger import NOTHING, LedgerRefusal, Refused, decide
from runtime.tokens.policy import PermitList, Quota, RateLimit
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
HOLD = PlaceHold(id=name("hold"), debit=MINE, amount=40, subject=ALICE)
POST = PostHold(id=HOLD.id, payments=(Payment(owner=BOB, amount=40),))
MOVE = Move(id=name("move"), debit=MINE, credit=YOURS, amount=30)


@pytest.fixture
def books() -> Iterator[Books]:
    with MemoryStore().turn(moment()) as turn, turn.delivery(ISSUER) as tx:
        books = Books(tx, ISSUER)
        done(books, GRANT)
        yield books


def done(books: Books, command: Command, now: int = 0) -> None:
    assert books.carry_out(command, now=now) is None


def balances(books: Books) -> tuple[int, int, int, int]:
    """Mine, what is available of it, yours, the issuance."""
    mine = books.account(MINE)
    return (
        mine.balance,
        mine.available,
        books.account(YOURS).balance,
        books.account(ISSUANCE).balance,
    )


def test_hold_sets_aside_and_a_post_moves(books: Books) -> None:
    done(books, HOLD)
    assert balances(books) == (100, 60, 0, -100)
    done(books, POST, now=49)
    assert balances(books) == (60, 60, 40, -100)


def test_void_hold_gives_everything_back(books: Books) -> None:
    done(books, replace(HOLD, tokens=(TOKEN,)))
    assert books.token_use(TOKEN.token).drawn == 40
    for _ in range(2):
        done(books, VoidHold(id=HOLD.id), 60)
        assert balances(books) == (100, 100, 0, -100)
        assert books.token_use(TOKEN.token).drawn == 0
        hold = books.transfer(HOLD.id)
        assert hold is not None and hold.state is TransferState.VOIDED


def test_move_is_done_at_once(books: Books) -> None:
    done(books, MOVE)
    assert balances(books) == (70, 70, 30, -100)


@pytest.mark.parametrize("command", [GRANT, HOLD, MOVE])
def test_same_command_again_changes_nothing(books: Books, command: Command) -> None:
    done(books, command)
    before = balances(books)
    assert decide(books, command, 10) == NOTHING
    assert decide(books, command, 1000) == NOTHING
    assert balances(books) == before


def test_repeat_after_the_end_of_a_hold_changes_nothing(books: Books) -> None:
    done(books, HOLD)
    done(books, POST)
    for command in (HOLD, POST):
        assert decide(books, command, 0) == NOTHING


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
    (R.TOKEN_EXHAUSTED, replace(HOLD, amount=61, tokens=(TOKEN,)), 0),
    (R.BALANCE_TOO_LOW, replace(HOLD, amount=101), 0),
    (R.BALANCE_TOO_LOW, replace(MOVE, debit=YOURS, credit=MINE), 0),
    (R.LEDGER_FULL, replace(GRANT, id=name("more"), amount=INTEGER_MAX), 0),
    (R.HOLD_NOT_FOUND, replace(POST, id=name("nothing")), 0),
    (R.HOLD_NOT_FOUND, VoidHold(id=GRANT.id), 0),
    (R.HOLD_NOT_FOUND, replace(POST, id=GRANT.id), 0),
]


@pytest.mark.parametrize(("refusal", "command", "now"), CASES)
def test_each_refusal_has_its_name(
    books: Books, refusal: LedgerRefusal, command: Command, now: int
) -> None:
    before = balances(books)
    answer = books.carry_out(command, now=now)
    assert answer is not None
    assert answer.reason is refusal
    assert balances(books) == before


LATER: list[tuple[LedgerRefusal, Command | None, Command, int]] = [
    (R.HOLD_POSTED, POST, VoidHold(id=HOLD.id), 0),
    (R.HOLD_VOIDED, VoidHold(id=HOLD.id), POST, 0),
    (R.ID_REUSED, None, replace(HOLD, amount=41), 0),
    (R.PAYMENTS_OVER_HOLD, None, replace(POST, payments=paying((BOB, 40), (CAROL, 1))), 0),
    (R.OTHER_PAYMENTS, POST, replace(POST, payments=paying((BOB, 39))), 0),
    (R.OTHER_PAYMENTS, POST, replace(POST, payments=paying((CAROL, 40))), 0),
    (R.OTHER_PAYMENTS, POST, replace(POST, payments=paying((BOB, 20), (BOB, 20))), 0),
    (R.ID_REUSED, None, replace(HOLD, subject=BOB), 0),
    (R.BALANCE_TOO_LOW, None, replace(MOVE, amount=61), 0),
]


@pytest.mark.parametrize(("refusal", "first", "then", "now"), LATER)
def test_hold_is_refused_with_its_reason(
    books: Books, refusal: LedgerRefusal, first: Command | None, then: Command, now: int
) -> None:
    done(books, HOLD)
    if first is not None:
        done(books, first)
    answer = books.carry_out(then, now=now)
    assert answer is not None
    assert answer.reason is refusal


def test_hold_is_paid_to_several_and_the_rest_returns(books: Books) -> None:
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=Quota(limit=90))
    done(books, replace(HOLD, tokens=(TOKEN,), policies=(policy,)))
    assert books.account(YOURS).balance == 0
    done(books, replace(POST, payments=paying((BOB, 25), (CAROL, 5), (BOB, 2))))
    assert balances(books) == (68, 68, 27, -100)
    assert books.account(replace(MINE, owner=CAROL)).balance == 5
    assert books.token_use(TOKEN.token).drawn == 32
    assert books.usage(USAGE).usage.committed == 32


def test_payer_may_be_among_the_payees(books: Books) -> None:
    done(books, replace(HOLD, tokens=(TOKEN,)))
    done(books, replace(POST, payments=paying((ALICE, 30), (BOB, 10))))
    assert balances(books) == (90, 90, 10, -100)
    assert books.token_use(TOKEN.token).drawn == 40


def test_rate_limit_gives_back_nothing_that_returns(books: Books) -> None:
    rule = RateLimit(amount=1, per_seconds=10, burst=50)
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=rule)
    done(books, replace(HOLD, policies=(policy,)))
    held = books.usage(USAGE).usage
    done(books, replace(POST, payments=paying((BOB, 1))))
    assert books.usage(USAGE).usage == replace(held, committed=1)


def test_payee_whose_totals_would_not_fit_is_paid(books: Books) -> None:
    """Nearly all units that there can be have come to Bob, and went on to Carol, twice."""
    most = INTEGER_MAX - 100
    done(books, replace(GRANT, id=name("full"), owner=BOB, issuer=ISSUER, amount=most))
    out = AccountKey(issuer=ISSUER, unit=ResourceType.COMPUTE, owner=CAROL)
    for number in range(2):
        there, back = name(f"there {number}"), name(f"back {number}")
        done(books, replace(MOVE, id=there, debit=YOURS, credit=out, amount=most))
        done(books, replace(MOVE, id=back, debit=out, credit=YOURS, amount=most))
    done(books, HOLD)
    done(books, replace(POST, payments=paying((CAROL, 1), (BOB, 39))))
    assert balances(books) == (60, 60, most + 39, -INTEGER_MAX)
    account = books.account(YOURS)
    assert account.debits_posted >= 0 and account.credits_posted <= INTEGER_MAX
    assert books.account(out).balance == 1
    more = replace(GRANT, id=name("more"), amount=1)
    assert decide(books, more, 0) == Refused(reason=R.LEDGER_FULL)


def test_several_commands_are_carried_out_all_or_none(books: Books) -> None:
    """Each sees what those before it have changed."""
    pays = replace(MOVE, id=name("pays"), debit=YOURS, credit=MINE, amount=20)
    too_much = replace(pays, id=name("too much"), amount=11)
    refused = books.carry_out(MOVE, pays, too_much, now=0)
    assert refused == Refused(reason=R.BALANCE_TOO_LOW, available=10)
    assert balances(books) == (100, 100, 0, -100)
    assert books.transfer(MOVE.id) is None
    assert books.carry_out(MOVE, pays, now=0) is None
    assert balances(books) == (90, 90, 10, -100)


def test_policy_is_evaluated_in_the_same_decision(books: Books) -> None:
    policy = PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=PermitList(dids=(BOB,)))
    answer = decide(books, replace(HOLD, policies=(policy,)), 0)
    assert isinstance(answer, Refused)
    assert answer.reason is R.DENIED_BY_POLICY and answer.denial is not None
    assert answer.policy == policy
    done(books, replace(HOLD, policies=(policy,), subject=BOB))


def test_child_token_draws_on_its_parents_too(books: Books) -> None:
    child = TokenShare(token=cid_of(b"child", Codec.RAW), amount=50)
    done(books, replace(HOLD, tokens=(child, TOKEN)))
    assert books.token_use(TOKEN.token).drawn == 40
    again = replace(HOLD, id=name("again"), amount=21, tokens=(TOKEN,))
    assert decide(books, again, 0) == Refused(reason=R.TOKEN_EXHAUSTED, available=20)


def test_all_refusals_are_tested() -> None:
    tested = {case[0] for case in CASES} | {case[0] for case in LATER}
    assert tested | {R.DENIED_BY_POLICY} == set(R)
