"""Holders of the caller's own token classes, after the effects so far.

Rule: no holding is negative, and no total passes 63 bits; a refusal is a text for the program. The
ledger decides when the effects are applied.
"""

from collections.abc import Mapping
from typing import Final

from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.execution.context import MIB
from runtime.execution.state import TOKENS_BYTES_MAX
from runtime.tokens.register import Register, register_from_block

_ENTRY_BYTES: Final = 24
_HEADROOM_BYTES: Final = MIB
"""Room for executions on the same register whose effects are applied one after the other."""
_NOBODY: Final[Mapping[str, int]] = {}


class TokenBook:
    """blocks: has the register that the context names."""

    def __init__(self, register: Cid | None, blocks: Mapping[Cid, bytes]) -> None:
        self._register: Register = {} if register is None else register_from_block(blocks[register])
        self._changed: dict[tuple[str, str], int] = {}
        self._issued: dict[str, int] = {}
        self._register_bytes = 0 if register is None else len(blocks[register])

    def balance(self, token_class: str, holder: str) -> int:
        before = self._register.get(token_class, _NOBODY).get(holder, 0)
        return before + self._changed.get((token_class, holder), 0)

    def holders(self, token_class: str) -> dict[str, int]:
        """Lists the holders of units of a class."""
        known = [holder for of, holder in self._changed if of == token_class]
        named = dict.fromkeys((*self._register.get(token_class, _NOBODY), *known))
        held = {holder: self.balance(token_class, holder) for holder in named}
        return {holder: units for holder, units in held.items() if units > 0}

    def holders_max(self, token_class: str) -> int:
        """Gives the most holders that `holders` looks at."""
        return len(self._register.get(token_class, _NOBODY)) + len(self._changed)

    def issued(self, token_class: str) -> int:
        """Sums up all units of a class that are held."""
        if token_class not in self._issued:
            self._issued[token_class] = sum(self._register.get(token_class, _NOBODY).values())
        return self._issued[token_class]

    def refused_holder(self, token_class: str, holder: str) -> str | None:
        """Gives the reason why a holder cannot be added to the register, or None: also for an
        existing one."""
        if self.balance(token_class, holder) or (token_class, holder) in self._changed:
            return None
        size = self._register_bytes + len(token_class.encode()) + len(holder) + _ENTRY_BYTES
        if size > TOKENS_BYTES_MAX - _HEADROOM_BYTES:
            return f"{token_class}: too many holders, over {TOKENS_BYTES_MAX} bytes of them"
        self._register_bytes = size
        return None

    def refused_mint(self, token_class: str, amount: int) -> str | None:
        issued = self.issued(token_class)
        if issued > INTEGER_MAX - amount:
            return f"{token_class}: {issued} units are out, {amount} more do not fit 63 bits"
        return None

    def refused_spending(self, token_class: str, holder: str, amount: int) -> str | None:
        held = self.balance(token_class, holder)
        if held < amount:
            return f"{token_class}: {holder} holds {held} units, {amount} asked for"
        return None

    def mint(self, token_class: str, holder: str, amount: int) -> None:
        """Counts units that are issued, or retired (amount below 0)."""
        self._issued[token_class] = self.issued(token_class) + amount
        self._add(token_class, holder, amount)

    def move(self, token_class: str, holder: str, to: str, amount: int) -> None:
        self._add(token_class, holder, -amount)
        self._add(token_class, to, amount)

    def _add(self, token_class: str, holder: str, amount: int) -> None:
        key = (token_class, holder)
        self._changed[key] = self._changed.get(key, 0) + amount
