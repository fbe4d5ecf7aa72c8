"""An owner's state in this store, and the register of its token classes.

Rule: a snapshot is read from its block each time; a block of it that is missing is named.
"""

from collections.abc import Iterable, Mapping

from mesh.adapters.sqlite import SqliteTransaction
from mesh.effects import EffectsDone, Standing, linked_blocks
from mesh.local.archive import missing_block
from mesh.local.world import World
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.effects import Effect
from runtime.execution.state import EMPTY, MissingBlock, Snapshot, surrounding_blocks
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.register import register_to_block


def snapshot_of(tx: SqliteTransaction, root: Cid | None) -> Snapshot:
    """The snapshot of a state root. Raises CommandError `block-missing`, `state-malformed`."""
    if root is None:
        return EMPTY
    data = tx.blocks.get(root)
    if data is None:
        raise missing_block(root, "state")
    try:
        return Snapshot.from_block(data)
    except CodecError as error:
        raise _malformed(root, error) from None


def standing_of(tx: SqliteTransaction, world: World, owner: Did) -> Standing:
    """What the owner has now."""
    root = tx.state.root(owner)
    return Standing(
        owner=owner,
        issuer=world.members.issuer.did,
        root=root,
        snapshot=snapshot_of(tx, root),
        ledger=tx.ledger,
    )


def check_linked(tx: SqliteTransaction, effects: Iterable[Effect]) -> None:
    """Raises CommandError `block-missing` for a block that the effects name and nobody has."""
    for cid in linked_blocks(effects):
        if not tx.blocks.has(cid):
            raise missing_block(cid, "state")


def write_effects(tx: SqliteTransaction, owner: Did, done: EffectsDone) -> None:
    """Write what `carry_out` decided in this transaction."""
    for cid, data in done.blocks:
        tx.blocks.put(cid, data)
    for change in done.changes:
        tx.ledger.apply(change)
    if done.root is not None:
        moved = tx.state.advance(owner, tx.state.root(owner), done.root)
        assert moved, "a write transaction sees no other writer"


def register_block(tx: SqliteTransaction, owner: Did) -> tuple[Cid, bytes] | None:
    """The register of the owner's classes, None if nobody holds any. Raises CommandError."""
    register = tx.ledger.register(owner)
    if not register:
        return None
    try:
        data = register_to_block(register)
    except CodecError as error:
        raise CommandError(
            ExitCode.FAILED,
            "register-too-large",
            f"the token classes of {owner} have too many holders: {error}",
            hint="burn the units of holders that have left, or issue in another name",
        ) from None
    return cid_of(data, Codec.DAG_CBOR), data


def surrounding(
    tx: SqliteTransaction, context: Context, given: Mapping[Cid, bytes]
) -> Mapping[Cid, bytes]:
    """What an execution in the context gets besides module and input. given: blocks that are
    not in the store. Raises CommandError `block-missing`, `state-malformed`."""

    def fetch(cid: Cid) -> bytes | None:
        return given[cid] if cid in given else tx.blocks.get(cid)

    try:
        return surrounding_blocks(context, fetch)
    except MissingBlock as missing:
        raise missing_block(missing.cid, missing.what) from None
    except CodecError as error:
        assert context.state_root is not None, "only a snapshot is read here"
        raise _malformed(context.state_root, error) from None


def _malformed(root: Cid, error: CodecError) -> CommandError:
    return CommandError(
        ExitCode.VERIFICATION,
        "state-malformed",
        f"the state {root} cannot be read: {error}",
        hint="`meshctl doctor` checks what else is affected",
        details={"cid": str(root)},
    )
