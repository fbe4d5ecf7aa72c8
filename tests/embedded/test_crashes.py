"""kill −9 at every commit of a job's life, then the same command again, then an audit.

The process is killed just before each of its commits in turn, which is after the one before, and
after the last. Nothing is lost and nothing is done twice.
"""

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from changed_mesh import (
    NODES,
    OVERDUE,
    VERIFIERS,
    audit,
    failing,
    falsified,
    lying,
    open_at,
    settlements,
    uncompiled,
)
from embedded_mesh import ANSWER_CID, ENDLESS_CID, balances, copied, findings_of, put_block
from host_programs import program
from wasm_modules import wasm

from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.rows import HISTORY, HOLDS
from mesh.adapters.sqlite.file.connection import Database
from mesh.core.fields import JobId, NodeId
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import TRANSITIONS, Job, Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.market.appraisal import BID_SECONDS
from mesh.core.records.settlement import Ground
from mesh.embedded.commands.treasury import set_policy
from mesh.embedded.commands.upkeep import prune_home
from mesh.embedded.mesh import EmbeddedMesh
from runtime.terminal.errors import CommandError
from runtime.tokens.policy import PermitList
from runtime.tokens.token import ResourceType

Point = tuple[Phase | None, type[ev.Event]]
JOB: Final = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
NODE: Final = NodeId("mesh-node-2")
DAY: Final = 24 * 3600
COMMITS_MAX: Final = 40
WRITER: Final = wasm(
    program(
        ("mint_tokens", "hour", 5, "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"),
        "drop",
    )
)
"""A program with an effect."""

_P = Phase

UNREACHED: Final[frozenset[Point]] = frozenset(
    {
        # Created and Submitted are one turn, so nothing ever happens between them.
        (_P.CREATED, ev.JobRefused),
        (_P.CREATED, ev.JobCancelled),
        (_P.CREATED, ev.JobExpired),
        (_P.CREATED, ev.AutoAwardChosen),
        # An issuer of the same home answers an award in the same turn.
        (_P.SUBMITTED, ev.CancelAsked),
        (_P.SUBMITTED, ev.CancelRefused),
        # So does the node: it has begun in the turn in which it is told to.
        (_P.ASSIGNED, ev.AutoAwardChosen),
        (_P.ASSIGNED, ev.CancelAsked),
        (_P.ASSIGNED, ev.CancelRefused),
        (_P.ASSIGNED, ev.AttemptCancelled),
        (_P.ASSIGNED, ev.AttemptLost),
        (_P.ASSIGNED, ev.LastAttemptLost),
        (_P.ASSIGNED, ev.ModuleNotCompiled),
        (_P.ASSIGNED, ev.ReceiptAccepted),
        (_P.ASSIGNED, ev.VerifiersDrawn),
        # Of sealed meshes, and of messages that come out of order.
        (_P.RUNNING, ev.VerifiersDrawn),
        (_P.RUNNING, ev.AttestationReceived),
        (_P.RUNNING, ev.QuorumMissed),
        (_P.RUNNING, ev.CancelRefused),
        (_P.COMPLETED, ev.ReceiptAccepted),
        (_P.COMPLETED, ev.AttemptLost),
        (_P.COMPLETED, ev.LastAttemptLost),
        (_P.COMPLETED, ev.ModuleNotCompiled),
        (_P.COMPLETED, ev.AttemptCancelled),
    }
)
"""The steps and their orders are tested by `tests/core` and `tests/actors`, their crashes by the
simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A command, given as what it does; `ends` is where it leaves the job, `grounds` how its holds
    ended."""

    run: Callable[[Path], None]
    ends: Phase
    grounds: tuple[Ground, ...] = ()
    at: int = 0
    """When it is looked at: seconds after its beginning."""


def submit(mesh: EmbeddedMesh, *, endless: bool = False) -> None:
    # The budget is under the price of one node, so that one declines.
    mesh.submit(
        JobRequest(
            module=ENDLESS_CID if endless else ANSWER_CID,
            resource_amount=500,
            budget=100,
            job_id=JOB,
        )
    )


def tolerating(codes: tuple[str, ...], action: Callable[[], object]) -> None:
    """Do it; that it was done before is no fault."""
    try:
        action()
    except CommandError as problem:
        assert problem.code in codes, problem.message


def verified(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh)
        mesh.drive([JOB], auto_award=True)


