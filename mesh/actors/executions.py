"""Executions of an actor: blocks fetched, then the module executed, with signs of life all along.

Rule: one row for each hold, so that no hold is executed twice; a fault of the machine is tried
TRIES_MAX times; the number of a sign of life is stored before it is sent.
"""

from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Instant, Now
from mesh.actors.base import BaseActor
from mesh.actors.orders import Order
from mesh.core.ports.blocks import BlockError
from mesh.core.ports.messages import Outgoing
from mesh.core.ports.tables import Table
from mesh.core.ports.work import (
    Execute,
    Executed,
    Failed,
    Fetch,
    Fetched,
    WorkFault,
    WorkId,
    WorkResult,
)
from mesh.core.records.terms import Priority
from mesh.core.records.work import Progress, WorkPhase
from mesh.core.verification.inputs import inputs_of
from mesh.core.verification.results import result_block
from runtime.content.cid import Cid, parse_cid
from runtime.content.did import Did
from runtime.execution.execution import Execution, Metrics

TRIES_MAX: Final = 3
SIGNS_A_LEASE: Final = 3
SIGN_MS_LEAST: Final = 100
"""Between two signs, however short a lease an issuer sets."""
QUIET_MS: Final = 250
"""So long a verifier says nothing: by then most have ended, and their results say more."""


class ExecutionState(Enum):
    FETCHING = "fetching"
    EXECUTING = "executing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({ExecutionState.FETCHING, ExecutionState.EXECUTING})


class ExecutionRow(Struct, frozen=True, kw_only=True):
    """The execution for a hold. issuer, submitter: who hears signs of life. owners: who is asked
    for blocks. executing: the phase that its signs name. fuel_per_second: for their estimates, 0
    for none. since, deadline_at: Unix seconds. tries: of the work in hand. signs: how many were
    sent; newest_sign: the last of them; next_sign_at: of `boot`. result: CID of the
    result's block."""

    hold: Cid
    module: Cid
    context: Cid
    input: Cid | None
    issuer: Did
    submitter: Did
    owners: tuple[Did, ...]
    executing: WorkPhase
    lease_ms: int
    fuel_limit: int
    fuel_per_second: int
    priority: Priority
    since: int
    deadline_at: int
    state: ExecutionState
    tries: int
    signs: int
    newest_sign: Cid | None
    next_sign_at: int
    executing_from: int
    boot: str
    result: Cid | None = None
    metrics: Metrics | None = None
    started_at: int = 0
    ended_at: int = 0
    fault: WorkFault | None = None
    detail: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


EXECUTIONS: Final = Table(name="executions", row=ExecutionRow, key=("hold",), indexes=(("state",),))


class Ended(Struct, frozen=True, kw_only=True):
    """An execution gave a result, whose blocks are stored."""

    row: ExecutionRow
    execution: Execution


class Lost(Struct, frozen=True, kw_only=True):
    """An execution gives no result."""

    row: ExecutionRow
    fault: WorkFault
    detail: str


Outcome: TypeAlias = Ended | Lost


def begin(
    actor: BaseActor,
    tx: ActorTransaction,
    order: Order,
    *,
    executing: WorkPhase,
    owners: tuple[Did, ...],
    fuel_per_second: int,
    now: Now,
) -> None:
    """Ask for the blocks of an order's execution, or to execute where all are here."""
    hold, manifest = order.hold, order.manifest
    row = ExecutionRow(
        hold=hold.cid,
        module=manifest.body.module,
        context=order.award.body.context,
        input=manifest.body.input,
        issuer=hold.signer,
        submitter=manifest.signer,
        owners=owners,
        executing=executing,
        lease_ms=hold.body.lease_ms,
        fuel_limit=order.award.body.fuel_limit,
        fuel_per_second=fuel_per_second,
        priority=manifest.body.priority,
        since=now.wall,
        deadline_at=now.wall + hold.body.max_seconds,
        state=ExecutionState.FETCHING,
        tries=1,
        signs=0,
        newest_sign=None,
        next_sign_at=now.monotonic,
        executing_from=now.monotonic,
        boot=now.boot,
    )
    if inputs_of(tx.blocks, row.module, row.context, row.input).are_complete:
        _execute(actor, tx, row, now)
    else:
        _fetch(tx, _said(actor, tx, row, now))


