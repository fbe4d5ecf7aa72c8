"""Strict canonical DAG-CBOR: each value has one encoding, and no other bytes are read.

Values are None, bool, int (64 bits), str, bytes, list, dict with str keys, and Cid. There are no
floats. `encode(decode(data)) == data` holds for everything that `decode` accepts.
Source: RFC 8949 and the specification of DAG-CBOR.
"""

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, NoReturn

from runtime.content.cid import Cid, CidError

RECORD_BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 64

INTEGER_MIN: Final = -(1 << 63)
INTEGER_MAX: Final = (1 << 63) - 1

_NATURAL, _NEGATIVE, BYTES, TEXT, LIST, MAP, _TAG, _SIMPLE = range(8)
"""Major types: the upper three bits of a head."""
_FALSE, _TRUE, _NULL = 0xF4, 0xF5, 0xF6
_SHORT_TEXT: Final = 0x60
_SHORT: Final = 24
"""Numbers from here on do not fit the head's own byte."""
_LINK: Final = 42
LINK_HEAD: Final = b"\xd8\x2a\x58\x25\x00"
"""Tag 42, and the head of 37 bytes: the zero of the identity multibase, then the CID."""
_LINK_BYTES: Final = len(LINK_HEAD) + 36


class CodecError(ValueError):
    """Bytes that are no canonical block, or a value without an encoding."""


def encode(value: Any, *, depth: int = 0) -> bytes:
    """Encodes a value canonically. Raises CodecError for what has no encoding (floats, other
    types). depth: how deep in others the value is to be."""
    parts: list[bytes] = []
    try:
        _write_all((value,), parts.append, DEPTH_MAX + 1 - depth)
    except UnicodeEncodeError:
        raise CodecError("a text with half of a surrogate pair has no encoding") from None
    return b"".join(parts)


def decode(data: bytes, *, bytes_max: int = RECORD_BYTES_MAX, items_max: int | None = None) -> Any:
    """Reads one whole block. Raises CodecError unless it is canonical, and within the limits.

    bytes_max and items_max are limits of the block, held before anything is built from it. Every
    value in it is an item, keys too, and takes a byte at least: without `items_max`, `bytes_max`
    bounds them.
    """
    size = len(data)
    if size > bytes_max:
        raise CodecError(f"{size} bytes, at most {bytes_max} are read")
    if items_max is not None and size > items_max:
        count_items(data, items_max=items_max)
    try:
        (value,), end = _read_all(data, 0, 1, DEPTH_MAX + 1)
    except (IndexError, struct.error):
        _cut_off(size)
    except UnicodeDecodeError:
        raise CodecError("a text is not UTF-8, or cut off") from None
    if end > size:
        _cut_off(size)
    if end < size:
        raise CodecError(f"byte {end}: bytes after the value")
    return value


def count_items(data: bytes, *, items_max: int) -> int:
    """Counts the items of a block from its heads alone, before anything is built.

    Raises CodecError when there are more than `items_max`, they are nested too deeply, or a head is
    not one of canonical DAG-CBOR. Texts, the order of keys and CIDs are not read.
    """
    at, size, items = 0, len(data), 1
    left, outer = 1, list[int]()
    try:
        while left or outer:
            if not left:
                left = outer.pop()
                continue
            left -= 1
            start = at
            major, length = data[at] >> 5, data[at] & 31
            at += 1
            if major == _SIMPLE:
                if not _FALSE <= data[start] <= _NULL:
                    _no_simple(data[start], start)
                continue
            if length >= _SHORT:
                length, at = _long_number(data, at, length)
            if major <= _NEGATIVE:
                if length > INTEGER_MAX:
                    _too_large(start)
            elif major <= TEXT:
                at += length
            elif major == _TAG:
                _check_link(data, start, length)
                at = start + _LINK_BYTES
            elif length:
                outer.append(left)
                left = length if major == LIST else 2 * length
                items += left
                if items > size:
                    raise IndexError
                if items > items_max:
                    raise CodecError(f"more than {items_max} items, the limit here")
                if len(outer) > DEPTH_MAX:
                    _too_deep()
            if at > size:
                break
    except (IndexError, struct.error):
        at = size + 1
    if at > size:
        _cut_off(size)
    if at < size:
        raise CodecError(f"byte {at}: bytes after the value")
    return items


