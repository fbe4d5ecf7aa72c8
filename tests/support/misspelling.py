"""Misspellings of words: the oracle of the tests of suggestions."""

from collections.abc import Iterator
from typing import Final

_OTHER: Final = "q"
"""A wrong letter."""


def misspellings(word: str) -> Iterator[str]:
    """Yields `word` with one letter changed, omitted, doubled, or swapped with the next one."""
    seen = {word}
    for at, letter in enumerate(word):
        head, rest = word[:at], word[at + 1 :]
        forms = [head + _OTHER + rest, head + rest, head + letter + letter + rest]
        if rest:
            forms.append(head + rest[0] + letter + rest[1:])
        for form in forms:
            if form not in seen:
                seen.add(form)
                yield form
