"""The reputation of a member with the evidence that it rests on."""

from msgspec import Struct

from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.rows import EVIDENCE, FAULTS, SETTLED, EvidenceRow
from mesh.core.market.reputation import Evidence, Reputation
from mesh.core.records.settlement import Settlement
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.did import Did


class EvidenceView(Struct, frozen=True, kw_only=True):
    """What one settlement says. value: price of the work. at: Unix seconds."""

    kind: Evidence
    value: int
    at: int
    settlement: Cid


class FaultView(Struct, frozen=True, kw_only=True):
    """A fault that is proved. seen_at: Unix seconds."""

    fault: Cid
    seen_at: int


class Latest(Struct, frozen=True, kw_only=True):
    """The newest settlement that was read, of whatever members. at: Unix seconds."""

    settlement: Cid
    at: int


class ReputationView(Struct, frozen=True, kw_only=True):
    """A member, its score, and all that counts for and against it here, the oldest first.

    counted_up_to: None before anything was settled.
    """

    member: Did
    name: str
    reputation: Reputation
    evidence: tuple[EvidenceView, ...]
    faults: tuple[FaultView, ...]
    counted_up_to: Latest | None


def reputation_view(reader: Reader, member: Did) -> ReputationView:
    """What the local submitter's own evidence says of a member. Raises CommandError `block-…`."""
    evidence = [_evidence(reader, row) for row in reader.rows(EVIDENCE).select(member=member)]
    faults = reader.rows(FAULTS).select(accused=member)
    return ReputationView(
        member=member,
        name=reader.members.name(member),
        reputation=reputation_of(reader, member),
        evidence=tuple(sorted(evidence, key=lambda each: (each.at, each.settlement))),
        faults=tuple(FaultView(fault=row.fault, seen_at=row.seen_at) for row in faults),
        counted_up_to=_latest(reader),
    )


def _evidence(reader: Reader, row: EvidenceRow) -> EvidenceView:
    settled = reader.rows(SETTLED).get(row.hold)
    at = None if settled is None else settled.issued_at
    return EvidenceView(
        kind=row.kind,
        value=row.value,
        at=reader.record(Settlement, row.settlement).body.issued_at if at is None else at,
        settlement=row.settlement,
    )


def _latest(reader: Reader) -> Latest | None:
    newest = reader.rows(SETTLED).select(order="issued_at", descending=True, limit=1)
    return Latest(settlement=newest[0].settlement, at=newest[0].issued_at) if newest else None
