"""Seals: a result that its signer cannot change any more, and nobody else can read yet.

Rule: the digest covers the hold and the signer, so that nobody's seal can be copied.
"""

from typing import Final

from blake3 import blake3

from mesh.core.records.work import DIGEST_BYTES, Seal
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed

NONCE_BYTES: Final = DIGEST_BYTES
_NONCE: Final = b"icn-mesh/2 nonce of a seal\0"
"""Signed, and never shown: no record's message begins so."""
_PURPOSE: Final = "icn-mesh/2 seal of a result"


def nonce_of(key: SigningKey, hold: Cid) -> bytes:
    """The secret nonce of a signer's seal for a hold: the same again, so that nobody whose store
    was lost contradicts itself."""
    return blake3(key.sign(_NONCE + hold.raw)).digest()


def digest_of(hold: Cid, signer: Did, deterministic: Cid, nonce: bytes) -> bytes:
    """H(hold ‖ signer ‖ deterministic ‖ nonce). hold: CID of the Hold; nonce: 32 secret bytes."""
    assert len(nonce) == NONCE_BYTES, "a nonce hides the result"
    parts = (hold.raw, signer.encode(), deterministic.raw, nonce)
    body = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return blake3(body, derive_key_context=_PURPOSE).digest()


def opens(seal: Signed[Seal], deterministic: Cid, nonce: bytes | None) -> bool:
    """Whether a seal is of this result: the nonce is its signer's, from Receipt or Attestation."""
    if nonce is None or len(nonce) != NONCE_BYTES:
        return False
    return seal.body.digest == digest_of(seal.body.hold, seal.signer, deterministic, nonce)
