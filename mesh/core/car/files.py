"""CAR version 1: a file of blocks, as other content-addressed systems export them.

Rule: every block is hashed against its own CID when it is read, and again when it is given on;
of a file of any length there is never more than one block in memory.
Source: the CARv1 specification (ipld.io/specs/transport/car/carv1).
"""

from collections.abc import Iterable, Iterator, Mapping
from io import SEEK_END, BytesIO
from typing import BinaryIO, Final

from msgspec import Struct

from mesh.core.car.header import VERSION, CarError, read_roots
from runtime.content.cid import Cid, CidError, read_cid
from runtime.content.codec import encode
from runtime.content.varint import BYTES_MAX as VARINT_BYTES_MAX
from runtime.content.varint import VarintError, read_varint, write_varint

__all__ = ["Car", "CarError", "car_parts", "open_car", "read_car", "read_header", "write_car"]

BLOCKS_MAX: Final = 65_536
BLOCK_BYTES_MAX: Final = 64 << 20
HEADER_BYTES_MAX: Final = 1 << 20
_CID_BYTES: Final = 36


class Section(Struct, frozen=True, kw_only=True):
    """Where a block lies in a file: its first byte, and how many there are."""

    offset: int
    size: int


class Car(Struct, frozen=True, kw_only=True):
    """A file that was read whole once: its blocks are fetched from it by CID.

    repeated: CIDs whose block is in the file again, once for each time.
    """

    roots: tuple[Cid, ...]
    sections: Mapping[Cid, Section]
    repeated: tuple[Cid, ...]
    file: BinaryIO

    @property
    def absent_roots(self) -> tuple[Cid, ...]:
        """Roots that the header names and whose block is not in the file."""
        return tuple(root for root in dict.fromkeys(self.roots) if root not in self.sections)

    @property
    def blocks(self) -> Iterator[tuple[Cid, bytes]]:
        """Each block once, in the order of the file. Raises CarError as `get` does."""
        for cid in self.sections:
            block = self.get(cid)
            assert block is not None, "every section is there"
            yield cid, block

    def get(self, cid: Cid) -> bytes | None:
        """A block, hashed just now. Raises CarError if the file has changed since it was read."""
        section = self.sections.get(cid)
        if section is None:
            return None
        self.file.seek(section.offset)
        block = self.file.read(section.size)
        if not cid.matches(block):
            raise CarError(f"block {cid} has changed while it was read", section.offset)
        return block


def open_car(file: BinaryIO) -> Car:
    """Read a file from its beginning, block by block; it must be seekable and stay open.

    Raises CarError, for a block with a wrong hash too.
    """
    file.seek(0)
    roots, at = read_header(file)
    sections: dict[Cid, Section] = {}
    repeated: list[Cid] = []
    for cid, section in _sections(file, at):
        if cid in sections:
            repeated.append(cid)
        else:
            sections[cid] = section
    return Car(roots=roots, sections=sections, repeated=tuple(repeated), file=file)


def read_car(data: bytes) -> Car:
    """As `open_car`, of a file in memory."""
    return open_car(BytesIO(data))


def read_header(file: BinaryIO) -> tuple[tuple[Cid, ...], int]:
    """The roots that a file names, and where its blocks begin. Raises CarError."""
    length = _length(file, 0)
    if length is None:
        raise CarError("an empty file", 0)
    start = file.tell()
    if length > HEADER_BYTES_MAX:
        raise CarError(f"a header of {length} bytes, at most {HEADER_BYTES_MAX} are read", 0)
    header = file.read(length)
    if length == 0 or len(header) < length:
        raise CarError("the header is cut off", 0)
    try:
        return read_roots(header), start + length
    except CarError as error:
        raise CarError(error.reason, start + error.offset) from None


def _sections(file: BinaryIO, at: int) -> Iterator[tuple[Cid, Section]]:
    """Each section from `at` on, its block hashed."""
    count = 0
    while (length := _length(file, at)) is not None:
        start = file.tell()
        count += 1
        if length == 0:
            raise CarError("a section of length 0: is the file padded, or was it cut short?", at)
        if count > BLOCKS_MAX:
            raise CarError(f"more than {BLOCKS_MAX} blocks", at)
        if length > BLOCK_BYTES_MAX + _CID_BYTES:
            raise CarError(f"a block of {length} bytes, at most {BLOCK_BYTES_MAX} are read", at)
        head = file.read(min(length, _CID_BYTES))
        try:
            cid, body = read_cid(head, 0, len(head))
        except CidError as error:
            _check_whole(file, at, start, length)
            raise CarError(error.reason, start + (error.position or 0)) from None
        file.seek(start + body)
        block = file.read(length - body)
        if len(block) < length - body:
            _check_whole(file, at, start, length)
        if not cid.matches(block):
            raise CarError(f"block {cid} has another hash", start + body)
        yield cid, Section(offset=start + body, size=length - body)
        at = start + length


def _check_whole(file: BinaryIO, at: int, start: int, length: int) -> None:
    """Raises CarError if the file ends within the section."""
    there = file.seek(0, SEEK_END) - start
    if there < length:
        raise CarError(f"a block is cut off: {there} of {length} bytes", at)


def _length(file: BinaryIO, at: int) -> int | None:
    """The number that comes next, at `at`; None where the file ends. Raises CarError."""
    read = file.read(1)
    if not read:
        return None
    while read[-1] >= 0x80 and len(read) < VARINT_BYTES_MAX and (more := file.read(1)):
        read += more
    try:
        number, _ = read_varint(read, 0)
    except VarintError as error:
        raise CarError(error.reason, at) from None
    return number


def car_parts(roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]]) -> Iterator[bytes]:
    """A whole file, part by part, with each block once, in the order given.

    The same blocks give the same bytes.
    """
    header = encode({"version": VERSION, "roots": list(roots)})
    yield write_varint(len(header)) + header
    written: set[Cid] = set()
    for cid, block in blocks:
        if cid not in written:
            written.add(cid)
            yield write_varint(len(cid.raw) + len(block)) + cid.raw
            yield block


def write_car(roots: Iterable[Cid], blocks: Iterable[tuple[Cid, bytes]]) -> bytes:
    """As `car_parts`, in memory."""
    return b"".join(car_parts(roots, blocks))
