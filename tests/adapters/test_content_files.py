"""CAR files and UnixFS files of other systems, and what is refused about them."""

import pytest
from carfiles import car, chunked, leaf, message, sha_cid, varint
from effort import examples
from hypothesis import given
from hypothesis import strategies as st

from mesh.car import Car, CarError, read_car
from mesh.unixfs import PieceMissing, UnixFsError, read_file
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode


@pytest.mark.parametrize("version_0", [False, True])
def test_a_chunked_file_comes_back_from_a_car(version_0: bool) -> None:
    pieces = [b"\0asm" * 10, b"second", b"third" * 100]
    root, blocks = chunked(pieces, version_0=version_0)
    read = read_car(car([root], blocks, version_0=version_0))
    assert read.roots == (root,)
    assert read_file(root, dict(read.blocks).get) == b"".join(pieces)


def test_a_raw_leaf_is_a_file() -> None:
    data = b"one block"
    cid = cid_of(data, Codec.RAW)
    assert read_file(cid, {cid: data}.get) == data


def test_a_missing_piece_is_named() -> None:
    root, blocks = chunked([b"first", b"second"])
    gone, _ = leaf(b"second")
    del blocks[gone]
    with pytest.raises(PieceMissing) as caught:
        read_file(root, blocks.get)
    assert caught.value.cid == gone


def test_a_directory_is_not_a_file() -> None:
    node = message((1, message((1, 1))))
    cid = sha_cid(Codec.DAG_PB, node)
    with pytest.raises(UnixFsError, match="is a directory, not a file"):
        read_file(cid, {cid: node}.get)


def test_a_block_with_another_hash_is_refused() -> None:
    root, blocks = chunked([b"first", b"second"])
    data = bytearray(car([root], blocks))
    data[-1] ^= 1
    with pytest.raises(CarError, match="has another hash"):
        read_car(bytes(data))


def test_another_version_is_named() -> None:
    header = encode({"version": 2, "roots": []})
    with pytest.raises(CarError, match="CAR version 2, expected 1"):
        read_car(varint(len(header)) + header)


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
