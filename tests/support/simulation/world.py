"""A world: all actors of a scenario over one network, and the loop that plays it to its end.

Rule: the next thing that happens is the earliest one, and of those at one moment the first by the
order of the members; so a scenario has one course.
"""

import heapq
from collections.abc import Callable, Mapping
from pathlib import Path
from traceback import extract_tb
from typing import Any

from mesh.actors.actor import Actor
from mesh.actors.stores import Turn
from mesh.adapters.inmemory.store import MemoryStore
from mesh.core.membership.founding import Founding
from mesh.core.ports.messages import Envelope
from mesh.core.ports.work import Execute, WorkId
from mesh.core.records.archive import Archive
from mesh.core.records.membership import Fault, Role
from mesh.core.records.settlement import Settlement
from mesh.transport.faults import FaultModel, dice_of, kind_of
from mesh.transport.port import Parcel
from mesh.transport.simulated import SimulatedTransport
from runtime.content.did import Did
from simulation import users
from simulation.cast import Cast, found, parts_of
from simulation.checking.invariants import (
    Invariant,
    Violation,
    check_books,
    check_kept,
    check_order,
    check_provable,
    check_settlement,
    require,
)
from simulation.checking.refusing import Refusing
from simulation.checking.signed import SignedRecords
from simulation.diagram import Step
from simulation.driving.clocks import Clock, ClockFaults
from simulation.driving.station import Command, Conduct, CrashPlan, CrashPoint, Station
from simulation.faults.dishonest import Stage
from simulation.faults.plan import BEGIN_MS, HEAL_MS, Part, Plan, Restore
from simulation.scenario import JobPlan, Scenario

END_AFTER_MS = 60_000
"""Every job ends so long after the network is whole."""


