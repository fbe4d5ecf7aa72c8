"""Pruning of ended jobs: what no proof, audit, evidence or refusal of a repeat needs goes.

Rule: whatever proves what became of a hold stays, with all that was signed for it; job ids stay
taken, slots stay filled, and what pruning leaves makes the same job.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.executions import EXECUTIONS
from mesh.actors.issuer.rows import ATTEMPTS as ISSUER_ATTEMPTS
from mesh.actors.node.rows import OFFERS
from mesh.actors.stores import DeliveryTransaction, Turn, View
from mesh.actors.submitter.rows import (
    EARLY,
    HISTORY,
    HOLDS,
    JOBS,
    PENDING,
    EarlyRow,
    EventRow,
    HoldRow,
    JobRow,
)
from mesh.core.fields import JobId
from mesh.core.jobs import events as ev
from mesh.core.jobs.events import Stored
from mesh.core.jobs.job import Job
from mesh.core.jobs.step import replay
from mesh.core.membership.members import Members
from mesh.core.records.archive import Archive
from mesh.core.records.jobs import JobManifest
from mesh.core.records.market import Bid, Decline
from mesh.core.records.membership import Role
from mesh.core.records.settlement import Answer, Statement
from mesh.core.records.work import Hold, Progress
from mesh.core.settlement.attempt import Attempt
from mesh.core.verification.inputs import held_by_executor, inputs_of
from mesh.queries.audit.reading import ActorStore, Home
from runtime.content.cid import Cid
from runtime.content.did import Did

_OF_NO_USE: Final = (ev.BidDeclined, ev.ExecutionStarted)


class Pruned(Struct, frozen=True, kw_only=True):
    """What has gone, or would. bytes: of blocks that nobody holds any more."""

    jobs: tuple[JobId, ...]
    rows: int
    blocks: int
    bytes: int


class _Step(Struct, frozen=True, kw_only=True):
    """A part of the plan, of one actor. blocks: that it gives up."""

    actor: Did
    action: Callable[[DeliveryTransaction], object]
    rows: int = 0
    blocks: frozenset[Cid] = frozenset()


def prune(
    turn: Turn, archive: Archive, members: Members, *, before: int, is_tried: bool = False
) -> Pruned:
    """Prune the jobs that ended before a time (Unix seconds), in a turn in which every message was
    delivered. is_tried: only say what would go."""
    home = Home(turn, archive, members, turn.now.wall)
    ended = dict(_ended(home, before))
    waiting = _waiting(turn)
    steps = [
        replace(each, blocks=each.blocks - waiting.get(each.actor, frozenset()))
        for each in _plan(home, ended)
    ]
    pruned = _measured(turn, home, tuple(ended), steps)
    if not is_tried:
        for step in steps:
            with turn.delivery(step.actor) as tx:
                step.action(tx)
                for cid in step.blocks:
                    tx.blocks.delete(cid)
    return pruned


def _waiting(view: View) -> dict[Did, frozenset[Cid]]:
    """The blocks of messages that are sent again, by their senders."""
    found: dict[Did, frozenset[Cid]] = {}
    for row in view.unanswered().select():
        before = found.get(row.actor, frozenset())
        found[row.actor] = before | {row.record, *row.attached}
    return found


def _measured(view: View, home: Home, jobs: tuple[JobId, ...], steps: list[_Step]) -> Pruned:
    given_up: dict[Cid, int] = {}
    for step in steps:
        for cid in step.blocks:
            given_up[cid] = given_up.get(cid, 0) + 1
    gone = 0
    for cid, count in given_up.items():
        holders = [each for each in home.actors.values() if cid in each.held]
        if len(holders) == count:
            gone += view.blocks(holders[0].did).size(cid) or 0
    return Pruned(
        jobs=jobs,
        rows=sum(step.rows for step in steps),
        blocks=sum(given_up.values()),
        bytes=gone,
    )


def _ended(home: Home, before: int) -> Iterator[tuple[JobId, frozenset[Cid]]]:
    """The jobs to prune, each with its holds: all of these are settled."""
    for store in home.with_role(Role.SUBMITTER):
        holds: dict[JobId, list[HoldRow]] = {}
        for held in store.rows(HOLDS):
            holds.setdefault(held.job_id, []).append(held)
        for row in store.rows(JOBS):
            found = holds.get(row.job_id, [])
            is_over = row.job.is_final and all(each.is_settled for each in found)
            waits = store.row(PENDING, row.manifest) is not None
            if is_over and row.changed_at < before and not waits:
                yield row.job_id, frozenset(each.hold for each in found)


def _plan(home: Home, ended: dict[JobId, frozenset[Cid]]) -> Iterator[_Step]:
    holds = frozenset(hold for found in ended.values() for hold in found)
    for store in home.with_role(Role.SUBMITTER):
        yield from _of_submitter(store, ended)
    for store in home.with_role(Role.ISSUER):
        yield from _of_issuer(store, holds)
    for role in (Role.NODE, Role.VERIFIER):
        for store in home.with_role(role):
            yield from _of_machine(store, holds)
    for store in home.actors.values():
        yield _blocks(store, _old_statements(store))


def _nothing(tx: DeliveryTransaction) -> None:
    """Only blocks go."""


def _blocks(store: ActorStore, cids: frozenset[Cid]) -> _Step:
    return _Step(actor=store.did, action=_nothing, blocks=cids & store.held)


def _old_statements(store: ActorStore) -> frozenset[Cid]:
    """Statements that a newer one of the same accounts has followed."""
    newest: dict[tuple[Did, Did], int] = {}
    for each in store.all(Statement):
        key = (each.signer, each.body.owner)
        newest[key] = max(newest.get(key, 0), each.body.sequence)
    return frozenset(
        each.cid
        for each in store.all(Statement)
        if each.body.sequence < newest[each.signer, each.body.owner]
    )


# --- the submitter


def _of_submitter(store: ActorStore, ended: dict[JobId, frozenset[Cid]]) -> Iterator[_Step]:
    histories: dict[JobId, list[Stored]] = {}
    for each_event in store.rows(HISTORY):
        histories.setdefault(each_event.job_id, []).append(each_event.stored)
    for job_id, holds in ended.items():
        row = store.row(JOBS, job_id)
        if row is None:
            continue
        early = [each for each in store.rows(EARLY) if each.hold in holds]
        if early:
            yield _Step(actor=store.did, action=partial(_forget_early, early), rows=len(early))
        history = histories[job_id]
        bids = _awarded_bids(history)
        left = [each for each in history if not _is_of_no_use(each, bids)]
        renumbered = [replace(each, number=number) for number, each in enumerate(left, 1)]
        job = _replayed(renumbered)
        if job is None or len(left) == len(history) or not _is_same(row.job, job):
            continue
        yield _Step(
            actor=store.did,
            action=partial(_rewrite, row, job, renumbered, len(history)),
            rows=len(history) - len(left),
            blocks=frozenset(_records_of(history) - _records_of(left)) & store.held,
        )


def _forget_early(rows: list[EarlyRow], tx: DeliveryTransaction) -> None:
    for each in rows:
        tx.rows(EARLY).delete(each.hold, each.record)


def _awarded_bids(history: list[Stored]) -> frozenset[Cid]:
    awarded = (each.event for each in history)
    return frozenset(
        each.bid for each in awarded if isinstance(each, ev.AwardSigned | ev.HoldReceived)
    )


def _is_of_no_use(stored: Stored, bids: frozenset[Cid]) -> bool:
    """A decline, a bid that lost, a sign of life: nothing of them is in the proof."""
    event = stored.event
    if isinstance(event, ev.BidReceived):
        return event.bid not in bids
    return isinstance(event, _OF_NO_USE)


def _replayed(history: list[Stored]) -> Job | None:
    try:
        return replay(history)
    except ValueError:
        return None


def _is_same(before: Job, after: Job) -> bool:
    """Whether what is left makes the same job, but for offers that led to nothing."""
    return before == replace(
        after,
        revision=before.revision,
        bids=before.bids,
        declines=before.declines,
        changed_at=before.changed_at,
    )


def _records_of(history: list[Stored]) -> set[Cid]:
    named = ("bid", "decline", "progress")
    found = {getattr(each.event, name, None) for each in history for name in named}
    return {cid for cid in found if isinstance(cid, Cid)}


def _rewrite(
    row: JobRow, job: Job, history: list[Stored], count: int, tx: DeliveryTransaction
) -> None:
    rows = tx.rows(HISTORY)
    for stored in history:
        rows.put(EventRow(job_id=row.job_id, number=stored.number, stored=stored))
    for number in range(len(history) + 1, count + 1):
        rows.delete(row.job_id, number)
    tx.rows(JOBS).put(replace(row, changed_at=job.changed_at, job=job))


# --- the issuer


def _of_issuer(store: ActorStore, holds: frozenset[Cid]) -> Iterator[_Step]:
    """Signs of life of ended attempts, and refusals, which are not kept either."""
    for attempt in store.rows(ISSUER_ATTEMPTS):
        if attempt.hold in holds and (attempt.signs or attempt.running_first):
            bare = replace(attempt, signs=(), running_first=None, running_last=None, enough_at=None)
            yield _Step(actor=store.did, action=partial(_put_attempt, bare))
    refused = {each.cid for each in store.own(Answer) if not each.body.accepted}
    yield _blocks(store, frozenset(refused))


def _put_attempt(attempt: Attempt, tx: DeliveryTransaction) -> None:
    tx.rows(ISSUER_ATTEMPTS).put(attempt)


# --- nodes and verifiers


def _of_machine(store: ActorStore, holds: frozenset[Cid]) -> Iterator[_Step]:
    """Executions that have ended with what they took, bids that led to nothing."""
    done = [row for row in store.rows(EXECUTIONS) if row.hold in holds and not row.is_open]
    taken: set[Cid] = set()
    needed: set[Cid] = set()
    for row in store.rows(EXECUTIONS):
        blocks = set(inputs_of(store.blocks, row.module, row.context, row.input).held)
        result = store.result(row.result)
        if result is not None:
            blocks |= set(
                held_by_executor(store.blocks, row.module, row.context, row.input, result).held
            )
        blocks.discard(row.context)
        (taken if row in done else needed).update(blocks)
    yield _Step(
        actor=store.did,
        action=partial(_forget_executions, [row.hold for row in done]),
        rows=len(done),
        blocks=frozenset(taken - needed) & store.held,
    )
    ordered = {each.body.bid for each in store.all(Hold)}
    offered = {row.bid for row in store.rows(OFFERS)}
    bids = {each.cid for each in store.own(Bid)} - ordered - offered
    bids |= {each.cid for each in store.own(Decline)}
    newest = {row.newest_sign for row in store.rows(EXECUTIONS) if row.is_open}
    signs = {each.cid for each in store.own(Progress)} - newest
    manifests = {each.body.job for each in store.all(Hold)}
    others = {each.cid for each in store.all(JobManifest)} - manifests
    yield _blocks(store, frozenset(bids | signs | others))


def _forget_executions(holds: list[Cid], tx: DeliveryTransaction) -> None:
    for hold in holds:
        tx.rows(EXECUTIONS).delete(hold)
