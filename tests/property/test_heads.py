"""Items are weighed on the heads of a block as on the value that it holds."""

import sys
from types import FrameType
from typing import Any

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import DEPTH_MAX, CodecError, decode, encode
from runtime.content.heads import CONTAINER_WEIGHT, LINK_WEIGHT, weighed_items
from runtime.host.fuel_meter import FuelMeter

UNBOUNDED = 1 << 40
NESTED_MOST = 40
"""Containers around one place in the values below, and more."""
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.text(max_size=300)
    | st.binary(max_size=300)
    | st.builds(cid_of, st.binary(max_size=8), st.sampled_from(Codec)),
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(), inner, max_size=30),
)


def weight(value: Any) -> int:
    match value:
        case Cid():
            return LINK_WEIGHT
        case list():
            return CONTAINER_WEIGHT + sum(map(weight, value))
        case dict():
            return CONTAINER_WEIGHT + len(value) + sum(map(weight, value.values()))
        case _:
            return 1


@examples(300)
@given(values)
def test_block_weighs_what_its_value_weighs(value: Any) -> None:
    assert weighed_items(encode(value), items_max=UNBOUNDED) == weight(value)


@examples(100)
@given(values)
def test_value_about_to_be_encoded_is_charged_the_same(value: Any) -> None:
    meter = FuelMeter()
    before = meter.left
    meter.charge_built(value)
    assert before - meter.left == weight(value)


@examples(200)
@given(values, st.data())
def test_damaged_block_weighs_at_least_what_can_be_read(value: Any, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    block = bytes(raw[: data.draw(st.integers(1, len(raw)))])
    found = weighed_items(block, items_max=UNBOUNDED)
    assert 1 <= found <= LINK_WEIGHT * len(block) + CONTAINER_WEIGHT
    try:
        read = decode(block)
    except CodecError:
        return
    assert found == weight(read)


@examples(50)
@given(values, st.integers(0, 50))
def test_counting_ends_above_the_most(value: Any, most: int) -> None:
    found = weighed_items(encode(value), items_max=most)
    assert (found > most) == (weight(value) > most)


def read_items(block: bytes) -> int:
    """How many values the codec came to, whatever it says of the block."""
    count = 0

    def seen(_frame: FrameType, event: str, called: Any) -> None:
        nonlocal count
        count += event == "c_call" and called.__name__ == "append"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        decode(block)
    except CodecError:
        pass
    finally:
        sys.setprofile(before)
    return count


@examples(200)
@given(values, st.data())
def test_cut_off_block_weighs_what_is_read_of_it(value: Any, data: st.DataObject) -> None:
    """Each value read, and the containers around the place, which have no value yet."""
    block = encode(value)
    block = block[: data.draw(st.integers(1, len(block)))]
    read, found = read_items(block), weighed_items(block, items_max=UNBOUNDED)
    assert read <= found <= LINK_WEIGHT * (read + NESTED_MOST)


@pytest.mark.parametrize(
    "block",
    [
        b"\x9b" + b"\xff" * 8 + b"\x80" * 50_000,
        encode([[]] * 50_000)[:-1],
        b"\x99\xc3\x50\x9b" + b"\xff" * 8 + b"\x80" * 50_000,
        b"\xb9\x61\xa8\x60\xbb" + b"\xff" * 8 + b"\x60" * 50_000,
        b"\x99\xc3\x50\x5a" + b"\xff" * 4 + b"\x80" * 50_000,
        b"\x99\xc3\x50" + b"\x81" * 50_000,
    ],
    ids=["list", "last item", "inner list", "inner map", "inner bytes", "nested"],
)
def test_block_refused_at_once_weighs_next_to_nothing(block: bytes) -> None:
    found = weighed_items(block, items_max=UNBOUNDED)
    assert read_items(block) <= found <= (CONTAINER_WEIGHT + 1) * (DEPTH_MAX + 2)


def test_block_that_nests_too_deep_is_weighed_up_to_there() -> None:
    deep = b"\x81" * 1_000_000
    assert weighed_items(deep, items_max=UNBOUNDED) <= (CONTAINER_WEIGHT + 1) * (DEPTH_MAX + 2)
