"""The submitter's tables: jobs and their histories, its state and classes, what it has read.

Rule: a row that a record proves names it by CID; what can be computed from the records anew
(evidence) is kept only to be read fast.
"""

from enum import Enum
from typing import Annotated, Any, Final

from msgspec import Struct

from mesh.core.fields import JobIdField, NodeIdField, Reason
from mesh.core.jobs.events import Stored
from mesh.core.jobs.job import Job, Phase
from mesh.core.market.reputation import Evidence, Tally
from mesh.core.ports.tables import Table
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.content.shapes import Size
from runtime.execution.execution import OutcomeKind
from runtime.tokens.token import ResourceType


class JobRow(Struct, frozen=True, kw_only=True):
    """A job. description: as the manifest has it, for lists. missing: a block that the job waits
    for."""

    job_id: JobIdField
    phase: Phase
    created_at: int
    changed_at: int
    description: Annotated[str, Size(0, 4096)]
    manifest: Cid
    cause: Cid | None
    hold: Cid | None
    receipt: Cid | None
    missing: Cid | None
    job: Job


class SummaryRow(Struct, frozen=True, kw_only=True):
    """A job as lists show it. node_id, price: of its present or last hold; outcome: how its program
    ended, by the receipt."""

    job_id: JobIdField
    phase: Phase
    created_at: int
    changed_at: int
    description: Annotated[str, Size(0, 4096)]
    node_id: NodeIdField | None
    price: int | None
    outcome: OutcomeKind | None
    receipt: Cid | None
    reason: Reason


class TimerRow(Struct, frozen=True, kw_only=True):
    """When time decides something about an open job. due_at: Unix seconds. Of the monotonic clock
    of `boot`, in milliseconds: ask_at, when further nodes are asked; retry_at, when a refused award
    is asked for again, however the wall clock is set meanwhile."""

    job_id: JobIdField
    due_at: int | None = None
    ask_at: int | None = None
    retry_at: int | None = None
    boot: str = ""

    @property
    def waits(self) -> bool:
        """Whether there is anything to wait for."""
        return any(at is not None for at in (self.due_at, self.ask_at, self.retry_at))


class EventRow(Struct, frozen=True, kw_only=True):
    """One event of a job's history."""

    job_id: JobIdField
    number: int
    stored: Stored


class AwardRow(Struct, frozen=True, kw_only=True):
    """An award for a job of this submitter, or for another's that names it as its delegate."""

    award: Cid
    job: Cid
    job_id: JobIdField
    owner: Did
    bid: Cid
    attempt: int


class HoldRow(Struct, frozen=True, kw_only=True):
    """A hold for a job of this submitter, and how it ended."""

    hold: Cid
    job_id: JobIdField
    attempt: int
    executor: Did
    issuer: Did
    award: Cid
    is_settled: bool


class AnchorRow(Struct, frozen=True, kw_only=True):
    """The anchor that was seen for one place of a member's chain."""

    member: Did
    sequence: int
    anchor: Cid


class EarlyRow(Struct, frozen=True, kw_only=True):
    """A verified record about a hold that came before what it follows, and the blocks that came
    with it; all are in the store."""

    hold: Cid
    record: Cid
    attached: tuple[Cid, ...]


class ProfileRow(Struct, frozen=True, kw_only=True):
    """The newest profile of a node or verifier. seen_at: milliseconds of `boot`."""

    node: Did
    node_id: NodeIdField
    sequence: int
    profile: Cid
    credentials: tuple[Cid, ...]
    seen_at: int
    boot: str


class StatementRow(Struct, frozen=True, kw_only=True):
    """An issuer's newest statement about this submitter."""

    issuer: Did
    sequence: int
    statement: Cid


class PolicyRow(Struct, frozen=True, kw_only=True):
    """An edition of an issuer's policy that was read here: holds of its time are under it."""

    issuer: Did
    resource_type: ResourceType
    scope: str
    edition: int
    policy: Cid


class TokenRow(Struct, frozen=True, kw_only=True):
    """A token made out to this submitter. chain: its parents, the issuer's last. spent: what
    holds have drawn on it, as far as this submitter has read."""

    token: Cid
    issuer: Did
    resource_type: ResourceType
    scope: str
    amount: int
    spent: int
    expires_at: int
    received_at: int
    is_revoked: bool
    chain: tuple[Cid, ...]


class RevocationRow(Struct, frozen=True, kw_only=True):
    """A token or credential that its signer took back."""

    target: Cid
    revocation: Cid


class CredentialRow(Struct, frozen=True, kw_only=True):
    """A credential that was read here."""

    credential: Cid
    subject: Did
    name: str
    issuer: Did
    expires_at: int


class StateRow(Struct, frozen=True, kw_only=True):
    """The owner's state. root: CID of the Snapshot, None while it is empty. register: CID of the
    register of holders of its classes, None while there are none; is_register_due: whether it is
    to be made anew, because holdings have changed since."""

    owner: Did
    root: Cid | None
    register: Cid | None
    is_register_due: bool


class HoldingRow(Struct, frozen=True, kw_only=True):
    """Units of a class of this submitter's own issue, held by one member."""

    token_class: str
    holder: Did
    units: int


class MovementRow(Struct, frozen=True, kw_only=True):
    """One change of the holdings, by the effect at `position` of a job or local run. holder: None
    for units issued; to: None for units retired."""

    cause: Cid
    position: int
    token_class: str
    amount: int
    holder: Did | None
    to: Did | None
    moved_at: int


