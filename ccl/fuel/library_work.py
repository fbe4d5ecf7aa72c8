"""Work of the library's routines that depends on the length of texts.

Loops and copies over a text or Data are counted by `BYTES`, the length of the longest text or Data
among the arguments; the caller of the routine bounds that.
"""

from collections.abc import Mapping
from typing import Final

from ccl.abi.bounds import Formula
from ccl.abi.host_calls import CID_BYTES_MAX, DID_BYTES_MAX
from ccl.codegen.operations.containers import ELEMENTS

BYTES: Final = "bytes"
DIGITS_MAX: Final = 20
"""Of a number of 64 bits, with its sign."""
PLACES_MAX: Final = 6

_PER_BYTE = Formula.symbol(BYTES)


def _times(count: int) -> Formula:
    return Formula.constant(count)


TURNS: Final[Mapping[tuple[str, str], Formula]] = {
    ("put_big", "next"): _times(8),
    ("in_head", "next"): _times(8),
    ("power", "next"): _times(64),
    ("quotient_digit", "next"): _times(2),
    ("square_root", "next"): _times(4),
    ("integer_to_text", "count"): _times(DIGITS_MAX),
    ("integer_to_text", "digit"): _times(DIGITS_MAX),
    ("decimal_to_text", "next"): _times(PLACES_MAX),
    ("decimal_to_text", "digit"): _times(PLACES_MAX),
    ("is_did", "next"): _times(DID_BYTES_MAX),
    ("is_cid", "next"): _times(CID_BYTES_MAX),
    ("cursor_of", "next"): _times(4),
    # a code point has one first byte and up to three others
    ("utf8_points", "continuation"): _times(3),
    ("utf8_points", "next"): _PER_BYTE,
    ("text_equal", "next"): _PER_BYTE,
    ("bytes_compare", "next"): _PER_BYTE,
    ("array_sum", "each"): Formula.symbol(ELEMENTS),
    ("hash_text", "next"): _PER_BYTE,
    ("parse_integer", "next"): _PER_BYTE,
    # over the text, then over the places that are not written
    ("parse_decimal", "next"): _PER_BYTE + _times(PLACES_MAX),
}
"""Bounds on iterations, by routine and label."""

COPIES: Final[Mapping[str, Formula]] = {
    "resize": _times(32),
    "out_room": _times(8),
    # the bytes, and four for each where the block has to grow
    "put_bytes": _times(5) * _PER_BYTE,
    "text_of": _PER_BYTE,
    "decimal_to_text": _times(DIGITS_MAX + 1),
}
"""Bytes that are copied. A block grows by a quarter at least, so that every byte added has paid
for four copied ones, and every slot of 8 bytes for 32."""

GROWN_TEXT: Final = frozenset({"text_append"})
"""These copy a text, whole, once where it lies and once where it grows."""
