"""Strict canonical DAG-CBOR: one encoding for each value, and nothing else is read.

Values are None, bool, int (64 bits), str, bytes, list, dict with str keys, and Cid. There are
no floats. `encode(decode(data)) == data` holds for everything that `decode` accepts.

The library reads every CBOR. Here it gets the tag of links alone, a bound of depth and no
indefinite lengths; what it built is accepted only if it encodes to the same bytes, with its
keys in order and no other types in it.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NoReturn

import cbor2

from runtime.content.cid import Cid, CidError

RECORD_BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 64

INTEGER_MIN: Final = -(1 << 63)
INTEGER_MAX: Final = (1 << 63) - 1

_LINK: Final = 42
_LINK_HEAD: Final = b"\x58\x25\x00"
_LINK_BYTES: Final = 39
"""After its tag: the head of 37 bytes, the zero of the identity multibase, and the CID."""

_DIAGNOSED_ITEMS_MAX: Final = 1 << 16
_REASON_CHARS_MAX: Final = 200


class CodecError(ValueError):
    """The bytes are not a canonical block, or the value has no encoding."""


class _TooManyItems(CodecError):
    """A limit of the reader, and nothing wrong with the block."""


def encode(value: Any) -> bytes:
    """The canonical encoding. Raises CodecError for what has none (floats, other types)."""
    try:
        return cbor2.dumps(_prepared(value, DEPTH_MAX))
    except UnicodeEncodeError:
        raise CodecError("a text with half of a surrogate pair has no encoding") from None


def decode(data: bytes, *, bytes_max: int = RECORD_BYTES_MAX, items_max: int | None = None) -> Any:
    """Read one block whole. Raises CodecError unless it is canonical, small and flat enough.

    bytes_max and items_max are limits of the block, held before anything is built from it.
    Every value in it is an item, keys too, and takes a byte at least: without `items_max`,
    `bytes_max` bounds them.
    """
    if len(data) > bytes_max:
        raise CodecError(f"{len(data)} bytes, at most {bytes_max} are read")
    if items_max is not None and len(data) > items_max:
        count_items(data, items_max=items_max)
    try:
        value = cbor2.loads(
            data,
            semantic_decoders=_LINKS_ALONE,
            max_depth=DEPTH_MAX + 2,  # `_accepted` is exact; the library counts links too
            allow_indefinite=False,
            allow_duplicate_keys=False,
        )
    except cbor2.CBORError as error:
        _refuse(data, str(error))
    if cbor2.dumps(value) != data:
        _refuse(data, "not the shortest encoding of what it holds, or bytes after it")
    try:
        return _accepted(value, DEPTH_MAX)
    except CodecError as error:
        _refuse(data, str(error))


def count_items(data: bytes, *, items_max: int) -> int:
    """The items of a block, counted from its heads alone: nothing is built. Raises CodecError
    when there are more than `items_max`, they are nested too deeply, or a head is not one of
    canonical DAG-CBOR. (Texts, the order of keys and CIDs are not read.)
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
            if major == 7:
                if not 20 <= length <= 22:
                    raise CodecError(f"byte {start}: {_simple(length)}")
                continue
            if length > 23:
                at, length = _long_head(data, start, length)
            if major < 2:
                if length > INTEGER_MAX:
                    raise CodecError(f"byte {start}: an integer does not fit 64 bits")
            elif major < 4:
                at += length
            elif major == 6:
                if length != _LINK:
                    raise CodecError(f"byte {start}: tag {length}; only links (tag 42) are read")
                if data[at : at + len(_LINK_HEAD)] != _LINK_HEAD:
                    raise CodecError(f"byte {start}: a link that is not a CID of 36 bytes")
                at += _LINK_BYTES
            elif length:
                outer.append(left)
                left = length if major == 4 else 2 * length
                items += left
                if items > size:
                    raise IndexError
                if items > items_max:
                    raise _TooManyItems(f"more than {items_max} items, the limit here")
                if len(outer) > DEPTH_MAX:
                    raise CodecError(f"nested more than {DEPTH_MAX} deep")
            if at > size:
                break
    except IndexError:
        at = size + 1
    if at > size:
        raise CodecError(f"the block is cut off after {size} bytes")
    if at < size:
        raise CodecError(f"byte {at}: bytes after the value")
    return items


def _long_head(data: bytes, start: int, length: int) -> tuple[int, int]:
    """Where a head of more than one byte ends, and its number."""
    if length > 27:
        raise CodecError(f"byte {start}: a length is left open (indefinite or reserved)")
    width = 1 << (length - 24)
    at = start + 1 + width
    number = int.from_bytes(data[start + 1 : at])
    if at > len(data):
        raise IndexError
    if number < 24 or (width > 1 and number >> (4 * width) == 0):
        raise CodecError(f"byte {start}: a number is written longer than it needs")
    return at, number


