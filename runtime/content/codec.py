"""Strict canonical DAG-CBOR: one encoding for each value, and nothing else is read.

Values are None, bool, int (64 bits), str, bytes, list, dict with str keys, and Cid. There are
no floats. `encode(decode(data)) == data` holds for everything that `decode` accepts.
"""

from typing import Any, Final

import cbrrr

from runtime.content.cid import Cid, CidError

RECORD_BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 64

INTEGER_MIN: Final = -(1 << 63)
INTEGER_MAX: Final = (1 << 63) - 1


class CodecError(ValueError):
    """The bytes are not a canonical block, or the value has no encoding."""


def encode(value: Any) -> bytes:
    """The canonical encoding. Raises CodecError for what has none (floats, other types)."""
    _check(value)
    return encode_checked(value)


def encode_checked(value: Any) -> bytes:
    """As `encode`, for what is known to be flat, without floats and within 64 bits: what
    `decode` gave or `encode` took, or what was written from a dataclass without `Any`."""
    try:
        return cbrrr.encode_dag_cbor(value, cid_type=Cid)
    except (ValueError, TypeError) as error:
        raise CodecError(str(error)) from None


def decode(data: bytes, *, bytes_max: int = RECORD_BYTES_MAX) -> Any:
    """Read one block whole. Raises CodecError unless it is canonical, small and flat enough."""
    if len(data) > bytes_max:
        raise CodecError(f"{len(data)} bytes, at most {bytes_max} are read")
    try:
        value = cbrrr.decode_dag_cbor(data, cid_ctor=Cid)
    except CidError as error:
        raise CodecError(f"a link that is not a CID: {error}") from None
    except ValueError as error:
        raise CodecError(str(error)) from None
    _check(value)
    return value


def _check(root: Any) -> None:
    """Depth, integer range and no floats: what the encoder leaves open."""
    level = [root]
    for _ in range(DEPTH_MAX + 1):
        below: list[Any] = []
        for value in level:
            kind = type(value)
            if kind is dict:
                below.extend(value.values())
            elif kind is list or kind is tuple:
                below.extend(value)
            elif kind is int:
                if not INTEGER_MIN <= value <= INTEGER_MAX:
                    raise CodecError(f"{value} does not fit 64 bits")
            elif kind is float:
                raise CodecError("floats have no place in a record")
        if not below:
            return
        level = below
    raise CodecError(f"nested more than {DEPTH_MAX} deep")
