"""CAR files and UnixFS files of other systems, and what is refused about them."""

from hashlib import sha256
from io import BytesIO

import pytest
from blake3 import blake3
from carfiles import car, chunked, leaf, message, sha_cid, varint
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.core.car.files import Car, CarError, open_car, read_car, write_car
from mesh.core.unixfs import PieceMissing, UnixFsError, read_file
from runtime.content.cid import Cid, CidError, Codec, cid_of, parse_cid
from runtime.content.codec import CodecError, decode, encode
from runtime.content.varint import VarintError, read_varint, write_varint


@pytest.mark.parametrize("version_0", [False, True])
def test_chunked_file_comes_back_from_a_car(version_0: bool) -> None:
    pieces = [b"\0asm" * 10, b"second", b"third" * 100]
    root, blocks = chunked(pieces, version_0=version_0)
    read = read_car(car([root], blocks, version_0=version_0))
    assert read.roots == (root,)
    assert read_file(root, dict(read.blocks).get) == b"".join(pieces)


def test_raw_leaf_is_a_file() -> None:
    data = b"one block"
    cid = cid_of(data, Codec.RAW)
    assert read_file(cid, {cid: data}.get) == data


def test_missing_piece_is_named() -> None:
    root, blocks = chunked([b"first", b"second"])
    gone, _ = leaf(b"second")
    del blocks[gone]
    with pytest.raises(PieceMissing) as caught:
        read_file(root, blocks.get)
    assert caught.value.cid == gone


def test_directory_is_not_a_file() -> None:
    node = message((1, message((1, 1))))
    cid = sha_cid(Codec.DAG_PB, node)
    with pytest.raises(UnixFsError, match="is a directory, not a file"):
        read_file(cid, {cid: node}.get)


def test_block_with_another_hash_is_refused() -> None:
    root, blocks = chunked([b"first", b"second"])
    data = bytearray(car([root], blocks))
    data[-1] ^= 1
    with pytest.raises(CarError, match="has another hash"):
        read_car(bytes(data))


LEAF_CID, LEAF = leaf(b"a piece")
CONTENT = message((1, 2))
LINK = message((1, LEAF_CID.raw), (2, b""), (3, 7))


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (message((2, LINK), (1, CONTENT), (1, CONTENT)), "has two contents"),
        (message((2, LINK), (1, CONTENT), (3, b"more")), "has a field 3 that no node has"),
        (message((2, 7), (1, CONTENT)), "has a field 2 that no node has"),
        (message((2, b""), (1, CONTENT)), "a link with 0 targets"),
        (message((2, LINK + LINK), (1, CONTENT)), "a link with 2 targets"),
        (message((2, message((1, LEAF_CID.raw + b"!"))), (1, CONTENT)), "a link of 37 bytes"),
        (message((2, message((1, b"\x01\x55\x00\x00"))), (1, CONTENT)), "an identity CID"),
        (message((2, message((1, 7))), (1, CONTENT)), "a link that is not a CID"),
        (message((2, LINK), (1, message((1, 2), (2, bytes(2 << 20))))), "a node has at most"),
        (message((2, LINK)), "is not UnixFS, not a file"),
    ],
)
def test_node_that_is_not_read_is_named(node: bytes, reason: str) -> None:
    cid = sha_cid(Codec.DAG_PB, node)
    with pytest.raises(UnixFsError, match=reason):
        read_file(cid, {cid: node, LEAF_CID: LEAF}.get)


def test_node_that_is_linked_to_often_is_read_up_to_a_bound() -> None:
    large = message((1, message((1, 2), (5, bytes(2 << 19)))))
    cid = sha_cid(Codec.DAG_PB, large)
    root = message(*[(2, message((1, cid.raw)))] * 1000, (1, CONTENT))
    root_cid = sha_cid(Codec.DAG_PB, root)
    asked: list[Cid] = []
    blocks = {cid: large, root_cid: root}

    def get(name: Cid) -> bytes | None:
        asked.append(name)
        return blocks.get(name)

    with pytest.raises(UnixFsError, match="its nodes have more than 134217728 bytes"):
        read_file(root_cid, get)
    assert len(asked) < 140


# --- every kind of file that is read, and of file that is not