# --- writing

_HEADS: Final = tuple(bytes([byte]) for byte in range(256))
_PACK_2, _PACK_4, _PACK_8 = (struct.Struct(f">B{width}").pack for width in "HIQ")


def head(major: int, number: int) -> bytes:
    """Encodes a head: a major type with the length or value that it has."""
    first = major << 5
    if number < _SHORT:
        return _HEADS[first | number]
    if number < 1 << 8:
        return bytes((first | 24, number))
    if number < 1 << 16:
        return _PACK_2(first | 25, number)
    if number < 1 << 32:
        return _PACK_4(first | 26, number)
    return _PACK_8(first | 27, number)


_KEPT_INTEGERS: Final = tuple(head(_NATURAL, number) for number in range(1024))


def _write_all(values: Sequence[Any], out: Callable[[bytes], None], deeper: int) -> None:
    """Writes values one after the other. deeper: levels of nesting that are left."""
    if not deeper:
        _too_deep()
    for value in values:
        kind = type(value)
        if kind is str:
            raw = value.encode()
            size = len(raw)
            out(_HEADS[_SHORT_TEXT | size] if size < _SHORT else head(TEXT, size))
            out(raw)
        elif kind is int:
            out(pack_integer(value))
        elif kind is list:
            out(head(LIST, len(value)))
            if value:
                _write_all(value, out, deeper - 1)
        elif kind is dict:
            out(head(MAP, len(value)))
            if value:
                flat: list[Any] = []
                for key in _ordered(list(value)):
                    flat += (key, value[key])
                _write_all(flat, out, deeper - 1)
        elif kind is bytes:
            out(head(BYTES, len(value)))
            out(value)
        elif kind is Cid:
            out(LINK_HEAD)
            out(value.raw)
        elif value is None:
            out(_HEADS[_NULL])
        elif kind is bool:
            out(_HEADS[_TRUE if value else _FALSE])
        elif kind is float:
            raise CodecError("floats have no place in a record")
        else:
            raise CodecError(f"a value of type {kind.__name__} has no encoding")


def pack_integer(value: int) -> bytes:
    """Encodes an int. Raises CodecError."""
    if 0 <= value < 1024:
        return _KEPT_INTEGERS[value]
    if 0 <= value <= INTEGER_MAX:
        return head(_NATURAL, value)
    if INTEGER_MIN <= value < 0:
        return head(_NEGATIVE, -1 - value)
    raise CodecError("an integer does not fit 64 bits")


def _ordered(keys: Sequence[Any]) -> list[str]:
    """Sorts keys by their length in bytes, then by their bytes: code points sort as their UTF-8
    does, and sorting is stable."""
    try:
        are_ascii = "".join(keys).isascii()
    except TypeError:
        wrong = next(type(key).__name__ for key in keys if type(key) is not str)
        raise CodecError(f"a key of a map is of type {wrong}, expected text") from None
    ordered = sorted(keys)
    ordered.sort(key=len if are_ascii else _utf8_bytes)
    return ordered


def _utf8_bytes(key: str) -> int:
    return len(key.encode())


# --- reading

_UNPACK_2, _UNPACK_4, _UNPACK_8 = (struct.Struct(f">{width}").unpack_from for width in "HIQ")