def _simple(length: int) -> str:
    if 25 <= length <= 27:
        return "floats have no place in a record"
    return "undefined has no place in a record" if length == 23 else "an unknown simple value"


def _refuse(data: bytes, reason: str) -> NoReturn:
    """Raise with the place if the heads of a block that is not large show it, else with the
    given reason."""
    with suppress(_TooManyItems):
        count_items(data, items_max=_DIAGNOSED_ITEMS_MAX)
    raise CodecError(reason[:_REASON_CHARS_MAX])


class _LinksAlone(dict[int, Callable[[Any, bool], Any]]):
    """Which tags are decoded: none. A link stays as it is written until it is accepted."""

    def __missing__(self, tag: int) -> Callable[[Any, bool], Any]:
        if tag == _LINK:
            raise KeyError(tag)
        return _no_tag


def _no_tag(_value: Any, _immutable: bool) -> Any:
    raise ValueError("only links (tag 42) are read")


_LINKS_ALONE: Final = _LinksAlone()
_ATOMS: Final = frozenset((str, bytes, bool, type(None)))


def _accepted(value: Any, deeper: int) -> Any:
    """The value with its links read, in place. Raises CodecError for a type that is not ours,
    a number out of range, keys that are no texts or out of order, and depth.

    deeper: levels that may be below this one.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return _in_range(value)
    if kind is list:
        if value and not deeper:
            raise CodecError(f"nested more than {DEPTH_MAX} deep")
        kinds = set(map(type, value))
        if kinds <= _ATOMS:
            return value
        if kinds == {int}:
            _in_range(min(value))
            _in_range(max(value))
            return value
        for index, item in enumerate(value):
            if type(item) not in _ATOMS:
                value[index] = _accepted(item, deeper - 1)
        return value
    if kind is dict:
        if value and not deeper:
            raise CodecError(f"nested more than {DEPTH_MAX} deep")
        before = (-1, "")
        for key, item in value.items():
            if type(key) is not str:
                raise CodecError(f"a key of a map is of type {type(key).__name__}, expected text")
            rank = (len(key) if key.isascii() else len(key.encode()), key)
            if rank <= before:
                raise CodecError(f"the key {_shown(key)} is out of order")
            before = rank
            if type(item) not in _ATOMS:
                value[key] = _accepted(item, deeper - 1)
        return value
    if kind is cbor2.CBORTag:
        return _cid(value.value)
    if kind is float:
        raise CodecError("floats have no place in a record")
    raise CodecError("undefined and other simple values have no place in a record")


def _prepared(value: Any, deeper: int) -> Any:
    """The value as the library writes it canonically: keys in order, links as tags."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is int:
        return _in_range(value)
    if kind is list:
        if value and not deeper:
            raise CodecError(f"nested more than {DEPTH_MAX} deep")
        kinds = set(map(type, value))
        if kinds <= _ATOMS:
            return value
        if kinds == {int}:
            _in_range(min(value))
            _in_range(max(value))
            return value
        return [item if type(item) in _ATOMS else _prepared(item, deeper - 1) for item in value]
    if kind is dict:
        if value and not deeper:
            raise CodecError(f"nested more than {DEPTH_MAX} deep")
        return {
            key: item if type(item := value[key]) in _ATOMS else _prepared(item, deeper - 1)
            for key in sorted(value, key=_rank)
        }
    if kind is Cid:
        return cbor2.CBORTag(_LINK, b"\0" + value.raw)
    if kind is float:
        raise CodecError("floats have no place in a record")
    raise CodecError(f"a value of type {kind.__name__} has no encoding")


def _rank(key: Any) -> tuple[int, str]:
    """What canonical keys are ordered by: length in bytes, then the bytes. Code points sort as
    their UTF-8 does."""
    if type(key) is not str:
        raise CodecError(f"a key of a map is of type {type(key).__name__}, expected text")
    return (len(key) if key.isascii() else len(key.encode()), key)


def _in_range(number: int) -> int:
    if not INTEGER_MIN <= number <= INTEGER_MAX:
        raise CodecError("an integer does not fit 64 bits")
    return number


def _cid(value: Any) -> Cid:
    if type(value) is not bytes or value[:1] != b"\0":
        raise CodecError("a link that is not a CID: it is not bytes that start with 0")
    try:
        return Cid(value[1:])
    except CidError as error:
        raise CodecError(f"a link that is not a CID: {error}") from None


def _shown(key: str) -> str:
    return repr(key if len(key) <= 40 else key[:40] + "…")
