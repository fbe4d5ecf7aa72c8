"""Ed25519 keys and their DIDs (`did:key:z6Mk…`).

Signatures are verified by libsodium's strict rule: keys and commitments of small order,
non-canonical points and scalars are refused, so that all verifiers agree on every signature.
Sources: RFC 8032; the did:key method, `z` base58btc(`ed 01` ‖ 32 bytes).
"""

from functools import lru_cache
from typing import Final

from nacl.bindings import (
    crypto_core_ed25519_is_valid_point,
    crypto_sign,
    crypto_sign_open,
    crypto_sign_seed_keypair,
)
from nacl.exceptions import BadSignatureError

from runtime.content.did import Did

SEED_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_PUBLIC_BYTES: Final = 32
_PREFIX: Final = "did:key:z"
_MULTICODEC: Final = b"\xed\x01"
_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS: Final = {char: value for value, char in enumerate(_ALPHABET)}


class IdentityError(ValueError):
    """A DID that is no usable Ed25519 did:key, or bytes that are no key."""


class SigningKey:
    """A private key. It never shows its seed; `did` is its public name."""

    __slots__ = ("_secret", "did", "public")

    def __init__(self, seed: bytes) -> None:
        """Derives the key from 32 random bytes. Raises IdentityError for another length."""
        if len(seed) != SEED_BYTES:
            raise IdentityError(f"a seed of {len(seed)} bytes, expected {SEED_BYTES}")
        self.public, self._secret = crypto_sign_seed_keypair(seed)
        self.did: Did = did_of(self.public)

    def sign(self, message: bytes) -> bytes:
        """Signs a message; 64 bytes, the same for the same message."""
        return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey({self.did})"


def did_of(public: bytes) -> Did:
    """Gives the did:key of a public key. Raises IdentityError if it cannot be anybody's key."""
    if len(public) != _PUBLIC_BYTES:
        raise IdentityError(f"a public key of {len(public)} bytes, expected {_PUBLIC_BYTES}")
    if not crypto_core_ed25519_is_valid_point(public):
        raise IdentityError("not a point of Ed25519's prime-order group in canonical form")
    return Did(_PREFIX + _to_base58(_MULTICODEC + public))


@lru_cache(maxsize=65536)
def public_key(did: Did) -> bytes:
    """Gives the public key that a did:key names. Raises IdentityError with the reason."""
    if not did.startswith(_PREFIX):
        raise IdentityError(f"{did} is not a did:key in base58 ('{_PREFIX}…')")
    raw = _from_base58(did[len(_PREFIX) :])
    if raw[:2] != _MULTICODEC:
        raise IdentityError(f"{did} is not an Ed25519 key ('did:key:z6Mk…')")
    if did_of(raw[2:]) != did:
        raise IdentityError(f"{did} is not written canonically")
    return raw[2:]


def verify(did: Did, message: bytes, signature: bytes) -> bool:
    """Returns whether `signature` is the key's over `message`. Raises IdentityError for a bad
    DID."""
    public = public_key(did)
    if len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def _to_base58(raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    digits = []
    while number:
        number, rest = divmod(number, 58)
        digits.append(_ALPHABET[rest])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(digits))


def _from_base58(text: str) -> bytes:
    if len(text) > 64:
        raise IdentityError(f"{len(text)} characters, an Ed25519 did:key has 48")
    number = 0
    for char in text:
        digit = _DIGITS.get(char)
        if digit is None:
            raise IdentityError(f"'{char}' is not a base58 character")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
