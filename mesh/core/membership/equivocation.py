"""Equivocation: two records of one signer for one slot, which no honest signer makes.

Rule: a slot is listed only where an honest signer, whatever it hears and whenever it crashes, fills
it once. An Award has none: an award that the issuer refused is followed by another for the same
attempt, and the Hold alone decides which one counts.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from mesh.core.records.jobs import JobManifest, Transfer
from mesh.core.records.market import NodeProfile
from mesh.core.records.membership import Endorsement, Fault, FaultGround, Membership
from mesh.core.records.settlement import Policy, Settlement, Statement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Opening, Receipt, Seal
from runtime.identity.signed import Signed

FAULTS_TOLD_MAX: Final = 16
"""So many faults of one member are kept and made known: further ones say nothing new, and would let
it fill everybody's store with what it signs in vain."""

Names = Callable[[Any], tuple[str, ...]]


def _manifest(body: JobManifest) -> tuple[str, ...]:
    job = f"job {body.job_id}"
    if body.parent is None:
        return (job,)
    return (job, f"child {body.parent.cause} {body.parent.position}")


SLOTS: Final[Mapping[type[Any], Names]] = {
    JobManifest: _manifest,
    Transfer: lambda body: (f"transfer {body.cause}",),
    Hold: lambda body: (f"hold {body.id.hex()}",),
    Draw: lambda body: (f"draw {body.hold} {body.round}",),
    Seal: lambda body: (f"seal {body.hold}",),
    Opening: lambda body: (f"opening {body.hold} {len(body.draws)}",),
    Receipt: lambda body: (f"receipt {body.hold}",),
    Anchor: lambda body: (f"anchor {body.sequence}",),
    Attestation: lambda body: (f"attestation {body.hold}",),
    Settlement: lambda body: (f"settlement {body.hold}",),
    Statement: lambda body: (f"statement {body.owner} {body.sequence}",),
    Policy: lambda body: (f"policy {body.resource_type.value} {body.edition} {body.scope}",),
    NodeProfile: lambda body: (f"profile {body.sequence}",),
    Membership: lambda body: (f"membership {body.sequence}",),
    Endorsement: lambda body: (f"endorsement {body.sequence}",),
}
"""The slots that a record fills, by its type: names that are unique within its mesh and signer."""


def slots_of(record: Signed[Any]) -> tuple[str, ...]:
    """The slots of its signer that a record fills; none for types that have none."""
    names = SLOTS.get(type(record.body))
    return () if names is None else names(record.body)


def contradict(first: Signed[Any], second: Signed[Any]) -> bool:
    """Whether two records prove that their signer equivocates."""
    if (first.mesh, first.signer) != (second.mesh, second.signer) or first.cid == second.cid:
        return False
    return not set(slots_of(first)).isdisjoint(slots_of(second))


def fault_of(first: Signed[Any], second: Signed[Any]) -> Fault:
    """The Fault that two contradicting records prove; the same in whatever order they came."""
    assert contradict(first, second), "only records that contradict each other prove a fault"
    return Fault(
        ground=FaultGround.EQUIVOCATION,
        accused=first.signer,
        evidence=tuple(sorted((first.cid, second.cid))),
    )


def is_proved(fault: Fault, evidence: Collection[Signed[Any]]) -> bool:
    """Whether records prove an equivocation of the accused."""
    if fault.ground is not FaultGround.EQUIVOCATION or len(evidence) != 2:
        return False
    first, second = evidence
    return (
        set(fault.evidence) == {first.cid, second.cid}
        and first.signer == fault.accused
        and contradict(first, second)
    )
