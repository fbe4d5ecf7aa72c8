"""Cost of reading a DAG-CBOR block, from the heads of its items alone.

It is charged before anything is built. `codec` decides whether the block is canonical. Of a block
that is cut off, the items before the cut count: `codec` stops there, at a list or map that
announces more than is left of the block, before it reads any of it.
Source: RFC 8949, section 3.
"""

from typing import Final

from runtime.content.codec import DEPTH_MAX

CONTAINER_WEIGHT: Final = 4
LINK_WEIGHT: Final = 8
"""Items that take as long as a list or map itself, and as a link; measured."""

_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6
_LENGTHS: Final = {24: 1, 25: 2, 26: 4, 27: 8}
"""Bytes of the argument after a head whose low five bits are these."""


def _whole(head: int) -> int:
    """Gives the bytes of an item whose head alone determines them, 0 for another."""
    kind, argument = head >> 5, head & 31
    if kind in (_ARRAY, _MAP, _TAG):
        return 0
    if kind in (_BYTES, _TEXT):
        return 1 + argument if argument < min(_LENGTHS) else 0
    return 1 + _LENGTHS.get(argument, 0)


_WHOLE: Final = bytes(map(_whole, range(256)))


def weighed_items(block: bytes, *, items_max: int) -> int:
    """Counts the items of a block, each key as one, lists, maps and links with their weights.

    Counting ends above `items_max`, and at items that nest too deep.
    """
    size = len(block)
    at, count, left = 0, 1, 1
    outer: list[int] = []
    """Items that are to come in each container around the present one."""
    while at < size and count <= items_max:
        head = block[at]
        left -= 1
        step = _WHOLE[head]
        if step:
            at += step
        else:
            kind, argument = head >> 5, head & 31
            at += 1
            if argument in _LENGTHS:
                length = _LENGTHS[argument]
                argument = int.from_bytes(block[at : at + length], "big")
                at += length
            if kind in (_BYTES, _TEXT):
                at += argument
            elif kind == _TAG:
                count += LINK_WEIGHT - 1
                left += 1
            else:
                announced = argument << (kind == _MAP)
                if announced > size - at or (announced and len(outer) > DEPTH_MAX):
                    break
                count += announced + CONTAINER_WEIGHT - 1
                outer.append(left)
                left = announced
        while not left:
            if not outer:
                return count
            left = outer.pop()
    return count if count > items_max else count - left - sum(outer)
