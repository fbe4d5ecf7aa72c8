"""Slots of records: two records of one signer for one slot are a fault that anyone can check.

Rule: a record that was signed is sent again, never signed anew; so an honest member never fills a
slot twice.
"""

from typing import Any, Final, TypeAlias

from mesh.core.records.jobs import JobManifest
from mesh.core.records.membership import Endorsement, Fault, FaultGround
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Anchor, Attestation, Draw, Hold, Seal
from runtime.identity.signed import Signed

Slot: TypeAlias = str
PAIR: Final = 2


def slots_of(record: Signed[Any]) -> tuple[Slot, ...]:
    """The slots that a record fills; most records fill none."""
    match record.body:
        case Anchor(sequence=sequence):
            return (f"anchor/{sequence}",)
        case Hold(id=hold_id):
            return (f"hold/{hold_id.hex()}",)
        case Settlement(hold=hold):
            return (f"settlement/{hold}",)
        case Draw(hold=hold, round=number):
            return (f"draw/{hold}/{number}",)
        case Seal(hold=hold):
            return (f"seal/{hold}",)
        case Attestation(hold=hold):
            return (f"attestation/{hold}",)
        case Endorsement(sequence=sequence):
            return (f"endorsement/{sequence}",)
        case JobManifest(job_id=job_id, parent=None):
            return (f"job/{job_id}",)
        case JobManifest(job_id=job_id, parent=parent):
            assert parent is not None, "the case before has those without"
            return f"job/{job_id}", f"child/{parent.cause}/{parent.position}"
        case _:
            return ()


def contradict(first: Signed[Any], second: Signed[Any]) -> bool:
    """Whether two records are one signer's for one slot, and differ."""
    return (
        first.cid != second.cid
        and first.signer == second.signer
        and first.mesh == second.mesh
        and not set(slots_of(first)).isdisjoint(slots_of(second))
    )


def fault_of(first: Signed[Any], second: Signed[Any]) -> Fault:
    """The record of a contradiction, the same from whichever side it is seen."""
    assert contradict(first, second), "only a contradiction is evidence"
    evidence = tuple(sorted((first.cid, second.cid)))
    return Fault(ground=FaultGround.EQUIVOCATION, accused=first.signer, evidence=evidence)


def is_proved(fault: Fault, evidence: tuple[Signed[Any], ...]) -> bool:
    """Whether the records prove an equivocation of the accused."""
    if fault.ground is not FaultGround.EQUIVOCATION or len(evidence) != PAIR:
        return False
    first, second = evidence
    return (
        set(fault.evidence) == {first.cid, second.cid}
        and first.signer == fault.accused
        and contradict(first, second)
    )
