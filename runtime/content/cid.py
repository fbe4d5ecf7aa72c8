"""Content identifiers: CID version 1, the hash of the bytes they name.

Ours are raw or dag-cbor under blake3-256, written in base32 lower case. dag-pb and sha2-256 are
read, too, so that blocks of other systems can be named and checked.
Source: the multiformats CID, multibase and multihash specifications.
"""

import re
from base64 import b32encode
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Final

from blake3 import blake3
from msgspec import Struct

from runtime.content.varint import VarintError, read_varint

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_NOT_BASE32: Final = re.compile("[^a-z2-7]")
_DIGITS_OF_BASE32: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz234567", "0123456789abcdefghijklmnopqrstuv"
)
"""Translates to the digits of base 32 that `int` reads."""
_VERSION: Final = 1
_DIGEST_BYTES: Final = 32
_PREFIX_BYTES: Final = 4
_BYTES: Final = _PREFIX_BYTES + _DIGEST_BYTES
_VERSION_0_HEAD: Final = b"\x12\x20"
_VERSION_0_MEANS: Final = b"\x01\x70\x12\x20"
_TEXT_CHARS_MAX: Final = 128


class Codec(IntEnum):
    """How the bytes of a block are read."""

    RAW = 0x55
    DAG_PB = 0x70
    DAG_CBOR = 0x71


class Hash(IntEnum):
    SHA2_256 = 0x12
    BLAKE3_256 = 0x1E


