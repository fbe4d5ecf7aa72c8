"""The blocks that a proof speaks of besides its records: what went into an execution and came out.

Rule: one walk says what a new proof carries, what an old one lacks, and which blocks of a file
belong to it. Of other jobs (earlier receipts, parents of an anchor) a proof carries nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from mesh.core.findings import Finding
from mesh.core.unixfs import PieceMissing, UnixFsError, read_file
from runtime.content.cid import Cid, Codec
from runtime.content.codec import CodecError
from runtime.execution.context import Context
from runtime.execution.effects import Effect, PutBlock, WriteState, effects_from_block
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

UNREACHED: Final = "the root does not reach it"
REPEATED: Final = "it is in the file again"


class Missing(Struct, frozen=True, kw_only=True):
    """A block that is spoken of and not held; subject: what it is of."""

    subject: str
    cid: Cid

    @property
    def is_executed_with(self) -> bool:
        return self.subject in EXECUTED_WITH

    def __str__(self) -> str:
        return f"{self.subject} {self.cid}"


class Ignored(Struct, frozen=True, kw_only=True):
    """A block of a file that is no part of the proof in it."""

    cid: Cid
    reason: str


class Contents(Struct, frozen=True, kw_only=True):
    """held: each block once, in a fixed order. missing: those that ought to be held too."""

    held: tuple[Cid, ...]
    missing: tuple[Missing, ...]


class Held(Mapping[Cid, bytes]):
    """Blocks by name, each fetched when it is asked for."""

    def __init__(self, names: tuple[Cid, ...], fetch: Fetch) -> None:
        self._names = dict.fromkeys(names)
        self._fetch = fetch

    def __getitem__(self, cid: Cid) -> bytes:
        block = self._fetch(cid) if cid in self._names else None
        if block is None:
            raise KeyError(cid)
        return block

    def __iter__(self) -> Iterator[Cid]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class ProofError(ValueError):
    """A proof that cannot even be put together. `findings` says what is missing or unreadable."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("; ".join(str(each) for each in findings))
        self.findings = findings


class Walk:
    """Blocks that were asked for so far: those held, and those missing."""

    def __init__(self, fetch: Fetch) -> None:
        self.fetch = fetch
        self.held: dict[Cid, None] = {}
        self.missing: list[Missing] = []

    @property
    def contents(self) -> Contents:
        return Contents(held=tuple(self.held), missing=tuple(dict.fromkeys(self.missing)))

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

    def surroundings(self, context: Context) -> None:
        """The register of holders, and the state with all that it links to."""
        if context.tokens is not None:
            self.take(REGISTER, context.tokens)
        if context.state_root is None:
            return
        block = self.take(STATE, context.state_root)
        if block is None:
            return
        try:
            links = Snapshot.from_block(block).links
        except CodecError:
            # No snapshot: verification says so where it is executed with.
            return
        for cid in links:
            self.take(STATE, cid)

    def result(self, result: Deterministic) -> None:
        """Output, effects with what they store, and logs."""
        if result.output is not None:
            self.file("output", result.output)
        self._effects(result.effects)
        if result.logs is not None:
            self.take("logs", result.logs)

    def _effects(self, effects: Cid | None) -> None:
        block = None if effects is None else self.take("effects", effects)
        if block is None:
            return
        try:
            linked = linked_blocks(effects_from_block(block))
        except CodecError:
            # Executing again gives the block that it ought to be.
            return
        for cid in linked:
            self.take("effects", cid)


def linked_blocks(effects: Iterable[Effect]) -> tuple[Cid, ...]:
    """The blocks without which the effects cannot be carried out."""
    linked = (each for each in effects if isinstance(each, WriteState | PutBlock))
    values = (each.value if isinstance(each, WriteState) else each.cid for each in linked)
    return tuple(dict.fromkeys(values))


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


def token_chain(
    token: Cid, fetch: Fetch, read: Callable[[bytes], Signed[ResourceToken]]
) -> tuple[Signed[ResourceToken], ...]:
    """A token and its parents, as far as they are held and readable. read: raises RecordError."""
    chain: list[Signed[ResourceToken]] = []
    following: Cid | None = token
    while following is not None and len(chain) < CHAIN_MAX:
        block = fetch(following)
        try:
            link = None if block is None else read(block)
        except RecordError:
            link = None
        if link is None:
            break
        chain.append(link)
        following = link.body.parent
    return tuple(chain)