def pruned(home: Path) -> None:
    verified(home)
    with open_at(home) as mesh:
        prune_home(mesh, before=1 << 40, is_tried=False)


def awarded(home: Path, *, endless: bool = False) -> None:
    with open_at(home) as mesh:
        submit(mesh, endless=endless)
        tolerating(("job-not-open",), lambda: mesh.accept(JOB, NODE))


def cancel(home: Path) -> None:
    with open_at(home) as mesh:
        tolerating(("job-not-cancellable",), lambda: mesh.cancel(JOB, "no longer needed"))


def cancelled(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh)
    cancel(home)


def cancelled_running(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh, endless=True)
        if not mesh.job(JOB).is_final:
            tolerating(("timed-out",), lambda: mesh.drive([JOB], auto_award=True, timeout=0.0))
    cancel(home)


def cancelled_too_late(home: Path) -> None:
    """The issuer has the receipt already."""
    awarded(home)
    with open_at(home) as mesh:
        told: list[str] = []

        def withdraw(event: object) -> None:
            if type(event).__name__ == "ReceiptStored" and not told:
                told.append("once")
                raise InterruptedError

        try:
            mesh.drive([JOB], on_event=withdraw)
        except InterruptedError:
            tolerating(("job-not-cancellable",), lambda: mesh.cancel(JOB, "too late"))
        mesh.drive([JOB], auto_award=True)


def applied(home: Path) -> None:
    """Awarded by hand, and the choice to award comes too late to matter."""
    with open_at(home) as mesh:
        module = put_block(mesh, WRITER)
        mesh.submit(JobRequest(module=module, resource_amount=500, job_id=JOB))
        tolerating(("job-not-open",), lambda: mesh.accept(JOB, NODE))
        mesh.drive([JOB], auto_award=True)


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
    later(home, BID_SECONDS + 1)


def lost(home: Path) -> None:
    with open_at(home) as mesh:
        is_lost = bool(settlements(mesh, JOB))
    if not is_lost:
        awarded(home)
    later(home, OVERDUE)


def refused(home: Path) -> None:
    with open_at(home) as mesh:
        submit(mesh)
        set_policy(mesh, ResourceType.COMPUTE, PermitList(dids=()))
        if mesh.job(JOB).bids:
            mesh.accept(JOB, NODE)


def lied_to(home: Path, lies: dict[str, object]) -> None:
    with open_at(home) as mesh:
        lying(mesh, lies)  # type: ignore[arg-type]
        submit(mesh)
        mesh.drive([JOB], auto_award=True)


def disputed(home: Path) -> None:
    lied_to(home, dict.fromkeys(NODES, falsified))


def not_compiled(home: Path) -> None:
    lied_to(home, dict.fromkeys(NODES, uncompiled))


def given_up(home: Path) -> None:
    with open_at(home) as mesh:
        lying(mesh, dict.fromkeys(NODES, failing))
        mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500, job_id=JOB))
        mesh.drive([JOB], auto_award=True)


def undecided(home: Path) -> None:
    """No two of the verifiers have the same result."""
    lied_to(
        home,
        {
            name: lambda found, by=number: falsified(found, by)
            for number, name in enumerate(VERIFIERS, start=1)
        },
    )


STEP: Final = int(os.environ.get("MESH_CRASH_STEP", "5"))
"""Of so many commits one is killed at; `make fire-ci` kills at each."""
SCENARIOS: Final[dict[str, Scenario]] = {
    "verified": Scenario(run=verified, ends=_P.VERIFIED, grounds=(Ground.VERIFIED,)),
    "pruned": Scenario(run=pruned, ends=_P.VERIFIED, grounds=(Ground.VERIFIED,)),
    "applied": Scenario(run=applied, ends=_P.VERIFIED, grounds=(Ground.VERIFIED,)),
    "cancelled": Scenario(run=cancelled, ends=_P.CANCELLED),
    "cancelled-running": Scenario(
        run=cancelled_running, ends=_P.CANCELLED, grounds=(Ground.CANCELLED,)
    ),
    "cancelled-too-late": Scenario(
        run=cancelled_too_late, ends=_P.VERIFIED, grounds=(Ground.VERIFIED,)
    ),
    "expired": Scenario(run=expired, ends=_P.EXPIRED, at=DAY),
    "lapsed": Scenario(run=lapsed, ends=_P.SUBMITTED),
    "lost": Scenario(run=lost, ends=_P.SUBMITTED, grounds=(Ground.WALL_CLOCK,)),
    "refused": Scenario(run=refused, ends=_P.SUBMITTED),
    "disputed": Scenario(run=disputed, ends=_P.DISPUTED, grounds=(Ground.REFUTED,)),
    "not-compiled": Scenario(run=not_compiled, ends=_P.FAILED, grounds=(Ground.UNCOMPILED,)),
    "given-up": Scenario(run=given_up, ends=_P.FAILED, grounds=(Ground.GAVE_UP,) * 3),
    "undecided": Scenario(run=undecided, ends=_P.FAILED, grounds=(Ground.NO_QUORUM,)),
}


