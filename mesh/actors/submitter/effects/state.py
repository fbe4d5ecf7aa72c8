"""The submitter's own state and the classes of its issue: snapshot, holdings, register of holders.

Rule: the register is a block that is made anew only after holdings have changed; who awards a job
names it by CID.
"""

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.rows import (
    HOLDINGS,
    MOVEMENTS,
    STATE,
    HoldingRow,
    MovementRow,
    StateRow,
)
from mesh.core.jobs.effects import Holding, Plan
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError
from runtime.execution.state import EMPTY, Snapshot
from runtime.tokens.register import register_to_block


def state_of(book: JobBook, tx: ActorTransaction) -> StateRow:
    row = tx.rows(STATE).get(book.did)
    if row is not None:
        return row
    return StateRow(owner=book.did, root=None, register=None, is_register_due=False)


def snapshot_of(tx: ActorTransaction, root: Cid | None) -> Snapshot:
    """The snapshot of a state root. Raises CodecError where its block is missing or malformed."""
    if root is None:
        return EMPTY
    data = tx.blocks.get(root)
    if data is None:
        raise CodecError(f"the state {root} is not in the store")
    return Snapshot.from_block(data)


def units_of(tx: ActorTransaction, holding: Holding) -> int:
    """Units of one holder in one class of the submitter's issue."""
    row = tx.rows(HOLDINGS).get(*holding)
    return 0 if row is None else row.units


def register(book: JobBook, tx: ActorTransaction) -> Cid | str | None:
    """The register of holders as a block in the store: its CID, None while nobody holds any, or why
    there can be none."""
    state = state_of(book, tx)
    if not state.is_register_due:
        return state.register
    held: dict[str, dict[str, int]] = {}
    for row in tx.rows(HOLDINGS).select():
        held.setdefault(row.token_class, {})[row.holder] = row.units
    cid = None
    if held:
        try:
            data = register_to_block(held)
        except CodecError as error:
            return str(error)
        cid = cid_of(data, Codec.DAG_CBOR)
        tx.blocks.put(cid, data)
    tx.rows(STATE).put(
        StateRow(owner=book.did, root=state.root, register=cid, is_register_due=False)
    )
    return cid


def write_plan(book: JobBook, tx: ActorTransaction, cause: Cid, plan: Plan, now: Now) -> None:
    """Write state, blocks and holdings of a plan; its transfer and submissions are the caller's."""
    for cid, data in plan.blocks.items():
        tx.blocks.put(cid, data)
    rows = tx.rows(HOLDINGS)
    for (token_class, holder), units in plan.holdings.items():
        if units:
            rows.put(HoldingRow(token_class=token_class, holder=holder, units=units))
        else:
            rows.delete(token_class, holder)
    for each in plan.movements:
        tx.rows(MOVEMENTS).put(
            MovementRow(
                cause=cause,
                position=each.position,
                token_class=each.token_class,
                amount=each.amount,
                holder=each.holder,
                to=each.to,
                moved_at=now.wall,
            )
        )
    state = state_of(book, tx)
    is_due = state.is_register_due or bool(plan.holdings)
    if plan.root != state.root or is_due != state.is_register_due:
        tx.rows(STATE).put(
            StateRow(
                owner=book.did, root=plan.root, register=state.register, is_register_due=is_due
            )
        )
