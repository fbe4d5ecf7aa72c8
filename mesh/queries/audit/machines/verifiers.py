"""The audit of verifiers: duties against draws, observations against attestations, receipts."""

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from mesh.actors.executions import EXECUTIONS, ExecutionState
from mesh.actors.verifier.rows import (
    DUTIES,
    NUMBER,
    OBSERVATIONS,
    SETTINGS,
    VERIFIED_RECEIPTS,
    DutyPhase,
    DutyRow,
    ObservationRow,
    VerifiedReceiptRow,
)
from mesh.core.records.settlement import Answer, Settlement
from mesh.core.records.work import Attestation, Draw, Hold, Receipt, Seal, WorkPhase
from mesh.core.settlement.check import OrderedWork
from mesh.core.verification.seals import opens
from mesh.core.verification.verdicts import Verdict
from mesh.queries.audit.compare import compare, undecided
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.machines.executions import WORKING, Ordered, check_executions
from mesh.queries.audit.machines.openings import shown_opening
from mesh.queries.audit.machines.profiles import check_profile
from mesh.queries.audit.reading import ActorStore
from mesh.queries.audit.settled import lost, order_of
from runtime.content.cid import Cid
from runtime.identity.signed import Signed


def check_verifier(store: ActorStore) -> Iterator[Finding]:
    yield from check_profile(store, store.row(SETTINGS, NUMBER), SETTINGS)
    duties: list[DutyRow] = []
    observations: list[ObservationRow] = []
    executions: list[Ordered] = []
    for draw in store.all(Draw):
        hold = store.get(Hold, draw.body.hold)
        if store.did not in draw.body.verifiers or hold is None:
            continue
        order = order_of(store, hold)
        if order is None:
            yield lost(store, f"hold {hold.cid}", "a block that it rests on")
            duties += (row for row in store.rows(DUTIES) if row.hold == hold.cid)
            continue
        duty = _duty(store, order, draw)
        duties.append(duty)
        observed = _observation(store, duty)
        if observed is not None:
            observations.append(observed)
        is_pruned = duty.phase is DutyPhase.ENDED and not store.row(EXECUTIONS, hold.cid)
        if not is_pruned:
            executions.append(_execution(order, duty, observed))
        yield from _check_nonce(store, duty, observed)
    name = store.name
    yield from compare(store, DUTIES, duties, lambda row: f"{name}: duty of hold {row.hold}")
    yield from compare(
        store,
        OBSERVATIONS,
        observations,
        lambda row: f"{name}: observation of hold {row.hold}",
        kept=("observed_at",),
    )
    yield from compare(
        store,
        VERIFIED_RECEIPTS,
        _receipts(store, duties, observations),
        lambda row: f"{name}: receipt {row.receipt}",
    )
    yield from check_executions(store, executions)


def _own(store: ActorStore, kind: type[Any], hold: Cid) -> Signed[Any] | None:
    return next((each for each in store.about(kind, hold) if each.signer == store.did), None)


def _duty(store: ActorStore, order: OrderedWork, draw: Signed[Draw]) -> DutyRow:
    hold = order.hold
    stored = store.row(DUTIES, hold.cid)
    seal, attestation = _own(store, Seal, hold.cid), _own(store, Attestation, hold.cid)
    nonce = None
    if attestation is not None:
        nonce = attestation.body.nonce
    elif seal is not None and stored is not None:
        nonce = stored.nonce
    row = DutyRow(
        hold=hold.cid,
        issuer=hold.signer,
        submitter=order.manifest.signer,
        executor=hold.body.executor,
        draw=draw.cid,
        first=draw.body.first,
        is_sealed=order.members.genesis.body.sealed,
        phase=_open_phase(store, hold.cid, seal, attestation),
        nonce=nonce,
        seal=None if seal is None else seal.cid,
        opening=None if stored is None else shown_opening(store, hold, stored.opening),
        attestation=None if attestation is None else attestation.cid,
        why_silent="" if stored is None or attestation is not None else stored.why_silent,
    )
    return _ended(store, row, stored)