BLOCK = b"hello mesh\n"
NAMES = tuple(
    bytes((1, codec, function, 32)) + digest
    for codec in (0x55, 0x70, 0x71)
    for function, digest in ((0x12, sha256(BLOCK).digest()), (0x1E, blake3(BLOCK).digest()))
)
VERSION_0 = b"\x12\x20" + sha256(BLOCK).digest()
GOOD_NAMES = (*NAMES, VERSION_0)
LONGER = {
    at: NAMES[0][:at] + bytes((NAMES[0][at] | 0x80, 0)) + NAMES[0][at + 1 :] for at in range(4)
}
"""The same CID with each of its four numbers in two bytes."""
IDENTITY = b"\x01\x55\x00\x0b" + BLOCK
BAD_NAMES = (
    *((name, r"\d+ in 2 bytes, which is not its shortest form") for name in LONGER.values()),
    (IDENTITY, "an identity CID is not read here"),
    (b"\x01\x55\x00\x00", "an identity CID is not read here"),
    (b"\x02" + NAMES[0][1:], "CID version 2, expected 1"),
    (b"\x00" + NAMES[0][1:], "CID version 0, expected 1"),
    (b"\x01\xa9\x02" + NAMES[0][2:], "codec 0x129 is not raw, dag-pb or dag-cbor"),
    (NAMES[0][:2] + b"\xa0\xe4\x02\x20" + bytes(32), "hash function 0xb220 is not"),
    (NAMES[0][:3] + b"\x14" + bytes(20), "digest of 20 bytes, expected 32"),
    (NAMES[0][:20], "the CID is cut off"),
    (VERSION_0[:20], "a CID is cut off"),
    (NAMES[0][:4] + bytes(32), "has another hash"),
)
GOOD_SECTIONS = tuple(varint(len(name + BLOCK)) + name + BLOCK for name in GOOD_NAMES)
FRAMES = (
    (b"\0", 0, "a section of length 0"),
    (b"\x80\x00" + NAMES[0] + BLOCK, 0, "0 in 2 bytes, which is not its shortest form"),
    (b"\xaf\x80\x00" + NAMES[0] + BLOCK, 0, "47 in 3 bytes, which is not its shortest form"),
    (b"\x80" * 9 + b"\x01", 0, "a number of more than 63 bits"),
    (varint(1 << 40) + NAMES[0], 0, "a block of 1099511627776 bytes, at most"),
    (varint(48) + NAMES[0] + BLOCK, 0, "a block is cut off: 47 of 48 bytes"),
    (b"\xaf", 0, "a number is cut off"),
)


def bad_sections(name: bytes, reason: str) -> tuple[bytes, int, str]:
    """A section under a name that is not read, and where the error is."""
    data = b"" if "cut off" in reason or name == IDENTITY else BLOCK
    return varint(len(name + data)) + name + data, 1, reason


BAD_SECTIONS = (*FRAMES, *(bad_sections(*each) for each in BAD_NAMES))
LAST_ONLY = ("a block is cut off", "a number is cut off", "a block of", "a number of more")


def byte_string(data: bytes) -> bytes:
    head = bytes((0x40 + len(data),)) if len(data) < 24 else bytes((0x58, len(data)))
    return head + data


def header(*roots: bytes) -> bytes:
    links = b"".join(b"\xd8\x2a" + byte_string(b"\0" + each) for each in roots)
    content = b"\xa2\x65roots" + bytes((0x80 + len(roots),)) + links + b"\x67version\x01"
    return varint(len(content)) + content


@examples(60)
@given(
    roots=st.lists(st.sampled_from(GOOD_NAMES), max_size=8),
    sections=st.lists(st.sampled_from(GOOD_SECTIONS), max_size=8),
)
def test_well_formed_input_is_read(roots: list[bytes], sections: list[bytes]) -> None:
    data = header(*roots) + b"".join(sections)
    read = read_car(data)
    meant = [b"\x01\x70" + each if each == VERSION_0 else each for each in roots]
    assert [root.raw for root in read.roots] == meant
    assert all(block == BLOCK for _, block in read.blocks)
    assert len(read.sections) + len(read.repeated) == len(sections)
    held = {cid for cid, _ in read.blocks}
    assert set(read.absent_roots) == set(read.roots) - held
    assert read_car(write_car(read.roots, read.blocks)).sections.keys() == held


@examples(100)
@given(
    before=st.lists(st.sampled_from(GOOD_SECTIONS), max_size=3),
    bad=st.sampled_from(BAD_SECTIONS),
    after=st.lists(st.sampled_from(GOOD_SECTIONS), max_size=2),
)
def test_first_section_that_is_not_read_is_named_with_its_place(
    before: list[bytes], bad: tuple[bytes, int, str], after: list[bytes]
) -> None:
    section, within, reason = bad
    start = header(NAMES[0]) + b"".join(before)
    rest = b"" if reason.startswith(LAST_ONLY) else b"".join(after)
    with pytest.raises(CarError, match=reason) as caught:
        read_car(start + section + rest)
    place = within + (len(NAMES[0]) if "another hash" in reason else 0)
    assert caught.value.offset == len(start) + place


