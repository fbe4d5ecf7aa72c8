"""The driver: moves jobs on until they have ended or wait for somebody.

Rule: a turn is one transaction that takes every job as far as it goes without executing, the
most urgent first; executions run between turns, and no transaction spans one. What is not in
the store never happened, so a driver that dies is continued by the next.
"""

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack
from typing import Final

from mesh import events as ev
from mesh.adapters.sqlite import SqliteStore, SqliteTransaction, StoreError
from mesh.core.fields import REASON_BYTES_MAX, JobId
from mesh.events import JobKey
from mesh.home import Home
from mesh.job import Job, Phase, turn_of
from mesh.journal import record
from mesh.local import bidding, closing, executing, submitting
from mesh.local.admission import admit_jobs
from mesh.local.candidates import candidates
from mesh.local.content import Content
from mesh.local.executor import Executor
from mesh.local.flights import Flight, Flights
from mesh.local.news import News
from mesh.local.problems import recorded, timed_out
from mesh.local.purses import chain_of, purse_of
from mesh.local.telling import told
from mesh.local.world import World
from mesh.locks import LockBusy, actor_lock
from mesh.market import rank
from mesh.records import JobManifest
from runtime.content.did import Did
from runtime.content.shapes import cut
from runtime.sandbox.admission import Admission
from runtime.sandbox.request import OF_THE_MODULE, Request
from runtime.terminal.errors import CommandError

LOCK_POLL_SECONDS: Final = 0.05
_NEEDS_EXECUTION: Final = frozenset({Phase.ASSIGNED, Phase.RUNNING, Phase.COMPLETED})

OnNews = Callable[[News], None]
OnWait = Callable[[str], None]


