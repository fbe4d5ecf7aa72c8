"""The embedded mesh as one object: what `meshctl` and `ccl run` work with.

Rule: nothing of the sandbox is started before something is to be executed; a method that only
reads drives nothing, and loads nothing that drives.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from mesh.adapters.sqlite import SqliteStore, SqliteTransaction
from mesh.config import Config, load_config
from mesh.core.fields import REASON_BYTES_MAX, JobId, NodeId
from mesh.core.findings import Finding
from mesh.core.ids import RANDOM_BYTES, new_job_id
from mesh.events import JobKey
from mesh.home import Home, find_home, remember_mesh
from mesh.job import Job
from mesh.local.archive import Archive, missing_block
from mesh.local.content import Content
from mesh.local.executor import InSandbox, MakeExecutor
from mesh.local.limits import sandbox_limits
from mesh.local.members import Entropy, Members, load_or_found
from mesh.local.purses import available_units
from mesh.local.request import JobRequest
from mesh.local.speed import fuel_per_second
from mesh.local.views import JobView, has_frames, view, with_trace
from mesh.local.world import World
from mesh.records import Engine
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.shapes import cut
from runtime.identity.keys import SigningKey
from runtime.sandbox.engine import engine
from runtime.terminal.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from mesh.local.driver import OnNews, OnWait
    from runtime.sandbox.pool import Sandbox


def _ignore(_: object) -> None:
    """For callers who do not want to be told."""


class LocalMesh:
    """One embedded mesh. Belongs to one thread; several processes may have it open."""

    def __init__(
        self,
        *,
        home: Home,
        config: Config,
        store: SqliteStore,
        members: Members,
        clock: Callable[[], int],
        entropy: Entropy,
        executor: MakeExecutor,
    ) -> None:
        self.home = home
        self.config = config
        self.store = store
        self.members = members
        self.archive = Archive(members.mesh)
        self.content = Content()
        self.engine = local_engine()
        self._clock = clock
        self.entropy = entropy
        self._executor = executor
        self._sandbox: Sandbox | None = None
        self._world: World | None = None

    @staticmethod
    def open(
        home: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], int] | None = None,
        entropy: Entropy = os.urandom,
        executor: MakeExecutor = InSandbox,
    ) -> LocalMesh:
        """Open the mesh under `home` (else $MESH_HOME, else the user's data directory).

        The first use founds it. executor: who executes for its members. Raises CommandError
        for an unusable home, store or key.
        """
        given = os.environ if environment is None else environment
        now = clock or _unix_seconds
        place = find_home(home, given)
        config = load_config(place, given)
        store = SqliteStore(place.database, quota_bytes=config.block_store_bytes)
        try:
            members = load_or_found(store, place, local_engine(), clock=now, entropy=entropy)
            remember_mesh(place, members.mesh)
        except BaseException:
            store.close()
            raise
        return LocalMesh(
            home=place,
            config=config,
            store=store,
            members=members,
            clock=now,
            entropy=entropy,
            executor=executor,
        )

    def close(self) -> None:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
        self.store.close()

    def __enter__(self) -> LocalMesh:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- what it consists of

    @property
    def submitter(self) -> SigningKey:
        """The local identity that submits and pays."""
        return self.members.submitter

    @property
    def now(self) -> int:
        """Unix seconds by this mesh's clock."""
        return self._clock()

    @property
    def sandbox(self) -> Sandbox:
        """Where modules are executed; started when first asked for."""
        if self._sandbox is None:
            from runtime.sandbox.pool import Sandbox

            self._sandbox = Sandbox(
                cache_dir=self.home.cache / "modules",
                workers=self.config.worker_count,
                cache_key_path=self.home.keys / "compiled-modules.key",
                limits=sandbox_limits(self.config),
            )
        return self._sandbox

    @property
    def world(self) -> World:
        """What the steps work with; measures this machine's speed when first asked for."""
        if self._world is None:
            self._world = World(
                members=self.members,
                archive=self.archive,
                engine=self.engine,
                config=self.config,
                fuel_per_second=fuel_per_second(
                    self.store, self.engine, lambda: self.sandbox, now=self.now
                ),
            )
        return self._world

    # --- blocks

    def put_block(
        self, data: bytes, codec: Codec = Codec.RAW, *, on_event: OnNews = _ignore
    ) -> Cid:
        """Store one block; its CID. Raises CommandError `block-…`."""
        from mesh.local.news import ModuleStored

        cid = cid_of(data, codec)
        self.put_blocks(((cid, data),))
        on_event(ModuleStored(cid=cid, size_bytes=len(data)))
        return cid

    def put_blocks(self, blocks: Iterable[tuple[Cid, bytes]]) -> None:
        """Store several blocks, all or none. Raises CommandError `block-…`."""
        with self.store.write() as tx:
            for cid, data in blocks:
                tx.blocks.put(cid, data)

    def get_block(self, cid: Cid) -> bytes:
        """A block's bytes, hashed just now. Raises CommandError `block-missing`, `-tampered`."""
        with self.store.read() as tx:
            data = tx.blocks.get(cid)
        if data is None:
            raise missing_block(cid, cid.codec.name.lower().replace("_", "-"))
        return data

    def has_block(self, cid: Cid) -> bool:
        with self.store.read() as tx:
            return tx.blocks.has(cid)

    def find_block(self, text: str) -> Cid:
        """The block that a CID, or the last characters of one, names.

        Raises CommandError `malformed-cid`, `block-missing` or `ambiguous-block`.
        """
        from mesh.local.finding import find_block

        with self.store.read() as tx:
            return find_block(text, tx.blocks.cids())

    def remove_block(self, cid: Cid) -> None:
        """Remove a block. Raises CommandError `block-missing`, `block-in-use`."""
        from mesh.local.uses import remove_block

        with self.store.write() as tx:
            remove_block(tx, cid)

    # --- jobs

    def new_job_id(self) -> JobId:
        """An id that nobody has used, from the time and randomness."""
        return new_job_id(time.time_ns() // 1_000_000, self.entropy(RANDOM_BYTES))

    def submit(self, request: JobRequest, *, on_event: OnNews = _ignore) -> JobId:
        """Sign, check and publish a job. Raises CommandError where it is refused."""
        return self.submit_all((request,), on_event=on_event)[0]

    def submit_all(
        self, requests: Iterable[JobRequest], *, on_event: OnNews = _ignore
    ) -> tuple[JobId, ...]:
        """Submit several jobs, all or none."""
        from mesh.local import submitting
        from mesh.local.news import Submitted

        world = self.world
        requests = tuple(requests)
        self.check(requests)
        wanted = [(request, request.job_id or self.new_job_id()) for request in requests]
        with self.store.write() as tx:
            for request, job_id in wanted:
                submitting.submit(tx, world, request, job_id, now=self.now)
        for request, job_id in wanted:
            on_event(Submitted(job_id=job_id, description=request.description))
        return tuple(job_id for _, job_id in wanted)

    def check(
        self, requests: Iterable[JobRequest], blocks: Iterable[tuple[Cid, bytes]] = ()
    ) -> None:
        """Raise CommandError for the first request that no node could execute. blocks: those
        that would be stored with them."""
        from mesh.local.admission import check_requests

        check_requests(self, requests, blocks)

    def drive(
        self,
        job_ids: Iterable[JobId],
        *,
        on_event: OnNews | None = None,
        on_wait: OnWait = _ignore,
        auto_award: bool = False,
        timeout: float | None = None,
    ) -> Mapping[JobId, CommandError]:
        """Move jobs on until they have ended or wait for somebody; those given up, and why.

        timeout: seconds. Raises CommandError `timed-out`, and KeyboardInterrupt on Ctrl-C;
        in both cases the same call continues where this one stopped.
        """
        from mesh.local.driver import Driver

        driver = Driver(
            home=self.home,
            store=self.store,
            world=self.world,
            content=self.content,
            admission=self.sandbox.admission,
            executor=lambda: self._executor(self.sandbox),
            clock=self._clock,
            on_news=on_event,
            on_wait=on_wait,
            auto_award=auto_award,
        )
        keys = [self._key(job_id) for job_id in job_ids]
        driver.run(keys, timeout_seconds=timeout)
        return {key.job_id: problem for key, problem in driver.problems.items()}

    def accept(self, job_id: JobId, node_id: NodeId, *, on_event: OnNews = _ignore) -> None:
        """Award the job to a node's bid. Raises CommandError where that cannot be.

        If all bids have expired the nodes are asked again, and the new bid is awarded unless
        it is dearer (`bid-dearer`): nobody pays more than the bid that was accepted.
        """
        from mesh.local.acceptance import accept_bid

        on_event(accept_bid(self, job_id, node_id))

    def cancel(self, job_id: JobId, reason: str) -> None:
        """Withdraw a job. Raises CommandError `job-not-cancellable`."""
        from mesh.local import closing

        reason = cut(reason, REASON_BYTES_MAX)
        with self.store.write() as tx:
            job = self.stored_job(tx, job_id)
            closing.cancel(tx, self.reading, job, reason, now=self.now)

    def job(self, job_id: JobId) -> JobView:
        """Everything known about a job. Raises CommandError `unknown-job` or `block-…`."""
        with self.store.read() as tx:
            found = self._view(tx, self.stored_job(tx, job_id))
        module = found.manifest.body.module
        if not has_frames(found) or not self.has_block(module):
            return found
        return with_trace(found, self.get_block(module))

    def _view(self, tx: SqliteTransaction, job: Job) -> JobView:
        return view(tx, self.reading, self.content, job, now=self.now)

    def verify(self, job_id: JobId, *, reexecute: bool = True) -> tuple[Finding, ...]:
        """What speaks against the job's proof, checked now; empty: it stands."""
        from mesh.local.checking import verify_job

        return verify_job(self, job_id, reexecute=reexecute)

    def job_ids(self) -> tuple[JobId, ...]:
        """The local submitter's jobs, oldest first."""
        with self.store.read() as tx:
            return self._job_ids(tx)

    def _job_ids(self, tx: SqliteTransaction) -> tuple[JobId, ...]:
        return tuple(key.job_id for key in tx.jobs.ids() if key.submitter == self.submitter.did)

    def job_of_receipt(self, receipt: Cid) -> JobId | None:
        """The local submitter's job that ended in this receipt."""
        with self.store.read() as tx:
            for job_id in self._job_ids(tx):
                if self.stored_job(tx, job_id).receipt == receipt:
                    return job_id
        return None

    @property
    def reading(self) -> World:
        """The world for those who only read: nothing is measured for it."""
        return self._world or World(
            members=self.members,
            archive=self.archive,
            engine=self.engine,
            config=self.config,
            fuel_per_second=0,
        )

    def _key(self, job_id: JobId) -> JobKey:
        return JobKey(submitter=self.submitter.did, job_id=job_id)

    def stored_job(self, tx: SqliteTransaction, job_id: JobId) -> Job:
        job = tx.jobs.get(self._key(job_id))
        if job is None:
            raise CommandError(
                ExitCode.NOT_FOUND,
                "unknown-job",
                f"there is no job '{job_id}'",
                hint="meshctl list-jobs",
            )
        return job

    # --- accounts

    def balances(self) -> dict[str, int]:
        """The submitter's available units by resource type, over all issuers."""
        with self.store.read() as tx:
            return available_units(tx, self.submitter.did)


def local_engine() -> Engine:
    """The sandbox's engine as records name it."""
    own = engine()
    return Engine(name=own.name, version=own.version, config=own.config, arch=own.arch)


def _unix_seconds() -> int:
    return int(time.time())
