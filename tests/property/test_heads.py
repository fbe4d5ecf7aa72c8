"""Items are weighed on the heads of a block as on the value that it holds."""

from typing import Any

from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import DEPTH_MAX, CodecError, decode, encode
from runtime.content.heads import CONTAINER_WEIGHT, LINK_WEIGHT, weighed_items
from runtime.host.tank import Tank

UNBOUNDED = 1 << 40
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
def test_a_block_weighs_what_its_value_weighs(value: Any) -> None:
    assert weighed_items(encode(value), items_max=UNBOUNDED) == weight(value)


@examples(100)
@given(values)
def test_a_value_about_to_be_encoded_is_charged_the_same(value: Any) -> None:
    tank = Tank()
    before = tank.left
    tank.charge_built(value)
    assert before - tank.left == weight(value)


@examples(200)
@given(values, st.data())
def test_a_damaged_block_weighs_at_least_what_can_be_read(value: Any, data: st.DataObject) -> None:
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


def test_what_is_cut_off_weighs_as_much_as_lists_to_its_end() -> None:
    for block in (b"\x9b" + b"\xff" * 8 + b"\x80" * 1000, encode([[]] * 1000)[:-1]):
        assert weighed_items(block, items_max=UNBOUNDED) >= CONTAINER_WEIGHT * 900


def test_what_nests_too_deep_is_weighed_to_where_it_does() -> None:
    deep = b"\x81" * 1_000_000
    assert weighed_items(deep, items_max=UNBOUNDED) <= (CONTAINER_WEIGHT + 1) * (DEPTH_MAX + 2)
