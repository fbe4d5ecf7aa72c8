"""What a manifest must fulfil before it is published: each fault by its name."""

from typing import Any

import pytest
from meshfolk import GRANT, START, Folk, key
from msgspec.structs import replace

from mesh.records import Requirements, Trust
from mesh.submission import (
    Purse,
    SubmissionFault,
    SubmissionRefusal,
    check_submission,
)
from runtime.content.cid import Codec, cid_of
from runtime.content.shapes import ShapeError
from runtime.tokens.choice import shares_of
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.policy import DenialReason, Quota, Usage
from runtime.tokens.token import TokenRefusal
from runtime.tokens.transfers import TokenShare, TokenUse

FOLK = Folk()
PURSE = Purse(
    chain=(FOLK.token,),
    uses=(TokenUse(token=FOLK.token.cid),),
    available=GRANT,
    policy=None,
    usage=Usage(),
)


def check(purse: Purse = PURSE, now: int = START, **changes: Any) -> SubmissionRefusal | None:
    given = {
        "issuers": (FOLK.founder.did,),
        "federation": tuple(each.did for each in FOLK.verifiers),
        "revoked": frozenset(),
    }
    given |= {name: changes.pop(name) for name in tuple(changes) if name in (*given, "is_fresh")}
    return check_submission(FOLK.manifest(**changes), purse, **given, now=now)


def test_sound_manifest_is_accepted() -> None:
    assert check() is None
    assert check(now=START + 300) is None
    assert check(now=START - 300) is None


def policy(limit: int) -> PolicyInForce:
    return PolicyInForce(cid=cid_of(b"policy", Codec.RAW), rule=Quota(limit=limit))


F = SubmissionFault
CASES: list[tuple[SubmissionFault, Purse, dict[str, Any]]] = [
    (F.FROM_THE_FUTURE, PURSE, {"now": START - 301}),
    (F.TOO_OLD, PURSE, {"now": START + 301}),
    (F.EXPIRED, PURSE, {"expires_at": START + 10, "bid_deadline": START + 5, "now": START + 10}),
    (F.VERIFIERS_TOO_FEW, PURSE, {"trust": Trust(quorum=4, verifiers=5)}),
    (F.TOKEN, PURSE, {"issuers": ()}),
    (F.TOKEN, replace(PURSE, chain=(), uses=()), {}),
    (F.TOKEN, PURSE, {"revoked": {FOLK.token.cid}}),
    (F.TOKEN, PURSE, {"budget": GRANT + 1}),
    (
        F.TOKEN_EXHAUSTED,
        replace(PURSE, uses=(TokenUse(token=FOLK.token.cid, drawn=GRANT - 499),)),
        {},
    ),
    (F.BALANCE_TOO_LOW, replace(PURSE, available=499), {}),
    (F.POLICY, replace(PURSE, policy=policy(499)), {}),
]


@pytest.mark.parametrize(("fault", "purse", "changes"), CASES)
def test_each_fault_has_its_name(
    fault: SubmissionFault, purse: Purse, changes: dict[str, Any]
) -> None:
    refusal = check(purse, **changes)
    assert refusal is not None and refusal.fault is fault


def test_every_fault_is_tested() -> None:
    assert {case[0] for case in CASES} == set(SubmissionFault)


def test_refusal_says_how_much_is_left_and_why() -> None:
    low = check(replace(PURSE, available=499))
    assert low is not None
    assert (low.available, low.detail) == (499, "499 available, the budget is 500")
    denied = check(replace(PURSE, policy=policy(499)))
    assert denied is not None and denied.denial is not None
    assert denied.denial.reason is DenialReason.QUOTA_EXHAUSTED
    assert denied.denial.available == 499
    wrong = check(issuers=())
    assert wrong is not None and wrong.token is TokenRefusal.WRONG_ISSUER


def test_interrupted_submission_goes_on_later() -> None:
    assert check(now=START + 3000, is_fresh=False) is None


def test_hold_draws_on_the_whole_chain() -> None:
    assert shares_of((FOLK.token,)) == (TokenShare(token=FOLK.token.cid, amount=GRANT),)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"resource_amount": 0}, "resource_amount: 0 is not between 1"),
        ({"description": "x" * 4097}, "description: 4097 bytes"),
        ({"job_id": "not-a-uuid"}, "job_id: expected a UUID"),
        ({"entry": ""}, "entry: 0 bytes"),
        ({"award_delegate": "nobody"}, "award_delegate: a DID starts with"),
        ({"requirements": Requirements(max_seconds=0)}, "requirements.max_seconds: 0 is not"),
        ({"accepted_issuers": (key("a").did,) * 65}, "accepted_issuers: 65 items"),
        ({"module": "text"}, "module: expected a link, found str"),
        ({"priority": "high"}, "priority: expected one of low, medium, high, critical"),
    ],
)
def test_field_out_of_range_cannot_even_be_signed(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ShapeError) as raised:
        FOLK.manifest(**changes)
    assert place in str(raised.value)


def test_rule_over_several_fields_is_checked() -> None:
    with pytest.raises(ValueError, match="must follow each other"):
        FOLK.manifest(bid_deadline=START - 1)
    with pytest.raises(ValueError, match="it must be a majority"):
        Trust(quorum=1, verifiers=2)
    with pytest.raises(ValueError, match="it must be a majority"):
        Trust(quorum=3, verifiers=2)
