"""Property of the local submitter besides units: its state by home, and its token classes."""

from typing import Any

from msgspec import Struct

from mesh.actors.submitter.rows import HOLDINGS, STATE
from mesh.queries.reader import Reader, missing_block
from runtime.content.cid import Cid
from runtime.content.codec import CodecError, decode
from runtime.content.did import Did
from runtime.execution.state import EMPTY, STATE_VALUE_BYTES_MAX, Snapshot
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.register import Register


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


def root_of(reader: Reader) -> Cid | None:
    """The root of the owner's state, None while it is empty."""
    row = reader.rows(STATE).get(reader.owner)
    return None if row is None else row.root


def snapshot_of(reader: Reader, root: Cid | None) -> Snapshot:
    """The snapshot of a state root. Raises CommandError `block-missing`, `state-malformed`."""
    if root is None:
        return EMPTY
    try:
        return Snapshot.from_block(reader.block(root, "state"))
    except CodecError as error:
        raise CommandError(
            ExitCode.VERIFICATION,
            "state-malformed",
            f"the state {root} cannot be read: {error}",
            hint="`meshctl doctor` checks what else is affected",
            details={"cid": str(root)},
        ) from None


def state_view(reader: Reader) -> StateView:
    """The owner's state. Raises CommandError `block-missing`, `state-malformed`."""
    root = root_of(reader)
    snapshot = snapshot_of(reader, root)
    variables = []
    for home, named in sorted(snapshot.homes.items()):
        for name, stored in sorted(named.items()):
            data = reader.blocks.get(stored.value)
            if data is None:
                raise missing_block(stored.value, f"value of {home}.{name}")
            value = decode(data, bytes_max=STATE_VALUE_BYTES_MAX)
            variables.append(
                VariableView(
                    home=home, name=name, shape=stored.shape, cid=stored.value, value=value
                )
            )
    return StateView(owner=reader.owner, root=root, variables=tuple(variables), pins=snapshot.pins)


def register_view(reader: Reader) -> Register:
    """The holders of the owner's own token classes."""
    register: dict[str, dict[str, int]] = {}
    for row in reader.rows(HOLDINGS).select():
        if row.units:
            register.setdefault(row.token_class, {})[row.holder] = row.units
    return register
