"""Rows of an issuer besides its books: jobs, attempts, answers, policies, tokens, presence.

Rule: the records are in its block store; a row names them by CID. A row of what was refused is
never kept, except as evidence of a contradiction.
"""

from typing import Final

from msgspec import Struct

from mesh.core.fields import JobId
from mesh.core.ports.tables import Table
from mesh.core.settlement.attempt import Attempt
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.token import ResourceType


class JobRow(Struct, frozen=True, kw_only=True):
    """A job that was awarded here. root: manifest of the job without a parent that it descends
    from, its own where it has none. delegated: units held and paid for its descendants."""

    manifest: Cid
    submitter: Did
    job_id: JobId
    root: Cid
    parent: Cid | None
    position: int | None
    delegated: int = 0


class CancelRow(Struct, frozen=True, kw_only=True):
    """A Cancel, kept as a tombstone for later awards. job: CID of the manifest."""

    job: Cid
    cancel: Cid


class AnswerRow(Struct, frozen=True, kw_only=True):
    """The answer to a request that was accepted, or decided by a settlement."""

    request: Cid
    answer: Cid


class TransferRow(Struct, frozen=True, kw_only=True):
    """The one Transfer of a signer for a cause."""

    signer: Did
    cause: Cid
    transfer: Cid


class StatementRow(Struct, frozen=True, kw_only=True):
    """The newest Statement of an owner."""

    owner: Did
    sequence: int
    statement: Cid


class PolicyRow(Struct, frozen=True, kw_only=True):
    """The newest Policy for a resource within a scope."""

    resource_type: ResourceType
    scope: str
    edition: int
    policy: Cid


class TokenRow(Struct, frozen=True, kw_only=True):
    """A token of this issue that is known here. payer: whose account it draws on."""

    token: Cid
    parent: Cid | None
    audience: Did
    payer: Did


class RevocationRow(Struct, frozen=True, kw_only=True):
    """A token or credential that its signer took back."""

    target: Cid
    revocation: Cid


class CredentialRow(Struct, frozen=True, kw_only=True):
    """A credential that this issuer has given."""

    credential: Cid
    subject: Did
    name: str
    expires_at: int


class PresenceRow(Struct, frozen=True, kw_only=True):
    """The newest NodeProfile of a verifier. engine: its text; seen_at: milliseconds of `boot`."""

    member: Did
    sequence: int
    profile: Cid
    engine: str
    seen_at: int
    boot: str


class SlotRow(Struct, frozen=True, kw_only=True):
    """The record that a signer has put into a slot; a second one is an equivocation."""

    signer: Did
    slot: str
    record: Cid


class HeadRow(Struct, frozen=True, kw_only=True):
    """The newest anchor of an executor that came with a receipt. It is shown to the executor with
    each hold, so that one whose store is an old copy learns it before it signs."""

    executor: Did
    sequence: int
    anchor: Cid


class EvidenceRow(Struct, frozen=True, kw_only=True):
    """Two records that contradict each other. fault: CID of the Fault that was sent, if it is
    one."""

    first: Cid
    second: Cid
    signer: Did
    fault: Cid | None


class RestoredRow(Struct, frozen=True, kw_only=True):
    """This store is an old copy: a record of this issuer's own that it does not have. Nothing more
    is signed for slots of which some are lost. kind: the record's type."""

    number: int
    shown: Cid
    kind: str
    seen_at: int


class DrivenRow(Struct, frozen=True, kw_only=True):
    """When the issuer was last driven, and from when on leases count: since its last gap.

    Milliseconds of the monotonic clock of `boot`. wall: the latest Unix second of its clock so far,
    which may have been set back since.
    """

    number: int
    boot: str
    driven_at: int
    leases_from: int
    wall: int


JOBS: Final = Table(
    name="issuer_jobs",
    row=JobRow,
    key=("manifest",),
    indexes=(("submitter", "job_id"), ("root",), ("parent", "position")),
)
ATTEMPTS: Final = Table(
    name="issuer_attempts", row=Attempt, key=("hold",), indexes=(("id",), ("phase",), ("job",))
)
CANCELS: Final = Table(name="issuer_cancels", row=CancelRow, key=("job",))
ANSWERS: Final = Table(name="issuer_answers", row=AnswerRow, key=("request",))
TRANSFERS: Final = Table(name="issuer_transfers", row=TransferRow, key=("signer", "cause"))
STATEMENTS: Final = Table(name="issuer_statements", row=StatementRow, key=("owner",))
POLICIES: Final = Table(name="issuer_policies", row=PolicyRow, key=("resource_type", "scope"))
TOKENS: Final = Table(name="issuer_tokens", row=TokenRow, key=("token",), indexes=(("payer",),))
REVOCATIONS: Final = Table(name="issuer_revocations", row=RevocationRow, key=("target",))
CREDENTIALS: Final = Table(
    name="issuer_credentials", row=CredentialRow, key=("credential",), indexes=(("subject",),)
)
PRESENCE: Final = Table(name="issuer_presence", row=PresenceRow, key=("member",))
SLOTS: Final = Table(name="issuer_slots", row=SlotRow, key=("signer", "slot"))
HEADS: Final = Table(name="issuer_heads", row=HeadRow, key=("executor",))
EVIDENCE: Final = Table(name="issuer_evidence", row=EvidenceRow, key=("first", "second"))
RESTORED: Final = Table(name="issuer_restored", row=RestoredRow, key=("number",))
DRIVEN: Final = Table(name="issuer_driven", row=DrivenRow, key=("number",))
