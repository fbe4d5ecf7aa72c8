"""CAR version 1: a file of blocks, as other content-addressed systems export them.

Rule: every block is hashed against its own CID before it is given on.
Source: the CARv1 specification (ipld.io/specs/transport/car/carv1).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from runtime.content.cid import Cid, CidError, Codec, Hash
from runtime.content.codec import CodecError, decode, encode

VERSION: Final = 1
BLOCKS_MAX: Final = 65_536
_VERSION_0_HEAD: Final = b"\x12\x20"
_VERSION_0_BYTES: Final = 34


class CarError(ValueError):
    """Not a CAR file we read. `offset` is the byte that shows it."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"byte {offset}: {reason}")
        self.reason = reason
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    roots: tuple[Cid, ...]
    blocks: tuple[tuple[Cid, bytes], ...]


def read_car(data: bytes) -> Car:
    """Read a whole file. Raises CarError, for a block with a wrong hash too."""
    roots, start = read_header(data)
    return Car(roots=roots, blocks=tuple(_sections(data, start)))


def read_header(data: bytes) -> tuple[tuple[Cid, ...], int]:
    """The roots that a file names, and where its blocks begin. Raises CarError."""
    length, start = read_varint(data, 0)
    header = data[start : start + length]
    if length == 0 or len(header) < length:
        raise CarError("the header is cut off", 0)
    try:
        value = decode(header)
    except CodecError as error:
        raise CarError(f"the header is not DAG-CBOR: {error}", start) from None
    if not isinstance(value, dict) or value.get("version") != VERSION:
        found = value.get("version") if isinstance(value, dict) else None
        raise CarError(f"CAR version {found}, expected {VERSION}", start)
    roots = value.get("roots")
    if not isinstance(roots, list) or not all(isinstance(root, Cid) for root in roots):
        raise CarError("the header has no list of roots", start)
    return tuple(roots), start + length


def _sections(data: bytes, at: int) -> Iterator[tuple[Cid, bytes]]:
    count = 0
    while at < len(data):
        length, start = read_varint(data, at)
        end = start + length
        if length == 0 or end > len(data):
            raise CarError("a block is cut off", at)
        cid, body = _read_cid(data, start, end)
        block = data[body:end]
        if not cid.matches(block):
            raise CarError(f"block {cid} has another hash", body)
        count += 1
        if count > BLOCKS_MAX:
            raise CarError(f"more than {BLOCKS_MAX} blocks", at)
        yield cid, block
        at = end


def _read_cid(data: bytes, start: int, end: int) -> tuple[Cid, int]:
    """The CID at `start` and where it ends; version 0 is read as the version 1 it means."""
    if data.startswith(_VERSION_0_HEAD, start):
        stop = start + _VERSION_0_BYTES
        raw = bytes((1, Codec.DAG_PB, Hash.SHA2_256, 32)) + data[start + 2 : stop]
    else:
        stop = start + 36
        raw = data[start:stop]
    if stop > end:
        raise CarError("a CID is cut off", start)
    try:
        return Cid(raw), stop
    except CidError as error:
        raise CarError(f"a CID we do not read: {error.reason}", start) from None


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number of at most 63 bits, and where it ends."""
    number = 0
    for index in range(9):
        if at + index >= len(data):
            raise CarError("a number is cut off", at)
        byte = data[at + index]
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, at + index + 1
    raise CarError("a number of more than 63 bits", at)


def write_car(roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]]) -> bytes:
    """A whole file with each block once, in the order given. The same blocks, the same bytes."""
    header = encode({"version": VERSION, "roots": list(roots)})
    parts = [_varint(len(header)), header]
    for cid, block in dict(blocks).items():
        parts += [_varint(len(cid.raw) + len(block)), cid.raw, block]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
