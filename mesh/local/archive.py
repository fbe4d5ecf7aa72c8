"""Signed records in the block store: read once, verified once, kept by CID.

Rule: what comes out was verified by this process; a CID names the same bytes for ever, so
what was verified need not be verified again.
"""

from typing import Any, Final, Protocol, TypeVar

from mesh.core.ports.blocks import Blocks
from mesh.records import read_as
from runtime.content.cid import Cid, Codec, Hash, cid_of
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.identity.signed import RecordError, Signed
from runtime.terminal.errors import CommandError, ExitCode

T = TypeVar("T")
RECORDS_KEPT_MAX: Final = 16_384
CONTEXTS_KEPT_MAX: Final = 1024


class HasBlocks(Protocol):
    """The part of a transaction that the archive uses."""

    @property
    def blocks(self) -> Blocks: ...


class Archive:
    """The records of one mesh."""

    def __init__(self, mesh: Cid | None) -> None:
        self.mesh = mesh
        self._kept: dict[Cid, Signed[Any]] = {}
        self._contexts: dict[Cid, Context] = {}

    def put(self, tx: HasBlocks, record: Signed[T]) -> Signed[T]:
        """Store a record that was signed or read just now."""
        tx.blocks.put(record.cid, record.block)
        self._keep(record)
        return record

    def get(self, tx: HasBlocks, kind: type[T], cid: Cid) -> Signed[T]:
        """The record, verified. Raises CommandError `block-missing` or `record-invalid`."""
        kept = self._kept.get(cid)
        if kept is not None and isinstance(kept.body, kind):
            return kept
        return self.get_fresh(tx, kind, cid)

    def get_fresh(self, tx: HasBlocks, kind: type[T], cid: Cid) -> Signed[T]:
        """As `get`, but the stored bytes are read and verified now, whatever is kept."""
        data = tx.blocks.get(cid)
        if data is None:
            raise missing_block(cid, kind.__name__)
        try:
            record = read_as(kind, data, self.mesh)
        except RecordError as error:
            raise CommandError(
                ExitCode.VERIFICATION,
                "record-invalid",
                f"{kind.__name__} {cid}: {error}",
                hint="`meshctl doctor` checks what else is affected",
                details={"cid": str(cid)},
            ) from None
        self._keep(record)
        return record

    def put_context(self, tx: HasBlocks, context: Context) -> Cid:
        """Store a context's block; its CID."""
        data = context.to_block()
        cid = cid_of(data, Codec.DAG_CBOR)
        tx.blocks.put(cid, data)
        self._keep_context(cid, context)
        return cid

    def context(self, tx: HasBlocks, cid: Cid) -> Context:
        """A context by its CID. Raises CommandError `block-missing` or `context-invalid`."""
        kept = self._contexts.get(cid)
        if kept is not None:
            return kept
        data = tx.blocks.get(cid)
        if data is None:
            raise missing_block(cid, "context")
        try:
            context = Context.from_block(data)
        except CodecError as error:
            raise CommandError(
                ExitCode.VERIFICATION,
                "context-invalid",
                f"context {cid}: {error}",
                hint="`meshctl doctor` checks what else is affected",
            ) from None
        self._keep_context(cid, context)
        return context

    def _keep_context(self, cid: Cid, context: Context) -> None:
        if len(self._contexts) >= CONTEXTS_KEPT_MAX:
            self._contexts.clear()
        self._contexts[cid] = context

    def _keep(self, record: Signed[Any]) -> None:
        if len(self._kept) >= RECORDS_KEPT_MAX:
            self._kept.clear()
        self._kept[record.cid] = record


def missing_block(cid: Cid, noun: str) -> CommandError:
    """The problem of a block that is not in this store."""
    return CommandError(
        ExitCode.NOT_FOUND,
        "block-missing",
        f"the {noun} block {cid} is not in the store",
        hint=how_to_supply(cid),
        details={"cid": str(cid)},
    )


def how_to_supply(cid: Cid) -> str:
    """The command that stores a missing block under this very CID."""
    if cid.codec is Codec.DAG_PB:
        return (
            "it is a dag-pb file of another system: export it there as a CAR (version 1), then "
            "`meshctl block put --car FILE.car`"
        )
    if cid.hash is not Hash.BLAKE3_256:
        return "supply it in a CAR (version 1) with `meshctl block put --car FILE.car`"
    option = "--dag-cbor " if cid.codec is Codec.DAG_CBOR else ""
    return f"supply it with `meshctl block put {option}FILE`"
