"""The reading side of one submitter: its rows, its blocks and the records in them.

Rule: a query is read at one moment of the store; what is missing or damaged is an error that names
the block and how to supply it.
"""

from typing import TypeVar

from msgspec import Struct

from mesh.actors.stores import View
from mesh.core.membership.members import Members
from mesh.core.ports.blocks import BlockReader
from mesh.core.ports.tables import RowReader, Table
from mesh.core.records.archive import Archive, MissingRecord
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid, Codec, Hash
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic
from runtime.identity.signed import RecordError, Signed
from runtime.terminal.errors import CommandError, ExitCode

T = TypeVar("T")


class Reader(Struct, frozen=True, kw_only=True):
    """A store at one moment, as one submitter reads it.

    owner: the submitter. issuer: of the units that pay. now: Unix seconds.
    """

    view: View
    archive: Archive
    members: Members
    owner: Did
    issuer: Did
    now: int

    @property
    def blocks(self) -> BlockReader:
        return self.view.blocks(self.owner)

    def rows(self, table: Table[T]) -> RowReader[T]:
        return self.view.rows(self.owner, table)

    def record(self, kind: type[T], cid: Cid) -> Signed[T]:
        """A stored record. Raises CommandError `block-missing`, `block-…`, `record-invalid`."""
        try:
            return self.archive.get(self.blocks, kind, cid)
        except MissingRecord:
            raise missing_block(cid, kind.__name__) from None
        except RecordError as error:
            raise invalid_record(kind, cid, error) from None

    def fresh_record(self, kind: type[T], cid: Cid) -> Signed[T]:
        """As `record`, but the stored bytes are read and hashed now, whatever is kept."""
        data = self.block(cid, kind.__name__)
        try:
            return self.archive.read_as(kind, data)
        except RecordError as error:
            raise invalid_record(kind, cid, error) from None

    def block(self, cid: Cid, noun: str) -> bytes:
        """A block's bytes. Raises CommandError `block-missing`, `block-tampered`."""
        data = self.blocks.get(cid)
        if data is None:
            raise missing_block(cid, noun)
        return data

    def result(self, cid: Cid) -> Deterministic:
        """A result by its block. Raises CommandError `block-missing`, `result-invalid`."""
        try:
            return read_result(self.block(cid, "result"))
        except CodecError as error:
            raise _invalid("result", cid, error) from None

    def context(self, cid: Cid) -> Context:
        """A context by its block. Raises CommandError `block-missing`, `context-invalid`."""
        try:
            return Context.from_block(self.block(cid, "context"))
        except CodecError as error:
            raise _invalid("context", cid, error) from None


def missing_block(cid: Cid, noun: str) -> CommandError:
    """The error of a block that is not in the store."""
    return CommandError(
        ExitCode.NOT_FOUND,
        "block-missing",
        f"the {noun} block {cid} is not in the store",
        hint=how_to_supply(cid),
        details={"cid": str(cid)},
    )


def invalid_record(kind: type[object], cid: Cid, error: RecordError) -> CommandError:
    """The error of a block that is not the record that the rows name."""
    return CommandError(
        ExitCode.VERIFICATION,
        "record-invalid",
        f"{kind.__name__} {cid}: {error}",
        hint="`meshctl doctor` checks what else is affected",
        details={"cid": str(cid)},
    )


def unreadable(error: Exception) -> CommandError:
    """The error of a record that an actor needs and cannot read; error: one of `UNREADABLE`."""
    match error:
        case MissingRecord():
            return missing_block(error.cid, error.kind)
        case CommandError():
            return error
        case _:
            return CommandError(
                ExitCode.VERIFICATION,
                "record-invalid",
                f"a record in the store: {error}",
                hint="`meshctl doctor` checks what is affected",
            )


def _invalid(noun: str, cid: Cid, error: CodecError) -> CommandError:
    return CommandError(
        ExitCode.VERIFICATION,
        f"{noun}-invalid",
        f"{noun} {cid}: {error}",
        hint="`meshctl doctor` checks what else is affected",
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
