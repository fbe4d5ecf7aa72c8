"""Choice among tokens: by scope, expiry and what is left; the nearest refusal where none pays."""

import pytest
from meshfolk import START, Folk, key
from msgspec.structs import replace

from runtime.content.cid import Cid
from runtime.identity.signed import Signed, sign
from runtime.tokens.choice import Choice, HeldToken, choose_token, is_allocation
from runtime.tokens.token import Demand, ResourceToken, ResourceType, TokenRefusal
from runtime.tokens.transfers import TokenUse

FOLK = Folk()
ISSUER, ALICE, BOB = key("issuer"), key("alice"), key("bob")
ROOT = ResourceToken(
    resource_type=ResourceType.COMPUTE,
    amount=1000,
    scope="",
    expires_at=START + 100,
    issuer=ISSUER.did,
    audience=ALICE.did,
    parent=None,
    nonce=bytes(16),
)
DEMAND = Demand(
    mesh=FOLK.mesh,
    holder=ALICE.did,
    resource_type=ResourceType.COMPUTE,
    scope="",
    amount=100,
    issuers=(ISSUER.did,),
)


def root(**changes: object) -> Signed[ResourceToken]:
    return sign(replace(ROOT, **changes), mesh=FOLK.mesh, key=ISSUER)


def held(*chain: Signed[ResourceToken], drawn: int = 0, available: int = 10_000) -> HeldToken:
    uses = tuple(TokenUse(token=link.cid, drawn=drawn) for link in chain)
    return HeldToken(chain=chain, uses=uses, available=available)


WIDE = held(root())
CARE = held(root(scope="care"))
HOMES = held(root(scope="care/homes"))
SOON = held(root(expires_at=START + 50))


def choose(*tokens: HeldToken, revoked: tuple[Cid, ...] = (), **demand: object) -> Choice | None:
    return choose_token(tokens, replace(DEMAND, **demand), revoked=revoked, now=START)


@pytest.mark.parametrize(
    ("scope", "chosen"),
    [("", WIDE), ("care", CARE), ("care/homes/north", HOMES), ("careless", WIDE)],
)
def test_token_of_the_narrowest_scope_pays(scope: str, chosen: HeldToken) -> None:
    for tokens in ((WIDE, CARE, HOMES), (HOMES, CARE, WIDE)):
        assert choose(*tokens, scope=scope) == Choice(held=chosen, pays=True)


def test_token_that_expires_first_pays() -> None:
    assert choose(WIDE, SOON) == Choice(held=SOON, pays=True)


def test_token_with_too_little_left_is_passed_over() -> None:
    assert choose(held(*SOON.chain, drawn=901), WIDE) == Choice(held=WIDE, pays=True)
    assert choose(held(*SOON.chain, available=99), WIDE) == Choice(held=WIDE, pays=True)


def test_scoped_token_does_not_pay_for_other_work() -> None:
    assert choose(CARE) == Choice(held=CARE, pays=False, refusal=TokenRefusal.OUT_OF_SCOPE)


def test_nearest_of_those_that_do_not_pay_is_named() -> None:
    short = held(root(nonce=b"s" * 16), drawn=950)
    revoked = WIDE.chain[0].cid
    assert choose(CARE, WIDE, revoked=(revoked,)) == Choice(
        held=WIDE, pays=False, refusal=TokenRefusal.REVOKED
    )
    assert choose(CARE, WIDE, short, revoked=(revoked,)) == Choice(held=short, pays=False)


def test_tokens_of_others_and_of_other_resources_are_not_chosen() -> None:
    foreign = held(root(audience=BOB.did))
    storage = held(root(resource_type=ResourceType.STORAGE))
    assert choose(foreign, storage) is None
    assert choose() is None


def test_allocation_is_made_out_by_its_holder_to_itself() -> None:
    parent = root()
    child = replace(ROOT, parent=parent.cid, scope="care", amount=10)
    own = sign(child, mesh=FOLK.mesh, key=ALICE)
    handed_on = sign(replace(child, audience=BOB.did), mesh=FOLK.mesh, key=ALICE)
    assert is_allocation((own, parent))
    assert not is_allocation((handed_on, parent))
    assert not is_allocation((parent,))
