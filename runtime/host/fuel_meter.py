"""Fuel of an execution while the host works for it.

Rule: work is charged before it is done, by the row of `ccl.abi.fuel` that `price` is. The items of
a value are counted on its encoding, up to the fuel that is left, before any is built.
"""

from typing import Any, Final

from ccl.abi.fuel import CONTEXT_ITEMS_FREE, Price
from runtime.content.cid import Cid
from runtime.content.codec import RECORD_BYTES_MAX, decode
from runtime.content.heads import CONTAINER_WEIGHT, LINK_WEIGHT, weighed_items
from runtime.host.stop import OUT_OF_FUEL, Stop

UNMETERED: Final = 1 << 62
"""Fuel of an invocation without an engine: more than any limit."""
FREE: Final = Price(call=0, byte=0, item=1)


class FuelMeter:
    """left: fuel that is not used up. price: of the call in progress."""

    __slots__ = ("left", "price")

    def __init__(self, left: int = UNMETERED, price: Price = FREE) -> None:
        self.left = left
        self.price = price

    def charge(self, fuel: int) -> None:
        """Raises Stop when less is left."""
        assert fuel >= 0, "work gives no fuel back"
        if self.left < fuel:
            self.left = 0
            raise Stop(OUT_OF_FUEL)
        self.left -= fuel

    def charge_bytes(self, count: int) -> None:
        self.charge(count * self.price.byte)

    def charge_items(self, count: int) -> None:
        self.charge(count * self.price.item)

    def charge_value(self, block: bytes) -> None:
        """Charges the items of an encoded value."""
        self.charge_items(weighed_items(block, items_max=self.left // self.price.item))

    def charge_brought(self, price: Price, count: int) -> None:
        """Charges the items of a part of the context, which is read at the first use."""
        self.charge(price.item * max(count - CONTEXT_ITEMS_FREE, 0))

    def charge_brought_block(self, price: Price, block: bytes) -> None:
        most = CONTEXT_ITEMS_FREE + self.left // price.item
        self.charge_brought(price, weighed_items(block, items_max=most))

    def charge_built(self, value: Any) -> None:
        """Charges the items of a value before it is encoded, level by level."""
        level = [value]
        while level:
            below: list[Any] = []
            weight = len(level)
            for each in level:
                kind = type(each)
                if kind is dict:
                    below.extend(each.values())
                    weight += CONTAINER_WEIGHT - 1 + len(each)
                elif kind is list:
                    below.extend(each)
                    weight += CONTAINER_WEIGHT - 1
                elif kind is Cid:
                    weight += LINK_WEIGHT - 1
            self.charge_items(weight)
            level = below

    def decode(self, block: bytes, *, bytes_max: int = RECORD_BYTES_MAX) -> Any:
        """Charges the items, then reads them. Raises CodecError, and Stop without fuel."""
        if len(block) <= bytes_max:
            self.charge_value(block)
        return decode(block, bytes_max=bytes_max)
