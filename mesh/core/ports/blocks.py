"""The port of a block store: bytes by the CID that names them.

Rule: bytes are hashed again on the way in and on the way out.
"""

from enum import Enum
from typing import Protocol

from runtime.content.cid import Cid
from runtime.terminal.errors import CommandError, ExitCode


class BlockFault(Enum):
    MISMATCH = "the bytes are not what the CID names"
    TAMPERED = "the stored bytes are not what the CID names any more"
    QUOTA = "the block store's disk quota is full"


class BlockError(CommandError):
    """A block that cannot be stored, or not be given out: a problem that names the block."""

    def __init__(self, fault: BlockFault, cid: Cid, detail: str = "") -> None:
        super().__init__(
            ExitCode.VERIFICATION if fault is BlockFault.TAMPERED else ExitCode.FAILED,
            f"block-{fault.name.lower()}",
            f"block {cid}: {fault.value}" + (f" ({detail})" if detail else ""),
            hint=(
                "raise block_store_bytes in config.toml, or remove blocks with `meshctl block rm`"
                if fault is BlockFault.QUOTA
                else f"meshctl block rm {cid}, then store the true bytes with `meshctl block put`"
            ),
            details={"cid": str(cid)},
        )
        self.fault = fault
        self.cid = cid


class TamperedBlock(BlockError):
    """The stored bytes of a block are not what its CID names any more."""

    def __init__(self, cid: Cid) -> None:
        super().__init__(BlockFault.TAMPERED, cid)


class BlockReader(Protocol):
    """Blocks by CID, to be read. Bytes are hashed again on the way out."""

    def get(self, cid: Cid) -> bytes | None:
        """The block, or None if it is not here. Raises TamperedBlock."""
        ...

    def has(self, cid: Cid) -> bool: ...

    def size(self, cid: Cid) -> int | None:
        """Bytes of the block, or None if it is not here."""
        ...


class Blocks(BlockReader, Protocol):
    """Blocks by CID. Bytes are hashed again on the way in and on the way out."""

    def put(self, cid: Cid, data: bytes) -> None:
        """Store a block; a repeat is harmless. Raises BlockError(MISMATCH or QUOTA)."""
        ...

    def delete(self, cid: Cid) -> bool:
        """Whether there was such a block."""
        ...
