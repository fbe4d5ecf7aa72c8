"""Choice of the token that pays, and of the one that a part is handed on from.

Rule: a token for some work pays for that work before one for any work does, and for nothing else;
of two alike the one pays that expires first.
"""

from collections.abc import Collection, Iterable

from msgspec import Struct

from runtime.content.cid import Cid
from runtime.identity.signed import Signed
from runtime.tokens.draws import left_of_chain
from runtime.tokens.token import (
    Demand,
    ResourceToken,
    TokenChain,
    TokenRefusal,
    check_chain,
)
from runtime.tokens.transfers import TokenShare, TokenUse


class HeldToken(Struct, frozen=True, kw_only=True):
    """A token with its parents, leaf first, their uses, and what its payer has available."""

    chain: TokenChain
    uses: tuple[TokenUse, ...]
    available: int

    @property
    def left(self) -> int:
        """Units that may be spent with it now."""
        return min(self.available, left_of_chain(shares_of(self.chain), self.uses))


class Choice(Struct, frozen=True, kw_only=True):
    """The token that pays, or the nearest that does not. refusal: the reason, None where only its
    units are too few."""

    held: HeldToken
    pays: bool
    refusal: TokenRefusal | None = None


def shares_of(chain: TokenChain) -> tuple[TokenShare, ...]:
    """Gives a chain as a hold draws on it."""
    return tuple(TokenShare(token=link.cid, amount=link.body.amount) for link in chain)


def is_allocation(chain: TokenChain) -> bool:
    """Returns whether the leaf was made out by a holder to itself: a part set aside for a scope."""
    return len(chain) > 1 and chain[0].signer == chain[0].body.audience


def choose_token(
    tokens: Iterable[HeldToken], demand: Demand, *, revoked: Collection[Cid], now: int
) -> Choice | None:
    """Chooses the token that pays a demand; the nearest that does not where none does, of those
    that are the holder's and of the type; None without any."""
    mine = [
        held
        for held in tokens
        if held.chain[0].body.audience == demand.holder
        and held.chain[0].body.resource_type is demand.resource_type
    ]
    nearest: Choice | None = None
    for held in sorted(mine, key=_preference):
        refusal = check_chain(held.chain, demand, revoked=revoked, now=now)
        if refusal is None and held.left >= demand.amount:
            return Choice(held=held, pays=True)
        found = Choice(held=held, pays=False, refusal=refusal)
        if nearest is None or _nearness(found) > _nearness(nearest):
            nearest = found
    return nearest


def _preference(held: HeldToken) -> tuple[int, int, bytes]:
    leaf: Signed[ResourceToken] = held.chain[0]
    return -len(leaf.body.scope), leaf.body.expires_at, leaf.cid.raw


_HOPELESS = (TokenRefusal.OUT_OF_SCOPE, TokenRefusal.REVOKED, TokenRefusal.EXPIRED)
"""The refusals of tokens that are not the holder's to mend, the least significant first."""


def _nearness(choice: Choice) -> tuple[int, int]:
    """Ranks a token that does not pay: by its refusal, then by what is left."""
    rank = _HOPELESS.index(choice.refusal) if choice.refusal in _HOPELESS else len(_HOPELESS)
    return rank, choice.held.left
