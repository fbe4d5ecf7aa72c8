"""Modules and inputs as bytes, by CID, from the block store.

Rule: a block is hashed when it leaves the store; a file of another system is put together
from its checked pieces.
"""

from typing import Final

from mesh.adapters.sqlite import SqliteTransaction
from mesh.records import JobManifest
from mesh.unixfs import PieceMissing, UnixFsError, read_file
from runtime.content.cid import Cid, Codec
from runtime.terminal.errors import CommandError, ExitCode

MODULES_KEPT_MAX: Final = 32


class Content:
    """The bytes behind CIDs. Modules are kept, since many jobs run the same."""

    def __init__(self) -> None:
        self._modules: dict[Cid, bytes] = {}

    def module(self, tx: SqliteTransaction, cid: Cid) -> bytes | None:
        """The module's bytes, or None while a block of it is missing."""
        kept = self._modules.get(cid)
        if kept is not None and tx.blocks.has(cid):
            return kept
        data = self.file(tx, cid)
        if data is not None:
            if len(self._modules) >= MODULES_KEPT_MAX:
                self._modules.clear()
            self._modules[cid] = data
        return data

    def file(self, tx: SqliteTransaction, cid: Cid) -> bytes | None:
        """The bytes of a block, or of the dag-pb file it is the root of; None if not whole."""
        if cid.codec is not Codec.DAG_PB:
            return tx.blocks.get(cid)
        try:
            return read_file(cid, tx.blocks.get)
        except PieceMissing:
            return None
        except UnixFsError as error:
            raise CommandError(
                ExitCode.FAILED,
                "not-a-file",
                f"{cid} cannot be read as a file: {error}",
                hint="supply the module itself with `meshctl block put FILE` and name that CID",
            ) from None

    def missing(self, tx: SqliteTransaction, manifest: JobManifest) -> tuple[Cid, ...]:
        """The blocks without which the job cannot run."""
        lacking = []
        for cid in (manifest.module, manifest.input):
            if cid is None:
                continue
            if cid.codec is Codec.DAG_PB:
                piece = _first_missing(tx, cid)
                lacking += [] if piece is None else [piece]
            elif not tx.blocks.has(cid):
                lacking.append(cid)
        return tuple(lacking)


def _first_missing(tx: SqliteTransaction, root: Cid) -> Cid | None:
    try:
        read_file(root, tx.blocks.get)
    except PieceMissing as missing:
        return missing.cid
    except UnixFsError:
        return None
    return None
