"""Syntax of decentralised identifiers, `did:method:id`.

Source: W3C DID Core 1.0, section 3.1. Whether a did:key holds a usable key is decided in
`runtime.identity`; `did:key` of Ed25519 is `z` and base58btc of `ed 01` and 32 bytes.
"""

import re
from typing import Final, NewType

Did = NewType("Did", str)

DID_CHARS_MAX: Final = 512
_DID: Final = re.compile(r"did:[a-z0-9]+:(?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})*[A-Za-z0-9._-]")


class DidError(ValueError):
    """A malformed DID."""


def parse_did(text: str) -> Did:
    """Checks the syntax. Raises DidError with the reason."""
    if len(text) > DID_CHARS_MAX:
        raise DidError(f"{len(text)} characters, a DID has at most {DID_CHARS_MAX}")
    if not text.startswith("did:"):
        raise DidError("a DID starts with 'did:'")
    if text.count(":") < 2:
        raise DidError("a DID has three parts, did:method:id")
    if not _DID.fullmatch(text):
        raise DidError("a character or an empty part that a DID cannot have")
    return Did(text)
