"""Rows of a verifier: what it was drawn for, its own observations, and receipts it has verified.

Rule: an observation is stored before any other result of the attempt is seen.
"""

from enum import Enum
from typing import Annotated, Final

from msgspec import Struct

from mesh.core.fields import NodeIdField, Word
from mesh.core.ports.tables import Table
from mesh.core.records.terms import Capabilities
from mesh.core.verification.verdicts import Verdict
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Size

NUMBER: Final = 1
"""The key of a table that has one row."""


class VerifierSettings(Struct, frozen=True, kw_only=True):
    """As its operator gives them. capabilities: declared ones."""

    node_id: NodeIdField
    location: Word
    capabilities: Annotated[Capabilities, Size(0, 16)] = ()


class SettingsRow(Struct, frozen=True, kw_only=True):
    number: int
    settings: VerifierSettings


class DutyPhase(Enum):
    WORKING = "working"
    """Its execution is under way (`mesh.actors.executions`)."""
    SEALED = "sealed"
    ATTESTED = "attested"
    SILENT = "silent"
    """This machine gives no result: who is silent is not waited for."""
    ENDED = "ended"


class DutyRow(Struct, frozen=True, kw_only=True):
    """A hold whose attempt is verified here. draw: the one that names this verifier; first: CID of
    the executor's record by which it was drawn. nonce: of the seal, secret until it is opened."""

    hold: Cid
    issuer: Did
    submitter: Did
    executor: Did
    draw: Cid
    first: Cid
    is_sealed: bool
    phase: DutyPhase
    nonce: bytes | None = None
    seal: Cid | None = None
    opening: Cid | None = None
    attestation: Cid | None = None
    why_silent: str = ""
    settlement: Cid | None = None
    paid: int = 0
    ended_at: int | None = None


class ObservationRow(Struct, frozen=True, kw_only=True):
    """This verifier's own result for a hold: CID of its block."""

    hold: Cid
    deterministic: Cid
    observed_at: int


class VerifiedReceiptRow(Struct, frozen=True, kw_only=True):
    """A receipt that was executed again here. verdict: by this verifier's own result."""

    receipt: Cid
    hold: Cid
    executor: Did
    verdict: Verdict


SETTINGS: Final = Table(name="verifier_settings", row=SettingsRow, key=("number",))
DUTIES: Final = Table(
    name="verifier_duties",
    row=DutyRow,
    key=("hold",),
    indexes=(("phase",), ("seal",), ("attestation",)),
)
OBSERVATIONS: Final = Table(name="observations", row=ObservationRow, key=("hold",))
VERIFIED_RECEIPTS: Final = Table(
    name="verified_receipts", row=VerifiedReceiptRow, key=("receipt",), indexes=(("executor",),)
)