class World:
    """All actors of one scenario. steps: the trace; at: true time in milliseconds."""

    def __init__(self, scenario: Scenario, cast: Cast) -> None:
        self.scenario = scenario
        self.cast = cast
        self.at = 0
        self.steps: list[Step] = []
        self.deliveries = 0
        self.lies: set[str] = set()
        self.chances: set[str] = set()
        self.parts = parts_of(scenario)
        self.plan: Plan = scenario.plan(self.parts)
        self.founding: Founding = found(scenario, self.parts)
        self.archive = Archive(self.founding.genesis.cid)
        self.records = SignedRecords(self.archive)
        self.names: Mapping[Did, str] = {each.did: each.name for each in self.parts}
        self.transport = SimulatedTransport(
            scenario.seed, tuple(each.did for each in self.parts), FaultModel()
        )
        self.stations = {each.did: self._station(each) for each in self.parts}
        self._honest_issuers = frozenset(
            each.did
            for each in self.parts
            if each.role is Role.ISSUER and not self.plan.is_dishonest(each.name)
        )
        self.refusing = Refusing(self.archive)
        self._scripted: list[tuple[int, int, Callable[[], None]]] = []
        self._scripts = 0
        self._wakes: list[tuple[int, int, Did]] = []
        self._order = {each.did: number for number, each in enumerate(self.parts)}
        self._checked_settlements = 0
        self._checked_contradictions = 0
        self._checked_faults = 0

    # --- reading

    def of_role(self, role: Role) -> tuple[Station, ...]:
        return tuple(self.stations[each.did] for each in self.parts if each.role is role)

    def named(self, name: str) -> Station:
        return next(each for each in self.stations.values() if each.name == name)

    def is_honest(self, did: Did) -> bool:
        return not self._is_untrusted(self.names[did])

    def _is_untrusted(self, name: str) -> bool:
        """A restored actor may sign what it has signed before until it knows it."""
        is_restored = any(each.name == name for each in self.plan.restores)
        return self.plan.is_dishonest(name) or is_restored

    # --- playing

    def run(self) -> None:
        """Plays the scenario to its end. Raises Violation."""
        self.cast.prepare(self)
        self.play(until=BEGIN_MS)
        self._begin_faults()
        for job in self.scenario.jobs:
            self.script(job.at, self._submission(job))
            if job.cancel_at is not None:
                self.script(job.cancel_at, self._cancellation(job))
        self.play(until=HEAL_MS)
        self._heal()
        end = self.at + END_AFTER_MS
        while self.at < end and not users.is_over(self):
            self.play(until=min(end, self.at + 1_000))
        self._check_end()

    def play(self, *, until: int) -> None:
        """Lets everything happen that is due before a moment."""
        while (at := self._next_moment()) is not None and at < until:
            self.at = self.transport.now = max(self.at, at)
            self._step()
        self.at = self.transport.now = until

    def script(self, at: int, action: Callable[[], None]) -> None:
        self._scripts += 1
        heapq.heappush(self._scripted, (at, self._scripts, action))

    def command(self, station: Station, command: Command) -> Any:
        result = station.command(command, self.at)
        self._expect(station)
        return result

    def _next_moment(self) -> int | None:
        times = [self.transport.next_arrival()]
        if self._scripted:
            times.append(self._scripted[0][0])
        if self._wakes:
            times.append(self._wakes[0][0])
        return min((each for each in times if each is not None), default=None)

    def _step(self) -> None:
        while self._scripted and self._scripted[0][0] <= self.at:
            heapq.heappop(self._scripted)[2]()
        concerned = set(self.transport.take_receivers())
        while self._wakes and self._wakes[0][0] <= self.at:
            concerned.add(heapq.heappop(self._wakes)[2])
        for did in sorted(concerned, key=self._order.__getitem__):
            station = self.stations[did]
            if not station.is_up and station.up_at <= self.at:
                self._start(station)
            station.take_in(self.at)
            self._expect(station)

    def _expect(self, station: Station) -> None:
        wake = station.next_wake()
        if wake is not None:
            moment = max(wake, self.at + 1)
            heapq.heappush(self._wakes, (moment, self._order[station.did], station.did))

    def _start(self, station: Station) -> None:
        is_lost = station.crashed is not None and station.crashed.is_inbox_lost
        self.transport.recover(station.did, is_lost=is_lost)
        station.start(self.at)
        self._note(station, "starts again")

    # --- scripts

    def _begin_faults(self) -> None:
        self.transport.faults = FaultModel(
            rules=tuple(self.plan.rules), partitions=tuple(self.plan.partitions)
        )
        for part in self.parts:
            station = self.stations[part.did]
            station.arm(self.plan.crashes.get(part.name, ()))
            station.conduct = self._conduct(part)
        for restore in self.plan.restores:
            self._script_restore(restore)

    def _script_restore(self, restore: Restore) -> None:
        station = self.named(restore.name)
        saved: list[MemoryStore] = []

        def save() -> None:
            assert isinstance(station.store, MemoryStore)
            saved.append(station.store.copy())

        def put_back() -> None:
            if station.is_up:
                plan = CrashPlan(turn=0, point=CrashPoint.AFTER_COMMIT, down_ms=100)
                station.stop(plan, self.at)
            station.store = saved[0]
            self.refusing.forget(station.did)
            self._note(station, "restores an old store")
            self._expect(station)

        self.script(restore.saved_at, save)
        self.script(restore.restored_at, put_back)

    def _heal(self) -> None:
        self.transport.faults = FaultModel()
        for station in self.stations.values():
            station.arm(())
            station.up_at = min(station.up_at, self.at)
            self._expect(station)

    def _submission(self, job: JobPlan) -> Callable[[], None]:
        return lambda: users.submit(self, job)

    def _cancellation(self, job: JobPlan) -> Callable[[], None]:
        return lambda: users.cancel(self, job)

    # --- what stations report

    def send(self, station: Station, parcel: Parcel) -> None:
        lost = self.transport.lost
        self.transport.send(parcel)
        self.deliveries += 1
        if isinstance(parcel, Envelope):
            self.records.note(parcel.blocks)
            self._check_settlements()
            self._check_contradictions()
            self._check_faults()
        self.steps.append(
            Step(
                at=self.at,
                sender=station.name,
                to=self.names[parcel.to],
                text=kind_of(parcel),
                is_lost=self.transport.lost > lost,
            )
        )

    def began(self, station: Station, work: WorkId, asked: Execute) -> None:
        if self.is_honest(station.did):
            check_order(self.records, station.did, asked)

    def committed(self, station: Station, turn: Turn) -> None:
        if station.did in self._honest_issuers:
            check_books(turn, station.did)
        if any(each.name == station.name for each in self.plan.restores):
            self.refusing.look(turn, station.did)

    def _check_settlements(self) -> None:
        found = self.records.of(Settlement)
        for each in found[self._checked_settlements :]:
            if each.signer in self._honest_issuers:
                check_settlement(self.records, each)
        self._checked_settlements = len(found)

    def _check_contradictions(self) -> None:
        found = self.records.contradictions
        for first, second in found[self._checked_contradictions :]:
            detail = f"{self.names[first.signer]}: {first.body} and {second.body}"
            require(not self.is_honest(first.signer), Invariant.NO_CONTRADICTION, detail)
            if not self.plan.is_dishonest(self.names[first.signer]):
                self.refusing.check(first, second, detail)
        self._checked_contradictions = len(found)

    def _check_faults(self) -> None:
        found = self.records.of(Fault)
        for each in found[self._checked_faults :]:
            accuser, accused = each.signer, each.body.accused
            is_false = all(did in self.names and self.is_honest(did) for did in (accuser, accused))
            detail = f"{self.names[accuser]} accuses {self.names.get(accused)}: {each.body.ground}"
            require(not is_false, Invariant.NO_FALSE_FAULT, detail)
        self._checked_faults = len(found)

    def _check_end(self) -> None:
        """What must hold when everything is over."""
        users.check_end(self)
        for station in self.stations.values():
            if self.is_honest(station.did):
                with station.store.view() as view:
                    check_kept(self.records, station.did, view.blocks(station.did))
        for first, second in self.records.contradictions:
            check_provable(first, second)

    def _note(self, station: Station, text: str) -> None:
        self.steps.append(Step(at=self.at, sender=station.name, to=None, text=text))

    # --- stations

    def _station(self, part: Part) -> Station:
        clock = Clock(part.name, self.plan.clocks.get(part.name, ClockFaults()))
        faults = tuple(self.plan.machines.get(part.name, ()))
        machine = self.cast.machine(self.scenario.seed, part.name, faults)
        store = MemoryStore()
        entropy = dice_of(self.scenario.seed, "entropy", part.name)

        def make() -> Actor:
            return self.cast.make(self, part, machine, entropy.randbytes)

        return Station(
            name=part.name,
            make=make,
            store=store,
            clock=clock,
            machine=machine,
            transport=self.transport,
            observer=self,
        )

    def _conduct(self, part: Part) -> Conduct:
        found = self.plan.conducts.get(part.name)
        if found is None:
            return Conduct()
        make, dice, seen = found
        dids = tuple(each.did for each in self.parts)
        stage = Stage(
            key=part.key,
            dice=dice,
            archive=self.archive,
            dids=dids,
            seen=seen,
            lies=self.lies,
            chances=self.chances,
        )
        return make(stage)


def play(scenario: Scenario, cast: Cast) -> tuple[World, Violation | None]:
    """Plays a scenario; the world as it ended, and what does not hold in it."""
    world = World(scenario, cast)
    try:
        world.run()
    except Violation as violation:
        return world, violation
    except Exception as error:  # noqa: BLE001 (any exception of an actor is a finding)
        frame = extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        found = Violation(Invariant.NO_CRASH, f"{error!r} in {place}", place=place)
        return world, found.with_traceback(error.__traceback__)
    return world, None
