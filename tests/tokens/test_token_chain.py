"""Chains of resource tokens: sufficient ones, and each refusal with its name."""

from itertools import pairwise

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from signers import MESH, START, key

from mesh.core.records.registry import sign
from runtime.content.cid import Cid, Codec, cid_of
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed
from runtime.tokens.token import (
    CHAIN_MAX,
    Demand,
    ResourceToken,
    ResourceType,
    TokenRefusal,
    check_chain,
    within,
)

ISSUER, ALICE, BOB = key("issuer"), key("alice"), key("bob")

ROOT = ResourceToken(
    resource_type=ResourceType.COMPUTE,
    amount=1000,
    scope="coop",
    expires_at=START + 100,
    issuer=ISSUER.did,
    audience=ALICE.did,
    parent=None,
    nonce=bytes(16),
)
DEMAND = Demand(
    mesh=MESH,
    holder=BOB.did,
    resource_type=ResourceType.COMPUTE,
    scope="coop/counting",
    amount=100,
    issuers=(ISSUER.did,),
)


def signed(body: ResourceToken, by: SigningKey, mesh: Cid | None = None) -> Signed[ResourceToken]:
    return sign(body, mesh=mesh or MESH, key=by)


root = signed(ROOT, ISSUER)
LEAF = replace(ROOT, amount=500, scope="coop/counting", audience=BOB.did, parent=root.cid)
leaf = signed(LEAF, ALICE)


def check(*chain: Signed[ResourceToken], demand: Demand = DEMAND) -> TokenRefusal | None:
    return check_chain(chain, demand, revoked=frozenset(), now=START)


def test_chain_of_two_covers_what_its_leaf_grants() -> None:
    assert check(leaf, root) is None
    assert check(root, demand=replace(DEMAND, holder=ALICE.did)) is None


def with_leaf(**changes: object) -> tuple[Signed[ResourceToken], ...]:
    return (signed(replace(LEAF, **changes), ALICE), root)  # type: ignore[arg-type]


OTHER = cid_of(b"other", Codec.RAW)
CASES = [
    (TokenRefusal.CHAIN_EMPTY, (), DEMAND),
    (TokenRefusal.CHAIN_TOO_LONG, (leaf,) * CHAIN_MAX + (root,), DEMAND),
    (TokenRefusal.WRONG_MESH, (signed(LEAF, ALICE, OTHER), root), DEMAND),
    (TokenRefusal.WRONG_TYPE, (leaf, root), replace(DEMAND, resource_type=ResourceType.STORAGE)),
    (TokenRefusal.WRONG_ISSUER, (leaf, root), replace(DEMAND, issuers=(ALICE.did,))),
    (TokenRefusal.FOREIGN_AUDIENCE, (leaf, root), replace(DEMAND, holder=ALICE.did)),
    (TokenRefusal.CHAIN_BROKEN, (leaf,), DEMAND),
    (TokenRefusal.CHAIN_BROKEN, with_leaf(parent=OTHER), DEMAND),
    (TokenRefusal.NOT_SIGNED_BY_ISSUER, (leaf, signed(ROOT, BOB)), DEMAND),
    (TokenRefusal.NOT_SIGNED_BY_HOLDER, (signed(LEAF, BOB), root), DEMAND),
    (TokenRefusal.AMOUNT_WIDENED, with_leaf(amount=1001), DEMAND),
    (TokenRefusal.SCOPE_WIDENED, with_leaf(scope="other"), replace(DEMAND, scope="other")),
    (TokenRefusal.EXPIRY_EXTENDED, with_leaf(expires_at=START + 101), DEMAND),
    (TokenRefusal.EXPIRED, with_leaf(expires_at=START), DEMAND),
    (TokenRefusal.OUT_OF_SCOPE, (leaf, root), replace(DEMAND, scope="coop")),
    (TokenRefusal.OUT_OF_SCOPE, (leaf, root), replace(DEMAND, scope="coop/countingmore")),
    (TokenRefusal.AMOUNT_TOO_LARGE, (leaf, root), replace(DEMAND, amount=501)),
]


@pytest.mark.parametrize(("refusal", "chain", "demand"), CASES)
def test_each_refusal_has_its_name(
    refusal: TokenRefusal, chain: tuple[Signed[ResourceToken], ...], demand: Demand
) -> None:
    assert check(*chain, demand=demand) is refusal


@pytest.mark.parametrize("revoked", [leaf.cid, root.cid])
def test_revoked_link_breaks_the_chain(revoked: Cid) -> None:
    refusal = check_chain((leaf, root), DEMAND, revoked={revoked}, now=START)
    assert refusal is TokenRefusal.REVOKED


def test_all_refusals_are_tested() -> None:
    assert {refusal for refusal, _, _ in CASES} | {TokenRefusal.REVOKED} == set(TokenRefusal)


def test_longest_chain_is_accepted() -> None:
    holders = [key(f"holder-{n}") for n in range(CHAIN_MAX)]
    chain = [signed(replace(ROOT, audience=holders[0].did), ISSUER)]
    for before, after in pairwise(holders):
        body = replace(chain[0].body, audience=after.did, parent=chain[0].cid)
        chain.insert(0, signed(body, before))
    assert len(chain) == CHAIN_MAX
    assert check(*chain, demand=replace(DEMAND, holder=holders[-1].did)) is None


SCOPES = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=4).map("/".join)


@examples(200)
@given(SCOPES, SCOPES, SCOPES)
def test_scopes_nest(a: str, b: str, c: str) -> None:
    assert within(a, a) and within(a, "")
    if within(a, b) and within(b, c):
        assert within(a, c)
    if within(a, b) and within(b, a):
        assert a == b
