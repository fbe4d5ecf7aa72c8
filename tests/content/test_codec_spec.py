"""The codec against a writer and a reader made from the specification of DAG-CBOR, and against
blocks that another library wrote: `blocks.txt` has a record of each type and the edges, one
block a line (name, CID, hexadecimal), from cbrrr 1.1."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from effort import examples
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.content.cid import Cid, Codec, cid_of, parse_cid
from runtime.content.codec import DEPTH_MAX, CodecError, count_items, decode, encode

EDGES = sorted(
    number
    for bits in (0, 5, 8, 16, 32, 63)
    for near in (-1, 0, 1, 24)
    for number in ((1 << bits) + near, near - (1 << bits))
    if -(1 << 63) <= number < 1 << 63
)
TEXTS = st.text() | st.text("aé漢😀\uffff", min_size=20, max_size=30)
CIDS = st.builds(cid_of, st.binary(max_size=4), st.sampled_from(Codec))
ATOMS = (
    st.none()
    | st.booleans()
    | st.sampled_from(EDGES)
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | TEXTS
    | st.binary(max_size=30)
    | CIDS
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=12,
)


def head(major: int, number: int) -> bytes:
    """The shortest head: RFC 8949, section 3."""
    if number < 24:
        return bytes([major << 5 | number])
    width = next(width for width in (1, 2, 4, 8) if number < 1 << 8 * width)
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + number.to_bytes(width)


def written(value: Any) -> bytes:
    """The encoding by the specification; keys by length, then by bytes."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value.encode())) + value.encode()
        case list():
            return head(4, len(value)) + b"".join(map(written, value))
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            pairs = (written(key) + written(value[key]) for key in keys)
            return head(5, len(value)) + b"".join(pairs)
        case Cid():
            return head(6, 42) + written(b"\0" + value.raw)
    raise TypeError(type(value))


def is_canonical(data: bytes) -> bool:
    """Whether the bytes are one item of strict DAG-CBOR, by a reader that builds nothing."""
    try:
        return skip(data, 0) == len(data)
    except (ValueError, IndexError):
        return False


def skip(data: bytes, at: int) -> int:
    """Where the item at `at` ends. Raises ValueError or IndexError if it is not strict."""
    major, short = data[at] >> 5, data[at] & 31
    if major == 7:
        require(short in {20, 21, 22})
        return at + 1
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(short, 0)
    require(short < 24 or width > 0)
    number = int.from_bytes(data[at + 1 : at + 1 + width]) if width else short
    start = at + 1 + width
    require(data[at:start] == head(major, number))
    if major < 2:
        require(number < 1 << 63)
        return start
    if major == 6:
        require(number == 42 and data[start : start + 3] == b"\x58\x25\0")
        Cid(data[start + 3 : start + 39])
        return start + 39
    if major < 4:
        require(start + number <= len(data))
        if major == 3:
            data[start : start + number].decode()
        return start + number
    before = b""
    for _ in range(number):
        if major == 5:
            require(data[start] >> 5 == 3)
            end = skip(data, start)
            # The head of a longer text is greater, so whole encodings compare as keys do.
            require(data[start:end] > before)
            before, start = data[start:end], end
        start = skip(data, start)
    return start


def require(holds: bool) -> None:
    if not holds:
        raise ValueError


@examples(200)
@given(VALUES)
@example(EDGES)
@example([bytes(256), bytes(24), "é" * 12, "x" * 65536, [None] * 24, [[]] * 256])
@example({str(key): key for key in range(300)})
@example({"é": 1, "ab": 2, "z": 3, "": 4, "漢": 5, "aaa": 6, "\uffff": 7, "\U00010000": 8})
def test_encoding_matches_the_specification(value: Any) -> None:
    assert encode(value) == written(value)
    assert decode(written(value)) == value


@examples(300)
@given(VALUES, st.data())
def test_changed_block_is_read_exactly_if_it_is_canonical(value: Any, data: st.DataObject) -> None:
    raw = bytearray(written(value))
    pieces = st.binary(max_size=3) | st.sampled_from(
        [
            b"\xd8\x2a",
            b"\xc2",
            b"\xd8\x1c",
            b"\xd8\x1d",
            b"\xf7",
            b"\xfb",
            b"\x9f",
            b"\xff",
            b"\xa1",
        ]
    )
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(pieces)
    block = bytes(raw)
    try:
        assert encode(decode(block)) == block
    except CodecError as error:
        assert not is_canonical(block), error
    else:
        assert is_canonical(block)


@pytest.mark.parametrize(
    "line", Path(__file__).with_name("blocks.txt").read_text("ascii").splitlines()
)
def test_blocks_of_another_library_keep_their_bytes(line: str) -> None:
    _, cid, digits = line.split(" ")
    block = bytes.fromhex(digits)
    value = decode(block)
    assert encode(value) == block == written(value)
    assert cid_of(block, Codec.DAG_CBOR) == parse_cid(cid)


# --- hostile blocks


