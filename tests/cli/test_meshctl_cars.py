"""`meshctl block put --car`: files of other systems, and remarks on those that are not read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from carfiles import car, leaf, sha_cid, varint
from meshcommand import Meshctl

from runtime.content.cid import Codec

BLOCK = b"hello mesh\n"
RAW = sha_cid(Codec.RAW, BLOCK)


def test_root_of_version_0_is_stored(meshctl: Meshctl, tmp_path: Path) -> None:
    cid, node = leaf(BLOCK)
    data = car([cid], {cid: node}, version_0=True)
    name = b"\xd8\x2a\x58\x25\x00" + cid.raw
    assert name in data, "the header names it as version 1"
    old = data.replace(name, b"\xd8\x2a\x58\x23\x00" + cid.raw[2:])
    (tmp_path / "old.car").write_bytes(varint(old[0] - 2) + old[1:])
    assert meshctl("block", "put", "--car", "old.car", "-q").out == f"{cid}\n"
    assert meshctl("block", "get", str(cid), "--output", "node").code == 0
    assert (tmp_path / "node").read_bytes() == node


def test_one_block_is_counted_as_one(meshctl: Meshctl, tmp_path: Path) -> None:
    (tmp_path / "one.car").write_bytes(car([RAW], {RAW: BLOCK}))
    done = meshctl("block", "put", "--car", "one.car")
    assert done.out == f"{RAW}\n1 block, {len(BLOCK)} bytes\n"


def test_root_that_is_not_in_the_file_is_remarked(meshctl: Meshctl, tmp_path: Path) -> None:
    absent = sha_cid(Codec.RAW, b"elsewhere")
    (tmp_path / "part.car").write_bytes(car([absent, RAW], {RAW: BLOCK}))
    done = meshctl("block", "put", "--car", "part.car", "-o", "json")
    assert (done.code, json.loads(done.out)["absent_roots"]) == (0, [str(absent)])
    assert done.err.startswith(f"note: the root {absent} is not in the file")
    assert meshctl("block", "get", str(RAW), "--output", "copy").code == 0


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda data: data + b"\0\0\0", "byte 107: a section of length 0"),
        (lambda data: data[:59] + b"\xaf\x80\x00" + data[60:], "byte 59: 47 in 3 bytes"),
        (lambda data: data + b"\x0e\x01\x55\x00\x05hellohello", "byte 108: an identity CID"),
        (lambda data: data[:-1], "byte 59: a block is cut off"),
        (lambda data: data[:-1] + b"!", "another hash"),
        (lambda data: b"", "an empty file"),
    ],
    ids=["padded", "longer number", "identity", "cut off", "other hash", "empty"],
)
def test_car_that_is_not_read_stores_nothing(
    meshctl: Meshctl, tmp_path: Path, broken: Callable[[bytes], bytes], reason: str
) -> None:
    (tmp_path / "broken.car").write_bytes(broken(car([RAW], {RAW: BLOCK})))
    done = meshctl("block", "put", "--car", "broken.car")
    assert (done.code, done.out) == (2, "")
    assert "error[car-malformed]: broken.car: byte " in done.err
    assert reason in done.err
    assert meshctl("block", "get", str(RAW)).code == 3
