"""The blocks that a proof speaks of besides its records: what went into an execution and came out.

Rule: one walk says what a new proof carries, what an old one lacks, and which blocks of a file
belong to it. Of other jobs (earlier receipts, parents of an anchor) a proof carries nothing.
"""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from mesh.effects import linked_blocks
from mesh.records import JobManifest, Settlement, read_as
from mesh.unixfs import PieceMissing, UnixFsError, read_file
from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.execution.effects import effects_from_block
from runtime.execution.execution import Deterministic
from runtime.execution.state import Snapshot
from runtime.identity.signed import RecordError, Signed
from runtime.tokens.token import CHAIN_MAX, ResourceToken

Fetch = Callable[[Cid], bytes | None]
"""A block by its CID, hashed; None where it is not held."""

MODULE: Final = "module"
INPUT: Final = "input"
STATE: Final = "state"
REGISTER: Final = "register of token holders"
EXECUTED_WITH: Final = frozenset({MODULE, INPUT, STATE, REGISTER})
"""Without these nobody can execute again."""


class Missing(Struct, frozen=True, kw_only=True):
    """A block that is spoken of and not held; subject: what it is of."""

    subject: str
    cid: Cid

    @property
    def is_executed_with(self) -> bool:
        return self.subject in EXECUTED_WITH

    def __str__(self) -> str:
        return f"{self.subject} {self.cid}"


class Contents(Struct, frozen=True, kw_only=True):
    """held: each block once, in a fixed order. missing: those that ought to be held too."""

    held: tuple[Cid, ...]
    missing: tuple[Missing, ...]


def contents_of(
    manifest: JobManifest,
    context: Context,
    result: Deterministic,
    settlement: Settlement | None,
    fetch: Fetch,
) -> Contents:
    """Module, input, state and register; output, effects with what they store, logs; and, where
    they are held, the source, the tokens that pay, and records that the settlement made."""
    walk = _Walk(fetch)
    _surroundings(walk, context)
    walk.file(MODULE, manifest.module)
    for subject, cid in ((INPUT, manifest.input), ("output", result.output)):
        if cid is not None:
            walk.file(subject, cid)
    _effects(walk, result.effects)
    if result.logs is not None:
        walk.take("logs", result.logs)
    if manifest.ccl is not None:
        walk.take_if_held(manifest.ccl)
    token_chain(manifest.resource_token, walk.take_if_held)
    for applied in () if settlement is None else settlement.applied:
        if applied.record is not None:
            walk.take_if_held(applied.record)
    return Contents(held=tuple(walk.held), missing=tuple(dict.fromkeys(walk.missing)))


def module_bytes(cid: Cid, fetch: Fetch) -> bytes:
    """A module that is here, whole: one block, or a dag-pb file of several.

    Raises PieceMissing or UnixFsError.
    """
    if cid.codec is Codec.DAG_PB:
        return read_file(cid, fetch)
    block = fetch(cid)
    if block is None:
        raise PieceMissing(cid)
    return block


def token_chain(token: Cid, fetch: Fetch) -> tuple[Signed[ResourceToken], ...]:
    """A token and its parents, as far as they are held and readable."""
    chain: list[Signed[ResourceToken]] = []
    following: Cid | None = token
    while following is not None and len(chain) < CHAIN_MAX:
        block = fetch(following)
        try:
            link = None if block is None else read_as(ResourceToken, block, None)
        except RecordError:
            link = None
        if link is None:
            break
        chain.append(link)
        following = link.body.parent
    return tuple(chain)


class _Walk:
    """Blocks that were asked for so far: those held, and those missing."""

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.held: dict[Cid, None] = {}
        self.missing: list[Missing] = []

    def take_if_held(self, cid: Cid) -> bytes | None:
        block = self.fetch(cid)
        if block is not None:
            self.held[cid] = None
        return block

    def take(self, subject: str, cid: Cid) -> bytes | None:
        block = self.take_if_held(cid)
        if block is None:
            self.missing.append(Missing(subject=subject, cid=cid))
        return block

    def file(self, subject: str, cid: Cid) -> None:
        """A block, and those of the dag-pb file that it is the root of."""
        if cid.codec is not Codec.DAG_PB:
            self.take(subject, cid)
            return
        try:
            read_file(cid, self.take_if_held)
        except PieceMissing as piece:
            self.missing.append(Missing(subject=subject, cid=piece.cid))
        except UnixFsError:
            # A block, but no file: verification says so where it is executed with.
            return


def _surroundings(walk: _Walk, context: Context) -> None:
    if context.tokens is not None:
        walk.take(REGISTER, context.tokens)
    if context.state_root is None:
        return
    block = walk.take(STATE, context.state_root)
    if block is None:
        return
    try:
        links = Snapshot.from_block(block).links
    except CodecError:
        # No snapshot: verification says so where it is executed with.
        return
    for cid in links:
        walk.take(STATE, cid)


def _effects(walk: _Walk, effects: Cid | None) -> None:
    block = None if effects is None else walk.take("effects", effects)
    if block is None:
        return
    try:
        linked = linked_blocks(effects_from_block(block))
    except CodecError:
        # Executing again gives the block that it ought to be.
        return
    for cid in linked:
        walk.take("effects", cid)
