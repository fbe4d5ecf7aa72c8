"""Findings of the audit, and how what can be derived is written anew.

Rule: what signed records and histories lead to is derivable, and carries its mend; what is lost
with its record is a finding that only a copy can repair.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from mesh.actors.stores import DeliveryTransaction
from runtime.content.did import Did
from runtime.tokens.token import ResourceType

FROM_COPY: Final = "restore the home from a copy; commands that only read still work as it is"
REPAIR: Final = "meshctl doctor --repair"


def policy_name(resource: ResourceType, scope: str) -> str:
    """A policy as findings name it."""
    return f"policy for {resource.value} in {scope}" if scope else f"policy for {resource.value}"


class Kind(Enum):
    """What is wrong, for programs."""

    ROW_MISSING = "row-missing"
    ROW_EXTRA = "row-extra"
    """Nothing signed leads to it."""
    ROW_DIFFERS = "row-differs"
    ROW_UNREADABLE = "row-unreadable"
    RECORD_MISSING = "record-missing"
    RECORD_UNFIT = "record-unfit"
    """Records that do not belong together."""
    HISTORY = "history"
    CHAIN = "chain"
    SUM = "sum"
    BLOCK_MISSING = "block-missing"
    BLOCK_CHANGED = "block-changed"
    BLOCK_TOTAL = "block-total"


Mend: TypeAlias = Callable[[DeliveryTransaction], object]
"""What repairs a finding, within a delivery of the actor that it concerns."""


class Finding(Struct, frozen=True, kw_only=True):
    """One contradiction. subject: the table or the record, with its key; text: one line for people,
    with the place and what was expected. actor: None for the file of all of them. mend: None where
    nothing here leads to what was there. is_of_file: whether the file itself is mended."""

    kind: Kind
    actor: Did | None
    subject: str
    text: str
    mend: Mend | None = None
    is_of_file: bool = False

    @property
    def derivable(self) -> bool:
        return self.is_of_file or self.mend is not None

    def __str__(self) -> str:
        return self.text
