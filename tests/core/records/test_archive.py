"""The archive: what comes out was verified in this process, and is read once."""

from typing import Any

import pytest
from attempt_world import key

from mesh.core.records import archive as archives
from mesh.core.records.archive import Archive
from mesh.core.records.registry import read_as, sign
from mesh.core.records.work import Anchor, Seal
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode

MESH = cid_of(b"mesh", Codec.DAG_CBOR)
OWN = key("node-1")
ANCHOR = sign(Anchor(receipt=MESH, parents=(), sequence=1), mesh=MESH, key=OWN)
SEAL = sign(Seal(hold=MESH, digest=bytes(32)), mesh=MESH, key=OWN)
FORGED = ANCHOR.block.replace(OWN.did.encode(), key("node-2").did.encode())
BLOCKS = (encode([1]), b"not canonical", SEAL.block, FORGED, ANCHOR.block)


def test_records_of_one_type_are_found_among_other_blocks() -> None:
    archive = Archive(MESH)
    for _ in range(2):
        assert tuple(archive.records(Anchor, BLOCKS)) == (ANCHOR,)
        assert tuple(archive.records(Seal, BLOCKS)) == (SEAL,)
    assert ANCHOR.block != FORGED


def test_block_that_is_no_such_record_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def noted(kind: type[Any], data: bytes, mesh: Cid | None) -> Any:
        seen.append(data)
        return read_as(kind, data, mesh)

    monkeypatch.setattr(archives, "read_as", noted)
    archive = Archive(MESH)
    for _ in range(3):
        assert tuple(archive.records(Anchor, BLOCKS)) == (ANCHOR,)
    assert seen == list(BLOCKS)
