"""Files that prove something: a job of either version of the records, or a fault.

Rule: the root of the file says what it is, by its version and type.
"""

from typing import BinaryIO, TypeAlias, assert_never

from mesh.core.car.files import Car, CarError, open_car
from mesh.core.findings import Fault as Wrong
from mesh.core.findings import Finding
from mesh.core.proofs import check, faults, reading
from mesh.core.proofs.contents import ProofError
from mesh.core.proofs.execution import Reexecute, Verification
from mesh.core.proofs.faults import FaultProof
from mesh.core.proofs.proof import Proof, unreadable
from mesh.core.proofs.version1 import check as check_version1
from mesh.core.proofs.version1 import proof as version1
from mesh.core.records.membership import Fault
from runtime.content.cid import Cid
from runtime.content.codec import CodecError, decode

AnyProof: TypeAlias = Proof | FaultProof | version1.Proof


def read_file(data: BinaryIO) -> AnyProof:
    """Read a file that must stay open. Raises ProofError; what it claims is to be verified."""
    try:
        return from_car(open_car(data))
    except CarError as error:
        raise ProofError((unreadable("file", str(error)),)) from None


def from_car(car: Car) -> AnyProof:
    """As `read_file`. Raises ProofError."""
    if len(car.roots) != 1:
        raise ProofError((unreadable("file", f"{len(car.roots)} roots, expected the record"),))
    block = car.get(car.roots[0])
    if block is None:
        missing = Finding(fault=Wrong.MISSING, subject="root", detail=str(car.roots[0]))
        raise ProofError((missing,))
    match _version_and_type(block):
        case 1, _:
            return version1.from_car(car)
        case _, Fault.__name__:
            return faults.from_car(car)
        case _:
            return reading.from_car(car)


def verify_file(
    proof: AnyProof, *, mesh: Cid | None, reexecute: Reexecute | None, now: int
) -> Verification:
    """What `verify_proof` or `verify_fault` finds. A fault that was not executed again, where that
    is what it takes, is not proven."""
    match proof:
        case Proof():
            return check.verify_proof(proof, mesh=mesh, reexecute=reexecute, now=now)
        case version1.Proof():
            return check_version1.verify_proof(proof, mesh=mesh, reexecute=reexecute, now=now)
        case FaultProof():
            found = faults.verify_fault(proof, mesh=mesh, reexecute=reexecute)
            unproven = Finding(
                fault=Wrong.FAULT_UNPROVEN, subject="fault", detail=found.not_executed
            )
            return Verification(
                findings=(*found.findings, *([unproven] if found.not_executed else [])),
                missing=found.missing,
                trusted=found.trusted,
                executed_again=None,
                not_executed=found.not_executed,
            )
        case _:
            assert_never(proof)


def _version_and_type(block: bytes) -> tuple[object, object]:
    try:
        value = decode(block)
    except CodecError as error:
        raise ProofError((unreadable("root", str(error)),)) from None
    return (value.get("version"), value.get("type")) if isinstance(value, dict) else (None, None)
