"""No record with a changed bit or field is read, and no bytes crash the reader.

The records are those of the published test vectors, one of every type.
"""

import json
from typing import Any

import pytest
from effort import examples
from hypothesis import given
from hypothesis import strategies as st
from record_vectors import FOLDER
from signers import key

from mesh.core.records.registry import RECORDS, read, sign
from runtime.content.codec import decode, encode
from runtime.identity.signed import ENVELOPE, RecordError, RecordFault

SIGNER = key("signer")
BLOCKS = {
    each["type"]: bytes.fromhex(each["block_hex"])
    for each in json.loads((FOLDER / "records.json").read_text(encoding="utf-8"))
}
NAMES = st.sampled_from(sorted(BLOCKS))


def test_every_type_of_record_is_tried() -> None:
    assert BLOCKS.keys() == RECORDS.keys()


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_signing_what_was_read_is_read_alike(name: str) -> None:
    read_once = read(BLOCKS[name], None)
    signed = sign(read_once.body, mesh=read_once.mesh, key=SIGNER)
    assert read(signed.block, None) == signed
    assert encode(decode(signed.block)) == signed.block
    again = sign(read_once.body, mesh=read_once.mesh, key=SIGNER)
    assert again.block == signed.block, "the same bytes each time"


@examples(300)
@given(NAMES, st.data())
def test_no_block_with_a_changed_bit_is_read(name: str, data: st.DataObject) -> None:
    block = bytearray(BLOCKS[name])
    bit = data.draw(st.integers(0, 8 * len(block) - 1))
    block[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RecordError):
        read(bytes(block), None)


@examples(300)
@given(NAMES, st.sampled_from(["unknown", "missing", "foreign"]), st.data())
def test_field_that_does_not_belong_is_refused_although_signed(
    name: str, wrong: str, data: st.DataObject
) -> None:
    """The signature is right; the shape is not."""
    value: dict[str, Any] = {**decode(BLOCKS[name]), "signer": SIGNER.did}
    field = data.draw(st.sampled_from(sorted(value.keys() - ENVELOPE)))
    if wrong == "unknown":
        value["colour"] = "green"
    elif wrong == "missing":
        del value[field]
    else:
        value[field] = -7 if type(value[field]) is not int else "seven"
    del value["sig"]
    value["sig"] = SIGNER.sign(b"icn-mesh/1\0" + name.encode() + b"\0" + encode(value))
    with pytest.raises(RecordError) as raised:
        read(encode(value), None)
    assert raised.value.fault is RecordFault.WRONG_SHAPE
    if wrong != "foreign":
        assert wrong in raised.value.detail


@examples(200)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes) -> None:
    with pytest.raises(RecordError):
        read(data, None)
