"""kill −9 at every transition of a job, then the same command again, then an audit.

The points are those of the table of transitions: the process is killed just before, or just
after, the commit that holds the transition. Nothing is lost and nothing is done twice.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from localmesh import ANSWER_CID, ENDLESS_CID, Falsifying, falsified, open_at, uncompiled
from msgspec.structs import replace

from mesh import events as ev
from mesh.adapters.sqlite.connection import Database
from mesh.adapters.sqlite.jobs import SqliteJobs
from mesh.core.fields import JobId, NodeId
from mesh.job import TRANSITIONS, Job, Phase
from mesh.local import JobRequest, LocalMesh, closing
from mesh.local.audit import audit
from mesh.market import BID_SECONDS
from mesh.records import Hold, Settlement
from runtime.terminal.errors import CommandError
from runtime.tokens.transfers import TransferId, TransferState

Point = tuple[Phase | None, type[ev.Event]]
JOB: Final = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
NODE: Final = NodeId("mesh-node-2")
DAY: Final = 24 * 3600
LEASE: Final = 3601

_P = Phase

UNREACHED: Final[frozenset[Point]] = frozenset(
    {
        # Created and Submitted are one commit here, so nothing ever happens between them.
        (_P.CREATED, ev.JobRefused),
        (_P.CREATED, ev.JobCancelled),
        (_P.CREATED, ev.JobExpired),
        # The driver records the start before it executes.
        (_P.ASSIGNED, ev.ReceiptAccepted),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A command, given as what it does; `ends` is where it leaves the job, `paid` the price."""

    run: Callable[[Path], None]
    ends: Phase
    paid: bool = False


def submit(mesh: LocalMesh, *, endless: bool = False) -> None:
    # The budget is under the price of one node, so that one declines.
    mesh.submit(
        JobRequest(
            module=ENDLESS_CID if endless else ANSWER_CID,
            resource_amount=500,
            budget=100,
            job_id=JOB,
        )
    )


def tolerating(code: str, action: Callable[[], object]) -> None:
    """Do it; that it was done before is no fault."""
    try:
        action()
    except CommandError as problem:
        assert problem.code == code, problem.message


def verified(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh)
        mesh.drive([JOB], auto_award=True)


def awarded(home: Path, *, endless: bool = False) -> None:
    with open_at(home) as mesh:
        submit(mesh, endless=endless)
        if mesh.job(JOB).phase is Phase.SUBMITTED:
            mesh.drive([JOB])
        tolerating("job-not-open", lambda: mesh.accept(JOB, NODE))


def running(home: Path) -> None:
    awarded(home, endless=True)
    with open_at(home) as mesh:
        if mesh.job(JOB).phase is Phase.ASSIGNED:
            tolerating("timed-out", lambda: mesh.drive([JOB], timeout=0.0))


def cancel(home: Path) -> None:
    with open_at(home) as mesh:
        tolerating("job-not-cancellable", lambda: mesh.cancel(JOB, "no longer needed"))


def cancelled(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh)
    cancel(home)


def cancelled_assigned(home: Path) -> None:
    awarded(home)
    cancel(home)


def cancelled_running(home: Path) -> None:
    running(home)
    cancel(home)


def later(home: Path, seconds: int) -> None:
    with open_at(home, seconds) as mesh:
        mesh.drive([JOB])


def expired(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh)
    later(home, DAY)


def lapsed(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh)
        mesh.drive([JOB])
    later(home, BID_SECONDS + 1)


def lost_assigned(home: Path) -> None:
    with open_at(home) as mesh:
        is_first = JOB not in mesh.job_ids() or mesh.job(JOB).award is not None
    if is_first:
        awarded(home)
    later(home, LEASE)


def lost_running(home: Path) -> None:
    with open_at(home) as mesh:
        is_first = JOB not in mesh.job_ids() or mesh.job(JOB).award is not None
    if is_first:
        running(home)
    later(home, LEASE)


def given_up_assigned(home: Path) -> None:
    awarded(home)
    later(home, DAY)


def given_up_running(home: Path) -> None:
    running(home)
    later(home, DAY)


def disputed(home: Path) -> None:
    executor = Falsifying({})
    with open_at(home, executor=executor) as mesh:
        executor.lies.update({node.did: falsified for node in mesh.members.nodes})
        submit(mesh)
        mesh.drive([JOB], auto_award=True)


def not_compiled(home: Path) -> None:
    executor = Falsifying({})
    with open_at(home, executor=executor) as mesh:
        executor.lies.update({node.did: uncompiled for node in mesh.members.nodes})
        submit(mesh)
        mesh.drive([JOB], auto_award=True)


