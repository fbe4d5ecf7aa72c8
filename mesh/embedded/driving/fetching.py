"""Fetches between the block stores of actors that share a file: done at once, within a turn.

Rule: an actor is given what it asked for from those it named, in that order, and nothing else.
"""

from mesh.actors.stores import DeliveryTransaction, View
from mesh.core.ports.blocks import BlockError, BlockFault
from mesh.core.ports.work import Failed, Fetch, Fetched, WorkFault
from mesh.core.verification.inputs import inputs_of
from runtime.content.cid import Cid


def fetch(view: View, tx: DeliveryTransaction, wanted: Fetch) -> Fetched | Failed:
    """Copies what is lacking from the owners' blocks into the actor's."""
    while True:
        inputs = inputs_of(tx.blocks, wanted.module, wanted.context, wanted.input)
        if inputs.malformed is not None:
            return Failed(fault=WorkFault.MODULE, detail=inputs.malformed)
        extra = (cid for cid in wanted.extra if not tx.blocks.has(cid))
        lacking = tuple(dict.fromkeys((*inputs.lacking, *extra)))
        if not lacking:
            return Fetched()
        try:
            missing = tuple(cid for cid in lacking if not _copy(view, tx, wanted, cid))
        except BlockError as error:
            return Failed(fault=WorkFault.MACHINE, detail=error.message)
        if missing:
            return Failed(fault=WorkFault.MISSING, detail="no owner has it", missing=missing)


def _copy(view: View, tx: DeliveryTransaction, wanted: Fetch, cid: Cid) -> bool:
    """Whether an owner had the block. Raises BlockError where there is no room for it."""
    for owner in wanted.owners:
        try:
            data = view.blocks(owner).get(cid)
        except BlockError as error:
            if error.fault is BlockFault.TAMPERED:
                continue
            raise
        if data is not None:
            tx.blocks.put(cid, data)
            return True
    return False
