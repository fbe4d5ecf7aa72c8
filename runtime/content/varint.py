"""Unsigned variable-length integers of multiformats: seven bits a byte, the lowest first.

Rule: a number has one form, the shortest; so the same content never has two encodings.
Source: the multiformats unsigned-varint specification.
"""

from typing import Final

BYTES_MAX: Final = 9


class VarintError(ValueError):
    """A number that is not in its shortest form. `offset` is the byte at which it begins."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(f"byte {offset}: {reason}")
        self.reason = reason
        self.offset = offset


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Reads the number of at most 63 bits at `at`; returns it with its end. Raises VarintError."""
    number = 0
    for index in range(BYTES_MAX):
        if at + index >= len(data):
            raise VarintError("a number is cut off", at)
        byte = data[at + index]
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            if byte == 0 and index > 0:
                reason = f"{number} in {index + 1} bytes, which is not its shortest form"
                raise VarintError(reason, at)
            return number, at + index + 1
    raise VarintError("a number of more than 63 bits", at)


def write_varint(number: int) -> bytes:
    """Writes a number that is not negative in its shortest form."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
