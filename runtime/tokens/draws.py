"""Draws on tokens: what a hold takes of a chain, and what is set aside for an allocation.

A draw counts for the token and all its parents. An allocation sets its whole amount aside in its
parent at once; what is drawn by it then comes out of what is set aside. Chains are leaf first.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from runtime.tokens.transfers import TokenShare, TokenUse


def left_of(grant: int, use: TokenUse) -> int:
    """Gives the units that a token may still spend or hand on itself."""
    return max(0, grant - use.drawn - use.set_aside)


def left_of_chain(shares: Sequence[TokenShare], uses: Sequence[TokenUse]) -> int:
    """Gives the units that a chain's leaf may still spend, by itself and by its parents."""
    free = [
        left_of(share.amount, use)
        for number, (share, use) in enumerate(zip(shares, uses, strict=True))
        # Beyond an allocation, what is set aside for it is what it may draw.
        if number == 0 or not uses[number - 1].is_allocation
    ]
    return min(free, default=0)


def drawn(uses: Sequence[TokenUse], amount: int) -> tuple[TokenUse, ...]:
    """Gives the uses of a chain after a draw; a negative amount gives back."""
    made = []
    for number, use in enumerate(uses):
        from_aside = amount if number and uses[number - 1].is_allocation else 0
        made.append(replace(use, drawn=use.drawn + amount, set_aside=use.set_aside - from_aside))
    return tuple(made)


def allocated(child: TokenUse, parent: TokenUse, grant: int) -> tuple[TokenUse, TokenUse]:
    """Gives child and parent after the parent has set the child's grant aside, less what the child
    has drawn already."""
    aside = grant - child.drawn
    return (
        replace(child, is_allocation=True),
        replace(parent, set_aside=parent.set_aside + aside),
    )


def ended(child: TokenUse, parent: TokenUse, grant: int) -> tuple[TokenUse, TokenUse]:
    """Gives child and parent after what is left of the child's grant is the parent's again."""
    aside = grant - child.drawn
    return (
        replace(child, is_allocation=False),
        replace(parent, set_aside=parent.set_aside - aside),
    )
