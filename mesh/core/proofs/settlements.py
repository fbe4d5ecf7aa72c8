"""A settlement with all that it rests on, by CID; and whether it contradicts its own records.

Rule: the settlement names every record, and those name the rest, so that whoever accuses its signer
can add or leave out nothing. No clock but the signer's counts.
"""

from collections.abc import Collection
from typing import Any

from msgspec import Struct

from mesh.core.findings import Fault as Wrong
from mesh.core.findings import Finding
from mesh.core.membership.members import Members
from mesh.core.proofs.contents import Fetch, ProofError
from mesh.core.proofs.proof import ELIGIBLE, RESULT, unreadable
from mesh.core.proofs.reading import ReadRecord, fetch_context, fetch_record_by
from mesh.core.records.jobs import Award, Cancel, JobManifest
from mesh.core.records.market import Bid
from mesh.core.records.membership import Fault, FaultGround, Genesis, Membership
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from mesh.core.settlement.check import (
    OrderedWork,
    SettledRecords,
    above_withdrawn,
    check_settlement,
)
from mesh.core.verification.draw import read_eligible
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX, CodecError
from runtime.identity.signed import RecordError, Signed


class Settled(Struct, frozen=True, kw_only=True):
    """blocks: all that it rests on but itself and the genesis."""

    settlement: Signed[Settlement]
    order: OrderedWork
    found: SettledRecords
    blocks: tuple[Cid, ...]


def settled_from(
    settlement: Signed[Settlement], genesis: Signed[Genesis], fetch: Fetch, read: ReadRecord
) -> Settled:
    """A settlement with what `fetch` gives. read: verifies records of this mesh. Raises ProofError
    naming what is missing."""
    walk = _Walk(fetch, read)
    body = settlement.body
    hold = walk.record(Hold, body.hold)
    award = walk.record(Award, hold.body.award)
    change = walk.record(Membership, hold.body.members)
    order = OrderedWork(
        manifest=walk.record(JobManifest, hold.body.job),
        bid=walk.record(Bid, hold.body.bid),
        award=award,
        hold=hold,
        context=fetch_context(award.body.context, walk.fetch),
        members=Members(genesis=genesis, change=change),
        listed=walk.read(ELIGIBLE, hold.body.eligible, read_eligible),
    )
    receipt = walk.optional(Receipt, body.receipt)
    opening = walk.optional(Opening, body.opening)
    cancel = walk.optional(Cancel, body.cancel)
    found = SettledRecords(
        receipt=receipt,
        result=None
        if receipt is None
        else walk.read(RESULT, receipt.body.deterministic, read_result),
        anchor=walk.optional(Anchor, body.anchor),
        draws=tuple(walk.record(Draw, cid) for cid in body.draws),
        opening=opening,
        seals=tuple(walk.record(Seal, cid) for cid in (opening.body.seals if opening else ())),
        attestations=tuple(walk.record(Attestation, cid) for cid in body.attestations),
        cancel=cancel,
        above=above_withdrawn(order.manifest, cancel, lambda cid: walk.record(JobManifest, cid)),
    )
    return Settled(settlement=settlement, order=order, found=found, blocks=tuple(walk.used))


def against_itself(settled: Settled) -> tuple[Finding, ...]:
    """Why a settlement does not follow from its records, whatever any clock shows."""
    return check_settlement(settled.settlement, settled.order, settled.found, now=INTEGER_MAX)


def accusation(settled: Settled) -> Fault | None:
    """The Fault that a settlement proves against its signer, None where it follows."""
    if not against_itself(settled):
        return None
    return Fault(
        ground=FaultGround.WRONG_SETTLEMENT,
        accused=settled.settlement.signer,
        evidence=(settled.settlement.cid,),
    )


def is_wrong_settlement(
    fault: Fault,
    evidence: Collection[Signed[Any]],
    genesis: Signed[Genesis],
    fetch: Fetch,
    read: ReadRecord,
) -> bool:
    """Whether blocks prove a fault of this ground. evidence: the records that it names."""
    found = [each for each in evidence if isinstance(each.body, Settlement)]
    if fault.ground is not FaultGround.WRONG_SETTLEMENT or len(found) != 1:
        return False
    try:
        return accusation(settled_from(found[0], genesis, fetch, read)) == fault
    except ProofError:
        return False


class _Walk:
    """What was fetched so far."""

    def __init__(self, fetch: Fetch, read: ReadRecord) -> None:
        self.used: dict[Cid, None] = {}
        self._fetch = fetch
        self._read = read

    def fetch(self, cid: Cid) -> bytes | None:
        self.used[cid] = None
        return self._fetch(cid)

    def record(self, kind: type[Any], cid: Cid) -> Signed[Any]:
        return fetch_record_by(self._read, kind, cid, self.fetch)

    def optional(self, kind: type[Any], cid: Cid | None) -> Signed[Any] | None:
        return None if cid is None else self.record(kind, cid)

    def read(self, subject: str, cid: Cid, reader: Any) -> Any:
        """A block that is no record, read. Raises ProofError."""
        block = self.fetch(cid)
        if block is None:
            raise ProofError((Finding(fault=Wrong.MISSING, subject=subject, detail=str(cid)),))
        try:
            return reader(block)
        except (CodecError, RecordError) as error:
            raise ProofError((unreadable(subject, str(error)),)) from None
