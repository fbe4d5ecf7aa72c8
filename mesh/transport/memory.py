"""An immediate transport between actors of one process, for the length of one turn.

Rule: nothing is lost and each link keeps its order. What the turn does not commit is dropped with
the transport.
"""

from collections import deque

from mesh.transport.port import Delivery, Parcel
from runtime.content.did import Did


class MemoryTransport:
    """Parcels in memory, in the order in which they were sent."""

    def __init__(self) -> None:
        self._arrived: dict[Did, deque[Delivery]] = {}
        self._count = 0

    def send(self, parcel: Parcel) -> None:
        self._count += 1
        delivery = Delivery(number=self._count, parcel=parcel)
        self._arrived.setdefault(parcel.to, deque()).append(delivery)

    def next_delivery(self, to: Did) -> Delivery | None:
        waiting = self._arrived.get(to)
        return waiting.popleft() if waiting else None

    def acknowledge(self, delivery: Delivery) -> None:
        """Does nothing: the turn that takes a parcel in also drops the transport."""
