"""Signed records in a block store: read once, verified once in this process, kept by CID.

Rule: what comes out was verified by this process; a CID names the same bytes for ever, so what was
verified need not be verified again.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from mesh.core.ports.blocks import BlockReader, Blocks, TamperedBlock
from mesh.core.records.registry import Record, read, read_as, sign
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.memo import read_once
from runtime.identity.keys import SigningKey
from runtime.identity.signed import RecordError, RecordFault, Signed

T = TypeVar("T")
RECORDS_KEPT_MAX: Final = 16_384


@read_once
def name_of(block: bytes) -> Cid:
    """The CID of a DAG-CBOR block: of a record, or of another that comes with one."""
    return cid_of(block, Codec.DAG_CBOR)


class Archive:
    """The records of one mesh, verified. Shared by all actors of a process: it holds no rows."""

    def __init__(self, mesh: Cid | None) -> None:
        """mesh: None before there is one (a genesis is read)."""
        self.mesh = mesh
        self._kept: dict[Cid, Signed[Any]] = {}
        self._others: set[tuple[type[Any], Cid]] = set()

    def sign(self, blocks: Blocks, body: T, key: SigningKey) -> Signed[T]:
        """Sign a record and store it, before anyone hears of it. Raises ShapeError, BlockError."""
        signed = sign(body, mesh=self.mesh, key=key)
        return self.put(blocks, signed)

    def put(self, blocks: Blocks, record: Signed[T]) -> Signed[T]:
        """Store a record that was signed or verified just now."""
        blocks.put(record.cid, record.block)
        self._keep(record)
        return record

    def read(self, block: bytes) -> Signed[Record]:
        """Verify a record of any type that came from elsewhere. Raises RecordError."""
        kept = self._kept.get(name_of(block))
        if kept is None:
            kept = read(block, self.mesh)
            self._keep(kept)
        return kept

    def read_as(self, kind: type[T], block: bytes) -> Signed[T]:
        """As `read`, of one type."""
        kept = self._kept.get(name_of(block))
        if kept is None:
            found = read_as(kind, block, self.mesh)
            self._keep(found)
            return found
        if not isinstance(kept.body, kind):
            raise RecordError(RecordFault.WRONG_TYPE, type(kept.body).__name__)
        return kept

    def records(self, kind: type[T], blocks: Iterable[bytes]) -> Iterator[Signed[T]]:
        """The blocks that are records of one type; what is none is read once."""
        for block in blocks:
            name = name_of(block)
            kept = self._kept.get(name)
            if kept is None and (kind, name) not in self._others:
                kept = self._try(kind, name, block)
            if kept is not None and isinstance(kept.body, kind):
                yield kept

    def _try(self, kind: type[T], name: Cid, block: bytes) -> Signed[T] | None:
        try:
            return self.read_as(kind, block)
        except RecordError:
            if len(self._others) >= RECORDS_KEPT_MAX:
                self._others.clear()
            self._others.add((kind, name))
            return None

    def find(self, blocks: BlockReader, kind: type[T], cid: Cid) -> Signed[T] | None:
        """A stored record, None where it is not here. Raises RecordError, BlockError."""
        kept = self._kept.get(cid)
        if kept is not None and isinstance(kept.body, kind) and blocks.has(cid):
            return kept
        data = blocks.get(cid)
        return None if data is None else self.read_as(kind, data)

    def get(self, blocks: BlockReader, kind: type[T], cid: Cid) -> Signed[T]:
        """As `find`, of a record that the caller's own rows say is here."""
        found = self.find(blocks, kind, cid)
        if found is None:
            raise MissingRecord(kind.__name__, cid)
        return found

    def _keep(self, record: Signed[Any]) -> None:
        if len(self._kept) >= RECORDS_KEPT_MAX:
            self._kept.clear()
        self._kept[record.cid] = record


class MissingRecord(LookupError):
    """A record that the rows name and the block store does not hold."""

    def __init__(self, kind: str, cid: Cid) -> None:
        super().__init__(f"the {kind} {cid} is not in the store")
        self.kind = kind
        self.cid = cid


UNREADABLE: Final = (MissingRecord, RecordError, TamperedBlock)
"""What is raised for a record that rows name and that is lost, or not what it was."""
