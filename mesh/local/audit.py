"""The audit: whether histories, holds, accounts, chains and blocks tell the same story.

Rule: everything is computed anew from histories and signed records and compared with what is
stored; it changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from mesh import events as ev
from mesh.adapters.sqlite import SqliteTransaction
from mesh.events import Stored
from mesh.job import Job, Phase
from mesh.local.archive import Archive
from mesh.local.inventory import lost_of_job, lost_of_mesh
from mesh.local.settlements import settlements
from mesh.local.standing import lost_state
from mesh.ports import ChainKind
from mesh.records import Anchor
from mesh.reputation import Evidence
from mesh.step import replay
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.terminal.errors import CommandError
from runtime.tokens.transfers import Account, AccountKey, AccountKind, TransferId, TransferState

if TYPE_CHECKING:
    from mesh.local.mesh import LocalMesh

HELD: Final = frozenset({Phase.ASSIGNED, Phase.RUNNING, Phase.COMPLETED})


def audit(mesh: "LocalMesh") -> tuple[str, ...]:
    """What does not fit together, one line each; empty if all does."""
    with mesh.store.read() as tx:
        archive = Archive(mesh.members.mesh)
        jobs: list[Job] = []
        found = [*lost_of_mesh(mesh, tx, archive), *lost_state(tx)]
        holds: dict[TransferId, TransferState] = {}
        for key in tx.jobs.ids():
            job = tx.jobs.get(key)
            assert job is not None, "it is in the list of jobs"
            history = tx.jobs.history(key)
            jobs.append(job)
            found += _history(job, history)
            found += settlements(tx, archive, job, history)
            found += lost_of_job(tx, archive, job, history)
            holds.update(_expected_holds(job, history))
        found += _holds(tx, holds)
        found += _accounts(tx)
        members = [member.did for member in mesh.members.nodes]
        for member in members:
            found += _chain(tx, archive, jobs, member)
            found += _evidence(tx, jobs, member)
    return tuple(found)


def _history(job: Job, history: tuple[Stored, ...]) -> Iterator[str]:
    """The stored job is what its events make."""
    name = f"job {job.key.job_id}"
    try:
        replayed = replay(job.key, history)
    except ValueError as error:
        yield f"{name}: {error}"
        return
    if replayed != job:
        yield f"{name}: its stored state is not what its {len(history)} events make"


def _expected_holds(job: Job, history: Iterable[Stored]) -> dict[TransferId, TransferState]:
    """What became of each attempt's hold, by the job's events."""
    holds: dict[TransferId, TransferState] = {}
    for stored in history:
        if isinstance(stored.event, ev.JobAwarded):
            holds[stored.event.hold] = TransferState.VOIDED
    if job.hold is not None and job.phase in HELD:
        holds[job.hold] = TransferState.PENDING
    if job.hold is not None and job.phase is Phase.VERIFIED:
        holds[job.hold] = TransferState.POSTED
    return holds


def _holds(tx: SqliteTransaction, expected: dict[TransferId, TransferState]) -> Iterator[str]:
    """The ledger's holds are those of the jobs, in the state in which the jobs are."""
    seen = set()
    for transfer in tx.ledger.transfers():
        if not transfer.is_hold:
            continue
        seen.add(transfer.id)
        wanted = expected.get(transfer.id)
        name = f"hold {transfer.id.hex()[:16]}"
        if wanted is None:
            yield f"{name}: {transfer.amount} units held for no job"
        elif transfer.state is not wanted and not (
            wanted is TransferState.VOIDED and transfer.state is TransferState.EXPIRED
        ):
            yield f"{name}: it is {transfer.state.value}, its job says {wanted.value}"
    for missing in expected.keys() - seen:
        yield f"hold {missing.hex()[:16]}: a job names it, the ledger does not have it"


def _accounts(tx: SqliteTransaction) -> Iterator[str]:
    """Each account is the sum of its transfers, and all of them together are zero."""
    posted: Counter[tuple[AccountKey, str]] = Counter()
    for transfer in tx.ledger.transfers():
        if transfer.state is TransferState.PENDING:
            posted[(transfer.debit, "debits_pending")] += transfer.amount
        elif transfer.credit is not None:
            posted[(transfer.debit, "debits_posted")] += transfer.amount
            posted[(transfer.credit, "credits_posted")] += transfer.amount
        for payment in transfer.payments:
            payee = replace(transfer.debit, owner=payment.owner)
            posted[(transfer.debit, "debits_posted")] += payment.amount
            posted[(payee, "credits_posted")] += payment.amount
    totals: Counter[tuple[Did, str]] = Counter()
    for account in tx.ledger.accounts():
        key = account.key
        name = f"account {key.unit.value} of {key.owner}"
        totals[(key.issuer, key.unit.value)] += account.balance
        yield from _sums(account, posted, name)
        if key.kind is AccountKind.HOLDINGS and account.available < 0:
            yield f"{name}: {account.available} units available"
    for (issuer, kind), total in totals.items():
        if total:
            yield f"ledger of {issuer}: the {kind} accounts add up to {total}, not to 0"


def _sums(account: Account, posted: Counter[tuple[AccountKey, str]], name: str) -> Iterator[str]:
    for field in ("debits_posted", "credits_posted", "debits_pending"):
        stored = getattr(account, field)
        if stored != posted[(account.key, field)]:
            wanted = posted[(account.key, field)]
            yield f"{name}: {field} is {stored}, its transfers add up to {wanted}"


def _chain(tx: SqliteTransaction, archive: Archive, jobs: list[Job], member: Did) -> Iterator[str]:
    """A node's chains have no gap, and hold each of its receipts and anchors once."""
    anchored = Counter(
        job.anchor for job in jobs if job.executor == member and job.anchor is not None
    )
    head = tx.chains.head(ChainKind.ANCHORS, member)
    before: Cid | None = None
    for sequence in range(1, (0 if head is None else head.sequence) + 1):
        cid = tx.chains.at(ChainKind.ANCHORS, member, sequence)
        if cid is None:
            yield f"anchors of {member}: number {sequence} is missing"
            return
        try:
            anchor = archive.get_fresh(tx, Anchor, cid)
        except CommandError as error:
            yield f"anchors of {member}: {error.message}"
            return
        parents = anchor.body.parents
        if anchor.body.sequence != sequence or (before is not None and before not in parents[:1]):
            yield f"anchors of {member}: number {sequence} does not continue the chain"
        if anchored[cid] != 1:
            yield f"anchors of {member}: number {sequence} belongs to {anchored[cid]} jobs"
        before = cid
    length = 0 if head is None else head.sequence
    if length != sum(anchored.values()):
        yield f"anchors of {member}: {length} in the chain, {sum(anchored.values())} in jobs"
    receipts = tx.chains.head(ChainKind.RECEIPTS, member)
    wanted = sum(job.executor == member and job.receipt is not None for job in jobs)
    if (0 if receipts is None else receipts.sequence) != wanted:
        yield f"receipts of {member}: {receipts} ends the chain, {wanted} are in jobs"


def _evidence(tx: SqliteTransaction, jobs: list[Job], member: Did) -> Iterator[str]:
    """What counts for a node's reputation is what its jobs show."""
    tally = tx.evidence.tally(member)
    for kind, phase in ((Evidence.VERIFIED, Phase.VERIFIED), (Evidence.DISPUTED, Phase.DISPUTED)):
        wanted = sum(job.executor == member and job.phase is phase for job in jobs)
        counted = getattr(tally, kind.value)
        if counted != wanted:
            yield f"evidence of {member}: {counted} {kind.value}, {wanted} in jobs"
