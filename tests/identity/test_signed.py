"""The envelope of a record: the named fault of each malformed block."""

from typing import Any

import pytest
from signers import GENESIS, MESH, key

from mesh.core.records.jobs import Cancel
from mesh.core.records.membership import Genesis
from mesh.core.records.registry import VERSION, read, read_as, sign
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import RECORD_BYTES_MAX, decode, encode
from runtime.identity.signed import RecordError, RecordFault
from runtime.identity.signed import read as read_signed

SIGNER = key("signer")
SIGNED = sign(Cancel(job=cid_of(b"job", Codec.RAW), reason="no"), mesh=MESH, key=SIGNER)


def resigned(**changes: Any) -> bytes:
    """Gives the block with changed fields and a right signature."""
    value = {**decode(SIGNED.block), **changes}
    del value["sig"]
    name = str(value["type"]).encode()
    value["sig"] = SIGNER.sign(b"icn-mesh/1\0" + name + b"\0" + encode(value))
    return encode(value)


def test_signed_bytes_are_those_of_the_specification() -> None:
    value = decode(SIGNED.block)
    assert value.keys() == {"version", "type", "mesh", "signer", "sig", "job", "reason"}
    assert value["version"] == VERSION and value["type"] == "Cancel"
    assert value["mesh"] == MESH and value["signer"] == SIGNER.did
    assert resigned() == SIGNED.block
    assert SIGNED.cid == cid_of(SIGNED.block, Codec.DAG_CBOR)


OTHER_MESH = cid_of(b"elsewhere", Codec.DAG_CBOR)


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (b"", RecordFault.NOT_CANONICAL),
        (SIGNED.block + b"\0", RecordFault.NOT_CANONICAL),
        (SIGNED.block[:-1], RecordFault.NOT_CANONICAL),
        (b"\x18\x01", RecordFault.NOT_CANONICAL),
        (bytes(RECORD_BYTES_MAX + 1), RecordFault.NOT_CANONICAL),
        (encode([1, 2]), RecordFault.NOT_A_RECORD),
        (encode({"type": "Cancel"}), RecordFault.NOT_A_RECORD),
        (encode({**decode(SIGNED.block), "sig": "text"}), RecordFault.NOT_A_RECORD),
        (encode({**decode(SIGNED.block), "signer": 7}), RecordFault.NOT_A_RECORD),
        (resigned(version=VERSION - 1), RecordFault.WRONG_VERSION),
        (resigned(version=VERSION + 1), RecordFault.WRONG_VERSION),
        (resigned(version=str(VERSION)), RecordFault.WRONG_VERSION),
        (resigned(type="Unknown"), RecordFault.WRONG_TYPE),
        (resigned(type=1), RecordFault.WRONG_TYPE),
        (resigned(type="Bid"), RecordFault.WRONG_SHAPE),
        (resigned(reason=3), RecordFault.WRONG_SHAPE),
        (resigned(mesh=OTHER_MESH), RecordFault.WRONG_MESH),
        (resigned(mesh=None), RecordFault.WRONG_MESH),
        (resigned(signer="did:web:example.org"), RecordFault.BAD_SIGNER),
        (resigned(signer=key("other").did), RecordFault.BAD_SIGNATURE),
        (encode({**decode(SIGNED.block), "sig": bytes(64)}), RecordFault.BAD_SIGNATURE),
    ],
)
def test_each_fault_has_its_name(block: bytes, fault: RecordFault) -> None:
    with pytest.raises(RecordError) as raised:
        read(block, MESH)
    assert raised.value.fault is fault
    assert str(raised.value).startswith(fault.value)


def test_true_is_not_the_version_one() -> None:
    """Though Python holds the two for equal."""
    with pytest.raises(RecordError) as raised:
        read_signed(resigned(version=True), {"Cancel": Cancel}, version=1)
    assert raised.value.fault is RecordFault.WRONG_VERSION


def test_signature_is_bound_to_the_type() -> None:
    """The same fields under another type's name are not signed by it."""
    value = decode(SIGNED.block)
    value["type"] = "Revocation"
    with pytest.raises(RecordError) as raised:
        read(encode(value), MESH)
    assert raised.value.fault is RecordFault.BAD_SIGNATURE


def test_record_of_another_kind_is_refused() -> None:
    with pytest.raises(RecordError) as raised:
        read_as(Genesis, SIGNED.block, MESH)
    assert raised.value.fault is RecordFault.WRONG_TYPE
    assert "'Cancel', expected Genesis" in str(raised.value)


def test_genesis_names_no_mesh() -> None:
    assert read(GENESIS.block, None) == GENESIS
    with pytest.raises(RecordError) as raised:
        read(sign(GENESIS.body, mesh=MESH, key=SIGNER).block, None)
    assert raised.value.fault is RecordFault.WRONG_MESH


def test_only_genesis_names_no_mesh() -> None:
    with pytest.raises(RecordError) as raised:
        read_as(Cancel, sign(SIGNED.body, mesh=None, key=SIGNER).block, None)
    assert raised.value.fault is RecordFault.WRONG_MESH


def test_genesis_of_another_mesh_is_read() -> None:
    """Which genesis is one's own is decided by its CID, which the reader knows."""
    assert read_as(Genesis, GENESIS.block, OTHER_MESH) == GENESIS


def test_record_of_whichever_mesh_is_read_without_naming_one() -> None:
    assert read(SIGNED.block, None) == SIGNED
