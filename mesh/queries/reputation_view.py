"""The reputation of a member with the evidence that it rests on."""

from msgspec import Struct

from mesh.actors.submitter.evidence import reputation_of
from mesh.actors.submitter.rows import EVIDENCE, FAULTS
from mesh.core.market.reputation import Evidence, Reputation
from mesh.queries.reader import Reader
from runtime.content.cid import Cid
from runtime.content.did import Did


class EvidenceView(Struct, frozen=True, kw_only=True):
    """What one settlement says. value: price of the work."""

    kind: Evidence
    value: int
    settlement: Cid
    hold: Cid


class ReputationView(Struct, frozen=True, kw_only=True):
    """A member, its score, and all that counts for and against it here."""

    member: Did
    name: str
    reputation: Reputation
    evidence: tuple[EvidenceView, ...]
    faults: tuple[Cid, ...]


def reputation_view(reader: Reader, member: Did) -> ReputationView:
    """What the local submitter's own evidence says of a member."""
    return ReputationView(
        member=member,
        name=reader.members.name(member),
        reputation=reputation_of(reader, member),
        evidence=tuple(
            EvidenceView(
                kind=Evidence(row.kind), value=row.value, settlement=row.settlement, hold=row.hold
            )
            for row in reader.rows(EVIDENCE).select(member=member)
        ),
        faults=tuple(row.fault for row in reader.rows(FAULTS).select(accused=member)),
    )
