"""Restored signers that know it: what they had signed by then, and that nothing follows for a slot.

Rule: until it is shown what it has lost, a restored signer is like any other to itself. From then
on it contradicts nobody any more.
"""

from typing import Any

from mesh.actors.issuer import rows as issuer_rows
from mesh.actors.node import rows as node_rows
from mesh.actors.stores import Turn
from mesh.core.membership.equivocation import contradict
from mesh.core.records.archive import Archive
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed
from simulation.checking.invariants import Invariant, require


def is_restored(turn: Turn, did: Did) -> bool:
    """Whether an actor's own rows say so."""
    of_issuers = turn.rows(did, issuer_rows.RESTORED).count()
    return of_issuers + turn.rows(did, node_rows.RESTORED).count() > 0


class Refusing:
    """The signers that say of themselves that they were restored."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._signed: dict[Did, frozenset[Cid]] = {}

    def __contains__(self, did: Did) -> bool:
        return did in self._signed

    def look(self, turn: Turn, did: Did) -> None:
        """Note a signer whose rows say so for the first time."""
        if did not in self._signed and is_restored(turn, did):
            self._signed[did] = frozenset(turn.cids(did))

    def forget(self, did: Did) -> None:
        """Another old store was put back, which may not know it yet."""
        self._signed.pop(did, None)

    def check(self, first: Signed[Any], second: Signed[Any], detail: str) -> None:
        """Raises Violation where the second of two records was signed by one who knew."""
        before = self._signed.get(first.signer)
        if before is not None and contradict(first, second):
            require(second.cid in before, Invariant.REFUSES, detail)
