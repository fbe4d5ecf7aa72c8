"""The table of record types, and the one way in which records are signed and read.

Rule: a record is of one mesh; only a Genesis names none.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, TypeVar, get_args

from mesh.core.records.jobs import Award, Cancel, JobManifest, Transfer
from mesh.core.records.market import Bid, Credential, Decline, NodeProfile
from mesh.core.records.membership import Endorsement, Fault, Genesis, Membership
from mesh.core.records.settlement import Answer, Policy, Revocation, Settlement, Statement
from mesh.core.records.work import (
    Anchor,
    Attestation,
    Draw,
    GaveUp,
    Hold,
    Opening,
    Progress,
    Receipt,
    Seal,
)
from runtime.content.cid import Cid
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError, RecordFault, Signed
from runtime.identity.signed import read as read_signed
from runtime.identity.signed import sign as sign_body
from runtime.tokens.token import ResourceToken

T = TypeVar("T")

VERSION: Final = 2

Record: TypeAlias = (
    Genesis
    | Membership
    | Endorsement
    | Fault
    | NodeProfile
    | Credential
    | ResourceToken
    | Policy
    | Revocation
    | JobManifest
    | Bid
    | Decline
    | Award
    | Hold
    | Progress
    | GaveUp
    | Seal
    | Draw
    | Opening
    | Receipt
    | Anchor
    | Attestation
    | Settlement
    | Cancel
    | Transfer
    | Answer
    | Statement
)

RECORDS: Final[Mapping[str, type[Any]]] = {kind.__name__: kind for kind in get_args(Record)}


def sign(body: T, *, mesh: Cid | None, key: SigningKey) -> Signed[T]:
    """Signs a record of a mesh (None: a genesis). The same arguments give the same bytes. Raises
    ShapeError."""
    return sign_body(body, mesh=mesh, key=key, version=VERSION)


def read(data: bytes, mesh: Cid | None) -> Signed[Record]:
    """Reads and verifies any record of this mesh (None: of whichever mesh). Raises RecordError."""
    return _in_mesh(read_signed(data, RECORDS, version=VERSION), mesh)


def read_as(kind: type[T], data: bytes, mesh: Cid | None) -> Signed[T]:
    """Reads and verifies a record of one kind of this mesh (None: of whichever). Raises
    RecordError."""
    return _in_mesh(read_signed(data, {kind.__name__: kind}, version=VERSION), mesh)


def _in_mesh(signed: Signed[T], mesh: Cid | None) -> Signed[T]:
    if isinstance(signed.body, Genesis):
        if signed.mesh is not None:
            raise RecordError(RecordFault.WRONG_MESH, "a genesis record names no mesh")
        return signed
    if signed.mesh is None:
        raise RecordError(RecordFault.WRONG_MESH, "only a genesis record may name no mesh")
    if mesh is not None and signed.mesh != mesh:
        raise RecordError(RecordFault.WRONG_MESH, f"{signed.mesh}, this is {mesh}")
    return signed
