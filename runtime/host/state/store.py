"""The caller's state as one execution sees it: the snapshot, and its writes so far.

Rule: a write of the stored value changes nothing; a refusal is a text for the program.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from ccl.abi.limits import NAME_BYTES_MAX, SCHEMA_BYTES_MAX, SHAPE_BYTES_MAX
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError, encode
from runtime.content.heads import CONTAINER_WEIGHT
from runtime.execution.effects import WriteState
from runtime.execution.state import (
    DAG_BLOCK_BYTES_MAX,
    EMPTY,
    SNAPSHOT_BYTES_MAX,
    STATE_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
    Snapshot,
    StoredVariable,
)
from runtime.host.fuel_meter import FuelMeter

_ENTRY_OVERHEAD_BYTES: Final = 80
"""Bytes that a variable or a pin adds to the snapshot's block besides its texts."""


class Writing(Struct, frozen=True, kw_only=True):
    """A write that changes something. text_bytes, block_bytes: its growth of the state."""

    effect: WriteState
    data: bytes
    text_bytes: int
    block_bytes: int


class StateStore:
    """Variables and pinned blocks. blocks: everything that the context's root links to."""

    def __init__(self, root: Cid | None, blocks: Mapping[Cid, bytes]) -> None:
        self._blocks = blocks
        self._snapshot = EMPTY if root is None else Snapshot.from_block(blocks[root])
        self._written: dict[str, dict[str, StoredVariable]] = {}
        self._schemas = dict(self._snapshot.schemas)
        self._forgotten: dict[str, set[str]] = {}
        self._put: dict[Cid, bytes] = {}
        self._pinned_before = frozenset(self._snapshot.pins)
        self._pins = set(self._pinned_before)
        self._snapshot_bytes = 0 if root is None else len(blocks[root])
        self._held_bytes = sum(len(blocks[cid]) for cid in self._snapshot.links)

    # --- variables

    def stored(self, home: str, variable: str) -> StoredVariable | None:
        if variable in self._forgotten.get(home, ()):
            return None
        written = self._written.get(home, {}).get(variable)
        return written or self._snapshot.variable(home, variable)

    def value(self, home: str, variable: str) -> bytes | None:
        found = self.stored(home, variable)
        return None if found is None else self._block(found.value)

    def schema(self, home: str, meter: FuelMeter) -> dict[str, str]:
        """Gives the shape by name of every variable of a home, whether it is stored or not."""
        declared = self._schemas.get(home)
        named = {**self._snapshot.homes.get(home, {}), **self._written.get(home, {})}
        meter.charge_brought(meter.price, len(named) + (declared or "").count("\n"))
        if declared is None:
            return {name: each.shape for name, each in named.items()}
        return schema_of(declared)

    def declare(
        self, home: str, schema: str, meter: FuelMeter
    ) -> tuple[str | None, tuple[str, ...]]:
        """Declares the variables of a home; gives the reason of a refusal, and the stored variables
        that are no longer declared."""
        refusal = _refused_name("home", home)
        if refusal is None and len(schema.encode("utf-8")) > SCHEMA_BYTES_MAX:
            refusal = f"the schema of {home} is over {SCHEMA_BYTES_MAX} bytes"
        more = len(home.encode()) + len(schema.encode())
        refusal = refusal or self._grown(more, 0)
        if refusal is not None:
            return refusal, ()
        self._grow(more, 0)
        self._schemas[home] = schema
        kept = schema_of(schema)
        stored = {**self._snapshot.homes.get(home, {}), **self._written.get(home, {})}
        meter.charge_brought(meter.price, len(stored))
        gone = tuple(
            name for name in sorted(stored) if name not in kept and self.stored(home, name)
        )
        self._forgotten.setdefault(home, set()).update(gone)
        return None, gone

    def contract(self, home: str, meter: FuelMeter) -> bytes | None:
        """Encodes all variables of a home as one map, None without any. Raises CodecError: too
        deep."""
        before, written = self._snapshot.homes.get(home, {}), self._written.get(home, {})
        meter.charge_items(CONTAINER_WEIGHT + 4 * (len(before) + len(written)))
        gone = self._forgotten.get(home, ())
        named = {name: each for name, each in {**before, **written}.items() if name not in gone}
        if not named:
            return None
        values: dict[str, Any] = {}
        for name, each in named.items():
            block = self._block(each.value)
            meter.charge_bytes(len(block))
            values[name] = meter.decode(block, bytes_max=STATE_VALUE_BYTES_MAX)
        return encode(values)

    def writing(
        self, home: str, variable: str, shape: str, value: bytes, meter: FuelMeter
    ) -> Writing | str | None:
        """Gives the change of a write, None without one, or the reason of its refusal."""
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
            meter.decode(value, bytes_max=STATE_VALUE_BYTES_MAX)
        except CodecError as error:
            return f"{variable}: not canonical DAG-CBOR: {error}"
        cid = cid_of(value, Codec.DAG_CBOR)
        before = self.stored(home, variable)
        wanted = StoredVariable(shape=shape, value=cid)
        if before == wanted:
            return None
        freed = 0 if before is None else len(self._block(before.value))
        return Writing(
            effect=WriteState(home=home, variable=variable, shape=shape, value=cid),
            data=value,
            text_bytes=len(home.encode()) + len(variable.encode()) + len(shape.encode()),
            block_bytes=len(value) - freed,
        )

    def refused(self, writing: Writing) -> str | None:
        """Gives the reason why the state has no room for a write, or None."""
        return self._grown(writing.text_bytes, writing.block_bytes)

    def write(self, writing: Writing) -> None:
        """Lets later reads see a write that is not refused."""
        effect = writing.effect
        self._grow(writing.text_bytes, writing.block_bytes)
        self._put[effect.value] = writing.data
        self._forgotten.get(effect.home, set()).discard(effect.variable)
        stored = StoredVariable(shape=effect.shape, value=effect.value)
        self._written.setdefault(effect.home, {})[effect.variable] = stored

    # --- blocks

    def is_pinned(self, cid: Cid) -> bool:
        return cid in self._pins

    def block(self, cid: Cid) -> bytes | None:
        """Finds a block that the program may read: pinned when the execution began, or put by
        it."""
        if cid in self._put and cid.codec is Codec.RAW:
            return self._put[cid]
        return self._blocks[cid] if cid in self._pinned_before else None

    def put(self, cid: Cid, data: bytes) -> str | None:
        """Keeps and pins a block of this execution; or gives the reason of a refusal."""
        if len(data) > DAG_BLOCK_BYTES_MAX:
            return f"{len(data)} bytes, a block has at most {DAG_BLOCK_BYTES_MAX}"
        refusal = self._grown(0, len(data))
        if refusal is None:
            self._grow(0, len(data))
            self._put[cid] = data
            self._pins.add(cid)
        return refusal

    def pin(self, cid: Cid, size: int) -> str | None:
        """Keeps an existing block; or gives the reason of a refusal."""
        refusal = self._grown(0, size)
        if refusal is None:
            self._grow(0, size)
            self._pins.add(cid)
        return refusal

    def unpin(self, cid: Cid) -> None:
        self._pins.discard(cid)

    def given(self, cid: Cid) -> bytes:
        """Gives the bytes that travel with an effect of this execution."""
        return self._put[cid]

    def _block(self, cid: Cid) -> bytes:
        return self._put[cid] if cid in self._put else self._blocks[cid]

    def _grown(self, text_bytes: int, block_bytes: int) -> str | None:
        """Gives the reason why a growth of the snapshot, or of its links, is too much; or None."""
        if self._snapshot_bytes + text_bytes + _ENTRY_OVERHEAD_BYTES > SNAPSHOT_BYTES_MAX:
            return f"the names and shapes of the state are over {SNAPSHOT_BYTES_MAX} bytes"
        if self._held_bytes + block_bytes > STATE_BYTES_MAX:
            return f"state and pinned blocks are over {STATE_BYTES_MAX} bytes in total"
        return None

    def _grow(self, text_bytes: int, block_bytes: int) -> None:
        self._snapshot_bytes += text_bytes + _ENTRY_OVERHEAD_BYTES
        self._held_bytes += block_bytes


def schema_of(text: str) -> dict[str, str]:
    """Reads the shape by name from each line `name: shape`; a line of another form has no shape."""
    lines = (line.partition(": ") for line in text.split("\n") if line)
    return {name: shape for name, _, shape in lines}


def _refused_name(what: str, name: str) -> str | None:
    if not name:
        return f"{what}: an empty name"
    size = len(name.encode("utf-8"))
    return f"{what}: {size} bytes, at most {NAME_BYTES_MAX}" if size > NAME_BYTES_MAX else None
