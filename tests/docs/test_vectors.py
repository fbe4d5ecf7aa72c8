"""The test vectors are up to date, and readers and writers agree with every one of them."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from nacl.signing import SigningKey as Ed25519
from record_vectors import FOLDER, pages

from mesh.core.records.registry import RECORDS, read
from mesh.core.verification.draw import commitment_of, is_committed
from mesh.core.verification.results import read_result
from mesh.core.verification.seals import digest_of
from runtime.content.cid import Codec, cid_of, parse_cid
from runtime.content.codec import encode
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, RecordFault

PAGES = pages()


def stored(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


RECORD_VECTORS = {each["type"]: each for each in stored("records.json")}
REFUSED = stored("refused.json")
KEYS = {each["did"]: bytes.fromhex(each["seed_hex"]) for each in stored("keys.json").values()}


@pytest.mark.parametrize("name", PAGES)
def test_file_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "`make docs` writes it"


def test_no_other_file_is_in_the_folder() -> None:
    assert {each.name for each in FOLDER.iterdir()} == PAGES.keys()


def test_every_type_of_record_has_a_vector() -> None:
    assert RECORD_VECTORS.keys() == RECORDS.keys()


def native(value: Any) -> Any:
    """A value of the codec from its JSON."""
    match value:
        case {"hex": str(text), **rest} if not rest:
            return bytes.fromhex(text)
        case {"link": str(text), **rest} if not rest:
            return parse_cid(text)
        case Mapping():
            return {name: native(each) for name, each in value.items()}
        case list():
            return [native(each) for each in value]
        case _:
            return value


@pytest.mark.parametrize("name", RECORD_VECTORS)
def test_record_follows_from_its_fields_and_the_seed(name: str) -> None:
    """By the codec and a library for Ed25519 alone, as another program would do it."""
    vector = RECORD_VECTORS[name]
    envelope = {"version": 2, "type": name, "mesh": native(vector["mesh"])}
    unsigned = native(vector["fields"]) | envelope | {"signer": vector["signer"]}
    message = b"icn-mesh/1\0" + name.encode() + b"\0" + encode(unsigned)
    assert message.hex() == vector["signed_hex"]
    signature = Ed25519(KEYS[vector["signer"]]).sign(message).signature
    assert signature.hex() == vector["signature_hex"]
    block = encode(unsigned | {"sig": signature})
    assert block.hex() == vector["block_hex"]
    assert str(cid_of(block, Codec.DAG_CBOR)) == vector["cid"]


@pytest.mark.parametrize("name", RECORD_VECTORS)
def test_record_is_read(name: str) -> None:
    vector = RECORD_VECTORS[name]
    record = read(bytes.fromhex(vector["block_hex"]), parse_cid(REFUSED["mesh"]))
    assert type(record.body) is RECORDS[name]
    assert (str(record.cid), record.signer) == (vector["cid"], vector["signer"])


@pytest.mark.parametrize("vector", REFUSED["blocks"], ids=lambda each: each["rule"])
def test_block_that_breaks_a_rule_is_refused_by_it(vector: dict[str, str]) -> None:
    with pytest.raises(RecordError) as raised:
        read(bytes.fromhex(vector["block_hex"]), parse_cid(REFUSED["mesh"]))
    assert raised.value.fault.name == vector["fault"]


def test_every_fault_of_a_record_has_a_vector() -> None:
    assert {each["fault"] for each in REFUSED["blocks"]} == {each.name for each in RecordFault}


def test_blocks_follow_from_their_values_and_are_read() -> None:
    blocks = {each["name"]: each for each in stored("blocks.json")}
    for each in blocks.values():
        data = encode(native(each["value"]))
        assert data.hex() == each["block_hex"]
        assert str(cid_of(data, Codec.DAG_CBOR)) == each["cid"]
    assert (
        str(Context.from_block(bytes.fromhex(blocks["context"]["block_hex"])).cid)
        == (blocks["context"]["cid"])
    )
    read_result(bytes.fromhex(blocks["result"]["block_hex"]))


def test_derived_values_follow_from_what_stands_beside_them() -> None:
    derived = stored("derived.json")
    draw = derived["draw"]
    secret, commitment = (bytes.fromhex(draw[f"{name}_hex"]) for name in ("secret", "commitment"))
    assert commitment_of(secret) == commitment and is_committed(secret, commitment)
    assert draw["drawn"] == sorted(draw["ranks_hex"], key=draw["ranks_hex"].__getitem__)
    for seal in derived["seals"]:
        hold, deterministic = parse_cid(seal["hold"]), parse_cid(seal["deterministic"])
        nonce = bytes.fromhex(seal["nonce_hex"])
        digest = digest_of(hold, Did(seal["signer"]), deterministic, nonce)
        assert digest.hex() == seal["digest_hex"]