@pytest.mark.parametrize(("name", "reason"), BAD_NAMES[:-1])
def test_root_that_is_not_read_is_named(name: bytes, reason: str) -> None:
    with pytest.raises(CarError, match=reason) as caught:
        read_car(header(name))
    assert "a root: " in str(caught.value)
    assert caught.value.offset == header(name).index(name)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xa1\x67version\x02", "CAR version 2, expected 1"),
        (b"\xa2\x65roots\x80\x67version\x02", "CAR version 2, expected 1"),
        (b"\xa1\x67version\x01", "has no roots"),
        (b"\xa1\x65roots\x80", "has no version"),
        (b"\xa2\x67version\x01\x65roots\x80", "not each once and in order"),
        (b"\xa2\x65roots\x80\x65roots\x80", "not each once and in order"),
        (b"\xa3\x61a\x01\x65roots\x80\x67version\x01", "a field 'a'; only roots and version"),
        (b"\xa2\x65roots\x80\x67version\x18\x01", "not in its shortest form"),
        (b"\xa2\x65roots\x98\x00\x67version\x01", "not in its shortest form"),
        (b"\xb8\x02\x65roots\x80\x67version\x01", "not in its shortest form"),
        (b"\xa2\x65roots\x9f\xff\x67version\x01", "a list of roots"),
        (b"\xa2\x65roots\x81\x01\x67version\x01", "a link"),
        (b"\xa2\x65roots\x81\xd8\x2a\x41\x01\x67version\x01", "a root that is no link"),
        (b"\xa2\x65roots\x80\x67version\x01\x00", "1 bytes follow in the header"),
        (b"\xa2\x65roots\x80\x67vers", "a key of the header is cut off"),
        (b"\xa2\x65roots", "cut off where a list of roots is expected"),
        (b"\x80", "a map"),
    ],
)
def test_header_that_is_not_read_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(CarError, match=reason):
        read_car(varint(len(content)) + content)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"\x00", "the header is cut off"),
        (b"\x20\xa2", "the header is cut off"),
        (b"\x91\x00", "which is not its shortest form"),
        (varint(1 << 30), "a header of 1073741824 bytes, at most"),
    ],
)
def test_file_without_a_header_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(CarError, match=reason):
        read_car(data)


@pytest.mark.parametrize("name", LONGER.values())
def test_longer_forms_of_a_number_are_refused_wherever_a_cid_is_read(name: bytes) -> None:
    with pytest.raises(CidError, match="not its shortest form"):
        Cid(name)
    with pytest.raises(CidError, match="not its shortest form"):
        parse_cid("f" + name.hex())
    with pytest.raises(CodecError, match="a link that is not a CID"):
        decode(b"\xd8\x2a\x58" + bytes((len(name) + 1, 0)) + name)
    node = message((2, message((1, name))), (1, message((1, 2))))
    cid = sha_cid(Codec.DAG_PB, node)
    with pytest.raises(UnixFsError, match="not its shortest form"):
        read_file(cid, {cid: node}.get)


@pytest.mark.parametrize("longer", [b"\x8a\x00\x02\x08\x02", b"\x0a\x82\x00\x08\x02"])
def test_longer_forms_of_a_number_are_refused_in_nodes(longer: bytes) -> None:
    cid = sha_cid(Codec.DAG_PB, longer)
    with pytest.raises(UnixFsError, match="not its shortest form"):
        read_file(cid, {cid: longer}.get)


@examples(100)
@given(st.integers(0, (1 << 63) - 1))
def test_number_has_one_form_the_shortest(number: int) -> None:
    assert write_varint(number) == varint(number)
    assert read_varint(varint(number), 0) == (number, len(varint(number)))
    longer = varint(number)[:-1] + bytes((varint(number)[-1] | 0x80, 0))
    with pytest.raises(VarintError):
        read_varint(longer, 0)


def test_block_that_changes_while_the_file_is_read_is_named() -> None:
    data = bytearray(header(NAMES[0]) + GOOD_SECTIONS[0])
    file = BytesIO(data)
    read = open_car(file)
    file.seek(len(data) - 1)
    file.write(b"!")
    with pytest.raises(CarError, match="has changed while it was read"):
        read.get(read.roots[0])


def test_another_version_is_named() -> None:
    content = encode({"version": 2, "roots": []})
    with pytest.raises(CarError, match="CAR version 2, expected 1"):
        read_car(varint(len(content)) + content)


@examples(60)
@given(cut=st.integers(min_value=0, max_value=400), noise=st.binary(max_size=12))
def test_no_bytes_crash_the_readers(cut: int, noise: bytes) -> None:
    root, blocks = chunked([b"first", b"second"])
    data = car([root], blocks)[:cut] + noise
    try:
        read = read_car(data)
    except CarError:
        return
    assert isinstance(read, Car)


@examples(60)
@given(node=st.binary(max_size=80))
def test_no_node_crashes_the_file_reader(node: bytes) -> None:
    cid = sha_cid(Codec.DAG_PB, node)
    try:
        read_file(cid, {cid: node}.get)
    except (UnixFsError, PieceMissing):
        return