def finished(
    actor: BaseActor, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now
) -> Outcome | None:
    """Take in the result of work; None where the execution goes on, or had ended before."""
    row = _row_of(tx, work)
    if row is None:
        return None
    match result:
        case Executed():
            return _ended(tx, row, result)
        case Fetched():
            return _fetched(actor, tx, row, now)
        case Failed(fault=WorkFault.MACHINE) if row.tries < TRIES_MAX:
            again = replace(row, tries=row.tries + 1)
            tx.rows(EXECUTIONS).put(again)
            _ask(tx, again, now)
            return None
        case Failed():
            return _lost(tx, row, result.fault, result.detail)


def tick(actor: BaseActor, tx: ActorTransaction, now: Now) -> tuple[Instant | None, list[Lost]]:
    """Send the signs of life that are due; the next deadline, and the executions of which the wall
    clock is over."""
    lost, deadlines = [], []
    for row in open_executions(tx):
        if now.wall >= row.deadline_at:
            cancel_work(tx, row)
            lost.append(_lost(tx, row, WorkFault.WALL_CLOCK, "its time is over"))
            continue
        after = row
        if row.boot != now.boot or now.monotonic >= row.next_sign_at:
            after = sign_of_life(actor, tx, row, now)
            if row.newest_sign is not None:
                # It was sent a third of a lease ago, and nothing rests on it.
                tx.blocks.delete(row.newest_sign)
        deadlines.append(min(Instant(after.next_sign_at), now.at(after.deadline_at)))
    return min(deadlines, default=None), lost


def open_executions(tx: ActorTransaction) -> tuple[ExecutionRow, ...]:
    return tx.rows(EXECUTIONS).select(state=OPEN)


def cancel(tx: ActorTransaction, hold: Cid) -> None:
    """Take back the execution of a hold, whatever it is doing; a repeat is harmless."""
    row = tx.rows(EXECUTIONS).get(hold)
    if row is not None and row.is_open:
        cancel_work(tx, row)
        tx.rows(EXECUTIONS).put(replace(row, state=ExecutionState.CANCELLED))


def cancel_work(tx: ActorTransaction, row: ExecutionRow) -> None:
    tx.work.cancel(work_id_of(row))


def sign_of_life(
    actor: BaseActor, tx: ActorTransaction, row: ExecutionRow, now: Now
) -> ExecutionRow:
    """Send a Progress, and store when the next is due."""
    phase = WorkPhase.FETCHING if row.state is ExecutionState.FETCHING else row.executing
    sign = actor.sign(
        tx,
        Progress(
            hold=row.hold,
            sequence=row.signs + 1,
            phase=phase,
            fuel_estimate=_fuel_estimate(row, now),
        ),
    )
    tx.outbox.put(Outgoing(to=_hearers(row), record=sign.cid))
    after = replace(
        row,
        signs=row.signs + 1,
        newest_sign=sign.cid,
        next_sign_at=now.after(_between_signs(row)),
        executing_from=row.executing_from if row.boot == now.boot else now.monotonic,
        boot=now.boot,
    )
    tx.rows(EXECUTIONS).put(after)
    return after


def _hearers(row: ExecutionRow) -> tuple[Did, ...]:
    return tuple(dict.fromkeys((row.issuer, row.submitter)))


