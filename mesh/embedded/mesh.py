"""The embedded mesh as one object: what `meshctl` and `ccl run` work with.

Rule: nothing of the sandbox is started before something is to be executed; a method that only
reads drives nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mesh.adapters.sqlite.rows.store import SqliteStore
from mesh.core.ids import RANDOM_BYTES, new_job_id
from mesh.embedded.founding.founded import founded_members
from mesh.embedded.founding.identities import Entropy
from mesh.embedded.machine import clock as machine_clock
from mesh.embedded.parts import MeshParts
from mesh.embedded.tables import TABLES
from mesh.home.config import load_config
from mesh.home.home import find_home, remember_mesh
from mesh.queries.reader import missing_block
from runtime.content.cid import Cid

if TYPE_CHECKING:
    from mesh.actors.actor import Now
    from mesh.core.fields import JobId, NodeId
    from mesh.core.jobs.request import JobRequest
    from mesh.embedded.commands.following import OnProgress
    from mesh.queries.jobs.view import JobView
    from runtime.terminal.errors import CommandError


def _ignore(_: object) -> None:
    """For callers who do not want to be told."""


class EmbeddedMesh(MeshParts):
    """One embedded mesh. Belongs to one thread; several processes may have it open."""

    @staticmethod
    def open(
        home: Path | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], Now] = machine_clock.now,
        entropy: Entropy = os.urandom,
    ) -> EmbeddedMesh:
        """Open the mesh under `home` (else $MESH_HOME, else the user's data directory).

        The first use founds it. Raises CommandError for an unusable home, store or key.
        """
        given = os.environ if environment is None else environment
        place = find_home(home, given)
        config = load_config(place, given)
        store = SqliteStore(place.database, TABLES, quota_bytes=config.block_store_bytes)
        try:
            with store.view() as view:
                members = founded_members(view, place)
            if members is None:
                from mesh.embedded.founding.founding import found_once

                members = found_once(place, config, store, clock=clock, entropy=entropy)
            remember_mesh(place, members.mesh)
        except BaseException:
            store.close()
            raise
        return EmbeddedMesh(
            home=place, config=config, store=store, members=members, clock=clock, entropy=entropy
        )

    # --- blocks

    def put_blocks(self, blocks: Iterable[tuple[Cid, bytes]]) -> None:
        """Store several blocks, all or none. Raises CommandError `block-…`."""
        from mesh.embedded.commands.jobs import storing

        wanted = tuple(blocks)
        self._admit_awaited(wanted)
        self.command(storing(self.submitter, wanted))

    def _admit_awaited(self, blocks: Iterable[tuple[Cid, bytes]]) -> None:
        """Have the verdict on the modules that these blocks complete, for jobs that wait for
        one."""
        from mesh.embedded.machine.admission import awaited_modules

        with self.read() as reader:
            modules = awaited_modules(reader, dict(blocks))
        for cid, module in modules.items():
            self._local.admit(cid, module)

    def get_block(self, cid: Cid) -> bytes:
        """A block's bytes, hashed just now, whichever member holds it.

        Raises CommandError `block-missing`, `block-tampered`.
        """
        with self.store.view() as view:
            for member in self.identities:
                data = view.blocks(member).get(cid)
                if data is not None:
                    return data
        raise missing_block(cid, cid.codec.name.lower().replace("_", "-"))

    def has_block(self, cid: Cid) -> bool:
        with self.store.view() as view:
            return any(view.blocks(member).has(cid) for member in self.identities)

    def find_block(self, text: str) -> Cid:
        """The block that a CID, or the last characters of one, names.

        Raises CommandError `malformed-cid`, `ambiguous-block`.
        """
        from mesh.queries.blocks.find_block import find_block

        with self.store.view() as view:
            known = {cid for member in self.identities for cid in view.cids(member)}
            return find_block(text, sorted(known))

    def remove_block(self, cid: Cid) -> None:
        """Remove a block from the stores of all members. Raises CommandError `block-missing`,
        `block-in-use`."""
        from mesh.queries.blocks.uses import refuse_state_block

        with self.read() as reader:
            refuse_state_block(reader, cid)
            holders = [each for each in self.identities if reader.view.blocks(each).has(cid)]
        if not holders:
            raise missing_block(cid, cid.codec.name.lower().replace("_", "-"))
        for holder in holders:
            self._process.driver.command(holder, lambda tx, now: tx.blocks.delete(cid))

    # --- jobs

    def new_job_id(self) -> JobId:
        """An id that nobody has used, from the time and randomness."""
        return new_job_id(time.time_ns() // 1_000_000, self.entropy(RANDOM_BYTES))

    def submit(
        self,
        request: JobRequest,
        *,
        blocks: Iterable[tuple[Cid, bytes]] = (),
        auto_award: bool = False,
        on_event: OnProgress = _ignore,
    ) -> JobId:
        """Sign, check and publish a job. Raises CommandError where it is refused."""
        (job_id,) = self.submit_all(
            (request,), blocks=blocks, auto_award=auto_award, on_event=on_event
        )
        return job_id

    def submit_all(
        self,
        requests: Iterable[JobRequest],
        *,
        blocks: Iterable[tuple[Cid, bytes]] = (),
        auto_award: bool = False,
        on_event: OnProgress = _ignore,
    ) -> tuple[JobId, ...]:
        """Submit several jobs, all or none. blocks: to be stored with them. auto_award: have the
        best bid of each awarded, as `drive` would."""
        from mesh.embedded.commands.jobs import check_tokens, submitting
        from mesh.queries.jobs.progress_events import Submitted

        wanted = tuple(
            each if each.job_id else replace(each, job_id=self.new_job_id()) for each in requests
        )
        given = tuple(blocks)
        self.check(wanted, given)
        with self.read() as reader:
            check_tokens(reader, wanted)
        self._admit_awaited(given)
        self.measure()
        job_ids = self.command(submitting(self.submitter, wanted, given, auto_award=auto_award))
        self.tell_from_submission(job_ids)
        for request, job_id in zip(wanted, job_ids, strict=True):
            on_event(Submitted(job_id=job_id, description=request.description))
        return job_ids

    def tell_from_submission(self, job_ids: Iterable[JobId]) -> None:
        """Have `drive` tell all of these jobs: nobody was told of them yet."""
        self._untold.update(job_ids)

    def check(
        self, requests: Iterable[JobRequest], blocks: Iterable[tuple[Cid, bytes]] = ()
    ) -> None:
        """Raise CommandError for the first request that no node could execute. blocks: those
        that would be stored with them."""
        from mesh.embedded.machine.admission import check_requests

        with self.store.view() as view:
            held = view.blocks(self.owner)
            check_requests(self.sandbox.admission, requests, dict(blocks), held)

    def drive(
        self,
        job_ids: Iterable[JobId],
        *,
        on_event: OnProgress | None = None,
        auto_award: bool = False,
        timeout: float | None = None,
    ) -> Mapping[JobId, CommandError]:
        """Move jobs on until they have ended or wait for somebody; those given up, and why.

        timeout: seconds. Raises CommandError `timed-out`, and KeyboardInterrupt on Ctrl-C;
        in both cases the same call continues where this one stopped.
        """
        from mesh.embedded.commands.following import Followed
        from mesh.embedded.commands.jobs import awarding_best
        from mesh.embedded.commands.refusals import timed_out
        from mesh.embedded.driving.driver import Command

        wanted = tuple(job_ids)
        self.measure()
        followed = Followed(wanted, on_event)
        with self.read() as reader:
            followed.begin(reader, self._untold)
        self._untold.difference_update(wanted)
        best = awarding_best(self.submitter, wanted, followed.problems)
        awarding = Command(self.owner, best)
        is_over = self._process.driver.run(
            lambda view: followed.is_over(self._reader(view)),
            timeout_seconds=timeout,
            first=awarding if auto_award else None,
            after_look=followed.tell,
        )
        if not is_over:
            raise timed_out(followed.unfinished())
        return followed.problems

    def accept(self, job_id: JobId, node_id: NodeId, *, on_event: OnProgress = _ignore) -> None:
        """Award the job to a node's bid. Raises CommandError where that cannot be.

        If all bids have expired the nodes are asked again, and the new bid is awarded unless
        it is dearer (`bid-dearer`): nobody pays more than the bid that was accepted.
        """
        from mesh.embedded.commands.following import Followed
        from mesh.embedded.commands.jobs import accepting, price_of

        self.measure()
        with self.read() as reader:
            most = price_of(reader, job_id, node_id)
        self.settle()
        followed = Followed((job_id,), on_event)
        with self.read() as reader:
            followed.begin(reader)
        self.command(accepting(self.submitter, job_id, node_id, most))
        with self.read() as reader:
            followed.is_over(reader)
        followed.tell()
        for problem in followed.problems.values():
            raise problem

    def cancel(self, job_id: JobId, reason: str) -> None:
        """Withdraw a job. Raises CommandError `job-not-cancellable`."""
        from mesh.embedded.commands.jobs import cancelling, check_cancelled

        self.command(cancelling(self.submitter, job_id, reason))
        with self.read() as reader:
            check_cancelled(reader, job_id)

    def job(self, job_id: JobId) -> JobView:
        """Everything known about a job. Raises CommandError `unknown-job` or `block-…`."""
        from mesh.queries.jobs.view import find_job_row, has_frames, job_view, with_trace

        with self.read() as reader:
            found = job_view(reader, find_job_row(reader, job_id))
        module = found.manifest.body.module
        if not has_frames(found) or not self.has_block(module):
            return found
        return with_trace(found, self.get_block(module))

    def job_ids(self) -> tuple[JobId, ...]:
        """The local submitter's jobs, oldest first."""
        from mesh.actors.submitter.rows import JOBS

        with self.read() as reader:
            return tuple(row.job_id for row in reader.rows(JOBS).select())

    def job_of_receipt(self, receipt: Cid) -> JobId | None:
        """The local submitter's job that ended in this receipt."""
        from mesh.actors.submitter.rows import JOBS

        with self.read() as reader:
            found = reader.rows(JOBS).select(receipt=receipt, limit=1)
        return found[0].job_id if found else None
