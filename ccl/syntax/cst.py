"""The concrete syntax tree: every token of a file, in the phrases of the grammar.

Rule: nothing is lost. The formatter reads this tree; every other stage reads `ccl.syntax.ast`. A
phrase has the name of its alternative in the grammar; a repetition is a list of its members and
separators in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A token: `text` as written (names in NFC), `index` its number in the file."""

    index: int
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """`rule` of the grammar, its parts, and its first and last leaf (indices)."""

    rule: str
    parts: Sequence["Part"]
    first: int
    last: int


Part: TypeAlias = "Leaf | Phrase | list[Part] | None"
"""None for an absent optional phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concrete:
    """A whole file. The last leaf is the end of the file (empty text)."""

    text: str
    leaves: Sequence[Leaf]
    items: list[Part]
