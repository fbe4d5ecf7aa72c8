"""The audit of executions: each is of an order, with the result that its actor has signed.

Rule: clocks, tries and signs of life are in no record: they are kept as they are.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from mesh.actors.executions import EXECUTIONS, OPEN, ExecutionRow, ExecutionState
from mesh.core.records.work import Receipt, WorkPhase
from mesh.core.settlement.check import OrderedWork
from mesh.queries.audit.compare import compare
from mesh.queries.audit.findings import Finding
from mesh.queries.audit.reading import ActorStore
from runtime.content.cid import Cid
from runtime.content.did import Did
from runtime.identity.signed import Signed

_CLOCKS = (
    "fuel_per_second",
    "since",
    "tries",
    "signs",
    "newest_sign",
    "next_sign_at",
    "executing_from",
    "boot",
    "fault",
    "detail",
)


class Ordered(Struct, frozen=True, kw_only=True):
    """An execution as its actor's records have it. states: those that it may be in, the likeliest
    first."""

    order: OrderedWork
    executing: WorkPhase
    owners: tuple[Did, ...]
    states: tuple[ExecutionState, ...]
    result: Cid | None
    receipt: Signed[Receipt] | None = None


WORKING = tuple(sorted(OPEN, key=lambda state: state is ExecutionState.EXECUTING))
"""States of an execution that its actor waits for: what was fetched is looked for again."""


def check_executions(store: ActorStore, expected: Iterable[Ordered]) -> Iterator[Finding]:
    yield from compare(
        store,
        EXECUTIONS,
        (_row(store, each) for each in expected),
        lambda row: f"{store.name}: execution of hold {row.hold}",
        kept=_CLOCKS,
    )


def _row(store: ActorStore, each: Ordered) -> ExecutionRow:
    order = each.order
    stored = store.row(EXECUTIONS, order.hold.cid)
    since = order.hold.body.issued_at if stored is None else stored.since
    state = each.states[0]
    if stored is not None and stored.state in each.states:
        state = stored.state
    shown = each.receipt
    metrics, started_at, ended_at = None, 0, 0
    if shown is not None:
        metrics = shown.body.metrics
        started_at, ended_at = shown.body.started_at, shown.body.ended_at
    elif stored is not None and state is ExecutionState.DONE:
        metrics, started_at, ended_at = stored.metrics, stored.started_at, stored.ended_at
    return ExecutionRow(
        hold=order.hold.cid,
        module=order.manifest.body.module,
        context=order.award.body.context,
        input=order.manifest.body.input,
        issuer=order.hold.signer,
        submitter=order.manifest.signer,
        owners=each.owners,
        executing=each.executing,
        lease_ms=order.hold.body.lease_ms,
        fuel_limit=order.award.body.fuel_limit,
        fuel_per_second=0,
        priority=order.manifest.body.priority,
        since=since,
        deadline_at=since + order.hold.body.max_seconds,
        state=state,
        tries=1,
        signs=0,
        newest_sign=None,
        next_sign_at=0,
        executing_from=0,
        boot="",
        result=each.result if state is ExecutionState.DONE else None,
        metrics=metrics,
        started_at=started_at,
        ended_at=ended_at,
    )