def _read_all(data: bytes, at: int, count: int, deeper: int) -> tuple[list[Any], int]:
    """Reads so many values from `at` on; returns them with their end, which is past the end of the
    data if the last is cut off.

    Raises IndexError where a head is cut off. deeper: levels of nesting that are left.
    """
    if not deeper:
        _too_deep()
    if count > len(data) - at:
        raise IndexError
    values: list[Any] = []
    add = values.append
    for _ in range(count):
        head = data[at]
        if head < _SHORT:
            add(head)
            at += 1
            continue
        if _SHORT_TEXT <= head < _SHORT_TEXT + _SHORT:
            end = at + 1 + head - _SHORT_TEXT
            add(data[at + 1 : end].decode())
            at = end
            continue
        start = at
        at += 1
        major, number = head >> 5, head & 31
        if number >= _SHORT and major != _SIMPLE:
            number, at = _long_number(data, at, number)
        if major == TEXT:
            end = at + number
            add(data[at:end].decode())
            at = end
        elif major == _NATURAL:
            add(number if number <= INTEGER_MAX else _too_large(start))
        elif major == LIST:
            items: list[Any] = []
            if number:
                items, at = _read_all(data, at, number, deeper - 1)
            add(items)
        elif major == MAP:
            entries: dict[str, Any] = {}
            if number:
                flat, at = _read_all(data, at, 2 * number, deeper - 1)
                entries = _map(flat, start)
            add(entries)
        elif major == BYTES:
            end = at + number
            add(data[at:end])
            at = end
        elif major == _TAG:
            add(_link(data, start, number))
            at = start + _LINK_BYTES
        elif major == _NEGATIVE:
            add(-1 - number if number <= INTEGER_MAX else _too_large(start))
        elif _FALSE <= head <= _NULL:
            add(None if head == _NULL else head == _TRUE)
        else:
            _no_simple(head, start)
    return values, at


def _long_number(data: bytes, at: int, length: int) -> tuple[int, int]:
    """Reads the number of a head that goes on at `at`; returns it with the end of the head."""
    if length == 24:
        number, end, least = data[at], at + 1, _SHORT
    elif length == 25:
        (number,), end, least = _UNPACK_2(data, at), at + 2, 1 << 8
    elif length == 26:
        (number,), end, least = _UNPACK_4(data, at), at + 4, 1 << 16
    elif length == 27:
        (number,), end, least = _UNPACK_8(data, at), at + 8, 1 << 32
    else:
        raise CodecError(f"byte {at - 1}: a length is left open (indefinite or reserved)")
    if number < least:
        raise CodecError(f"byte {at - 1}: a number is written longer than it needs")
    return number, end


def _map(flat: Sequence[Any], start: int) -> dict[str, Any]:
    """Builds a map of keys and values in turn. Raises CodecError unless the keys are in order."""
    keys = flat[::2]
    ordered = _ordered(keys)
    if ordered != keys:
        wrong = next(key for key, right in zip(keys, ordered, strict=True) if key != right)
        raise CodecError(f"the map at byte {start}: the key {_shown(wrong)} is out of order")
    entries = dict(zip(keys, flat[1::2], strict=True))
    if len(entries) < len(keys):
        twice = next(key for key, after in pairwise(keys) if key == after)
        raise CodecError(f"the map at byte {start}: the key {_shown(twice)} is there twice")
    return entries


def _link(data: bytes, start: int, tag: int) -> Cid:
    _check_link(data, start, tag)
    raw = data[start + len(LINK_HEAD) : start + _LINK_BYTES]
    if len(raw) < _LINK_BYTES - len(LINK_HEAD):
        raise IndexError
    try:
        return Cid(raw)
    except CidError as error:
        raise CodecError(f"byte {start}: a link that is not a CID: {error}") from None


def _check_link(data: bytes, start: int, tag: int) -> None:
    if tag != _LINK:
        raise CodecError(f"byte {start}: tag {tag}; only links (tag {_LINK}) are read")
    if data[start : start + len(LINK_HEAD)] != LINK_HEAD:
        raise CodecError(f"byte {start}: a link that is not a CID of 36 bytes")


def _too_large(start: int) -> NoReturn:
    raise CodecError(f"byte {start}: an integer does not fit 64 bits")


def _no_simple(head: int, start: int) -> NoReturn:
    if 0xF9 <= head <= 0xFB:
        raise CodecError(f"byte {start}: floats have no place in a record")
    name = "undefined" if head == 0xF7 else "an unknown simple value"
    raise CodecError(f"byte {start}: {name} has no place in a record")


def _too_deep() -> NoReturn:
    raise CodecError(f"nested more than {DEPTH_MAX} deep")


def _cut_off(size: int) -> NoReturn:
    raise CodecError(f"the block is cut off after {size} bytes")


def _shown(key: str) -> str:
    return repr(key if len(key) <= 40 else key[:40] + "…")
