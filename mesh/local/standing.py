"""Property of the local identity besides units: its state by home, and its token classes."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mesh.adapters.sqlite import SqliteTransaction
from mesh.local.archive import missing_block
from mesh.local.owned import snapshot_of
from runtime.content.cid import Cid
from runtime.content.codec import CodecError, decode
from runtime.content.did import Did
from runtime.execution.state import STATE_VALUE_BYTES_MAX
from runtime.terminal.errors import CommandError
from runtime.tokens.register import Register

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh


class VariableView(Struct, frozen=True, kw_only=True):
    """A stored variable. value: decoded DAG-CBOR."""

    home: str
    name: str
    shape: str
    cid: Cid
    value: Any


class StateView(Struct, frozen=True, kw_only=True):
    """root: None where nothing was stored yet."""

    owner: Did
    root: Cid | None
    variables: tuple[VariableView, ...]
    pins: tuple[Cid, ...]


def state_view(mesh: "LocalMesh") -> StateView:
    """The local identity's state. Raises CommandError `block-missing`, `state-malformed`."""
    owner = mesh.submitter.did
    with mesh.store.read() as tx:
        root = tx.state.root(owner)
        snapshot = snapshot_of(tx, root)
        variables = []
        for home, named in sorted(snapshot.homes.items()):
            for name, stored in sorted(named.items()):
                data = tx.blocks.get(stored.value)
                if data is None:
                    raise missing_block(stored.value, f"value of {home}.{name}")
                value = decode(data, bytes_max=STATE_VALUE_BYTES_MAX)
                variables.append(
                    VariableView(
                        home=home, name=name, shape=stored.shape, cid=stored.value, value=value
                    )
                )
    return StateView(owner=owner, root=root, variables=tuple(variables), pins=snapshot.pins)


def register_view(mesh: "LocalMesh") -> Register:
    """Who holds what of the local identity's own token classes."""
    with mesh.store.read() as tx:
        return tx.ledger.register(mesh.submitter.did)


def lost_state(tx: SqliteTransaction) -> Iterator[str]:
    """What is missing or unreadable of what the owners' state roots name."""
    for owner, root in tx.state.owners():
        try:
            snapshot = snapshot_of(tx, root)
        except CommandError as problem:
            yield f"state of {owner}: {problem.message}"
            continue
        named = {
            each.value: f"{home}.{name}"
            for home, variables in snapshot.homes.items()
            for name, each in variables.items()
        }
        for cid in snapshot.links:
            what = named.get(cid, "pinned block")
            try:
                data = tx.blocks.get(cid)
                if data is None:
                    yield f"state of {owner}: {what}: block {cid} is not in the store"
                elif cid in named:
                    decode(data, bytes_max=STATE_VALUE_BYTES_MAX)
            except (CommandError, CodecError) as error:
                yield f"state of {owner}: {what}: {error}"


def keeping(tx: SqliteTransaction, cid: Cid) -> str | None:
    """What of an owner's state needs a block, or None. A changed block is nobody's."""
    if not tx.blocks.has(cid) or not tx.blocks.is_sound(cid):
        return None
    for owner, root in tx.state.owners():
        if cid == root:
            return f"the state of {owner}"
        try:
            links = snapshot_of(tx, root).links
        except CommandError:
            # What cannot be read names nothing; `doctor` tells of it.
            continue
        if cid in links:
            return f"a part of the state of {owner}"
    return None