def _fuel_estimate(row: ExecutionRow, now: Now) -> int | None:
    """What the time suggests; the fuel of a running execution cannot be read."""
    if row.state is not ExecutionState.EXECUTING or not row.fuel_per_second:
        return None
    elapsed_ms = 0 if row.boot != now.boot else now.monotonic - row.executing_from
    return min(row.fuel_limit, elapsed_ms * row.fuel_per_second // 1000)


def _fetched(actor: BaseActor, tx: ActorTransaction, row: ExecutionRow, now: Now) -> Outcome | None:
    inputs = inputs_of(tx.blocks, row.module, row.context, row.input)
    if inputs.malformed is not None:
        return _lost(tx, row, WorkFault.MODULE, inputs.malformed)
    if inputs.lacking:
        return _lost(tx, row, WorkFault.MISSING, f"block {inputs.lacking[0]}")
    _execute(actor, tx, row, now)
    return None


def _execute(actor: BaseActor, tx: ActorTransaction, row: ExecutionRow, now: Now) -> None:
    begun = replace(
        row,
        state=ExecutionState.EXECUTING,
        tries=1,
        executing_from=now.monotonic,
        boot=now.boot,
    )
    _ask(tx, _said(actor, tx, begun, now), now)


def _said(actor: BaseActor, tx: ActorTransaction, row: ExecutionRow, now: Now) -> ExecutionRow:
    """What was begun, stored: an executor says so at once, since its submitter is shown it."""
    if row.executing is WorkPhase.RUNNING:
        return sign_of_life(actor, tx, row, now)
    quiet = replace(row, next_sign_at=now.after(min(QUIET_MS, _between_signs(row))))
    tx.rows(EXECUTIONS).put(quiet)
    return quiet


def _between_signs(row: ExecutionRow) -> int:
    """Milliseconds from one sign of life to the next."""
    return max(SIGN_MS_LEAST, row.lease_ms // SIGNS_A_LEASE)


def _ended(tx: ActorTransaction, row: ExecutionRow, result: Executed) -> Outcome:
    execution = result.execution
    cid, block = result_block(execution.deterministic)
    try:
        for each, data in (*execution.blocks.items(), (cid, block)):
            tx.blocks.put(each, data)
    except BlockError as error:
        return _lost(tx, row, WorkFault.MACHINE, str(error))
    done = replace(
        row,
        state=ExecutionState.DONE,
        result=cid,
        metrics=execution.metrics,
        started_at=result.started_at,
        ended_at=result.ended_at,
    )
    tx.rows(EXECUTIONS).put(done)
    return Ended(row=done, execution=execution)


def _lost(tx: ActorTransaction, row: ExecutionRow, fault: WorkFault, detail: str) -> Lost:
    failed = replace(row, state=ExecutionState.FAILED, fault=fault, detail=detail)
    tx.rows(EXECUTIONS).put(failed)
    return Lost(row=failed, fault=fault, detail=detail)


# --- work and its names


def _ask(tx: ActorTransaction, row: ExecutionRow, now: Now) -> None:
    if row.state is ExecutionState.FETCHING:
        _fetch(tx, row)
        return
    work = Execute(
        module=row.module,
        context=row.context,
        input=row.input,
        max_seconds=max(1, row.deadline_at - now.wall),
        priority=row.priority,
        since=row.since,
    )
    tx.work.put(work_id_of(row), work)


def _fetch(tx: ActorTransaction, row: ExecutionRow) -> None:
    work = Fetch(
        module=row.module, context=row.context, input=row.input, extra=(), owners=row.owners
    )
    tx.work.put(work_id_of(row), work)


def work_id_of(row: ExecutionRow) -> WorkId:
    kind = "fetch" if row.state is ExecutionState.FETCHING else "execute"
    return WorkId(f"{kind}/{row.hold}/{row.tries}")


def _row_of(tx: ActorTransaction, work: WorkId) -> ExecutionRow | None:
    """The execution that waits for this work."""
    row = tx.rows(EXECUTIONS).get(parse_cid(work.split("/")[1]))
    return row if row is not None and row.is_open and work_id_of(row) == work else None
