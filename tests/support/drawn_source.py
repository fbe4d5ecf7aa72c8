"""Statements of CCL as source text, drawn by hypothesis."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import ClassVar

from hypothesis import strategies as st


@dataclass
class StatementWriter(ABC):
    """Draws lists of statements; what one statement is belongs to each subclass.

    names: numbers for the names that statements declare, so that no two are the same.
    """

    MOST: ClassVar = 3
    draw: st.DrawFn
    names: Iterator[int] = field(default_factory=count)

    @abstractmethod
    def statement(self, depth: int) -> str:
        """One statement, with blocks nested at most `depth` deep."""

    def statements(self, depth: int) -> str:
        return " ".join(self.statement(depth) for _ in range(self.draw(st.integers(1, self.MOST))))

    def one_of(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))
