"""All records that actors of a simulation have sent, by signer and slot.

Rule: an honest signer signs one record for a slot. The slots are stated here once more, apart from
those by which actors find equivocation, so that neither hides an error of the other.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from mesh.core.records.archive import Archive
from mesh.core.records.jobs import JobManifest, Transfer
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Endorsement
from mesh.core.records.settlement import Policy, Settlement, Statement
from mesh.core.records.work import (
    Anchor,
    Attestation,
    Draw,
    GaveUp,
    Hold,
    Opening,
    Progress,
    Receipt,
    Seal,
)
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import RecordError, Signed

SLOTS: Final[Mapping[type[Any], Callable[[Any], Iterable[tuple[Hashable, ...]]]]] = {
    JobManifest: lambda body: (
        ("job", body.job_id),
        *(() if body.parent is None else (("child", body.parent.cause, body.parent.position),)),
    ),
    Transfer: lambda body: (("transfer", body.cause),),
    NodeProfile: lambda body: (("profile", body.sequence),),
    Endorsement: lambda body: (("endorsement", body.sequence),),
    Hold: lambda body: (("hold", body.id),),
    Progress: lambda body: (("progress", body.hold, body.sequence),),
    GaveUp: lambda body: (("end", body.hold),),
    Receipt: lambda body: (("end", body.hold),),
    Anchor: lambda body: (("anchor", body.sequence), ("anchor of", body.receipt)),
    Seal: lambda body: (("seal", body.hold),),
    Attestation: lambda body: (("attestation", body.hold),),
    Draw: lambda body: (("draw", body.hold, body.round),),
    Opening: lambda body: (("opening", body.hold, len(body.draws)),),
    Settlement: lambda body: (("settlement", body.hold),),
    Policy: lambda body: (("policy", body.resource_type, body.scope, body.edition),),
    Statement: lambda body: (("statement", body.owner, body.sequence),),
}


def slots_of(body: Any) -> tuple[tuple[Hashable, ...], ...]:
    """The slots that a record takes; a signer signs one record for each."""
    slots = SLOTS.get(type(body))
    return () if slots is None else tuple(slots(body))


class SignedRecords:
    """The records sent so far. `contradictions`: pairs of one signer for one slot."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._seen: set[bytes] = set()
        self._by_cid: dict[Cid, Signed[Any]] = {}
        self._by_kind: dict[type[Any], list[Signed[Any]]] = {}
        self._slots: dict[tuple[Hashable, ...], Signed[Any]] = {}
        self.contradictions: list[tuple[Signed[Any], Signed[Any]]] = []

    def note(self, blocks: Iterable[bytes]) -> None:
        """Takes in the records of an envelope; other blocks are passed over."""
        for block in blocks:
            if block in self._seen:
                continue
            self._seen.add(block)
            try:
                record: Signed[Any] = self._archive.read(block)
            except RecordError:
                continue
            self._add(record)

    def _add(self, record: Signed[Any]) -> None:
        self._by_cid[record.cid] = record
        self._by_kind.setdefault(type(record.body), []).append(record)
        for slot in slots_of(record.body):
            first = self._slots.setdefault((record.signer, *slot), record)
            if first.cid != record.cid:
                self.contradictions.append((first, record))

    def find(self, cid: Cid) -> Signed[Any] | None:
        return self._by_cid.get(cid)

    def of(self, kind: type[Any]) -> tuple[Signed[Any], ...]:
        return tuple(self._by_kind.get(kind, ()))

    def by(self, signer: Did) -> Iterator[Signed[Any]]:
        """The records of one signer that were sent by anyone."""
        return (each for each in self._by_cid.values() if each.signer == signer)
