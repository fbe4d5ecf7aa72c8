"""A simulated network: a queue for each link, its latency and faults drawn from a seed.

Rule: the same seed, faults and parcels give the same arrivals. It has no clock of its own: `now` is
set by the simulation.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from random import Random

from msgspec.structs import replace

from mesh.core.fields import MICRO
from mesh.core.ports.messages import Envelope
from mesh.transport.faults import FaultModel, LinkEffect, LinkRule, dice_of, kind_of
from mesh.transport.port import Delivery, Parcel
from runtime.content.did import Did


class SimulatedTransport:
    """All links between simulated actors. now: milliseconds of the simulation. lost: how many
    parcels were."""

    def __init__(self, seed: int, actors: tuple[Did, ...], faults: FaultModel) -> None:
        self.now = 0
        self.faults = faults
        self.lost = 0
        self._seed = seed
        self._actors = actors
        self._dice: dict[tuple[Did, Did, str], Random] = {}
        self._free_at: dict[tuple[Did, Did], int] = {}
        self._under_way: list[tuple[int, int, Parcel]] = []
        self._arrived: dict[Did, deque[Delivery]] = {actor: deque() for actor in actors}
        self._receivers: set[Did] = set()
        self._given_out: dict[int, Delivery] = {}
        self._count = 0

    # --- the port

    def send(self, parcel: Parcel) -> None:
        copies = [(self._dice_of(parcel).randint(*self.faults.latency_ms), parcel)]
        is_in_order = True
        kind = kind_of(parcel) if self.faults.rules else ""
        for rule in self.faults.rules:
            if not rule.concerns(parcel, kind, self.now):
                continue
            dice = self._dice_of(parcel, rule.name)
            if dice.randrange(MICRO) < rule.share_ppm:
                is_in_order &= rule.effect is not LinkEffect.REORDER
                copies = list(self._affected(copies, rule, dice))
        self.lost += not copies
        for latency, copy in copies:
            self._dispatch(copy, self.now + latency, is_in_order=is_in_order)

    def next_delivery(self, to: Did) -> Delivery | None:
        self._take_in()
        waiting = self._arrived[to]
        if not waiting:
            return None
        delivery = waiting.popleft()
        self._given_out[delivery.number] = delivery
        return delivery

    def acknowledge(self, delivery: Delivery) -> None:
        self._given_out.pop(delivery.number, None)

    # --- the simulation

    def next_arrival(self) -> int | None:
        """The earliest moment at which a parcel arrives that is on its way, now where one has
        arrived for an actor that `take_receivers` has not named."""
        if self._receivers:
            return self.now
        return self._under_way[0][0] if self._under_way else None

    def take_receivers(self) -> frozenset[Did]:
        """The actors for whom a parcel has arrived since the last call."""
        self._take_in()
        taken, self._receivers = frozenset(self._receivers), set()
        return taken

    def recover(self, actor: Did, *, is_lost: bool) -> None:
        """Brings what an actor was given and did not acknowledge again, or loses it with all that
        has arrived."""
        given = [each for each in self._given_out.values() if each.parcel.to == actor]
        for each in given:
            del self._given_out[each.number]
        if is_lost:
            self._arrived[actor].clear()
            return
        for each in given:
            self._push(each.parcel, self.now)

    # --- parcels on their way

    def _affected(
        self, copies: list[tuple[int, Parcel]], rule: LinkRule, dice: Random
    ) -> Iterator[tuple[int, Parcel]]:
        for latency, parcel in copies:
            match rule.effect:
                case LinkEffect.DROP:
                    pass
                case LinkEffect.DUPLICATE:
                    yield latency, parcel
                    yield latency + dice.randint(0, rule.milliseconds), parcel
                case LinkEffect.REORDER | LinkEffect.DELAY:
                    yield latency + dice.randint(0, rule.milliseconds), parcel
                case LinkEffect.CORRUPT:
                    yield latency, _corrupted(parcel, dice)
                case LinkEffect.TRUNCATE:
                    yield latency, _truncated(parcel)
                case LinkEffect.MISDELIVER:
                    yield latency, parcel
                    yield latency, replace(parcel, to=dice.choice(self._actors))
                case LinkEffect.DISGUISE:
                    yield latency, replace(parcel, sender=dice.choice(self._actors))

    def _dispatch(self, parcel: Parcel, at: int, *, is_in_order: bool) -> None:
        for each in self.faults.partitions:
            if each.separates(parcel, self.now):
                if not each.is_held:
                    self.lost += 1
                    return
                at = max(at, each.until)
        link = (parcel.sender, parcel.to)
        if is_in_order:
            at = self._free_at[link] = max(at, self._free_at.get(link, 0))
        self._push(parcel, at)

    def _push(self, parcel: Parcel, at: int) -> None:
        self._count += 1
        heapq.heappush(self._under_way, (at, self._count, parcel))

    def _take_in(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            _, number, parcel = heapq.heappop(self._under_way)
            self._arrived[parcel.to].append(Delivery(number=number, parcel=parcel))
            self._receivers.add(parcel.to)

    def _dice_of(self, parcel: Parcel, rule: str = "") -> Random:
        """The dice of one rule on a parcel's link; of its latency without a rule."""
        place = (parcel.sender, parcel.to, rule)
        found = self._dice.get(place)
        if found is None:
            found = self._dice[place] = dice_of(self._seed, "link", *place)
        return found


def _corrupted(parcel: Parcel, dice: Random) -> Parcel:
    if not isinstance(parcel, Envelope) or not parcel.blocks:
        return parcel
    first = bytearray(parcel.blocks[0])
    first[dice.randrange(len(first))] ^= 1 << dice.randrange(8)
    return replace(parcel, blocks=(bytes(first), *parcel.blocks[1:]))


def _truncated(parcel: Parcel) -> Parcel:
    return replace(parcel, blocks=parcel.blocks[:-1]) if isinstance(parcel, Envelope) else parcel
