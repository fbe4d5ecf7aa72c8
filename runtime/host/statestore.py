"""The caller's state as one execution sees it: the snapshot, and what was written so far.

Rule: a write of what is stored already changes nothing; a refusal is a text for the program.
"""

from collections.abc import Mapping
from typing import Any, Final

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError, decode, encode
from runtime.effects import WriteState
from runtime.state import (
    DAG_BLOCK_BYTES_MAX,
    EMPTY,
    NAME_BYTES_MAX,
    SHAPE_BYTES_MAX,
    SNAPSHOT_BYTES_MAX,
    STATE_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
    Snapshot,
    StoredVariable,
)

_ENTRY_OVERHEAD_BYTES: Final = 80
"""What a variable or a pin adds to the snapshot's block besides its texts."""


class StateStore:
    """Variables and pinned blocks. blocks: everything the context's root links to."""

    def __init__(self, root: Cid | None, blocks: Mapping[Cid, bytes]) -> None:
        self._blocks = blocks
        self._snapshot = EMPTY if root is None else Snapshot.from_block(blocks[root])
        self._written: dict[tuple[str, str], StoredVariable] = {}
        self._put: dict[Cid, bytes] = {}
        self._pins = set(self._snapshot.pins)
        self._snapshot_bytes = 0 if root is None else len(blocks[root])
        self._held_bytes = sum(len(blocks[cid]) for cid in self._snapshot.links)

    # --- variables

    def stored(self, home: str, variable: str) -> StoredVariable | None:
        written = self._written.get((home, variable))
        return written or self._snapshot.variable(home, variable)

    def value(self, home: str, variable: str) -> bytes | None:
        found = self.stored(home, variable)
        return None if found is None else self._block(found.value)

    def contract(self, home: str) -> bytes | None:
        """All variables of a home as one map, None for none. Raises CodecError: too deep."""
        named = dict(self._snapshot.homes.get(home, {}))
        named.update((name, each) for (at, name), each in self._written.items() if at == home)
        if not named:
            return None
        values: dict[str, Any] = {
            name: decode(self._block(each.value), bytes_max=STATE_VALUE_BYTES_MAX)
            for name, each in named.items()
        }
        return encode(values)

    def write(self, home: str, variable: str, shape: str, value: bytes) -> WriteState | str | None:
        """The effect of a write, None if it changes nothing, or why it is refused."""
        refusal = _refused_name("home", home) or _refused_name("variable", variable)
        if refusal is None and len(shape.encode("utf-8")) > SHAPE_BYTES_MAX:
            refusal = f"a shape has at most {SHAPE_BYTES_MAX} bytes"
        if refusal is not None:
            return refusal
        if len(value) > STATE_VALUE_BYTES_MAX:
            return f"{variable}: {len(value)} bytes, a state variable has at most " + str(
                STATE_VALUE_BYTES_MAX
            )
        try:
            decode(value, bytes_max=STATE_VALUE_BYTES_MAX)
        except CodecError as error:
            return f"{variable}: not canonical DAG-CBOR: {error}"
        cid = cid_of(value, Codec.DAG_CBOR)
        before = self.stored(home, variable)
        wanted = StoredVariable(shape=shape, value=cid)
        if before == wanted:
            return None
        freed = 0 if before is None else len(self._block(before.value))
        texts = len(home.encode()) + len(variable.encode()) + len(shape.encode())
        refusal = self._grow(texts, len(value) - freed)
        if refusal is not None:
            return refusal
        self._put[cid] = value
        self._written[(home, variable)] = wanted
        return WriteState(home=home, variable=variable, shape=shape, value=cid)

    # --- blocks

    def is_pinned(self, cid: Cid) -> bool:
        return cid in self._pins

    def block(self, cid: Cid) -> bytes | None:
        """A block that the program may read: pinned when it began, or put by it."""
        if cid in self._put and cid.codec is Codec.RAW:
            return self._put[cid]
        return self._blocks[cid] if cid in self._snapshot.pins else None

    def put(self, cid: Cid, data: bytes) -> str | None:
        """Keep and pin a block of this execution; or why not."""
        if len(data) > DAG_BLOCK_BYTES_MAX:
            return f"{len(data)} bytes, a block has at most {DAG_BLOCK_BYTES_MAX}"
        refusal = self._grow(0, len(data))
        if refusal is None:
            self._put[cid] = data
            self._pins.add(cid)
        return refusal

    def pin(self, cid: Cid, size: int) -> str | None:
        """Keep a block that is there; or why not."""
        refusal = self._grow(0, size)
        if refusal is None:
            self._pins.add(cid)
        return refusal

    def unpin(self, cid: Cid) -> None:
        self._pins.discard(cid)

    def given(self, cid: Cid) -> bytes:
        """The bytes that travel with an effect of this execution."""
        return self._put[cid]

    def _block(self, cid: Cid) -> bytes:
        return self._put[cid] if cid in self._put else self._blocks[cid]

    def _grow(self, text_bytes: int, block_bytes: int) -> str | None:
        """Count what is added to the snapshot and to what it links to; or why it is too much."""
        snapshot = self._snapshot_bytes + text_bytes + _ENTRY_OVERHEAD_BYTES
        if snapshot > SNAPSHOT_BYTES_MAX:
            return f"the names and shapes of the state are over {SNAPSHOT_BYTES_MAX} bytes"
        held = self._held_bytes + block_bytes
        if held > STATE_BYTES_MAX:
            return f"state and pinned blocks are over {STATE_BYTES_MAX} bytes in total"
        self._snapshot_bytes, self._held_bytes = snapshot, held
        return None


def _refused_name(what: str, name: str) -> str | None:
    if not name:
        return f"{what}: an empty name"
    size = len(name.encode("utf-8"))
    return f"{what}: {size} bytes, at most {NAME_BYTES_MAX}" if size > NAME_BYTES_MAX else None
