"""Texts of other encodings than UTF-8, recognised by their first bytes."""

import codecs
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""The mark of UTF-32 begins with that of UTF-16."""
_SAMPLE_BYTES: Final = 256
_CHARACTERS_MIN: Final = 4
"""Fewer show no pattern."""
_PATTERNS: Final = (
    ("UTF-32LE", 4, (0,)),
    ("UTF-32BE", 4, (3,)),
    ("UTF-16LE", 2, (0,)),
    ("UTF-16BE", 2, (1,)),
)
"""(encoding, bytes of a character, which of them a letter of ASCII fills)."""


def wide_encoding(data: bytes) -> str | None:
    """Returns `UTF-16` or `UTF-32` by the byte order mark, with `LE` or `BE` where ASCII shows
    without one; None for all else."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:_SAMPLE_BYTES]
    if b"\0" not in sample:
        return None
    for name, width, filled in _PATTERNS:
        characters = len(sample) // width
        if characters < _CHARACTERS_MIN or len(data) % width:
            continue
        rows = [sample[i * width : (i + 1) * width] for i in range(characters)]
        plain = sum(
            all((byte != 0) == (place in filled) for place, byte in enumerate(row)) for row in rows
        )
        if plain * 4 >= characters * 3:
            return name
    return None
