"""The submitter as an actor: which record goes where, what time decides, and its user's commands.

Rule: every message, tick and command ends with the same question: what follows for the jobs that
it changed.

From an old copy of its store a submitter contradicts itself in nothing that moves units. Ids of its
jobs are of time and randomness; those of children, and their times, follow from their parent's
settlement; a transfer follows from its cause. Awards have no slot, since the hold alone counts.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeVar, cast

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import Handler, Incoming, MessageRefusal
from mesh.actors.submitter import (
    reading,
    submission,
    tokens,
    withdrawal,
)
from mesh.actors.submitter.attempts import holds, results, settlement
from mesh.actors.submitter.attempts.holds import Early, park, parked
from mesh.actors.submitter.delegation import choosing, handing_over
from mesh.actors.submitter.effects import application, fetches, state
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.market import awarding, bidding
from mesh.actors.submitter.rows import (
    HISTORY,
    JOBS,
    PENDING,
    PROFILES,
    RUNS,
    TIMERS,
    EffectRow,
    RunRow,
)
from mesh.core.fields import JobId, NodeId
from mesh.core.ids import RANDOM_BYTES, new_job_id
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Stored
from mesh.core.jobs.job import Job, Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.market.terms import Surroundings
from mesh.core.ports.work import WorkId, WorkResult
from mesh.core.records.archive import UNREADABLE
from mesh.core.records.jobs import Award, Cancel, JobManifest, Transfer
from mesh.core.records.market import Bid, Credential, Decline, NodeProfile
from mesh.core.records.membership import Fault
from mesh.core.records.settlement import (
    Answer,
    Policy,
    Revocation,
    Settlement,
    Statement,
)
from mesh.core.records.work import Attestation, Draw, Hold, Progress, Receipt
from runtime.content.cid import Cid
from runtime.execution.effects import Effect
from runtime.identity.signed import RecordError, Signed
from runtime.tokens.token import ResourceToken

T = TypeVar("T")

UNREADABLE_SECONDS: Final = 60
"""After so long a job of which a record cannot be read is looked at again."""
LOOK_AHEAD_SECONDS: Final = 60
"""A tick looks for deadlines within this; it is due again then."""


class Submitter(JobBook):
    """Its jobs from request to effects. Commands are its methods, called within a turn."""

    # --- commands

    def submit(
        self, tx: ActorTransaction, wanted: JobRequest, now: Now
    ) -> Job | submission.SubmissionRefusal:
        """Sign, check and publish a job, or say why not."""
        job_id = wanted.job_id or self.new_job_id(now)
        is_new = self.job(tx, job_id) is None
        job = submission.submit(self, tx, wanted, job_id, now)
        if not isinstance(job, Job) or not is_new:
            return job
        return bidding.ask(self, tx, job, now)

    def check(
        self, tx: ActorTransaction, wanted: JobRequest, now: Now
    ) -> JobManifest | submission.SubmissionRefusal:
        """The manifest that `submit` would sign, or why it would refuse. Nothing is written."""
        job_id = wanted.job_id or self.new_job_id(now)
        return submission.prepare(self, tx, wanted, job_id, now)

    def supply(self, tx: ActorTransaction, cids: Iterable[Cid], now: Now) -> None:
        """Blocks have been stored: jobs that wait for one of them ask nodes now."""
        for cid in cids:
            for row in tx.rows(JOBS).select(missing=cid):
                bidding.ask(self, tx, row.job, now)

    def new_job_id(self, now: Now) -> JobId:
        """An id that nobody has used, from the time and randomness."""
        return new_job_id(1000 * now.wall + now.monotonic % 1000, self.entropy(RANDOM_BYTES))

    def accept(
        self, tx: ActorTransaction, key: JobId, node_id: NodeId, now: Now
    ) -> Job | awarding.AwardRefusal:
        """Award the job to a node's bid: the issuer is asked."""
        return awarding.accept(self, tx, self.job(tx, key), node_id, now)

    def auto_award(self, tx: ActorTransaction, key: JobId, now: Now, *, is_on: bool) -> Job | None:
        """Whether the best bid is awarded without waiting for the user."""
        self.record(tx, key, ev.AutoAwardChosen(is_on=is_on), now)
        job = self.job(tx, key)
        return None if job is None else handing_over.award(self, tx, job, now)

    def accept_offered(
        self, tx: ActorTransaction, manifest: Cid, node_id: NodeId, now: Now
    ) -> Signed[Award] | awarding.AwardRefusal:
        """Award another submitter's job that names this one as its delegate."""
        return choosing.accept(self, tx, manifest, node_id, now)

    def cancel(
        self, tx: ActorTransaction, key: JobId, reason: str, now: Now
    ) -> Job | withdrawal.CancelRefusal:
        """Withdraw a job and what its program has submitted."""
        return withdrawal.cancel(self, tx, self.job(tx, key), reason, now)

    def apply_effects(
        self,
        tx: ActorTransaction,
        cause: Cid,
        wanted: tuple[Effect, ...],
        ran_on: Cid | None,
        now: Now,
    ) -> application.Outcome:
        """Carry out the effects of a local run."""
        return application.apply_effects(self, tx, cause, wanted, ran_on, now)

    def outcome_of(self, tx: ActorTransaction, cause: Cid) -> EffectRow | None:
        """What became of the effects of a job or run, None while that is open."""
        return application.outcome_of(tx, cause)

    def surroundings(self, tx: ActorTransaction, now: Now) -> Surroundings | awarding.AwardRefusal:
        """What a program that is executed now may see of its owner's."""
        return awarding.surroundings(self, tx, now)

    def state_root(self, tx: ActorTransaction) -> Cid | None:
        return state.state_of(self, tx).root

    def history(self, tx: ActorTransaction, key: JobId) -> tuple[Stored, ...]:
        """The events of a job, in their order."""
        return tuple(row.stored for row in tx.rows(HISTORY).select(job_id=key))

    # --- local runs

    def keep_run(self, tx: ActorTransaction, key: Cid, run: Any, now: Now) -> None:
        """Keep a local run, as its caller writes it, until its results were shown."""
        before = tx.rows(RUNS).get(key)
        begun_at = now.wall if before is None else before.begun_at
        tx.rows(RUNS).put(RunRow(key=key, begun_at=begun_at, run=run))

    def run(self, tx: ActorTransaction, key: Cid) -> Any:
        row = tx.rows(RUNS).get(key)
        return None if row is None else row.run

    def runs(self, tx: ActorTransaction) -> tuple[RunRow, ...]:
        """The runs whose results were not shown yet, the oldest first."""
        return tx.rows(RUNS).select(order="begun_at")

    def end_run(self, tx: ActorTransaction, key: Cid) -> bool:
        return tx.rows(RUNS).delete(key)

    # --- messages

    def _take_answer_of_node(
        self, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | None:
        is_own = self.job_of(tx, incoming.record.body.job) is not None
        if not is_own and isinstance(incoming.record.body, Bid):
            return choosing.take_offer(self, tx, incoming, now)
        found = bidding.take_answer(self, tx, incoming, now)
        if isinstance(found, MessageRefusal):
            return found
        handing_over.award(self, tx, found, now)
        return None

    def _take_profile(
        self, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | None:
        before = tx.rows(PROFILES).get(incoming.record.signer)
        refusal = reading.take_profile(self, tx, incoming, now)
        after = tx.rows(PROFILES).get(incoming.record.signer)
        if after is not None and (before is None or after.profile != before.profile):
            self._ask_newcomer(tx, now)
        return refusal

    def _ask_newcomer(self, tx: ActorTransaction, now: Now) -> None:
        """Jobs that nobody bids for may be ones for a node that has come or changed."""
        for row in tx.rows(JOBS).select(phase=Phase.SUBMITTED):
            is_idle = not row.job.bids and self.asks_at(tx, row.job, now) is None
            if is_idle and bidding.is_bidding(row.job):
                bidding.ask(self, tx, row.job, now)

    def _take_answer(
        self, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | None:
        """An issuer's answer, by what was asked."""
        answer: Signed[Answer] = incoming.record
        asked = tx.blocks.get(answer.body.request)
        try:
            request = None if asked is None else self.archive.read(asked)
        except RecordError:
            request = None
        if request is None:
            return MessageRefusal.UNKNOWN_SUBJECT
        reading.read_statement(self, tx, incoming, now)
        if request.signer != self.did and not isinstance(request.body, Award):
            return MessageRefusal.NOT_ADDRESSED
        match request.body:
            case Award():
                return self._take_answer_to_award(tx, answer, now)
            case Cancel():
                return withdrawal.take_answer(self, tx, answer, cast(Signed[Cancel], request), now)
            case Transfer():
                return application.take_answer(
                    self, tx, answer, cast(Signed[Transfer], request), now
                )
            case Revocation(target=target):
                tx.outbox.answered(tokens.until(target), answer.signer)
                return None
            case ResourceToken():
                return None
            case _:
                return MessageRefusal.UNKNOWN_SUBJECT

    def _take_answer_to_award(
        self, tx: ActorTransaction, answer: Signed[Answer], now: Now
    ) -> MessageRefusal | None:
        job = awarding.take_answer(self, tx, answer, now)
        if job is None and not answer.body.accepted:
            choosing.note_refused(self, tx, answer.body, now)
        if isinstance(job, Job):
            job = withdrawal.end_withdrawn(self, tx, job, answer.body, now)
            handing_over.award(self, tx, job, now)
            return None
        return job

    def _take_settlement(
        self, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | Early | None:
        reading.read_statement(self, tx, incoming, now)
        outcome = settlement.take_settlement(self, tx, incoming, now)
        if outcome is None:
            self._follow_settlement(tx, incoming.record.body, now)
        return outcome

    def _follow_settlement(self, tx: ActorTransaction, settled: Settlement, now: Now) -> None:
        """Ask again after a lost attempt, carry out the effects of a verified one."""
        job = settlement.job_of_hold(self, tx, settled.hold)
        if job is None:
            return
        if job.phase is Phase.SUBMITTED:
            if not job.asked:
                bidding.ask(self, tx, job, now)
        elif job.is_final and job.receipt is not None and job.hold == settled.hold:
            is_new = job.effects is None and tx.rows(PENDING).get(job.manifest) is None
            if is_new and job.settlement is not None:
                fetches.fetch_result(self, tx, job, settled.hold, now)

    def _take_hold(
        self, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | Early | None:
        reading.read_statement(self, tx, incoming, now)
        return holds.take_hold(self, tx, incoming, now)

    def _take_of_attempt(
        self, tx: ActorTransaction, incoming: Incoming, now: Now
    ) -> MessageRefusal | None:
        """A record about a hold: it may come before what it follows, and others may wait for it."""
        if self.members(tx).member(incoming.record.signer) is None:
            return MessageRefusal.NOT_A_MEMBER
        hold = _hold_of(incoming)
        is_hold = isinstance(incoming.record.body, Hold)
        if not is_hold and choosing.is_of_another(self, tx, incoming, hold):
            return None
        outcome = _OF_ATTEMPT[type(incoming.record.body)](self, tx, incoming, now)
        if isinstance(outcome, Early):
            return park(self, tx, incoming, hold, now)
        if outcome is None:
            self._retry(tx, hold, now)
        is_repeat = outcome is MessageRefusal.OVER and tx.blocks.has(incoming.record.cid)
        return None if is_repeat else outcome

    def _retry(self, tx: ActorTransaction, hold: Cid, now: Now) -> None:
        """Take in what came early, until nothing of it fits any more."""
        goes_on = True
        while goes_on:
            goes_on = False
            for each in parked(self, tx, hold):
                outcome = _OF_ATTEMPT[type(each.record.body)](self, tx, each, now)
                if outcome is Early.EARLY:
                    park(self, tx, each, hold, now)
                elif outcome is None:
                    goes_on = True
                    if _hold_of(each) != hold:
                        self._retry(tx, _hold_of(each), now)
                else:
                    self.count_refusal(tx, outcome, type(each.record.body).__name__, now)

    # --- time

    def tick(self, tx: ActorTransaction, now: Now) -> Instant | None:
        """Deadlines of bids and jobs, further nodes, fetches that failed."""
        timers = tx.rows(TIMERS)
        due = {row.job_id: row for row in timers.due("due_at", now.wall)}
        for name in ("ask_at", "retry_at"):
            due |= {row.job_id: row for row in timers.due(name, now.monotonic)}
        for job_id in due:
            try:
                self._decide(tx, job_id, now)
            except UNREADABLE:
                # It says so to whoever looks at it; the other jobs go on.
                self.postpone(tx, job_id, now, UNREADABLE_SECONDS)
        fetch_at = fetches.fetch_again(self, tx, now)
        later = [
            now.at(row.due_at)
            for row in timers.due("due_at", now.wall + LOOK_AHEAD_SECONDS)
            if row.due_at is not None and row.due_at > now.wall
        ]
        later += [
            Instant(at)
            for name in ("ask_at", "retry_at")
            for row in timers.due(name, now.after(1000 * LOOK_AHEAD_SECONDS))
            if (at := getattr(row, name)) > now.monotonic
        ]
        if fetch_at is not None:
            later.append(now.at(fetch_at))
        if (award_at := choosing.tick(self, tx, now)) is not None:
            later.append(award_at)
        if not later and timers.count():
            later.append(now.after(1000 * LOOK_AHEAD_SECONDS))
        return min(later, default=None)

    def _decide(self, tx: ActorTransaction, job_id: JobId, now: Now) -> None:
        job = self.job(tx, job_id)
        assert job is not None, "a timer is of a job"
        if now.wall >= job.expires_at and job.award is None:
            expired = self.record(tx, job_id, ev.JobExpired(), now)
            if isinstance(expired, Job):
                bidding.stop_asking(tx, expired)
            return
        handing_over.award(self, tx, bidding.look(self, tx, job, now), now)

    def contradicted(
        self, tx: ActorTransaction, first: Signed[Any], second: Signed[Any], now: Now
    ) -> None:
        reading.prove(self, tx, first, second, now)

    def finished(self, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now) -> None:
        fetches.finished(self, tx, work, result, now)

    handlers: ClassVar[Mapping[type[Any], Handler]] = {
        NodeProfile: _take_profile,
        Bid: _take_answer_of_node,
        Decline: _take_answer_of_node,
        Answer: _take_answer,
        Statement: reading.take_statement,
        Credential: reading.take_credential,
        Policy: reading.take_policy,
        Fault: reading.take_fault,
        ResourceToken: tokens.take_token,
        Revocation: tokens.take_revocation,
        Hold: _take_of_attempt,
        Progress: _take_of_attempt,
        Receipt: _take_of_attempt,
        Draw: _take_of_attempt,
        Attestation: _take_of_attempt,
        Settlement: _take_of_attempt,
    }


def _hold_of(incoming: Incoming) -> Cid:
    """The hold that a record is about."""
    body = incoming.record.body
    if isinstance(body, Hold):
        return incoming.record.cid
    hold: Cid = body.hold
    return hold


_TakeOfAttempt = Callable[[Submitter, ActorTransaction, Incoming, Now], holds.Outcome]
_OF_ATTEMPT: Final[Mapping[type[Any], _TakeOfAttempt]] = {
    Hold: Submitter._take_hold,
    Progress: results.take_progress,
    Receipt: results.take_receipt,
    Draw: results.take_draw,
    Attestation: results.take_attestation,
    Settlement: Submitter._take_settlement,
}
