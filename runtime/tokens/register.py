"""Register of token holders: units of an owner's own classes, by class and holder.

A block that the Context names. Rule: classes and holders without units are left out, so that the
same holdings are the same block.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final, TypeAlias

from runtime.content.codec import INTEGER_MAX, CodecError, decode, encode
from runtime.execution.state import TOKENS_BYTES_MAX
from runtime.tokens.token import RESOURCES

Register: TypeAlias = Mapping[str, Mapping[str, int]]

CLASS_BYTES_MAX: Final = 128


def class_fault(name: str) -> str | None:
    """Gives the reason why a text cannot name a class of one's own issue, or None."""
    if not name:
        return "a token class needs a name"
    if len(name.encode("utf-8")) > CLASS_BYTES_MAX:
        return f"the name of a token class has at most {CLASS_BYTES_MAX} bytes"
    if any(unicodedata.category(char).startswith("C") for char in name):
        return "the name of a token class has no control characters"
    if name in RESOURCES:
        return f"{name} is a resource of the mesh, which only its issuers issue"
    return None


def register_to_block(register: Register) -> bytes:
    """Encodes a register canonically. Raises CodecError for one that is too large."""
    held = {
        name: {holder: units for holder, units in holders.items() if units}
        for name, holders in register.items()
    }
    data = encode({name: holders for name, holders in held.items() if holders})
    if len(data) > TOKENS_BYTES_MAX:
        raise CodecError(f"{len(data)} bytes of token holders, at most {TOKENS_BYTES_MAX}")
    return data


def register_from_block(data: bytes) -> Register:
    """Reads what `register_to_block` wrote. Raises CodecError for anything else."""
    value = decode(data, bytes_max=TOKENS_BYTES_MAX)
    if not isinstance(value, dict):
        raise CodecError("not a register of token holders")
    for holders in value.values():
        if not isinstance(holders, dict) or not all(map(_is_holding, holders.values())):
            raise CodecError("not a register of token holders")
    return value


def _is_holding(units: object) -> bool:
    return isinstance(units, int) and not isinstance(units, bool) and 0 < units <= INTEGER_MAX
