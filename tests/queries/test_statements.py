"""Statements in the audit: the newest one of an owner says what the issuer's books say."""

from typing import Any

import pytest
from msgspec.structs import replace
from whole_home import WholeHome, key_of

from mesh.actors.actor import Now
from mesh.actors.issuer.rows import STATEMENTS
from mesh.actors.stores import DeliveryTransaction
from mesh.core.records.settlement import Statement
from runtime.content.did import Did

WRONG = {
    "more than it has": lambda body: {"balances": raised(body.balances, "compute", 1)},
    "less than it has": lambda body: {"balances": raised(body.balances, "compute", -1)},
    "units of another resource": lambda body: {"balances": {**body.balances, "storage": 5}},
    "nothing held": lambda body: {"held": {}},
    "nothing used": lambda body: {"usage": {**body.usage, "compute": 0}},
    "nothing used within a scope": lambda body: {"usage": {"compute": body.usage["compute"]}},
    "a policy that was replaced": lambda body: {"policies": body.policies[1:]},
}


def raised(units: Any, name: str, by: int) -> dict[str, int]:
    return {**units, name: units[name] + by}


def state(home: WholeHome, owner: Did, **changes: Any) -> None:
    """The issuer signs another statement of an owner."""
    issuer = home.actors.issuer

    def sign(tx: DeliveryTransaction, now: Now) -> None:
        newest = issuer.statement_of(tx, owner, now)
        fields = {"sequence": newest.body.sequence + 1, **changes}
        wrong = issuer.sign(tx, replace(newest.body, **fields))
        row = tx.rows(STATEMENTS).get(owner)
        assert row is not None
        tx.rows(STATEMENTS).put(replace(row, sequence=wrong.body.sequence, statement=wrong.cid))

    home.command(issuer, sign)


def stated(home: WholeHome, owner: Did) -> Statement:
    issuer = home.actors.issuer
    body: Statement = home.command(issuer, lambda tx, now: issuer.statement_of(tx, owner, now)).body
    return body


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_statement_that_does_not_follow_from_the_books_is_found(
    home: WholeHome, wrong: Any
) -> None:
    owner = home.actors.submitter.did
    state(home, owner)
    assert home.audit() == ()
    state(home, owner, **wrong(stated(home, owner)))
    found = [each.text for each in home.audit()]
    assert len(found) == 1 and found[0].startswith(f"statements of {owner}: number"), found


def test_statement_of_a_payee_lacks_only_what_was_paid_lately(home: WholeHome) -> None:
    owner = key_of("mesh-node-2").did
    earned = stated(home, owner).balances
    state(home, owner, balances={})
    assert home.audit() == (), "it may have been signed before it was paid"
    state(home, owner, balances=raised(earned, "compute", 1))
    assert len(home.audit()) == 1
    home.later(1)
    later = home.wall + 301
    state(home, owner, balances={}, issued_at=later)
    assert len(home.audit()) == 1