class EffectsPhase(Enum):
    """How far effects have come that are not carried out."""

    FETCHING = "fetching"
    """Blocks of the result are being brought from executor and verifiers."""
    READY = "ready"
    """They wait for the transfer of other effects."""
    TRANSFERRING = "transferring"
    """They wait for the issuer's answer to their own."""


class PendingRow(Struct, frozen=True, kw_only=True):
    """Effects that are not carried out yet, of a job or of a local run (job_id: None).

    effects: CID of their block, None where the result has none and is only fetched. ran_on: the
    state that they were computed on. since: Unix seconds, of a job its settlement, from which the
    ids of its children follow. tries: failed fetches; next_at: when the next one begins. transfer:
    the record that `issuer` is to answer. children: jobs that are signed, and not yet submitted.
    """

    cause: Cid
    phase: EffectsPhase
    effects: Cid | None
    ran_on: Cid | None
    job_id: JobIdField | None
    hold: Cid | None
    since: int
    tries: int = 0
    next_at: int | None = None
    transfer: Cid | None = None
    issuer: Did | None = None
    children: tuple[JobIdField, ...] = ()


class EffectRow(Struct, frozen=True, kw_only=True):
    """What became of the effects of a job or local run. root: the state after them; reason: why
    nothing was applied, empty if all was."""

    cause: Cid
    root: Cid | None
    transfer: Cid | None
    applied_at: int
    reason: Reason


class EvidenceRow(Struct, frozen=True, kw_only=True):
    """What one settlement says of one member. value: price of the work; kind: of
    `mesh.core.market.reputation.Evidence`. A hold that was settled in two ways has none."""

    member: Did
    hold: Cid
    kind: Evidence
    value: int
    settlement: Cid


class TallyRow(Struct, frozen=True, kw_only=True):
    """The sum of the evidence rows of one member."""

    member: Did
    tally: Tally


class SettledRow(Struct, frozen=True, kw_only=True):
    """The first settlement of a hold that was read and accepted. is_contradicted: whether its
    issuer has signed another. issued_at: Unix seconds, by that issuer."""

    hold: Cid
    settlement: Cid
    is_contradicted: bool
    issued_at: int


class FaultRow(Struct, frozen=True, kw_only=True):
    """A Fault that this submitter has seen proved, or proved itself, once for each evidence.
    evidence: CIDs of the two records, as text."""

    accused: Did
    evidence: str
    fault: Cid
    seen_at: int


class RunRow(Struct, frozen=True, kw_only=True):
    """A local run whose results were not shown yet, as its caller keeps it."""

    key: Cid
    begun_at: int
    run: Any


JOBS: Final = Table(
    name="jobs",
    row=JobRow,
    key=("job_id",),
    indexes=(
        ("manifest",),
        ("phase",),
        ("cause",),
        ("hold",),
        ("receipt",),
        ("created_at",),
    ),
)
SUMMARIES: Final = Table(
    name="job_summaries",
    row=SummaryRow,
    key=("job_id",),
    indexes=(("phase",), ("created_at",), ("changed_at",)),
)
TIMERS: Final = Table(
    name="job_timers",
    row=TimerRow,
    key=("job_id",),
    indexes=(("due_at",), ("ask_at",), ("retry_at",)),
)
HISTORY: Final = Table(name="history", row=EventRow, key=("job_id", "number"))
AWARDS: Final = Table(name="awards", row=AwardRow, key=("award",), indexes=(("job_id",),))
HOLDS: Final = Table(name="holds_seen", row=HoldRow, key=("hold",), indexes=(("job_id",),))
ANCHORS: Final = Table(name="anchors_seen", row=AnchorRow, key=("member", "sequence"))
EARLY: Final = Table(name="early_records", row=EarlyRow, key=("hold", "record"))
PROFILES: Final = Table(name="profiles_seen", row=ProfileRow, key=("node",))
STATEMENTS: Final = Table(name="statements_read", row=StatementRow, key=("issuer",))
POLICIES: Final = Table(
    name="policies_read", row=PolicyRow, key=("issuer", "resource_type", "scope", "edition")
)
TOKENS: Final = Table(
    name="tokens_held", row=TokenRow, key=("token",), indexes=(("resource_type",),)
)
REVOKED: Final = Table(name="revocations_read", row=RevocationRow, key=("target",))
CREDENTIALS: Final = Table(
    name="credentials_read", row=CredentialRow, key=("credential",), indexes=(("subject",),)
)
STATE: Final = Table(name="own_state", row=StateRow, key=("owner",))
HOLDINGS: Final = Table(
    name="class_holdings", row=HoldingRow, key=("token_class", "holder"), indexes=(("holder",),)
)
MOVEMENTS: Final = Table(name="class_movements", row=MovementRow, key=("cause", "position"))
PENDING: Final = Table(
    name="pending_effects",
    row=PendingRow,
    key=("cause",),
    indexes=(("transfer",), ("phase",), ("next_at",)),
)
EFFECTS: Final = Table(name="effects_done", row=EffectRow, key=("cause",))
EVIDENCE: Final = Table(
    name="evidence", row=EvidenceRow, key=("member", "hold"), indexes=(("hold",),)
)
TALLIES: Final = Table(name="evidence_tallies", row=TallyRow, key=("member",))
SETTLED: Final = Table(
    name="settlements_read", row=SettledRow, key=("hold",), indexes=(("issued_at",),)
)
FAULTS: Final = Table(name="faults_seen", row=FaultRow, key=("accused", "evidence"))
RUNS: Final = Table(name="local_runs", row=RunRow, key=("key",), indexes=(("begun_at",),))
