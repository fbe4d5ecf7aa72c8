"""News of a driver while it works: one typed event for each thing that has come to be.

Rule: told after it is committed, never before.
"""

from typing import TypeAlias

from msgspec import Struct

from mesh.core.fields import JobId, NodeId
from mesh.job import Phase
from mesh.records import Verdict
from mesh.reputation import Reputation
from runtime.content.cid import Cid


class ModuleStored(Struct, frozen=True, kw_only=True):
    cid: Cid
    size_bytes: int


class Submitted(Struct, frozen=True, kw_only=True):
    job_id: JobId
    description: str


class BidArrived(Struct, frozen=True, kw_only=True):
    job_id: JobId
    node_id: NodeId
    price: int
    estimated_seconds: int
    reputation: Reputation
    location: str


class BidRefused(Struct, frozen=True, kw_only=True):
    """A node does not bid, and says why."""

    job_id: JobId
    node_id: NodeId
    reason: str
    detail: str


class Awarded(Struct, frozen=True, kw_only=True):
    job_id: JobId
    node_id: NodeId
    price: int
    attempt: int


class StatusChanged(Struct, frozen=True, kw_only=True):
    """Assigned, Running or Completed; or Submitted again after a lost attempt (`reason`)."""

    job_id: JobId
    phase: Phase
    reason: str = ""


class ReceiptStored(Struct, frozen=True, kw_only=True):
    job_id: JobId
    receipt: Cid


class Anchored(Struct, frozen=True, kw_only=True):
    job_id: JobId
    anchor: Cid


class Attested(Struct, frozen=True, kw_only=True):
    job_id: JobId
    verifier: str
    verdict: Verdict


class Ended(Struct, frozen=True, kw_only=True):
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
