"""Proofs of version 1 that were once made, and the keys of two of them.

`tests/proofs/version1/` holds files as earlier versions wrote them. They are verified for ever, so
none is ever made anew. The engine of `sums.car` is that of `docs/sums_engine.py`.
"""

from io import BytesIO
from pathlib import Path
from typing import Any, Final

from blake3 import blake3
from msgspec.structs import replace

from mesh.core.car.files import CarError, open_car
from mesh.core.findings import Fault, Finding
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.execution import Verification
from mesh.core.proofs.version1.check import verify_proof
from mesh.core.proofs.version1.proof import Proof, from_car
from runtime.identity.keys import SigningKey
from runtime.identity.signed import Signed, sign

PROOFS: Final = Path(__file__).parents[1] / "proofs" / "version1"
NOW: Final = 2_000_000_000


def key(name: str) -> SigningKey:
    return SigningKey(blake3(name.encode()).digest())


STRANGER: Final = key("stranger")
NAMES: Final = ("issuer", "submitter", "node-1", "node-2", "node-3")
KEYS: Final = {
    each.did: each for each in map(key, (*NAMES, "verifier-1", "verifier-2", "verifier-3"))
}


def data_of(name: str) -> bytes:
    return (PROOFS / f"{name}.car").read_bytes()


def from_bytes(data: bytes) -> Proof:
    """Raises ProofError, for a file that is no CAR too."""
    try:
        car = open_car(BytesIO(data))
    except CarError as error:
        finding = Finding(fault=Fault.UNREADABLE, subject="file", detail=str(error))
        raise ProofError((finding,)) from None
    return from_car(car)


def proof_of(name: str) -> Proof:
    """The proof of a file, with its blocks in memory."""
    proof = from_bytes(data_of(name))
    return replace(proof, data=dict(proof.data))


def verified(proof: Proof, **changes: Any) -> Verification:
    given = {"mesh": proof.genesis.cid, "reexecute": None, "now": NOW, **changes}
    return verify_proof(proof, **given)


def signed_again(record: Signed[Any], by: SigningKey | None = None, **changes: Any) -> Signed[Any]:
    """The record with other fields, signed by its signer or by another."""
    key_of_signer = by or KEYS[record.signer]
    return sign(replace(record.body, **changes), mesh=record.mesh, key=key_of_signer, version=1)
