"""The header of a CAR file: its version and its roots, in canonical DAG-CBOR.

It is read by hand, since a root may be a CID of version 0, which no record of ours may hold.
Rule: one header has one encoding; what is left over, or longer than it need be, is an error.
"""

from typing import Final

from runtime.content.cid import Cid, CidError, read_cid

VERSION: Final = 1
_INTEGER: Final = 0
_BYTES: Final = 2
_TEXT: Final = 3
_ARRAY: Final = 4
_MAP: Final = 5
_TAG: Final = 6
_LINK_TAG: Final = 42
_LINK_PREFIX: Final = b"\0"
"""Major types of CBOR, and how DAG-CBOR writes a link."""


class CarError(ValueError):
    """Not a CAR file we read. `offset` is the byte that shows it."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"byte {offset}: {reason}")
        self.reason = reason
        self.offset = offset


def read_roots(header: bytes) -> tuple[Cid, ...]:
    """The roots. Raises CarError, with the offset in the header."""
    fields, at = _expect(header, 0, _MAP, "a map")
    roots: tuple[Cid, ...] | None = None
    version: int | None = None
    before = ""
    for _ in range(fields):
        begin = at
        key, at = _text(header, at)
        if (len(key), key) <= (len(before), before):
            raise CarError("the keys of the header are not each once and in order", begin)
        before = key
        match key:
            case "version":
                version, at = _expect(header, at, _INTEGER, "a version number")
                if version != VERSION:
                    raise CarError(f"CAR version {version}, expected {VERSION}", begin)
            case "roots":
                roots, at = _links(header, at)
            case _:
                raise CarError(
                    f"the header has a field '{key}'; only roots and version belong there", begin
                )
    if roots is None or version is None:
        raise CarError(f"the header has no {'roots' if roots is None else 'version'}", 0)
    if at != len(header):
        raise CarError(f"{len(header) - at} bytes follow in the header", at)
    return roots


def _links(header: bytes, at: int) -> tuple[tuple[Cid, ...], int]:
    count, at = _expect(header, at, _ARRAY, "a list of roots")
    roots: list[Cid] = []
    for _ in range(count):
        begin = at
        tag, at = _expect(header, at, _TAG, "a link")
        size, at = _expect(header, at, _BYTES, "a link")
        end = at + size
        if tag != _LINK_TAG or end > len(header) or not header.startswith(_LINK_PREFIX, at):
            raise CarError("a root that is no link", begin)
        at += len(_LINK_PREFIX)
        try:
            cid, stop = read_cid(header, at, end)
        except CidError as error:
            raise CarError(f"a root: {error.reason}", at) from None
        if stop != end:
            raise CarError(f"a root: {end - stop} bytes follow the CID", stop)
        roots.append(cid)
        at = end
    return tuple(roots), at


def _text(header: bytes, at: int) -> tuple[str, int]:
    size, start = _expect(header, at, _TEXT, "a key")
    raw = header[start : start + size]
    if len(raw) < size or not raw.isascii():
        raise CarError("a key of the header is cut off or no ASCII text", at)
    return raw.decode("ascii"), start + size


def _expect(header: bytes, at: int, major: int, noun: str) -> tuple[int, int]:
    """The number of an item of that major type, and what comes after it."""
    if at >= len(header):
        raise CarError(f"the header is cut off where {noun} is expected", at)
    found, short = header[at] >> 5, header[at] & 0x1F
    if found != major or short > 27:
        raise CarError(f"the header is not what DAG-CBOR has here: {noun}", at)
    if short < 24:
        return short, at + 1
    size = 1 << (short - 24)
    raw = header[at + 1 : at + 1 + size]
    number = int.from_bytes(raw, "big")
    if len(raw) < size:
        raise CarError(f"the header is cut off in {noun}", at)
    if number < (24 if size == 1 else 1 << (4 * size)):
        raise CarError(f"a number of {noun} is not in its shortest form", at)
    return number, at + 1 + size
