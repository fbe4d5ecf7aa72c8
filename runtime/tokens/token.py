"""Resource tokens: signed rights to spend an amount that an issuer keeps in its ledger.

A holder may hand on less: a child token names its parent and may only be smaller, narrower and
shorter. A chain is given leaf first; the last one is the issuer's. The ledger holds what is left of
a token (`TokenUse`).
"""

from collections.abc import Collection, Sequence
from enum import Enum
from itertools import pairwise
from typing import Annotated, Final, TypeAlias

from msgspec import Struct

from ccl.abi.host_calls import SCOPE_BYTES_MAX
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size
from runtime.identity.signed import Signed

CHAIN_MAX: Final = 8
NONCE_BYTES: Final = 16


class ResourceType(Enum):
    COMPUTE = "compute"
    STORAGE = "storage"
    BANDWIDTH = "bandwidth"


RESOURCES: Final = frozenset(kind.value for kind in ResourceType)


class TokenClass(Struct, frozen=True):
    """Units of a member's own issue (`membership`, `voucher`), by the name that it gave them."""

    value: str


Unit: TypeAlias = ResourceType | TokenClass


def unit_named(text: str) -> Unit:
    """Finds the unit that a text names: a resource of the mesh, else a class."""
    return ResourceType(text) if text in RESOURCES else TokenClass(text)


Scope = Annotated[str, Size(0, SCOPE_BYTES_MAX)]
"""A path of segments separated by `/`; the empty scope contains all others."""


class ResourceToken(Struct, frozen=True, kw_only=True):
    """`amount` units of `resource_type`, kept by `issuer`, for `audience` to spend in `scope`.

    A root token (no parent) is signed by the issuer, a child by its parent's audience.
    expires_at: Unix seconds. nonce: 16 bytes that distinguish two equal tokens.
    """

    resource_type: ResourceType
    amount: Annotated[int, Between(1, INTEGER_MAX)]
    scope: Scope
    expires_at: int
    issuer: Did
    audience: Did
    parent: Cid | None
    nonce: Annotated[bytes, Size(NONCE_BYTES, NONCE_BYTES)]


class TokenRefusal(Enum):
    """Why a token does not pay for a demand, in the order of the checks."""

    CHAIN_EMPTY = "no token was given"
    CHAIN_TOO_LONG = f"a chain of more than {CHAIN_MAX} tokens"
    WRONG_MESH = "a token of another mesh"
    WRONG_TYPE = "a token for another kind of resource"
    WRONG_ISSUER = "a token of an issuer that is not accepted here"
    FOREIGN_AUDIENCE = "a token made out to another member"
    CHAIN_BROKEN = "a token does not continue the one it names as its parent"
    NOT_SIGNED_BY_ISSUER = "the first token of the chain is not signed by its issuer"
    NOT_SIGNED_BY_HOLDER = "a token is not signed by the holder of its parent"
    AMOUNT_WIDENED = "a token grants more than its parent"
    SCOPE_WIDENED = "a token has a wider scope than its parent"
    EXPIRY_EXTENDED = "a token outlives its parent"
    EXPIRED = "the token has expired"
    REVOKED = "the token was revoked"
    OUT_OF_SCOPE = "the work is outside the token's scope"
    AMOUNT_TOO_LARGE = "the amount asked for is more than the token grants"


class Demand(Struct, frozen=True, kw_only=True):
    """The use of a token: `amount` units, by `holder`, within `scope`."""

    mesh: Cid
    holder: Did
    resource_type: ResourceType
    scope: str
    amount: int
    issuers: Collection[Did]


TokenChain = Sequence[Signed[ResourceToken]]


def within(scope: str, outer: str) -> bool:
    """Returns whether `scope` is `outer` or lies inside it, by whole segments."""
    return outer in ("", scope) or scope.startswith(outer + "/")


def check_chain(
    chain: TokenChain, demand: Demand, *, revoked: Collection[Cid], now: int
) -> TokenRefusal | None:
    """Gives the reason why the chain does not cover the demand, or None if it does. Times are Unix
    seconds."""
    if not chain:
        return TokenRefusal.CHAIN_EMPTY
    if len(chain) > CHAIN_MAX:
        return TokenRefusal.CHAIN_TOO_LONG
    leaf, root = chain[0].body, chain[-1].body
    if any(link.mesh != demand.mesh for link in chain):
        return TokenRefusal.WRONG_MESH
    if leaf.resource_type is not demand.resource_type:
        return TokenRefusal.WRONG_TYPE
    if leaf.issuer not in demand.issuers:
        return TokenRefusal.WRONG_ISSUER
    if leaf.audience != demand.holder:
        return TokenRefusal.FOREIGN_AUDIENCE
    if root.parent is not None:
        return TokenRefusal.CHAIN_BROKEN
    if chain[-1].signer != root.issuer:
        return TokenRefusal.NOT_SIGNED_BY_ISSUER
    for child, parent in pairwise(chain):
        if refusal := _check_link(child, parent):
            return refusal
    if any(now >= link.body.expires_at for link in chain):
        return TokenRefusal.EXPIRED
    if any(link.cid in revoked for link in chain):
        return TokenRefusal.REVOKED
    if not within(demand.scope, leaf.scope):
        return TokenRefusal.OUT_OF_SCOPE
    if demand.amount > leaf.amount:
        return TokenRefusal.AMOUNT_TOO_LARGE
    return None


def _check_link(child: Signed[ResourceToken], parent: Signed[ResourceToken]) -> TokenRefusal | None:
    narrow, wide = child.body, parent.body
    if narrow.parent != parent.cid:
        return TokenRefusal.CHAIN_BROKEN
    if narrow.issuer != wide.issuer or narrow.resource_type is not wide.resource_type:
        return TokenRefusal.CHAIN_BROKEN
    if child.signer != wide.audience:
        return TokenRefusal.NOT_SIGNED_BY_HOLDER
    if narrow.amount > wide.amount:
        return TokenRefusal.AMOUNT_WIDENED
    if not within(narrow.scope, wide.scope):
        return TokenRefusal.SCOPE_WIDENED
    if narrow.expires_at > wide.expires_at:
        return TokenRefusal.EXPIRY_EXTENDED
    return None
