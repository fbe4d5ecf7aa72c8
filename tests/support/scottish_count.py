"""The Scottish rules once more, for the tests: exact fractions, one paper at a time.

Scottish Local Government Elections Order 2007, schedule 1, rules 45 to 53. Nothing is shared
with the program under test but the text of the rules: papers are sorted into parcels by hand,
and values are fractions that are cut, not integers.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor

Draw = Callable[[tuple[str, ...]], str]
"""Takes one of several candidates who are tied in every respect, for a surplus or an exclusion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Election:
    """`ballots`: (voters, names in order of preference)."""

    candidates: tuple[str, ...]
    seats: int
    ballots: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(slots=True, kw_only=True)
class Paper:
    """A kind of ballot paper, as one candidate holds it."""

    voters: int
    preferences: tuple[str, ...]
    value: Fraction


@dataclass(slots=True, kw_only=True)
class Stage:
    kind: str
    moved_from: str | None
    transfers: dict[str, Fraction]
    non_transferable: Fraction
    ignored: Fraction
    votes: dict[str, Fraction]
    elected: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    quota: int
    elected: list[str]
    stages: list[Stage]


def cut(value: Fraction) -> Fraction:
    """To five decimal places, any remainder ignored."""
    return Fraction(floor(value * 10**5), 10**5)


def count(election: Election, draw: Draw) -> Result:
    """Counts the election stage by stage."""
    return _Count(election, draw).run()


class _Count:
    def __init__(self, election: Election, draw: Draw) -> None:
        self._election = election
        self._draw = draw
        self._parcels: dict[str, list[Paper]] = {name: [] for name in election.candidates}
        self._credited = dict.fromkeys(election.candidates, Fraction(0))
        self._hopeful = list(election.candidates)
        self._elected: list[str] = []
        self._stages: list[Stage] = []

    def run(self) -> Result:
        election = self._election
        for voters, preferences in election.ballots:
            if preferences:
                paper = Paper(voters=voters, preferences=preferences, value=Fraction(1))
                self._parcels[preferences[0]].append(paper)
                self._credited[preferences[0]] += voters
        quota = sum(n for n, who in election.ballots if who) // (election.seats + 1) + 1
        self._close("FirstPreferences", None, {}, Fraction(0), Fraction(0), quota)
        while len(self._elected) < election.seats and self._hopeful:
            above = [name for name in self._elected if self._credited[name] > quota]
            if above:
                name = self._choose(above, max)
                surplus = self._credited[name] - quota
                self._transfer("Surplus", name, surplus, quota)
            else:
                name = self._choose(self._hopeful, min)
                self._hopeful.remove(name)
                self._transfer("Exclusion", name, self._credited[name], quota)
        return Result(quota=quota, elected=self._elected, stages=self._stages)

    def _transfer(self, kind: str, name: str, amount: Fraction, quota: int) -> None:
        total = self._credited[name]
        received: dict[str, Fraction] = defaultdict(Fraction)
        lost = Fraction(0)
        papers, self._parcels[name] = self._parcels[name], []
        for paper in papers:
            value = paper.value if kind == "Exclusion" else cut(amount * paper.value / total)
            after = paper.preferences[paper.preferences.index(name) + 1 :]
            chosen = next((each for each in after if each in self._hopeful), None)
            if chosen is None:
                lost += paper.voters * value
                continue
            received[chosen] += paper.voters * value
            self._parcels[chosen].append(
                Paper(voters=paper.voters, preferences=paper.preferences, value=value)
            )
        self._credited[name] = total - amount
        for each, votes in received.items():
            self._credited[each] += votes
        ignored = amount - lost - sum(received.values())
        self._close(kind, name, dict(received), lost, ignored, quota)

    def _close(
        self,
        kind: str,
        name: str | None,
        transfers: dict[str, Fraction],
        lost: Fraction,
        ignored: Fraction,
        quota: int,
    ) -> None:
        stage = Stage(
            kind=kind,
            moved_from=name,
            transfers={each: votes for each, votes in transfers.items() if votes},
            non_transferable=lost,
            ignored=ignored,
            votes=dict(self._credited),
        )
        self._stages.append(stage)
        stage.elected += self._elect([n for n in self._hopeful if self._credited[n] >= quota])
        if len(self._hopeful) <= self._election.seats - len(self._elected):
            stage.elected += self._elect(self._hopeful)

    def _elect(self, names: Sequence[str]) -> list[str]:
        left, chosen = list(names), []
        while left:
            chosen.append(self._tell_apart(left, max)[0])
            left.remove(chosen[-1])
        self._elected += chosen
        self._hopeful = [name for name in self._hopeful if name not in chosen]
        return chosen

    def _choose(self, names: Sequence[str], extreme: Callable[..., Fraction]) -> str:
        tied = self._tell_apart(names, extreme)
        return tied[0] if len(tied) == 1 else self._draw(tuple(tied))

    def _tell_apart(self, names: Sequence[str], extreme: Callable[..., Fraction]) -> list[str]:
        left = list(names)
        for stage in reversed(self._stages):
            wanted = extreme(stage.votes[name] for name in left)
            left = [name for name in left if stage.votes[name] == wanted]
        return left


def read_ward(text: str) -> Election:
    """A well-formed ballot file of a ward."""
    rows = [[cell for cell in row if cell] for row in csv.reader(io.StringIO(text)) if row]
    size, seats = map(int, rows[0])
    names = tuple(row[1] for row in rows[-1 - size : -1])
    ballots = tuple(
        (int(row[0]), tuple(names[int(cell) - 1] for cell in row[1:]))
        for row in rows[1 : -1 - size]
    )
    return Election(candidates=names, seats=seats, ballots=ballots)
