"""The store port in memory: dictionaries, and one transaction at a time.

A write transaction works on the tables themselves and keeps what to undo; nothing is shared
between processes or threads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from msgspec.structs import replace

from mesh.core.fields import JobId
from mesh.core.ports.blocks import BlockError, BlockFault
from mesh.events import JobKey, Stored
from mesh.job import Job, Phase
from mesh.ports import ChainKind, Head, Transaction, Work
from mesh.reputation import Evidence, Tally
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.tokens.in_force import PolicyInForce, UsageKey
from runtime.tokens.ledger import Change
from runtime.tokens.policy import Usage
from runtime.tokens.register import Register, held_in_class
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import (
    Account,
    AccountKey,
    TokenUse,
    Transfer,
    TransferId,
    TransferState,
)

K = TypeVar("K")
V = TypeVar("V")

Undo = list[Callable[[], None]]


class _Table(Generic[K, V]):
    """A dictionary that remembers how to undo what a transaction did."""

    def __init__(self, undo: Undo) -> None:
        self.rows: dict[K, V] = {}
        self._undo = undo

    def get(self, key: K) -> V | None:
        return self.rows.get(key)

    def set(self, key: K, row: V) -> None:
        if key in self.rows:
            before = self.rows[key]
            self._undo.append(lambda: self.rows.__setitem__(key, before))
        else:
            self._undo.append(lambda: self.rows.__delitem__(key))
        self.rows[key] = row

    def remove(self, key: K) -> bool:
        if key not in self.rows:
            return False
        before = dict(self.rows)
        # The order of rows is the order in which they came, so the whole table is put back.
        self._undo.append(lambda: self._restore(before))
        del self.rows[key]
        return True

    def _restore(self, rows: dict[K, V]) -> None:
        self.rows = rows


class MemoryBlocks:
    def __init__(self, undo: Undo, quota_bytes: int) -> None:
        self._blocks: _Table[Cid, bytes] = _Table(undo)
        self._quota_bytes = quota_bytes

    def get(self, cid: Cid) -> bytes | None:
        data = self._blocks.get(cid)
        if data is not None and not cid.matches(data):
            raise BlockError(BlockFault.TAMPERED, cid)
        return data

    def put(self, cid: Cid, data: bytes) -> None:
        if not cid.matches(data):
            raise BlockError(BlockFault.MISMATCH, cid)
        if self.has(cid):
            return
        used = sum(len(block) for block in self._blocks.rows.values())
        if used + len(data) > self._quota_bytes:
            detail = f"{used} + {len(data)} of {self._quota_bytes} bytes"
            raise BlockError(BlockFault.QUOTA, cid, detail)
        self._blocks.set(cid, data)

    def has(self, cid: Cid) -> bool:
        return cid in self._blocks.rows

    def size(self, cid: Cid) -> int | None:
        data = self._blocks.get(cid)
        return None if data is None else len(data)

    def delete(self, cid: Cid) -> bool:
        return self._blocks.remove(cid)


class MemoryJobs:
    def __init__(self, undo: Undo) -> None:
        self._jobs: _Table[JobKey, Job] = _Table(undo)
        self._histories: _Table[JobKey, tuple[Stored, ...]] = _Table(undo)

    def get(self, key: JobKey) -> Job | None:
        return self._jobs.get(key)

    def append(self, job: Job, stored: Stored) -> bool:
        history = self._histories.get(job.key) or ()
        if stored.number != len(history) + 1:
            return False
        self._histories.set(job.key, (*history, stored))
        self._jobs.set(job.key, job)
        return True

    def history(self, key: JobKey, after: int = 0) -> tuple[Stored, ...]:
        return (self._histories.get(key) or ())[after:]

    def by_job_id(self, job_id: JobId) -> tuple[Job, ...]:
        return tuple(job for key, job in self._jobs.rows.items() if key.job_id == job_id)

    def in_phases(self, phases: frozenset[Phase]) -> tuple[Job, ...]:
        return tuple(job for job in self._jobs.rows.values() if job.phase in phases)

    def due(self, now: int) -> tuple[Job, ...]:
        waiting = ((job.deadline, job) for job in self._jobs.rows.values())
        due = [(when, job) for when, job in waiting if when is not None and when <= now]
        return tuple(job for _, job in sorted(due, key=lambda each: each[0]))


class MemoryLedger:
    def __init__(self, undo: Undo) -> None:
        self._accounts: _Table[AccountKey, Account] = _Table(undo)
        self._transfers: _Table[TransferId, Transfer] = _Table(undo)
        self._token_uses: _Table[Cid, TokenUse] = _Table(undo)
        self._usages: _Table[UsageKey, Usage] = _Table(undo)
        self._policies: _Table[tuple[Did, ResourceType], PolicyInForce] = _Table(undo)
        self._revoked: _Table[Cid, None] = _Table(undo)

    def account(self, key: AccountKey) -> Account:
        return self._accounts.get(key) or Account(key=key)

    def transfer(self, transfer_id: TransferId) -> Transfer | None:
        return self._transfers.get(transfer_id)

    def token_use(self, token: Cid) -> TokenUse:
        return self._token_uses.get(token) or TokenUse(token=token)

    def usage(self, key: UsageKey) -> Usage:
        return self._usages.get(key) or Usage()

    def apply(self, change: Change) -> None:
        for transfer in change.transfers:
            self._transfers.set(transfer.id, transfer)
        for account in change.accounts:
            self._accounts.set(account.key, account)
        for use in change.token_uses:
            self._token_uses.set(use.token, use)
        for row in change.usages:
            self._usages.set(row.key, row.usage)

    def accounts(self) -> tuple[Account, ...]:
        return tuple(self._accounts.rows.values())

    def accounts_of(self, owner: Did) -> tuple[Account, ...]:
        return tuple(each for each in self._accounts.rows.values() if each.key.owner == owner)

    def register(self, issuer: Did) -> Register:
        found: dict[str, dict[str, int]] = {}
        for account in self._accounts.rows.values():
            if held_in_class(account, issuer):
                found.setdefault(account.key.unit.value, {})[account.key.owner] = account.balance
        return found

    def overdue_holds(self, now: int) -> tuple[Transfer, ...]:
        return tuple(
            each
            for each in self._transfers.rows.values()
            if each.state is TransferState.PENDING
            and each.expires_at is not None
            and each.expires_at <= now
        )

    def policy(self, owner: Did, resource_type: ResourceType) -> PolicyInForce | None:
        return self._policies.get((owner, resource_type))

    def set_policy(self, owner: Did, resource_type: ResourceType, policy: PolicyInForce) -> None:
        self._policies.set((owner, resource_type), policy)

    def revoke(self, target: Cid) -> None:
        self._revoked.set(target, None)

    def is_revoked(self, target: Cid) -> bool:
        return target in self._revoked.rows


class MemoryWork:
    def __init__(self, undo: Undo) -> None:
        self._pending: _Table[str, Work] = _Table(undo)
        self._done: _Table[str, None] = _Table(undo)

    def put(self, work: Work) -> None:
        if work.id not in self._pending.rows and work.id not in self._done.rows:
            self._pending.set(work.id, work)

    def done(self, work_id: str) -> None:
        self._pending.remove(work_id)
        self._done.set(work_id, None)

    def pending(self, job: JobKey | None = None) -> tuple[Work, ...]:
        return tuple(each for each in self._pending.rows.values() if job in (None, each.job))


class MemoryChains:
    def __init__(self, undo: Undo) -> None:
        self._links: _Table[tuple[ChainKind, Did, int], Cid] = _Table(undo)
        self._heads: _Table[tuple[ChainKind, Did], Head] = _Table(undo)

    def head(self, kind: ChainKind, member: Did) -> Head | None:
        return self._heads.get((kind, member))

    def advance(self, kind: ChainKind, member: Did, head: Head) -> bool:
        before = self.head(kind, member)
        if head.sequence != (0 if before is None else before.sequence) + 1:
            return False
        self._links.set((kind, member, head.sequence), head.record)
        self._heads.set((kind, member), head)
        return True

    def heads(self, kind: ChainKind) -> tuple[tuple[Did, Head], ...]:
        found = ((did, head) for (each, did), head in self._heads.rows.items() if each is kind)
        return tuple(sorted(found, key=lambda pair: pair[0]))

    def at(self, kind: ChainKind, member: Did, sequence: int) -> Cid | None:
        return self._links.get((kind, member, sequence))


class MemoryEvidence:
    def __init__(self, undo: Undo) -> None:
        self._facts: _Table[tuple[Did, Evidence, Cid, int], None] = _Table(undo)
        self._tallies: _Table[Did, Tally] = _Table(undo)

    def add(self, member: Did, evidence: Evidence, job: Cid, attempt: int) -> None:
        fact = (member, evidence, job, attempt)
        if fact in self._facts.rows:
            return
        self._facts.set(fact, None)
        tally = self.tally(member)
        field = evidence.value.replace("-", "_")
        counted: dict[str, Any] = {field: getattr(tally, field) + 1}
        self._tallies.set(member, replace(tally, **counted))

    def tally(self, member: Did) -> Tally:
        return self._tallies.get(member) or Tally()


class MemoryStateRoots:
    def __init__(self, undo: Undo) -> None:
        self._roots: _Table[Did, Cid] = _Table(undo)

    def root(self, owner: Did) -> Cid | None:
        return self._roots.get(owner)

    def advance(self, owner: Did, expected: Cid | None, root: Cid) -> bool:
        if self.root(owner) != expected:
            return False
        self._roots.set(owner, root)
        return True

    def owners(self) -> tuple[tuple[Did, Cid], ...]:
        return tuple(sorted(self._roots.rows.items()))


class _MemoryTransaction:
    def __init__(self, undo: Undo, quota_bytes: int) -> None:
        self.blocks = MemoryBlocks(undo, quota_bytes)
        self.jobs = MemoryJobs(undo)
        self.ledger = MemoryLedger(undo)
        self.work = MemoryWork(undo)
        self.chains = MemoryChains(undo)
        self.evidence = MemoryEvidence(undo)
        self.state = MemoryStateRoots(undo)


class MemoryStore:
    """A store that lives as long as the object. quota_bytes: of all blocks together."""

    def __init__(self, *, quota_bytes: int = 1 << 30) -> None:
        self._undo: Undo = []
        self._tables = _MemoryTransaction(self._undo, quota_bytes)
        self._is_open = False

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        assert not self._is_open, "transactions do not nest"
        self._is_open = True
        try:
            yield self._tables
        except BaseException:
            for undo in reversed(self._undo):
                undo()
            raise
        finally:
            self._undo.clear()
            self._is_open = False

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        assert not self._is_open, "transactions do not nest"
        self._is_open = True
        try:
            yield self._tables
            assert not self._undo, "a read transaction writes nothing"
        finally:
            self._is_open = False
