"""Did-you-mean: the closest known name to one that is not known.

Here because compiler, runtime and mesh all say it, and may all import this package.

Distance counts insertions, deletions, substitutions and swaps of neighbours (optimal string
alignment). The answer depends only on the arguments: ties go to the candidate given first.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

DISTANCE_MAX = 2
SIMILAR_MAX = 3
"""How many candidates are listed if none is nearest."""
PART_MIN = 3
"""Letters that a part of a word needs to say something."""

SEARCHES_MAX: Final = 100
"""Unknown names of a compilation that are compared with all known ones: as many as a report
shows. More of them would take the square of their number."""


class Searches:
    """The unknown names that have been compared, some more than once, and whether one was not."""

    __slots__ = ("ended", "names")

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.ended = False


_searches: ContextVar[Searches | None] = ContextVar("searches", default=None)


@contextmanager
def limited_searches() -> Iterator[Searches]:
    """Lets `nearest` find none after SEARCHES_MAX searches inside it."""
    searches = Searches()
    token = _searches.set(searches)
    try:
        yield searches
    finally:
        _searches.reset(token)


def distance(a: str, b: str, limit: int) -> int:
    """Counts the edits from `a` to `b`; `limit + 1` if there are more than `limit`."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    far = limit + 1
    before: list[int] = []
    above = [min(j, far) for j in range(len(b) + 1)]
    for i, x in enumerate(a, start=1):
        row = [far] * (len(b) + 1)
        row[0] = min(i, far)
        # Further from the diagonal than the limit there are more edits than that.
        for j in range(max(1, i - limit), min(len(b), i + limit) + 1):
            y = b[j - 1]
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y), far)
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row[j] = cost
        if min(row) > limit and min(above) > limit:
            return far
        before, above = above, row
    return above[-1]


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Returns the candidate nearest to `name`, or None.

    A candidate counts if it differs in case only, or is at most `DISTANCE_MAX` edits away and at
    most a third of the longer name's length (one edit is allowed from two characters on).
    """
    searches = _searches.get()
    if searches is not None and name not in searches.names:
        if len(searches.names) >= SEARCHES_MAX:
            searches.ended = True
            return None
        searches.names.add(name)
    folded = name.casefold()
    letters = set(folded)
    best: str | None = None
    best_rank = (DISTANCE_MAX + 1, DISTANCE_MAX + 1)
    for candidate in candidates:
        if candidate == name:
            continue
        longer = max(len(name), len(candidate))
        allowed = min(DISTANCE_MAX, max(longer // 3, 1)) if longer > 1 else 0
        # More edits than those of the best so far win nothing; an edit takes one letter away
        # at most.
        allowed = min(allowed, best_rank[0])
        other = candidate.casefold()
        if len(letters - set(other)) > allowed:
            continue
        edits = distance(folded, other, allowed)
        if edits > allowed or (edits and edits >= longer):
            continue
        # A name that is right except for its case wins over one that is right in fewer letters.
        rank = (edits, distance(name, candidate, DISTANCE_MAX))
        if rank < best_rank:
            best, best_rank = candidate, rank
    return best


def nearest_beginning(name: str, candidates: Iterable[str]) -> str | None:
    """Returns the nearest candidate as `nearest` does, else the one whose beginning of the same
    length is nearest."""
    known = tuple(candidates)
    whole = nearest(name, known)
    if whole is not None or not name:
        return whole
    beginnings = {candidate[: len(name)]: candidate for candidate in reversed(known)}
    part = name if name in beginnings else nearest(name, beginnings)
    return None if part is None else beginnings[part]


def similar(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Returns the nearest candidate; where there is none, the first SIMILAR_MAX that contain the
    name.

    A candidate contains it if it has all of its words (`csv` and `read_csv` in `csv_read`), in
    second place if the name is a part of it. In third place are those that the name contains
    (`sort` for `sort_descending`).
    """
    known = tuple(candidates)
    one = nearest(name, known)
    if one is not None:
        return (one,)
    searches = _searches.get()
    if searches is not None and searches.ended:
        return ()
    folded = name.casefold()
    words = set(folded.split("_")) - {""}
    if not words:
        return ()
    by_words = [each for each in known if words <= set(each.casefold().split("_"))]
    by_part = [each for each in known if len(name) >= PART_MIN and folded in each.casefold()]
    inside = [
        each for each in known if len(each) >= PART_MIN and set(each.casefold().split("_")) < words
    ]
    found = (each for each in dict.fromkeys((*by_words, *by_part, *inside)) if each != name)
    return tuple(found)[:SIMILAR_MAX]


def listed(names: Sequence[str]) -> str | None:
    """Lists the names as in "`a`, `b`, `c`"; None if there are none."""
    return ", ".join(f"`{each}`" for each in names) or None


def either(names: Sequence[str]) -> str | None:
    """Lists the names for a sentence, as in "`a`, `b` or `c`"; None if there are none."""
    if not names:
        return None
    *others, last = (f"`{each}`" for each in names)
    return f"{', '.join(others)} or {last}" if others else last
