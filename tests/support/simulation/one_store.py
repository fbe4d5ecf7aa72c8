"""A scenario without faults over one store for all actors, driven by the turns of an embedded mesh.

Rule: users, actors, machines, keys and randomness are those of a `World`; only the driver differs.
"""

import heapq
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from mesh.actors.actor import Actor, Now
from mesh.actors.stores import View
from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.ports.work import Execute
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Role
from mesh.embedded.driving.turns import Finished, Report, Turns
from mesh.transport.faults import dice_of
from runtime.content.did import Did
from simulation import users
from simulation.cast import Cast, found, parts_of
from simulation.driving.clocks import Clock, ClockFaults
from simulation.driving.machines import Machine
from simulation.driving.station import Command
from simulation.faults.plan import HEAL_MS, Part
from simulation.scenario import Scenario


def _alone() -> AbstractContextManager[Callable[[], bool]]:
    """The turnstile of a home that nobody else drives."""
    return nullcontext(lambda: False)


class Resident:
    """One actor of the store, as users of a world see it."""

    def __init__(self, part: Part, store: MemoryStore, machine: Machine) -> None:
        self.name = part.name
        self.did: Did = part.did
        self.store = store
        self.machine = machine


class OneStore:
    """All actors of one scenario, in one store. at: milliseconds of true time."""

    def __init__(self, scenario: Scenario, cast: Cast) -> None:
        assert not scenario.faults, "nothing goes wrong within one store"
        self.scenario = scenario
        self.at = 0
        self.parts = parts_of(scenario)
        self.founding = found(scenario, self.parts)
        self.archive = Archive(self.founding.genesis.cid)
        self.store = MemoryStore()
        self.clock = Clock("home", ClockFaults())
        self.stations = {
            part.did: Resident(part, self.store, cast.machine(scenario.seed, part.name, ()))
            for part in self.parts
        }
        self.actors = {part.did: self._actor(cast, part) for part in self.parts}
        self.turns = Turns(self.store, self.actors, self._now, _alone)
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._next_at: int | None = 0
        self._cast = cast

    def of_role(self, role: Role) -> tuple[Resident, ...]:
        return tuple(self.stations[each.did] for each in self.parts if each.role is role)

    def run(self) -> None:
        """Plays the scenario as a `World` does, as long as one that ends as soon as it may."""
        self._cast.prepare(self)  # type: ignore[arg-type]
        for job in self.scenario.jobs:
            self.script(job.at, partial(users.submit, self, job))  # type: ignore[arg-type]
            if job.cancel_at is not None:
                self.script(job.cancel_at, partial(users.cancel, self, job))  # type: ignore[arg-type]
        self.play(until=HEAL_MS)

    def play(self, *, until: int) -> None:
        while (at := self._next_moment()) is not None and at < until:
            self.at = max(self.at, at)
            while self._events and self._events[0][0] <= self.at:
                heapq.heappop(self._events)[2]()
            self._settle()
        self.at = until

    def script(self, at: int, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, self._count, action))

    def command(self, resident: Resident, command: Command) -> Any:
        actor = self.actors[resident.did]
        with self.turns.turn() as opened:
            done = opened.command(resident.did, lambda tx, now: command(actor, tx, now))
            report = opened.settle()
        self._learn(report)
        self._settle()
        return done

    # --- driving

    def _actor(self, cast: Cast, part: Part) -> Actor:
        entropy = dice_of(self.scenario.seed, "entropy", part.name).randbytes
        return cast.make(self, part, self.stations[part.did].machine, entropy)  # type: ignore[arg-type]

    def _now(self) -> Now:
        return self.clock.now(self.at)

    def _next_moment(self) -> int | None:
        times = [self._events[0][0]] if self._events else []
        if self._next_at is not None:
            times.append(max(self._next_at, self.at + 1))
        return min(times, default=None)

    def _settle(self, *results: Finished) -> None:
        is_silent = False
        while not is_silent:
            with self.turns.turn(results) as opened:
                report = opened.settle()
            self._learn(report)
            is_silent, results = report.is_silent, ()

    def _learn(self, report: Report) -> None:
        assert not report.set_aside, report.set_aside
        self._next_at = report.next_at
        for row in report.asked:
            assert isinstance(row.work, Execute), "blocks are fetched within a turn"
            machine = self.stations[row.actor].machine
            with self.store.view() as view:
                begun = machine.begin(
                    self._blocks(view, row.actor), row.id, row.work, self.at, self._wall
                )
            if begun.ends_at is not None:
                done = Finished(actor=row.actor, work=row.id, result=begun.result)
                self.script(begun.ends_at, partial(self._settle, done))

    def _blocks(self, view: View, actor: Did) -> Any:
        return view.blocks(actor)

    def _wall(self, at: int) -> int:
        return self.clock.now(at).wall
