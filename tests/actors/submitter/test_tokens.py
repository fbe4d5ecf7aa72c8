"""Tokens that a submitter hands on and takes back."""

from collections.abc import Callable
from typing import Any

from issuing.records import key_of
from submitting import Market

from mesh.actors.submitter import tokens
from mesh.actors.submitter.rows import TOKENS
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceToken, TokenRefusal

Delegation = Callable[[Market], Any]


def delegate(market: Market, **changes: Any) -> Any:
    terms: dict[str, Any] = {
        "audience": key_of("delegate").did,
        "amount": 10,
        "scope": "org",
        "expires_at": market.now.wall + 50,
    }
    return market.within(
        lambda tx: tokens.delegate(
            market.actor, tx, market.token.cid, now=market.now, **(terms | changes)
        )
    )


def test_token_is_handed_on_within_its_bounds() -> None:
    market = Market()
    token = delegate(market)
    assert isinstance(token, Signed)
    sent = [each for each in market.mails(ResourceToken) if each.record.cid == token.cid]
    assert {each.to for each in sent} == {market.delegate.did, market.issuer_key.did}
    assert delegate(market, amount=2_000_000) is TokenRefusal.AMOUNT_WIDENED
    late = market.now.wall + 1_000_000
    assert delegate(market, expires_at=late) is TokenRefusal.EXPIRY_EXTENDED


def test_token_that_was_handed_on_is_taken_back() -> None:
    market = Market()
    token = delegate(market)
    revocation = market.within(
        lambda tx: tokens.revoke(market.actor, tx, token.cid, "left", market.now)
    )
    assert revocation is not None
    foreign = market.within(
        lambda tx: tokens.revoke(market.actor, tx, market.token.cid, "mine?", market.now)
    )
    assert foreign is None
    assert market.refusals() == {}


def test_token_for_another_member_is_not_taken() -> None:
    market = Market()
    token = delegate(market)
    market.deliver(token, market.token.block)
    assert market.refusals() == {"NOT_ADDRESSED": 1}
    assert market.within(lambda tx: tx.rows(TOKENS).get(token.cid)) is None
