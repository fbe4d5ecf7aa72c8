"""Content addressing: one encoding for each value, one text for each CID, nothing else is read."""

import hashlib
from typing import Any

import pytest
from blake3 import blake3
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from runtime.content.cid import Cid, CidError, Codec, Hash, cid_of, parse_cid
from runtime.content.codec import DEPTH_MAX, CodecError, decode, encode
from runtime.content.did import DidError, parse_did

cids = st.builds(cid_of, st.binary(max_size=64), st.sampled_from(Codec))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.text()
    | st.binary()
    | cids,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@examples(200)
@given(values)
def test_encoded_value_is_read_back(value: Any) -> None:
    data = encode(value)
    again = decode(data)
    assert again == value
    assert type(again) is type(value)
    assert encode(again) == data


@examples(200)
@given(values, st.data())
def test_whatever_is_accepted_is_canonical(value: Any, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        changed = decode(bytes(raw))
    except CodecError:
        return
    assert encode(changed) == bytes(raw)


@examples(200)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except CodecError:
        return
    assert encode(value) == data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\x18\x05", "a longer integer than needed"),
        (b"\x1a\x00\x00\x00\x05", "a longer integer than needed"),
        (b"\xfb" + bytes(8), "a float"),
        (b"\xf9\x7e\x00", "a short float"),
        (b"\xa2\x61b\x01\x61a\x02", "keys out of order"),
        (b"\xa2\x62aa\x01\x61b\x02", "a longer key first"),
        (b"\xa2\x61a\x01\x61a\x02", "a key twice"),
        (b"\xa1\x01\x02", "a key that is no text"),
        (b"\x9f\x01\xff", "an indefinite list"),
        (b"\x7f\x61a\xff", "an indefinite text"),
        (b"\x01\x01", "bytes after the value"),
        (b"\x81", "a list cut off"),
        (b"\x61\xff", "text that is not UTF-8"),
        (b"\xc0\x60", "a tag that is not 42"),
        (b"\xd8\x2a\x41\x00", "a link that is not a CID"),
        (b"\xd8\x2a\x58\x25\x01" + b"\1\x71\x1e\x20" + bytes(32), "a link without its zero"),
        (b"\xf7", "undefined"),
        (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "more than 63 bits"),
        (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "less than 63 bits"),
    ],
)
def test_encoding_that_is_not_canonical_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(CodecError):
        decode(data)


def test_floats_have_no_encoding() -> None:
    for value in (1.5, [0.0], {"a": float("nan")}, {1: 2}, object(), {1, 2}, 1 << 63):
        with pytest.raises(CodecError):
            encode(value)


def nested(depth: int) -> bytes:
    return b"\x81" * depth + b"\xf6"


def test_depth_is_bounded_both_ways() -> None:
    value: Any = None
    for _ in range(DEPTH_MAX):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(CodecError, match="nested more than 64 deep"):
        encode([value])
    with pytest.raises(CodecError, match="nested more than 64 deep"):
        decode(nested(65))
    with pytest.raises(CodecError, match="nested more than 64 deep"):
        decode(nested(100_000))


def test_size_is_bounded() -> None:
    data = encode(bytes(1000))
    with pytest.raises(CodecError, match="1003 bytes, at most 1000 are read"):
        decode(data, bytes_max=1000)


def test_published_vector_of_the_specification() -> None:
    """The empty map is `a0`; its CID under sha2-256 is known to every implementation."""
    assert encode({}) == b"\xa0"
    digest = hashlib.sha256(b"\xa0").digest()
    cid = Cid(bytes((1, Codec.DAG_CBOR, Hash.SHA2_256, 32)) + digest)
    assert str(cid) == "bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua"
    assert cid.matches(b"\xa0")


# --- CIDs


@examples(100)
@given(st.binary(max_size=100), st.sampled_from(Codec))
def test_cid_is_its_text_in_every_base(data: bytes, codec: Codec) -> None:
    cid = cid_of(data, codec)
    assert cid.digest == blake3(data).digest()
    assert parse_cid(str(cid)) == cid
    assert parse_cid("f" + cid.raw.hex()) == cid
    assert cid.matches(data)
    assert not cid.matches(data + b"\0")
    assert hash(parse_cid(str(cid))) == hash(cid)
    link = encode(cid)
    assert link == b"\xd8\x2a\x58\x25\x00" + cid.raw
    assert decode(link) == cid


def test_base58() -> None:
    """The same CID as IPFS shows it in both bases."""
    text = "zdj7WWeQ43G6JJvLWQWZpyHuAMq6uYWRjkBXFad11vE2LHhQ7"
    again = parse_cid(text)
    assert again.codec is Codec.DAG_PB
    assert str(again).startswith("bafybei")


@examples(100)
@given(st.binary(max_size=40), st.data())
def test_text_with_another_character_is_another_cid_or_none(
    data: bytes, draw: st.DataObject
) -> None:
    text = str(cid_of(data, Codec.RAW))
    at = draw.draw(st.integers(0, len(text) - 1))
    other = text[:at] + draw.draw(st.characters(codec="ascii")) + text[at + 1 :]
    if other == text:
        return
    try:
        assert parse_cid(other) != parse_cid(text)
    except CidError as error:
        assert error.position is None or 0 <= error.position < len(other)


GOOD = str(cid_of(b"", Codec.RAW))


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("", "an empty string is not a CID", None),
        ("x" * 200, "200 characters, a CID has at most 128", None),
        ("Qm" + "a" * 44, "a version 0 CID; write it as version 1", 0),
        ("x" + GOOD[1:], "'x' is not a multibase prefix we read", 0),
        (GOOD[:10] + "1" + GOOD[11:], "'1' is not a base32 character", 10),
        (GOOD[:10] + "A" + GOOD[11:], "'A' is not a base32 character", 10),
        (GOOD[:-1], "", None),
        (GOOD + "aa", "", None),
        (GOOD[:-1] + "7", "the last character carries bits that belong to no byte", 58),
        ("z0", "'0' is not a base58 character", 1),
        ("fA", "'A' is not a lower-case hexadecimal digit", 1),
        ("f012", "an odd number of hexadecimal digits", None),
        ("f00711e20" + "0" * 64, "CID version 0, expected 1", None),
        ("f01011e20" + "0" * 64, "codec 0x01 is not raw, dag-pb or dag-cbor", None),
        ("f01711320" + "0" * 64, "hash function 0x13 is not sha2-256 or blake3-256", None),
        ("f01711e10" + "0" * 64, "digest of 16 bytes, expected 32", None),
    ],
)
def test_bad_cids_are_named(text: str, reason: str, position: int | None) -> None:
    with pytest.raises(CidError) as caught:
        parse_cid(text)
    assert caught.value.reason.startswith(reason)
    assert caught.value.position == position


# --- DIDs


@pytest.mark.parametrize(
    "text",
    [
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:web:example.org:user",
        "did:x:%41b",
        "did:example:a_b-c.d",
    ],
)
def test_dids(text: str) -> None:
    assert parse_did(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "starts with 'did:'"),
        ("key:abc", "starts with 'did:'"),
        ("did:key", "three parts"),
        ("did:key:", "a character or an empty part"),
        ("did:Key:abc", "a character or an empty part"),
        ("did:key:a b", "a character or an empty part"),
        ("did:key:abc\n", "a character or an empty part"),
        ("did:key:%4", "a character or an empty part"),
        ("did:key:" + "a" * 600, "608 characters, a DID has at most 512"),
    ],
)
def test_bad_dids_are_named(text: str, reason: str) -> None:
    with pytest.raises(DidError, match=reason):
        parse_did(text)