class CidError(ValueError):
    """A malformed or unsupported CID. `position` is the offset in the text that shows it, if one
    does."""

    def __init__(self, reason: str, position: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


class Cid(Struct, frozen=True, cache_hash=True, dict=True):
    """A content identifier by its binary form; equal and ordered by that form.

    Making one raises CidError for bytes that are none.
    """

    raw: bytes

    def __post_init__(self) -> None:
        raw = self.raw
        if len(raw) != _BYTES or raw[:_PREFIX_BYTES] not in _PREFIXES:
            raise _explained(raw, 0, len(raw))

    @property
    def codec(self) -> Codec:
        return Codec(self.raw[1])

    @property
    def hash(self) -> Hash:
        return Hash(self.raw[2])

    @property
    def digest(self) -> bytes:
        return self.raw[4:]

    def __bytes__(self) -> bytes:
        return self.raw

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        return "b" + b32encode(self.raw).decode("ascii").rstrip("=").lower()

    def __repr__(self) -> str:
        return f"Cid({self})"

    def __lt__(self, other: "Cid") -> bool:
        return self.raw < other.raw

    def matches(self, data: bytes) -> bool:
        """Returns whether `data` is the block that this CID names."""
        return self.digest == _digest(self.hash, data)


def read_cid(data: bytes, at: int, end: int) -> tuple[Cid, int]:
    """Reads the CID that begins at `at`; returns it with its end. `end`: of the bytes that may
    belong to it.

    Version 0 is read as the version 1 that it means. Raises CidError, with the offset.
    """
    stop = at + _BYTES
    if stop <= end and data[at : at + _PREFIX_BYTES] in _PREFIXES:
        return Cid(data[at:stop]), stop
    if not data.startswith(_VERSION_0_HEAD, at):
        raise _explained(data, at, end, at)
    stop = at + len(_VERSION_0_HEAD) + _DIGEST_BYTES
    if stop > end:
        raise CidError("a CID is cut off", at)
    return Cid(_VERSION_0_MEANS + data[at + len(_VERSION_0_HEAD) : stop]), stop


def _explained(data: bytes, at: int, end: int, position: int | None = None) -> CidError:
    """Gives the reason why no supported CID begins at `at`."""
    raw = data[at : min(end, at + _TEXT_CHARS_MAX)]
    if raw.startswith(_VERSION_0_HEAD):
        return CidError("a version 0 CID has no place here: write it as version 1", position)
    numbers: list[int] = []
    read = 0
    try:
        while len(numbers) < _PREFIX_BYTES and numbers[:1] in ([], [_VERSION]):
            number, read = read_varint(raw, read)
            numbers.append(number)
    except VarintError as error:
        return CidError(f"no CID: {error.reason}", position)
    match numbers:
        case [version, *_] if version != _VERSION:
            reason = f"CID version {version}, expected 1"
        case [_, _, 0, _]:
            reason = "an identity CID is not read here: put what it holds into a block of its own"
        case [_, codec, *_] if codec not in _CODECS:
            reason = f"codec 0x{codec:02x} is not raw, dag-pb or dag-cbor"
        case [_, _, function, _] if function not in _HASHES:
            reason = f"hash function 0x{function:02x} is not sha2-256 or blake3-256"
        case [_, _, _, length] if length != _DIGEST_BYTES:
            reason = f"digest of {length} bytes, expected 32"
        case _:
            size = end - at
            reason = f"{size} bytes, expected 36: the CID is cut off or has characters too many"
    return CidError(reason, position)


_CODECS: Final = frozenset(Codec)
_HASHES: Final = frozenset(Hash)
_PREFIXES: Final = frozenset(
    bytes((_VERSION, codec, function, _DIGEST_BYTES)) for codec in Codec for function in Hash
)
"""Beginnings of all supported CIDs: version, codec, hash function, length."""


def cid_of(data: bytes, codec: Codec) -> Cid:
    """Computes the CID of a block, under blake3-256."""
    return Cid(bytes((_VERSION, codec, Hash.BLAKE3_256, _DIGEST_BYTES)) + blake3(data).digest())


@lru_cache(maxsize=4096)
def parse_cid(text: str) -> Cid:
    """Reads a CID from its text (multibase base32, base58btc or base16). Raises CidError."""
    if not text:
        raise CidError("an empty string is not a CID")
    if len(text) > _TEXT_CHARS_MAX:
        raise CidError(f"{len(text)} characters, a CID has at most {_TEXT_CHARS_MAX}")
    if len(text) == 46 and text.startswith("Qm"):
        raise CidError("a version 0 CID; write it as version 1 (it then starts with 'bafybei')", 0)
    match text[0]:
        case "b":
            raw = _from_base32(text)
        case "z":
            raw = _from_base58(text)
        case "f":
            raw = _from_base16(text)
        case prefix:
            raise CidError(
                f"'{prefix}' is not a multibase prefix we read: a CID starts with 'b' (base32)", 0
            )
    return Cid(raw)


def _from_base32(text: str) -> bytes:
    wrong = _NOT_BASE32.search(text, 1)
    if wrong is not None:
        raise CidError(f"'{wrong[0]}' is not a base32 character (a–z, 2–7)", wrong.start())
    size, spare = divmod(5 * (len(text) - 1), 8)
    if spare >= 5:
        raise CidError(f"{len(text)} characters is not a whole base32 CID")
    number = int(text[1:].translate(_DIGITS_OF_BASE32), 32) if size else 0
    if number & ((1 << spare) - 1):
        raise CidError("the last character carries bits that belong to no byte", len(text) - 1)
    return (number >> spare).to_bytes(size, "big")


def _from_base58(text: str) -> bytes:
    number = 0
    for position, char in enumerate(text[1:], 1):
        digit = _BASE58.find(char)
        if digit < 0:
            raise CidError(f"'{char}' is not a base58 character", position)
        number = number * 58 + digit
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _from_base16(text: str) -> bytes:
    for position, char in enumerate(text[1:], 1):
        if char not in "0123456789abcdef":
            raise CidError(f"'{char}' is not a lower-case hexadecimal digit", position)
    if len(text) % 2 == 0:
        raise CidError("an odd number of hexadecimal digits")
    return bytes.fromhex(text[1:])


def _digest(function: Hash, data: bytes) -> bytes:
    match function:
        case Hash.SHA2_256:
            import hashlib

            return hashlib.sha256(data).digest()
        case Hash.BLAKE3_256:
            return blake3(data).digest()
