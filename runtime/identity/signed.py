"""Signed records: one envelope for all of them.

`version`, `type`, `mesh`, `signer` and `sig` are beside the record's own fields in one map. The
signature is over `"icn-mesh/1\\0" ‖ type ‖ "\\0" ‖ canonical encoding without sig`; the CID is over
the whole signed block.
"""

from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Final, Generic, TypeVar

from msgspec import Struct

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import MAP, RECORD_BYTES_MAX, CodecError, decode, encode, head
from runtime.content.did import Did
from runtime.content.packing import pack_fields
from runtime.content.shapes import ShapeError
from runtime.content.typed import from_value
from runtime.identity.keys import IdentityError, SigningKey, verify

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_DOMAIN: Final = b"icn-mesh/1\0"
_SIG: Final = encode("sig")
ENVELOPE: Final = frozenset({"version", "type", "mesh", "signer", "sig"})
"""The names that are beside a record's own fields."""


class RecordFault(Enum):
    """Why a block is not an acceptable record."""

    NOT_CANONICAL = "not canonical DAG-CBOR"
    NOT_A_RECORD = "not a signed record"
    WRONG_VERSION = "a version that this program does not read"
    WRONG_TYPE = "a record of another type"
    WRONG_SHAPE = "a field is missing, unknown or out of range"
    WRONG_MESH = "a record of another mesh"
    BAD_SIGNER = "the signer is not a usable did:key"
    BAD_SIGNATURE = "the signature is not the signer's"


class RecordError(ValueError):
    """A block that is not accepted as a record: `fault` names the reason, `detail` the place."""

    def __init__(self, fault: RecordFault, detail: str = "") -> None:
        super().__init__(f"{fault.value}: {detail}" if detail else fault.value)
        self.fault = fault
        self.detail = detail


class Signed(Struct, Generic[T_co], frozen=True, kw_only=True):
    """A record as it was signed; only `sign` and `read` make one, so the signature holds.

    mesh: CID of the genesis record, None in the genesis record itself. block: the whole signed
    encoding, which `cid` names.
    """

    body: T_co
    mesh: Cid | None
    signer: Did
    block: bytes
    cid: Cid


def sign(body: T, *, mesh: Cid | None, key: SigningKey, version: int) -> Signed[T]:
    """Signs a record. The same arguments give the same bytes. Raises ShapeError."""
    name = type(body).__name__
    fields = pack_fields(body)
    assert not ENVELOPE & fields.keys(), "the envelope's names are not a record's"
    envelope = {"version": version, "type": name, "mesh": mesh, "signer": key.did}
    fields |= {each: encode(value) for each, value in envelope.items()}
    before, after = _around_sig(tuple(fields))
    first = b"".join([encoded + fields[each] for each, encoded in before])
    rest = b"".join([encoded + fields[each] for each, encoded in after])
    sig = key.sign(_message(name, head(MAP, len(fields)) + first + rest))
    block = b"".join((head(MAP, len(fields) + 1), first, _SIG, encode(sig), rest))
    return Signed(
        body=body, mesh=mesh, signer=key.did, block=block, cid=cid_of(block, Codec.DAG_CBOR)
    )


def read(
    data: bytes,
    kinds: Mapping[str, type[T]],
    *,
    version: int,
    bytes_max: int = RECORD_BYTES_MAX,
) -> Signed[T]:
    """Reads and verifies one signed record of one of `kinds` (by type name), of one version. Raises
    RecordError."""
    try:
        value = decode(data, bytes_max=bytes_max)
    except CodecError as error:
        raise RecordError(RecordFault.NOT_CANONICAL, str(error)) from None
    if type(value) is not dict or not value.keys() >= ENVELOPE:
        raise RecordError(RecordFault.NOT_A_RECORD, f"it needs {', '.join(sorted(ENVELOPE))}")
    if type(value["version"]) is not int or value["version"] != version:
        raise RecordError(RecordFault.WRONG_VERSION, f"version {value['version']!r:.40}")
    kind = kinds.get(value["type"]) if type(value["type"]) is str else None
    if kind is None:
        raise RecordError(
            RecordFault.WRONG_TYPE, f"{value['type']!r:.40}, expected {' or '.join(kinds)}"
        )
    name, mesh, signer, sig = value["type"], value["mesh"], value["signer"], value.pop("sig")
    if not (mesh is None or type(mesh) is Cid) or type(signer) is not str or type(sig) is not bytes:
        raise RecordError(RecordFault.NOT_A_RECORD, "mesh, signer or sig has another type")
    try:
        genuine = verify(Did(signer), _message(name, encode(value)), sig)
    except IdentityError as error:
        raise RecordError(RecordFault.BAD_SIGNER, str(error)) from None
    if not genuine:
        raise RecordError(RecordFault.BAD_SIGNATURE, f"{name} of {signer}")
    for each in ENVELOPE - {"sig"}:
        del value[each]
    try:
        body = from_value(kind, value)
    except ShapeError as error:
        raise RecordError(RecordFault.WRONG_SHAPE, f"{name}.{error}") from None
    return Signed(
        body=body, mesh=mesh, signer=Did(signer), block=data, cid=cid_of(data, Codec.DAG_CBOR)
    )


@lru_cache(maxsize=256)
def _around_sig(names: tuple[str, ...]) -> tuple[tuple[tuple[str, bytes], ...], ...]:
    """Names in canonical order, each with its encoding: those before `sig`, and those after it."""
    ordered = sorted((encode(name), name) for name in names)
    return (
        tuple((name, encoded) for encoded, name in ordered if encoded < _SIG),
        tuple((name, encoded) for encoded, name in ordered if encoded > _SIG),
    )


def _message(name: str, encoding: bytes) -> bytes:
    return _DOMAIN + name.encode() + b"\0" + encoding