class Driver:
    """Drives some jobs of one mesh in this process."""

    def __init__(
        self,
        *,
        home: Home,
        store: SqliteStore,
        world: World,
        content: Content,
        admission: Admission,
        executor: Callable[[], Executor],
        clock: Callable[[], int],
        on_news: OnNews | None,
        on_wait: OnWait,
        auto_award: bool,
    ) -> None:
        self._home = home
        self._store = store
        self._world = world
        self._content = content
        self._admission = admission
        self._clock = clock
        self._on_news = on_news
        self._on_wait = on_wait
        self._auto_award = auto_award
        self._flights = Flights(executor)
        self._locks = ExitStack()
        self._has_locks = False
        self.problems: dict[JobKey, CommandError] = {}
        """Jobs that were given up in this run, and why."""

    def run(self, keys: Iterable[JobKey], *, timeout_seconds: float | None = None) -> None:
        """Drive until nothing more can be done here. Raises CommandError `timed-out`."""
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        wanted = dict.fromkeys(keys)
        ready = list(wanted)
        self._sweep()
        try:
            while True:
                if self._wants_locks(wanted):
                    self._take_locks(end)
                    ready = list(wanted)
                self._admit(ready)
                self._turn(ready)
                if self._flights.is_idle and not self._wants_locks(wanted):
                    return
                ready = self._flights.wait(end)
        except TimeoutError:
            raise timed_out(self._unfinished(wanted)) from None
        finally:
            self._flights.abandon()
            self._locks.close()
            self._has_locks = False

    def _unfinished(self, keys: Iterable[JobKey]) -> tuple[JobId, ...]:
        with self._store.read() as tx:
            jobs = [tx.jobs.get(key) for key in keys]
        return tuple(job.key.job_id for job in jobs if job is not None and not job.is_final)

    def _sweep(self) -> None:
        """Record what time alone has decided, of all jobs: nobody else may be driving them."""
        with self._store.read() as tx:
            is_due = bool(tx.jobs.due(self._clock()))
        if not is_due:
            return
        with self._store.write() as tx:
            now = self._clock()
            for job in tx.jobs.due(now):
                try:
                    closing.follow(tx, self._world, job, now=now)
                except StoreError:
                    raise
                except CommandError as error:
                    self.problems[job.key] = error

    # --- one turn

    def _admit(self, keys: Collection[JobKey]) -> None:
        """Have the verdicts on modules that are about to be bid for; each may start a process,
        and no transaction waits for one."""
        open_ = [key for key in keys if key not in self.problems]
        self.problems |= admit_jobs(self._store, self._world, self._content, self._admission, open_)

    def _turn(self, keys: Collection[JobKey]) -> None:
        """One transaction for all these jobs; a job that cannot go on does not stop the rest."""
        while True:
            news: list[News] = []
            current: JobKey | None = None
            try:
                with self._store.write() as tx:
                    for current in self._in_order(tx, keys):
                        if current not in self.problems:
                            self._advance(tx, current, news)
                            self._flights.keep_workers_busy()
                break
            except StoreError:
                # It concerns all jobs, and none more than another.
                raise
            except CommandError as error:
                if current is None:
                    raise
                self.problems[current] = error
        if self._on_news is not None:
            for each in news:
                self._on_news(each)

    def _in_order(self, tx: SqliteTransaction, keys: Collection[JobKey]) -> list[JobKey]:
        """The jobs by priority, then age: so they are bid for, awarded and executed."""
        return sorted(keys, key=lambda key: turn_of(self._job(tx, key)))

    def _job(self, tx: SqliteTransaction, key: JobKey) -> Job:
        job = tx.jobs.get(key)
        assert job is not None, "a driver is given jobs that exist"
        return job

    def _advance(self, tx: SqliteTransaction, key: JobKey, news: list[News]) -> None:
        """Take one job as far as it goes now."""
        now = self._clock()
        job = self._job(tx, key)
        while not job.is_final and self._step(tx, job, now):
            after = self._job(tx, key)
            if self._on_news is not None:
                news += told(tx, self._world, job, after)
            job = after
        if job.is_final:
            self._flights.forget(key)

    def _step(self, tx: SqliteTransaction, job: Job, now: int) -> bool:
        """One step of one job; whether there was one."""
        match job.phase:
            case Phase.CREATED:
                return self._submit(tx, job, now)
            case Phase.SUBMITTED:
                return self._market(tx, job, now)
            case Phase.ASSIGNED:
                if closing.follow(tx, self._world, job, now=now) is not None:
                    return True
                if not self._has_locks:
                    return False
                executing.start(tx, job, now=now)
                return True
            case Phase.RUNNING:
                return self._execute(tx, job, now)
            case Phase.COMPLETED:
                return self._verify(tx, job, now)
            case _:
                return False

    def _submit(self, tx: SqliteTransaction, job: Job, now: int) -> bool:
        """Continue a submission that was interrupted."""
        manifest = self._world.archive.get(tx, JobManifest, job.manifest)
        chain = chain_of(tx, self._world, manifest.body.resource_token)
        purse = purse_of(tx, chain, job.key.submitter)
        refusal = submitting.check(tx, self._world, manifest, purse, now=now, is_fresh=False)
        if refusal is None:
            submitting.publish(tx, job.key, now=now)
        else:
            reason = cut(submitting.problem_of(refusal, manifest).message, REASON_BYTES_MAX)
            recorded(record(tx, job.key, ev.JobRefused(reason=reason), now), job)
        return True

    def _market(self, tx: SqliteTransaction, job: Job, now: int) -> bool:
        if closing.follow(tx, self._world, job, now=now) is not None:
            return True
        if self._gather(tx, job, now):
            return True
        if not self._auto_award or not job.bids:
            return False
        manifest = self._world.archive.get(tx, JobManifest, job.manifest)
        ranked = rank(candidates(tx, self._world, job), manifest, now, avoid=job.lost_by)
        if not ranked:
            return False
        from mesh.local import awarding  # most drivers are not asked to award

        awarding.award(tx, self._world, job, ranked[0].candidate, now=now)
        return True

    def _gather(self, tx: SqliteTransaction, job: Job, now: int) -> bool:
        answers = bidding.gather(tx, self._world, self._content, self._admission, job, now=now)
        return bool(answers)

    def _execute(self, tx: SqliteTransaction, job: Job, now: int) -> bool:
        assert job.executor is not None, "a running job has an executor"
        if closing.follow(tx, self._world, job, now=now) is not None:
            self._flights.forget(job.key)
            return True
        if not self._has_locks:
            return False
        flight = self._flight(tx, job, now)
        own = flight.results.get(job.executor)
        if own is not None:
            executing.deliver(
                tx,
                self._world,
                job,
                flight.context,
                own,
                started_at=flight.started_at,
                now=now,
            )
            return True
        if flight.is_hopeless(job.executor):
            fault = flight.faults[job.executor][-1]
            reason = str(fault)
            if fault.reason in OF_THE_MODULE:
                closing.end_uncompiled(tx, self._world, job, reason, now=now)
            else:
                closing.lose(tx, self._world, job, reason, now=now)
            self._flights.forget(job.key)
            return True
        drawn = executing.drawn_for(tx, self._world, job)
        self._launch(tx, job, flight, (job.executor, *drawn))
        return False

    def _verify(self, tx: SqliteTransaction, job: Job, now: int) -> bool:
        assert job.executor is not None, "a completed job has an executor"
        if job.anchor is None:
            executing.anchor(tx, self._world, job, now=now)
            return True
        if not self._has_locks:
            return closing.follow(tx, self._world, job, now=now) is not None
        assert job.award is not None, "a completed job was awarded"
        voted = {each.verifier for each in job.votes}
        open_votes = [did for did in job.drawn if did not in voted]
        unseen = []
        for verifier in open_votes:
            if tx.observations.get(job.award, verifier) is not None:
                closing.vote(tx, self._world, job, verifier, now=now)
                return True
            flight = self._flight(tx, job, now)
            if verifier in flight.results:
                found = flight.results[verifier].deterministic
                closing.observe(tx, job, verifier, found)
                return True
            if not flight.is_hopeless(verifier):
                unseen.append(verifier)
        if unseen:
            self._launch(tx, job, self._flight(tx, job, now), unseen)
            return False
        return closing.follow(tx, self._world, job, now=now) is not None

    # --- executions

    def _flight(self, tx: SqliteTransaction, job: Job, now: int) -> Flight:
        flight = self._flights.of(job)
        if flight is None:
            flight = self._flights.begin(job, executing.context_of(tx, self._world, job), now=now)
        return flight

    def _launch(
        self, tx: SqliteTransaction, job: Job, flight: Flight, actors: Iterable[Did]
    ) -> None:
        def request() -> Request:
            return executing.request_for(tx, self._world, self._content, job)

        self._flights.launch(job.key, flight, actors, request)

    # --- locks

    def _wants_locks(self, keys: Iterable[JobKey]) -> bool:
        """Whether something is, or in the next turn will be, to be executed."""
        if self._has_locks:
            return False
        with self._store.read() as tx:
            jobs = (tx.jobs.get(key) for key in keys if key not in self.problems)
            return any(job is not None and self._may_execute(job) for job in jobs)

    def _may_execute(self, job: Job) -> bool:
        if job.phase in _NEEDS_EXECUTION:
            return True
        return self._auto_award and job.phase is Phase.SUBMITTED

    def _take_locks(self, end: float | None) -> None:
        """Hold the locks of all nodes and federation nodes, waiting for another driver."""
        members = (*self._world.members.nodes, *self._world.members.federation)
        told_about = ""
        while True:
            try:
                with ExitStack() as stack:
                    for member in members:
                        stack.enter_context(actor_lock(self._home, member.node_id, wait=False))
                    self._locks = stack.pop_all()
                    self._has_locks = True
                    return
            except LockBusy as busy:
                if busy.holder != told_about:
                    self._on_wait(busy.holder)
                    told_about = busy.holder
                if end is not None and time.monotonic() >= end:
                    raise TimeoutError from None
                time.sleep(LOCK_POLL_SECONDS)
