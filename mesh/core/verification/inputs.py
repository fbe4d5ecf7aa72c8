"""The blocks of an execution: what it takes, what is lacking of it, and what came out.

Rule: one walk says what is fetched before an execution, and what its executor serves afterwards.
"""

from typing import Final

from msgspec import Struct

from mesh.core.ports.blocks import BlockReader
from mesh.core.unixfs import UnixFsError, file_blocks
from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError
from runtime.execution.context import MIB, Context
from runtime.execution.effects import PutBlock, WriteState, effects_from_block
from runtime.execution.execution import Deterministic
from runtime.execution.state import Snapshot

BYTES_ASSUMED: Final = MIB


class Inputs(Struct, frozen=True, kw_only=True):
    """held: blocks that are here, each once, in a fixed order; lacking: blocks to fetch before more
    can be said. malformed: why nobody can execute with them."""

    held: tuple[Cid, ...]
    lacking: tuple[Cid, ...]
    malformed: str | None = None

    @property
    def are_complete(self) -> bool:
        return not self.lacking and self.malformed is None


def inputs_of(blocks: BlockReader, module: Cid, context: Cid | None, given: Cid | None) -> Inputs:
    """What executing `module` takes: the module and the input with the pieces of their files, the
    context, its state with all values, its register of holders. context: None before an award.

    Raises BlockError where a stored block was changed.
    """
    walk = _Walk(blocks)
    walk.file(module)
    if given is not None:
        walk.file(given)
    if context is not None:
        walk.context(context)
    return walk.result()


def held_by_executor(
    blocks: BlockReader, module: Cid, context: Cid, given: Cid | None, result: Deterministic
) -> Inputs:
    """What an executor serves: all that it executed with, and the output, logs, effects, and the
    blocks that these store."""
    walk = _Walk(blocks)
    walk.file(module)
    if given is not None:
        walk.file(given)
    walk.context(context)
    walk.results(result)
    return walk.result()


def missing_bytes(blocks: BlockReader, module: Cid, given: Cid | None) -> int:
    """Bytes to fetch before an execution, as far as its manifest says: a block whose size is not
    known counts as BYTES_ASSUMED."""
    return BYTES_ASSUMED * len(inputs_of(blocks, module, None, given).lacking)


class _Walk:
    """The blocks that were looked for so far."""

    def __init__(self, blocks: BlockReader) -> None:
        self.blocks = blocks
        self.held: dict[Cid, None] = {}
        self.lacking: dict[Cid, None] = {}
        self.malformed: str | None = None

    def result(self) -> Inputs:
        return Inputs(held=tuple(self.held), lacking=tuple(self.lacking), malformed=self.malformed)

    def leaf(self, cid: Cid) -> None:
        self._note(cid, is_here=self.blocks.has(cid))

    def load(self, cid: Cid) -> bytes | None:
        data = self.blocks.get(cid)
        self._note(cid, is_here=data is not None)
        return data

    def file(self, root: Cid) -> None:
        """A block, or the pieces of a file."""
        if root.codec is not Codec.DAG_PB:
            self.leaf(root)
            return
        try:
            for cid, is_here in file_blocks(root, self.blocks):
                self._note(cid, is_here=is_here)
        except UnixFsError as error:
            self._wrong(f"{root} cannot be read as a file: {error}")

    def context(self, cid: Cid) -> None:
        data = self.load(cid)
        if data is None:
            return
        try:
            context = Context.from_block(data)
        except CodecError as error:
            self._wrong(f"context {cid}: {error}")
            return
        if context.tokens is not None:
            self.leaf(context.tokens)
        if context.state_root is not None:
            self._state(context.state_root)

    def _state(self, root: Cid) -> None:
        data = self.load(root)
        if data is None:
            return
        try:
            links = Snapshot.from_block(data).links
        except CodecError as error:
            self._wrong(f"state {root}: {error}")
            return
        for cid in links:
            self.leaf(cid)

    def results(self, result: Deterministic) -> None:
        for cid in (result.output, result.logs):
            if cid is not None:
                self.leaf(cid)
        if result.effects is None:
            return
        data = self.load(result.effects)
        if data is None:
            return
        try:
            effects = effects_from_block(data)
        except CodecError as error:
            self._wrong(f"effects {result.effects}: {error}")
            return
        for effect in effects:
            match effect:
                case WriteState(value=cid) | PutBlock(cid=cid):
                    self.leaf(cid)
                case _:
                    pass

    def _note(self, cid: Cid, *, is_here: bool) -> None:
        (self.held if is_here else self.lacking)[cid] = None

    def _wrong(self, reason: str) -> None:
        self.malformed = self.malformed or reason
