"""Records at rest: their CIDs by number, the rest deflated with a dictionary of the file.

Rule: what is packed and unpacked is the same, byte by byte, whatever it is; so blocks keep their
CIDs. A packed value begins with a byte that begins no DAG-CBOR.
"""

import re
import zlib
from typing import Final

from msgspec import Struct

from mesh.adapters.sqlite.file.connection import Database
from mesh.adapters.sqlite.rows.names import Names
from runtime.content.codec import LINK_HEAD, RECORD_BYTES_MAX
from runtime.content.shapes import ShapeError
from runtime.content.varint import read_varint, write_varint

MARK: Final = b"\xd9"
DICTIONARY_BYTES_MAX: Final = 32 * 1024
"""As far as deflate looks back."""
_WINDOW_BITS: Final = -15
"""Of deflate without a header."""
_LINK: Final = re.compile(
    re.escape(LINK_HEAD) + rb"(\x01[\x55\x70\x71][\x12\x1e]\x20.{32})", re.DOTALL
)


class Dictionary(Struct, frozen=True):
    """size: in bytes."""

    number: int
    size: int


class Packing:
    """The `dictionaries` table, and the values that are packed with them."""

    def __init__(self, database: Database, names: Names) -> None:
        self._run = database.connection.execute
        self._names = names
        self._dictionaries: dict[int, bytes] = {}

    def forget(self) -> None:
        """Drop what is in memory: it may not have been committed."""
        self._dictionaries.clear()

    def add_dictionary(self, data: bytes) -> int:
        """Store bytes that are like those that will be packed; the dictionary's number."""
        sql = "INSERT INTO dictionaries (data) VALUES (?) RETURNING number"
        (number,) = self._run(sql, (data,)).fetchone()
        return int(number)

    def newest_dictionary(self) -> Dictionary | None:
        sql = "SELECT number, length(data) FROM dictionaries ORDER BY number DESC LIMIT 1"
        row = self._run(sql).fetchone()
        return None if row is None else Dictionary(*row)

    def pack(self, data: bytes, dictionary: int) -> bytes:
        """A value without the CIDs that have numbers, which come first, each with the bytes
        between it and the one before."""
        links, rest, at = [], b"", 0
        for match in _LINK.finditer(data):
            number = self._names.find(match[1])
            if number is not None:
                links.append(write_varint(match.start() - at) + write_varint(number))
                rest += data[at : match.start()]
                at = match.end()
        rest += data[at:]
        head = MARK + write_varint(dictionary) + write_varint(len(links)) + b"".join(links)
        return head + deflated(rest, self._dictionary(dictionary))

    def unpack(self, packed: bytes) -> bytes:
        """The value. Raises ShapeError for what is none that was packed here."""
        try:
            dictionary, links, at = _head(packed)
            inflate = zlib.decompressobj(_WINDOW_BITS, self._dictionary(dictionary))
            rest = inflate.decompress(packed[at:], RECORD_BYTES_MAX)
        except (ValueError, zlib.error) as error:
            raise ShapeError(f"it cannot be unpacked: {error}") from None
        if not inflate.eof:
            raise ShapeError("it cannot be unpacked: it is cut off, or too large")
        parts, at = [], 0
        for gap, number in links:
            name = self._names.name(number)
            if not isinstance(name, bytes):
                raise ShapeError(f"{number} is the number of no CID")
            parts += [rest[at : at + gap], LINK_HEAD, name]
            at += gap
        return b"".join((*parts, rest[at:]))

    def _dictionary(self, number: int) -> bytes:
        data = self._dictionaries.get(number)
        if data is None:
            row = self._run("SELECT data FROM dictionaries WHERE number = ?", (number,)).fetchone()
            if row is None:
                raise ShapeError(f"{number} is the number of no dictionary")
            data = self._dictionaries[number] = row[0]
        return data


def deflated(data: bytes, dictionary: bytes) -> bytes:
    """Data as the differences from a dictionary."""
    deflate = zlib.compressobj(level=9, wbits=_WINDOW_BITS, memLevel=9, zdict=dictionary)
    return deflate.compress(data) + deflate.flush()


def numbers_in(packed: bytes) -> list[int]:
    """The numbers of the CIDs in a packed value. Raises ValueError."""
    return [number for _, number in _head(packed)[1]]


def without_links(data: bytes) -> bytes:
    """What of a value is deflated, if all of its CIDs have numbers."""
    return _LINK.sub(b"", data)


def _head(packed: bytes) -> tuple[int, list[tuple[int, int]], int]:
    """The dictionary, the bytes before each CID with its number, and where the rest begins."""
    dictionary, at = read_varint(packed, len(MARK))
    count, at = read_varint(packed, at)
    links = []
    for _ in range(count):
        gap, at = read_varint(packed, at)
        number, at = read_varint(packed, at)
        links.append((gap, number))
    return dictionary, links, at