@dataclass
class Watch:
    """The transitions of a process, and the commit at which it is killed."""

    at: int | None = None
    when: str = ""
    commits: int = 0
    points: set[Point] = field(default_factory=set)

    def arm(self, patch: pytest.MonkeyPatch) -> None:
        commit, record = Database.commit, JobBook.record

        def watched_commit(database: Database) -> None:
            self.commits += 1
            is_there = self.commits == self.at
            if is_there and self.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            commit(database)
            if is_there:
                os.kill(os.getpid(), signal.SIGKILL)

        def watched_record(book: JobBook, tx: object, job_id: JobId, event: ev.Event, now: object):  # type: ignore[no-untyped-def]
            before = book.job(tx, job_id)  # type: ignore[arg-type]
            after = record(book, tx, job_id, event, now)  # type: ignore[arg-type]
            if isinstance(after, Job):
                self.points.add((None if before is None else before.phase, type(event)))
            return after

        patch.setattr(Database, "commit", watched_commit)
        patch.setattr(JobBook, "record", watched_record)


def test_every_transition_is_in_a_scenario(founded: Path, tmp_path: Path) -> None:
    watch = Watch()
    with pytest.MonkeyPatch.context() as patch:
        watch.arm(patch)
        for name, scenario in SCENARIOS.items():
            scenario.run(copied(founded, tmp_path / name))
    assert watch.points | UNREACHED == TRANSITIONS.keys()
    assert not watch.points & UNREACHED


@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_each_commit_and_repeated(founded: Path, tmp_path: Path, name: str) -> None:
    scenario = SCENARIOS[name]

    def is_killed(commit: int, when: str) -> bool:
        home = copied(founded, tmp_path / f"{commit}-{when}")
        if not killed_at(commit, when, lambda: scenario.run(home)):
            return False
        scenario.run(home)
        check(home, scenario)
        shutil.rmtree(home)
        return True

    begin = min(STEP, 1 + sorted(SCENARIOS).index(name) % STEP)
    tried = range(begin, COMMITS_MAX, STEP)
    # A job that waits for time has a commit whenever it looks: so many that not all are tried.
    commits = next((each for each in tried if not is_killed(each, "before")), COMMITS_MAX) - 1
    assert commits > 1, "it is of several turns"
    # Executions that end together share a turn: no two runs have the same number of commits.
    assert any(is_killed(each, "after") for each in range(commits, 1, -1))


def check(home: Path, scenario: Scenario) -> None:
    with open_at(home, scenario.at) as mesh:
        assert audit(mesh) == ()
        assert mesh.store.check() == ()
        job = mesh.job(JOB)
        assert job.phase is scenario.ends
        settled = settlements(mesh, JOB)
        assert tuple(each.body.ground for each, _ in settled) == scenario.grounds
        assert [hold.body.attempt for _, hold in settled] == [*range(1, len(settled) + 1)]
        with mesh.read() as reader:
            holds = reader.rows(HOLDS).select(job_id=JOB)
            assert len(holds) == len(settled), "no hold is open, and none was settled twice"
            numbers = [row.number for row in reader.rows(HISTORY).select(job_id=JOB)]
        assert numbers == [*range(1, len(numbers) + 1)]
        paid = sum(each.amount for one, _ in settled for each in one.body.payments)
        granted = 1_000_000
        assert balances(mesh)["compute"] == granted - paid
        if scenario.ends is _P.VERIFIED:
            assert findings_of(mesh, JOB) == ()


def killed_at(commit: int, when: str, action: Callable[[], None]) -> bool:
    """Whether a process of its own that does this was killed at the commit; else it has ended."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            Watch(at=commit, when=when).arm(pytest.MonkeyPatch())
            action()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the command has failed of itself"
    return False
