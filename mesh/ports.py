"""The ports of the core: a store, as small Protocols.

A `Store` opens transactions; everything inside one is written together or not at all, and
writers do not overlap: what a write transaction has read does not change under it. Readers
see one moment. Adapters hold rows and no rules; the rules are the core's (`mesh.journal`).
"""

from contextlib import AbstractContextManager
from enum import Enum
from typing import Protocol

from msgspec import Struct

from mesh.core.fields import JobId
from mesh.core.ports.blocks import Blocks
from mesh.events import JobKey, Stored
from mesh.job import Effect, Job, Phase
from mesh.reputation import Evidence, Tally
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.in_force import PolicyInForce
from runtime.tokens.ledger import Change, LedgerView
from runtime.tokens.register import Register
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import Account, Transfer


class Jobs(Protocol):
    """Histories of jobs, and each job as its history has made it."""

    def get(self, key: JobKey) -> Job | None: ...

    def append(self, job: Job, stored: Stored) -> bool:
        """Add one event, and keep `job` (whose revision it makes). False, and nothing
        written, unless the history ends just before `stored.number` (compare-and-set)."""
        ...

    def history(self, key: JobKey, after: int = 0) -> tuple[Stored, ...]:
        """The events with a number greater than `after`, in order."""
        ...

    def by_job_id(self, job_id: JobId) -> tuple[Job, ...]:
        """The jobs of this id: one for each submitter that chose it."""
        ...

    def in_phases(self, phases: frozenset[Phase]) -> tuple[Job, ...]:
        """The jobs in these phases, oldest first."""
        ...

    def due(self, now: int) -> tuple[Job, ...]:
        """The jobs whose deadline is `now` or earlier, earliest first."""
        ...


class Ledger(LedgerView, Protocol):
    """The rows of the ledger. A missing row reads as an empty one."""

    def apply(self, change: Change) -> None:
        """Write the rows of a change that `decide` answered in this transaction."""
        ...

    def accounts(self) -> tuple[Account, ...]: ...

    def accounts_of(self, owner: Did) -> tuple[Account, ...]: ...

    def register(self, issuer: Did) -> Register:
        """Who holds what of the classes of `issuer`'s own issue; holdings of 0 left out."""
        ...

    def overdue_holds(self, now: int) -> tuple[Transfer, ...]:
        """Pending holds whose expires_at is `now` or earlier."""
        ...

    def policy(self, owner: Did, resource_type: ResourceType) -> PolicyInForce | None:
        """The policy that `owner` applies to a resource, None if it never set one."""
        ...

    def set_policy(
        self, owner: Did, resource_type: ResourceType, policy: PolicyInForce
    ) -> None: ...

    def revoke(self, target: Cid) -> None: ...

    def is_revoked(self, target: Cid) -> bool: ...


class Work(Struct, frozen=True, kw_only=True):
    """Something a transition asked for and that is not done yet.

    id: unique and the same for a repeat: job, revision, effect, actor. actor: the DID that is
    to do it; the submitter for SUBMIT and REQUEST_BIDS.
    """

    id: str
    job: JobKey
    effect: Effect
    actor: Did
    attempt: int


class WorkQueue(Protocol):
    """Work to do, kept from the transaction that asked for it until it is done."""

    def put(self, work: Work) -> None:
        """Add work. One that is queued or done already is left as it is."""
        ...

    def done(self, work_id: str) -> None:
        """Take work off the queue for good; a repeat is harmless."""
        ...

    def pending(self, job: JobKey | None = None) -> tuple[Work, ...]:
        """What is still to be done, oldest first: of one job, or of all."""
        ...


class Head(Struct, frozen=True, kw_only=True):
    """The end of a chain: its last sequence number and record."""

    sequence: int
    record: Cid


class ChainKind(Enum):
    ANCHORS = "anchors"
    RECEIPTS = "receipts"


class Chains(Protocol):
    """The ends of members' chains: of anchors, and of an executor's receipts."""

    def head(self, kind: ChainKind, member: Did) -> Head | None: ...

    def advance(self, kind: ChainKind, member: Did, head: Head) -> bool:
        """Move the end by one. False, and nothing written, unless head.sequence follows."""
        ...

    def heads(self, kind: ChainKind) -> tuple[tuple[Did, Head], ...]:
        """All ends, ordered by DID."""
        ...

    def at(self, kind: ChainKind, member: Did, sequence: int) -> Cid | None:
        """The record at a position of a chain, None beyond its ends."""
        ...


class EvidenceLog(Protocol):
    """What is known of members, counted."""

    def add(self, member: Did, evidence: Evidence, job: Cid, attempt: int) -> None:
        """Count one fact; the same fact again counts once."""
        ...

    def tally(self, member: Did) -> Tally: ...


class StateRoots(Protocol):
    """The state of each owner, by the CID of its snapshot (`runtime.execution.state`)."""

    def root(self, owner: Did) -> Cid | None:
        """None for an owner that has stored nothing yet."""
        ...

    def advance(self, owner: Did, expected: Cid | None, root: Cid) -> bool:
        """Replace the root. False, and nothing written, unless it was `expected`."""
        ...

    def owners(self) -> tuple[tuple[Did, Cid], ...]:
        """All roots, ordered by DID."""
        ...


class Transaction(Protocol):
    """All that is read and written together."""

    @property
    def blocks(self) -> Blocks: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def work(self) -> WorkQueue: ...
    @property
    def chains(self) -> Chains: ...
    @property
    def evidence(self) -> EvidenceLog: ...
    @property
    def state(self) -> StateRoots: ...


class Store(Protocol):
    """Opens transactions. Leaving the block normally commits; an exception undoes it all."""

    def write(self) -> AbstractContextManager[Transaction]: ...

    def read(self) -> AbstractContextManager[Transaction]: ...
