"""What a driver tells while it works: one typed event for each thing that has come to be.

Rule: told after it is committed, never before.
"""

from dataclasses import dataclass
from typing import TypeAlias

from mesh.job import Phase
from mesh.records import JobId, NodeId, Verdict
from mesh.reputation import Reputation
from runtime.content.cid import Cid


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleStored:
    cid: Cid
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    job_id: JobId
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BidArrived:
    job_id: JobId
    node_id: NodeId
    price: int
    estimated_seconds: int
    reputation: Reputation
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BidRefused:
    """A node does not bid, and says why."""

    job_id: JobId
    node_id: NodeId
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Awarded:
    job_id: JobId
    node_id: NodeId
    price: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged:
    """Assigned, Running or Completed; or Submitted again after a lost attempt (`reason`)."""

    job_id: JobId
    phase: Phase
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptStored:
    job_id: JobId
    receipt: Cid


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    job_id: JobId
    anchor: Cid


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested:
    job_id: JobId
    verifier: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The final phase. confirmed of drawn verifiers agreed with the receipt."""

    job_id: JobId
    phase: Phase
    confirmed: int
    drawn: int
    reason: str


News: TypeAlias = (
    ModuleStored
    | Submitted
    | BidArrived
    | BidRefused
    | Awarded
    | StatusChanged
    | ReceiptStored
    | Anchored
    | Attested
    | Ended
)