def undecided(home: Path) -> None:
    """All verifiers have another engine, so that none of them can tell."""
    honest = closing.attest

    def attest(receipt: Any, own: Any, engine: Any) -> Any:
        return honest(receipt, own, replace(engine, version="0"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closing, "attest", attest)
        verified(home)


VERIFIED: Final = Scenario(run=verified, ends=_P.VERIFIED, paid=True)
UNDECIDED: Final = Scenario(run=undecided, ends=_P.FAILED)
SCENARIOS: Final[dict[Point, Scenario]] = {
    (None, ev.JobCreated): VERIFIED,
    (_P.CREATED, ev.JobSubmitted): VERIFIED,
    (_P.SUBMITTED, ev.BidReceived): VERIFIED,
    (_P.SUBMITTED, ev.BidDeclined): VERIFIED,
    (_P.SUBMITTED, ev.BidsLapsed): Scenario(run=lapsed, ends=_P.SUBMITTED),
    (_P.SUBMITTED, ev.JobAwarded): VERIFIED,
    (_P.SUBMITTED, ev.JobCancelled): Scenario(run=cancelled, ends=_P.CANCELLED),
    (_P.SUBMITTED, ev.JobExpired): Scenario(run=expired, ends=_P.EXPIRED),
    (_P.ASSIGNED, ev.ExecutionStarted): VERIFIED,
    (_P.ASSIGNED, ev.AttemptLost): Scenario(run=lost_assigned, ends=_P.SUBMITTED),
    (_P.ASSIGNED, ev.LastAttemptLost): Scenario(run=given_up_assigned, ends=_P.FAILED),
    (_P.ASSIGNED, ev.JobCancelled): Scenario(run=cancelled_assigned, ends=_P.CANCELLED),
    (_P.RUNNING, ev.ReceiptAccepted): VERIFIED,
    (_P.RUNNING, ev.AttemptLost): Scenario(run=lost_running, ends=_P.SUBMITTED),
    (_P.RUNNING, ev.LastAttemptLost): Scenario(run=given_up_running, ends=_P.FAILED),
    (_P.RUNNING, ev.ModuleNotCompiled): Scenario(run=not_compiled, ends=_P.FAILED),
    (_P.RUNNING, ev.JobCancelled): Scenario(run=cancelled_running, ends=_P.CANCELLED),
    (_P.COMPLETED, ev.ReceiptAnchored): VERIFIED,
    (_P.COMPLETED, ev.AttestationReceived): VERIFIED,
    (_P.COMPLETED, ev.VerificationEscalated): UNDECIDED,
    (_P.COMPLETED, ev.QuorumConfirmed): VERIFIED,
    (_P.COMPLETED, ev.QuorumRefuted): Scenario(run=disputed, ends=_P.DISPUTED),
    (_P.COMPLETED, ev.QuorumMissed): UNDECIDED,
}


def test_every_transition_has_its_crash() -> None:
    assert SCENARIOS.keys() | UNREACHED == TRANSITIONS.keys()
    assert not SCENARIOS.keys() & UNREACHED


def name_of(point: Point) -> str:
    return f"{point[0].value if point[0] else 'none'}-{point[1].__name__}"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", list(SCENARIOS), ids=name_of)
def test_killed_and_repeated(home: Path, point: Point, when: str) -> None:
    scenario = SCENARIOS[point]
    with open_at(home) as mesh:
        before = mesh.balances()["compute"]
    assert killed_at(point, when, lambda: scenario.run(home)), "the point was not reached"
    scenario.run(home)
    with open_at(home) as mesh:
        assert audit(mesh) == ()
        assert mesh.store.check() == ()
        job = mesh.job(JOB)
        assert job.phase is scenario.ends
        price = job.award.price if scenario.paid and job.award is not None else 0
        assert mesh.balances()["compute"] == before - price
        assert (price > 0) == scenario.paid
        if job.award is not None:
            assert job.award.attempt == 1
        assert settled_holds(mesh) == ended_holds(mesh)
        if scenario.paid:
            assert mesh.verify(JOB) == ()


def ended_holds(mesh: LocalMesh) -> list[tuple[TransferId, str]]:
    """What became of the holds, by the ledger."""
    with mesh.store.read() as tx:
        holds = [each for each in tx.ledger.transfers() if each.expires_at is not None]
    return [
        (each.id, each.state.value) for each in holds if each.state is not TransferState.PENDING
    ]


def settled_holds(mesh: LocalMesh) -> list[tuple[TransferId, str]]:
    """What became of the holds, by the settlements that the events name."""
    found = []
    with mesh.store.read() as tx:
        for stored in tx.jobs.history(mesh.stored_job(tx, JOB).key):
            cid = getattr(stored.event, "settlement", None)
            if cid is not None:
                settlement = mesh.archive.get(tx, Settlement, cid).body
                hold = mesh.archive.get(tx, Hold, settlement.hold).body
                found.append((hold.id, settlement.end.value))
    return found


def killed_at(point: Point, when: str, action: Callable[[], None]) -> bool:
    """Whether a process of its own that does this was killed at the point."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            arm(point, when)
            action()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def arm(point: Point, when: str) -> None:
    """Kill this process at the commit that holds the point."""
    pending: list[Point] = []
    append, commit = SqliteJobs.append, Database.commit

    def watched_append(self: SqliteJobs, job: Job, stored: ev.Stored) -> bool:
        before = self.get(job.key)
        pending.append((None if before is None else before.phase, type(stored.event)))
        return append(self, job, stored)

    def watched_commit(self: Database) -> None:
        is_there = point in pending
        pending.clear()
        if is_there and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self)
        if is_there:
            os.kill(os.getpid(), signal.SIGKILL)

    SqliteJobs.append = watched_append  # type: ignore[method-assign]
    Database.commit = watched_commit  # type: ignore[method-assign]