@pytest.mark.parametrize("tag", [*range(300), 1004, 43000, 55799, 1 << 32, (1 << 64) - 1])
def test_tag_other_than_link_is_refused(tag: int) -> None:
    cid = cid_of(b"", Codec.RAW).raw
    contents: list[Any] = [0, b"\0", "a", [1, 2], {}, [0, [0]], b"\0" + cid]
    for content in contents:
        block = head(6, tag) + written(content)
        if tag == 42 and content is contents[-1]:
            assert decode(block) == Cid(cid)
            continue
        with pytest.raises(CodecError, match="link"):
            decode(block)


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (b"", "cut off after 0 bytes"),
        (b"\x82\x01", "cut off after 2 bytes"),
        (b"\x9b" + b"\xff" * 8, "cut off"),
        (b"\x5b\x7f" + b"\xff" * 7, "cut off"),
        (b"\x82\x01\x18\x05", "byte 2: a number is written longer than it needs"),
        (b"\x81\xf9\x3c\x00", "byte 1: floats have no place in a record"),
        (b"\xf7", "byte 0: undefined has no place in a record"),
        (b"\xf8\x20", "byte 0: an unknown simple value"),
        (b"\x81\xbf\xff", "byte 1: a length is left open"),
        (b"\x01\x02", "byte 1: bytes after the value"),
        (b"\x1b" + b"\xff" * 8, "byte 0: an integer does not fit 64 bits"),
        (b"\x3b\x80" + bytes(7), "byte 0: an integer does not fit 64 bits"),
        (b"\xa2\x61b\x01\x61a\x02", "the map at byte 0: the key 'b' is out of order"),
        (b"\xa2\x61a\x01\x61a\x02", "the map at byte 0: the key 'a' is there twice"),
        (b"\xa1\x41a\x01", "a key of a map is of type bytes, expected text"),
        (b"\xa1\x01\x02", "a key of a map is of type int, expected text"),
        (b"\xa2\x81\x01\x02\xa0\x02", "a key of a map is of type list, expected text"),
        (b"\xa1" + b"\xd8\x2a\x58\x25\x00\x01\x55\x1e\x20" + bytes(33), "of type Cid"),
        (b"\xa2\x61a\x01\xf6\x02", "a key of a map is of type NoneType, expected text"),
        (b"\x84" + b"\x61\xc3", "cut off"),
        (b"\x63\xed\xa0\x80", "a text is not UTF-8"),
        (b"\xd8\x2a\x58\x25\x00" + bytes(36), "byte 0: a link that is not a CID: CID version 0"),
        (b"\xd8\x2a\x58\x24" + bytes(36), "byte 0: a link that is not a CID"),
    ],
)
def test_refused_block_has_a_reason(block: bytes, reason: str) -> None:
    with pytest.raises(CodecError, match=reason):
        decode(block)


def test_bytes_that_look_like_a_link_stay_bytes() -> None:
    cid = cid_of(b"", Codec.RAW)
    for value in (cid.raw, b"\0" + cid.raw, encode(cid), [b"\0" + cid.raw, cid]):
        again = decode(encode(value))
        assert again == value
        assert type(again) is type(value)


def test_value_within_itself_has_no_encoding() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(CodecError, match=f"nested more than {DEPTH_MAX} deep"):
        encode(loop)
    with pytest.raises(CodecError, match=f"nested more than {DEPTH_MAX} deep"):
        encode({"loop": loop})


@pytest.mark.parametrize(
    "value", [(1,), {1}, bytearray(b"a"), {1: 2}, {None: 1}, {b"a": 1}, "\ud800"]
)
def test_other_types_have_no_encoding(value: Any) -> None:
    for inside in (value, [value], {"a": [value]}):
        with pytest.raises(CodecError):
            encode(inside)


# --- items


def items_of(value: Any) -> int:
    match value:
        case list():
            return 1 + sum(map(items_of, value))
        case dict():
            return 1 + sum(1 + items_of(item) for item in value.values())
        case _:
            return 1


@examples(100)
@given(VALUES)
def test_items_are_counted_and_bounded_before_decoding(value: Any) -> None:
    block, items = written(value), items_of(value)
    assert count_items(block, items_max=items) == items
    assert decode(block, items_max=items) == value
    if items > 1:
        for refused in (count_items, decode):
            with pytest.raises(CodecError, match=f"more than {items - 1} items"):
                refused(block, items_max=items - 1)


@examples(200)
@given(VALUES, st.data())
def test_accepted_block_can_be_counted(value: Any, data: st.DataObject) -> None:
    raw = bytearray(written(value))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    block = bytes(raw)
    try:
        value = decode(block)
    except CodecError:
        return
    assert count_items(block, items_max=len(block)) == items_of(value)


@pytest.mark.parametrize(
    "block",
    [
        head(4, 500_000) + b"\x80" * 500_000,
        head(4, 250_000) + b"\x81\x80" * 250_000,
        head(5, 100_000) + b"".join(b"\x64" + b"%04x" % key + b"\xa0" for key in range(100_000)),
        b"\x81" * 500_000 + b"\xf6",
    ],
    ids=["lists", "nested lists", "maps", "depth"],
)
def test_block_over_its_items_is_not_built(block: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(CodecError, match=r"more than 1000 items|nested more than 64 deep"):
            decode(block, items_max=1000)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 50_000