def _open_phase(
    store: ActorStore,
    hold: Cid,
    seal: Signed[Any] | None,
    attestation: Signed[Any] | None,
) -> DutyPhase:
    if attestation is not None:
        return DutyPhase.ATTESTED
    if seal is not None:
        return DutyPhase.SEALED
    execution = store.row(EXECUTIONS, hold)
    is_lost = execution is not None and execution.state is ExecutionState.FAILED
    return DutyPhase.SILENT if is_lost else DutyPhase.WORKING


def _ended(store: ActorStore, row: DutyRow, stored: DutyRow | None) -> DutyRow:
    settlement = next(
        (each for each in store.about(Settlement, row.hold) if each.signer == row.issuer),
        None,
    )
    requests = [cid for cid in (row.seal, row.attestation) if cid is not None]
    refusals = [each for cid in requests for each in store.about(Answer, cid, "request")]
    if settlement is None and not refusals:
        return row
    paid = 0
    if settlement is not None:
        paid = sum(each.amount for each in settlement.body.payments if each.to == store.did)
    ended_at = None if stored is None else stored.ended_at
    return replace(
        row,
        phase=DutyPhase.ENDED,
        settlement=None if settlement is None else settlement.cid,
        paid=paid,
        ended_at=store.home.now if ended_at is None else ended_at,
    )


def _observation(store: ActorStore, duty: DutyRow) -> ObservationRow | None:
    """The result that was attested; of a sealed one, that of its execution."""
    attestation = store.get(Attestation, duty.attestation)
    execution = store.row(EXECUTIONS, duty.hold)
    result = None
    if attestation is not None:
        result = attestation.body.deterministic
    elif duty.seal is not None:
        stored = store.row(OBSERVATIONS, duty.hold)
        result = None if stored is None else stored.deterministic
        result = result if execution is None else execution.result
    if result is None:
        return None
    return ObservationRow(hold=duty.hold, deterministic=result, observed_at=store.home.now)


def _check_nonce(
    store: ActorStore, duty: DutyRow, observed: ObservationRow | None
) -> Iterator[Finding]:
    """A seal that is not opened yet: its nonce is in no record."""
    seal = store.get(Seal, duty.seal)
    if seal is None or duty.attestation is not None or observed is None:
        return
    if not opens(seal, observed.deterministic, duty.nonce):
        text = f"{store.name}: duty of hold {duty.hold}: its nonce does not open its seal"
        yield undecided(store, DUTIES, duty, text, Kind.ROW_DIFFERS)


def _execution(order: OrderedWork, duty: DutyRow, observed: ObservationRow | None) -> Ordered:
    states: tuple[ExecutionState, ...] = (ExecutionState.DONE,)
    if duty.phase is DutyPhase.WORKING:
        states = WORKING
    elif duty.phase is DutyPhase.SILENT:
        states = (ExecutionState.FAILED,)
    elif observed is None:
        states = (ExecutionState.CANCELLED, ExecutionState.FAILED)
    return Ordered(
        order=order,
        executing=WorkPhase.VERIFYING,
        owners=(duty.executor, duty.submitter),
        states=states,
        result=None if observed is None else observed.deterministic,
    )


def _receipts(
    store: ActorStore, duties: list[DutyRow], observations: list[ObservationRow]
) -> Iterator[VerifiedReceiptRow]:
    """Every receipt that was executed again here, with this verifier's own verdict."""
    results = {row.hold: row.deterministic for row in observations}
    for duty in duties:
        settlement = store.get(Settlement, duty.settlement)
        receipt = None if settlement is None else store.get(Receipt, settlement.body.receipt)
        if receipt is not None and duty.hold in results:
            agrees = receipt.body.deterministic == results[duty.hold]
            yield VerifiedReceiptRow(
                receipt=receipt.cid,
                hold=duty.hold,
                executor=duty.executor,
                verdict=Verdict.CONFIRMED if agrees else Verdict.REFUTED,
            )
