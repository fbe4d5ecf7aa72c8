"""A fetch of blocks from their owners, one owner after another, over a network that loses parcels.

Rule: the blocks are put into the asking actor's own store as they arrive, each hashed again there.
"""

from mesh.core.ports.blocks import BlockReader
from mesh.core.ports.work import Failed, Fetch, Fetched, WorkFault, WorkId
from mesh.core.verification.inputs import inputs_of
from runtime.content.cid import Cid
from runtime.content.did import Did

RETRY_MS = 1_000
ROUNDS_MAX = 6
CIDS_MAX = 64


class Fetching:
    """One fetch under way. ask_again_at: true time, set with each request."""

    def __init__(self, work_id: WorkId, fetch: Fetch) -> None:
        self.work_id = work_id
        self.number = 0
        self.ask_again_at = 0
        self._fetch = fetch
        self._asked = 0
        self._lacking: tuple[Cid, ...] = ()

    def result(self, blocks: BlockReader) -> Fetched | Failed | None:
        """The result as far as the store says; None while blocks are to be asked for."""
        fetch = self._fetch
        inputs = inputs_of(blocks, fetch.module, fetch.context, fetch.input)
        if inputs.malformed is not None:
            return Failed(fault=WorkFault.MODULE, detail=inputs.malformed)
        extra = (cid for cid in fetch.extra if not blocks.has(cid))
        self._lacking = tuple(dict.fromkeys((*inputs.lacking, *extra)))
        if not self._lacking:
            return Fetched()
        if self._asked >= ROUNDS_MAX * max(1, len(fetch.owners)):
            return Failed(fault=WorkFault.MISSING, detail="no owner gave it", missing=self._lacking)
        return None

    def next_request(self, number: int, at: int) -> tuple[Did, tuple[Cid, ...]] | None:
        """Whom to ask for what now; None where nobody is named."""
        owners = self._fetch.owners
        self.number, self.ask_again_at = number, at + RETRY_MS
        self._asked += 1
        if not owners:
            return None
        return owners[(self._asked - 1) % len(owners)], self._lacking[:CIDS_MAX]
