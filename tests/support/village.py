"""A whole test mesh that runs until all its jobs have ended, and an audit of what is left."""

from collections.abc import Iterator
from contextlib import contextmanager

from coordinator import Coordinator
from meshfolk import Folk, sums
from meshnet import CALM, COORDINATOR, Crash, Execute, Network, Node, Verifier, Weather

from mesh import events as ev
from mesh.adapters.memory import MemoryStore
from mesh.core.ids import hold_id
from mesh.events import JobKey
from mesh.job import Job, Phase
from mesh.ports import Store, Transaction
from mesh.records import HoldEnd, Settlement, read_as
from mesh.step import replay
from runtime.identity.signed import Signed
from runtime.tokens.transfers import AccountKind, TransferState


class CrashingStore:
    """A store whose machine sometimes dies just before a commit."""

    def __init__(self, inner: Store, network: Network) -> None:
        self._inner = inner
        self._network = network

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with self._inner.write() as tx:
            yield tx
            if self._network.crashes():
                raise Crash

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        with self._inner.read() as tx:
            yield tx


class Village:
    """Coordinator, three nodes and three verifiers over one network."""

    def __init__(
        self,
        *,
        seed: int = 0,
        weather: Weather = CALM,
        store: Store | None = None,
        folk: Folk | None = None,
        execute: Execute = sums,
    ) -> None:
        self.folk = folk or Folk()
        self.network = Network(weather, seed)
        self.store = store or MemoryStore()
        self.folk.found(self.store)
        self.coordinator = Coordinator(
            folk=self.folk,
            store=CrashingStore(self.store, self.network),
            network=self.network,
        )
        self.nodes = {
            key.did: Node(self.folk, number, self.network, execute)
            for number, key in enumerate(self.folk.nodes, 1)
        }
        self.verifiers = {
            key.did: Verifier(self.folk, key, self.network, execute) for key in self.folk.verifiers
        }

    @property
    def node_list(self) -> tuple[Node, ...]:
        return tuple(self.nodes.values())

    @property
    def verifier_list(self) -> tuple[Verifier, ...]:
        return tuple(self.verifiers.values())

    def submit(self, number: int = 1, **changes: object) -> JobKey:
        manifest = self.folk.manifest(number, self.network.now, **changes)
        for _ in range(100):
            try:
                return self.coordinator.submit(manifest)
            except Crash:
                continue
        raise AssertionError("the machine never comes up")

    def job(self, key: JobKey) -> Job:
        with self.store.read() as tx:
            job = tx.jobs.get(key)
        assert job is not None
        return job

    def run(self, *, until: Phase | None = None, seconds: int = 20_000) -> None:
        """Let time pass until every job has ended, or one has come to the phase `until`.

        Looks after each message, so no phase is passed over.
        """
        end = self.network.now + seconds
        while self.network.now < end:
            while self._deliver_one():
                if self._is_over(until):
                    return
            if self._is_over(until):
                return
            self._tick()
            if self._is_over(until):
                return
            self.network.now += 1
        with self.store.read() as tx:
            jobs = tx.jobs.in_phases(frozenset(Phase))
        phases = ", ".join(f"{job.key.job_id} {job.phase.value}" for job in jobs)
        raise AssertionError(f"after {seconds} s not all jobs have ended: {phases}")

    def _is_over(self, until: Phase | None) -> bool:
        with self.store.read() as tx:
            jobs = tx.jobs.in_phases(frozenset(Phase))
        return all(job.is_final for job in jobs) or any(job.phase is until for job in jobs)

    def pass_time(self, seconds: int) -> None:
        """Let so many seconds pass, whatever happens in them."""
        end = self.network.now + seconds
        while self.network.now < end:
            self._deliver()
            self._tick()
            self.network.now += 1

    def _deliver(self) -> None:
        while self._deliver_one():
            pass

    def _deliver_one(self) -> bool:
        arrived = self.network.arrived()
        if arrived is None:
            return False
        to, message = arrived
        try:
            if to == COORDINATOR:
                self.coordinator.hear(message)
            elif to in self.nodes:
                self.nodes[to].hear(message)
            else:
                self.verifiers[to].hear(message)
        except Crash:
            # Its disk is what it was at its last commit; everything else is gone.
            if to == COORDINATOR:
                self.coordinator.sent_at.clear()
        return True

    def _tick(self) -> None:
        try:
            self.coordinator.tick()
        except Crash:
            self.coordinator.sent_at.clear()

    def audit(self) -> None:
        """What must hold at every moment, whatever has happened."""
        with self.store.read() as tx:
            jobs = tx.jobs.in_phases(frozenset(Phase))
            accounts = tx.ledger.accounts()
            assert sum(each.balance for each in accounts) == 0
            for account in accounts:
                if account.key.kind is AccountKind.HOLDINGS:
                    assert account.available >= 0, account
                    assert account.debits_pending >= 0
                else:
                    assert account.balance == -sum(
                        each.balance for each in accounts if each is not account
                    )
            paid: dict[str, int] = {}
            for job in jobs:
                assert replay(job.key, tx.jobs.history(job.key)) == job
                self._audit_holds(tx, job, paid)
            for account in accounts:
                if account.key.kind is AccountKind.HOLDINGS and account.key.owner in self.nodes:
                    assert account.balance == paid.get(account.key.owner, 0), "paid once each"
            if all(job.is_final for job in jobs):
                assert tx.work.pending() == ()
                assert all(each.debits_pending == 0 for each in accounts)

    def _audit_holds(self, tx: Transaction, job: Job, paid: dict[str, int]) -> None:
        settlements = self._settlements(tx, job)
        for attempt in range(1, job.attempt + 1):
            hold = tx.ledger.transfer(hold_id(job.manifest, attempt))
            assert hold is not None
            settled = settlements.get(attempt)
            if hold.state is TransferState.PENDING:
                assert settled is None
            else:
                assert settled is not None and settled.signer == self.folk.founder.did
                is_posted = hold.state is TransferState.POSTED
                assert settled.body.end is (HoldEnd.POSTED if is_posted else HoldEnd.VOIDED)
                assert settled.body.job == job.manifest
            is_last = attempt == job.attempt and job.hold is not None
            if is_last and job.phase is Phase.VERIFIED:
                assert hold.state is TransferState.POSTED
                (payment,) = hold.payments
                assert payment.owner == job.executor and payment.amount == hold.amount
                paid[payment.owner] = paid.get(payment.owner, 0) + payment.amount
            elif is_last and not job.is_final:
                assert hold.state is TransferState.PENDING
            else:
                assert hold.state is TransferState.VOIDED

    def _settlements(self, tx: Transaction, job: Job) -> dict[int, Signed[Settlement]]:
        """The record by which each attempt's hold ended."""
        found = {}
        attempt = 0
        for stored in tx.jobs.history(job.key):
            if isinstance(stored.event, ev.JobAwarded):
                attempt = stored.event.attempt
            cid = getattr(stored.event, "settlement", None)
            if cid is not None:
                block = tx.blocks.get(cid)
                assert block is not None and attempt not in found, "settled once"
                found[attempt] = read_as(Settlement, block, self.folk.mesh)
        return found
