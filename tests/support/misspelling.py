"""Words with one slip in them: the oracle of the tests of suggestions."""

from collections.abc import Iterator
from typing import Final

_OTHER: Final = "q"
"""A letter that stands for the wrong one."""


def slips(word: str) -> Iterator[str]:
    """`word` with one letter changed, left out, doubled, or exchanged with the next one."""
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
