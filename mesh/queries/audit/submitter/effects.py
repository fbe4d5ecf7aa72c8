"""The audit of a submitter's effects: what became of them, its classes, its state.

Rule: effects of jobs follow from their results and histories, holdings from movements; the effects
of local runs are in no signed record, and are held against what followed from them.
"""

from collections import Counter
from collections.abc import Iterator

from msgspec.structs import replace

from mesh.actors.submitter.rows import (
    EFFECTS,
    HOLDINGS,
    JOBS,
    MOVEMENTS,
    PENDING,
    STATE,
    EffectRow,
    EffectsPhase,
    HoldingRow,
    MovementRow,
    PendingRow,
    StateRow,
)
from mesh.core.jobs import events as ev
from mesh.core.jobs.job import Job, Phase
from mesh.core.records.jobs import Award, Transfer
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Hold
from mesh.queries.audit.compare import compare, differing, extra, undecided
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore
from mesh.queries.audit.submitter.histories import Histories
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.execution.effects import (
    BurnTokens,
    Effect,
    MintTokens,
    TransferTokens,
    effects_from_block,
)
from runtime.tokens.register import register_to_block
from runtime.tokens.token import RESOURCES


def check_effects(histories: Histories) -> Iterator[Finding]:
    store = histories.store
    jobs = {job.manifest: job for job in histories.jobs.values()}
    yield from compare(
        store, EFFECTS, _done(histories, jobs), lambda row: f"effects of {row.cause}"
    )
    yield from _check_movements(histories, jobs)
    yield from _check_holdings(store, jobs)
    yield from _check_state(store, jobs)
    yield from _check_pending(histories, jobs)


def _done(histories: Histories, jobs: dict[Cid, Job]) -> Iterator[EffectRow]:
    """Of jobs as their histories have them; of local runs as far as records speak of them."""
    store = histories.store
    applied = {
        jobs_event.manifest: (stored.at, stored.event)
        for job_id, history in histories.events.items()
        for stored in history
        if isinstance(stored.event, ev.EffectsApplied)
        for jobs_event in (histories.jobs[job_id],)
    }
    for cause, (at, event) in applied.items():
        yield EffectRow(
            cause=cause,
            root=event.root,
            transfer=event.transfer,
            applied_at=at,
            reason=event.reason,
        )
    unsound = _unsound_causes(histories)
    moved = {row.cause for row in store.rows(MOVEMENTS)}
    for row in store.rows(EFFECTS):
        if row.cause in applied:
            continue
        is_run = row.cause not in jobs and store.data(row.cause) is not None
        transfer = store.get(Transfer, row.transfer)
        fits = row.transfer is None or (transfer is not None and transfer.body.cause == row.cause)
        if row.cause in unsound or (is_run and fits):
            yield replace(row, reason="") if row.cause in moved else row


def _unsound_causes(histories: Histories) -> set[Cid]:
    return {row.manifest for row in histories.store.rows(JOBS) if row.job_id in histories.unsound}


# --- classes


def _check_movements(histories: Histories, jobs: dict[Cid, Job]) -> Iterator[Finding]:
    """The movements of a job are those of its effects, where their block is here."""
    store = histories.store
    expected: list[MovementRow] = []
    for done in store.rows(EFFECTS):
        effects = _effects_of(store, jobs.get(done.cause))
        if effects is None:
            expected += (
                replace(row, moved_at=done.applied_at)
                for row in store.rows(MOVEMENTS)
                if row.cause == done.cause
            )
        elif not done.reason:
            expected += _movements(done, effects)
    unsound = _unsound_causes(histories)
    known = {(row.cause, row.position) for row in expected}
    expected += (
        row
        for row in store.rows(MOVEMENTS)
        if row.cause in unsound and (row.cause, row.position) not in known
    )
    yield from compare(
        store,
        MOVEMENTS,
        expected,
        lambda row: f"movement of {row.amount} {row.token_class} by {row.cause}",
    )


def _effects_of(store: ActorStore, job: Job | None) -> tuple[Effect, ...] | None:
    if job is None or job.result is None:
        return None
    result = store.result(job.result.deterministic)
    data = None if result is None else store.data(result.effects)
    try:
        return None if data is None else effects_from_block(data)
    except CodecError:
        return None


def _movements(done: EffectRow, effects: tuple[Effect, ...]) -> Iterator[MovementRow]:
    for position, effect in enumerate(effects):
        holder: Did | None
        to: Did | None
        match effect:
            case MintTokens(token_class=name, amount=amount, to=to):
                holder = None
            case BurnTokens(token_class=name, amount=amount, holder=holder):
                to = None
            case TransferTokens(token_class=name, amount=amount, holder=holder, to=to):
                if name in RESOURCES:
                    continue
            case _:
                continue
        yield MovementRow(
            cause=done.cause,
            position=position,
            token_class=name,
            amount=amount,
            holder=holder,
            to=to,
            moved_at=done.applied_at,
        )


def _check_holdings(store: ActorStore, jobs: dict[Cid, Job]) -> Iterator[Finding]:
    """The holdings are the sum of the movements.

    Movements of local runs are in no signed record. Where the sum differs and the register, which
    awards name by CID, has the holdings as they are, it is the movement that was changed.
    """
    held = _held(store.rows(MOVEMENTS))
    for row in held:
        if row.units < 0:
            text = f"{row.token_class} of {row.holder}: the movements add up to {row.units}"
            yield undecided(store, HOLDINGS, row, text, Kind.SUM)
    held = [row for row in held if row.units > 0]
    found = list(compare(store, HOLDINGS, held, lambda row: f"{row.token_class} of {row.holder}"))
    state = store.row(STATE, store.did)
    runs = [row for row in store.rows(MOVEMENTS) if row.cause not in jobs]
    is_registered = (
        state is not None
        and not state.is_register_due
        and state.register == _register(store.rows(HOLDINGS))
    )
    if found and runs and is_registered:
        text = "the movements of local runs do not add up to the register of holders"
        yield undecided(store, MOVEMENTS, runs[-1], text, Kind.SUM)
        return
    yield from found


def _held(movements: tuple[MovementRow, ...]) -> list[HoldingRow]:
    units: Counter[tuple[str, Did]] = Counter()
    for row in movements:
        if row.holder is not None:
            units[row.token_class, row.holder] -= row.amount
        if row.to is not None:
            units[row.token_class, row.to] += row.amount
    return [
        HoldingRow(token_class=name, holder=holder, units=held)
        for (name, holder), held in units.items()
        if held
    ]


def _register(rows: tuple[HoldingRow, ...] | list[HoldingRow]) -> Cid | None:
    held: dict[str, dict[str, int]] = {}
    for row in rows:
        held.setdefault(row.token_class, {})[row.holder] = row.units
    try:
        return cid_of(register_to_block(held), Codec.DAG_CBOR) if held else None
    except CodecError:
        return None


# --- state


def _check_state(store: ActorStore, jobs: dict[Cid, Job]) -> Iterator[Finding]:
    """The root is that of the newest effects; the register is that of the holdings, or due."""
    row = store.row(STATE, store.did)
    for each in store.rows(STATE):
        if each.owner != store.did:
            yield extra(store, STATE, each, f"state of {each.owner}")
    roots = _newest_roots(store, jobs)
    if row is None:
        if roots != {None} or store.rows(HOLDINGS):
            yield from compare(
                store, STATE, [_state(store, _only(roots))], lambda each: f"state of {each.owner}"
            )
        return
    if row.root not in roots:
        root = _only(roots)
        if len(roots) > 1:
            text = f"state of {row.owner}: its root is {row.root}, which no effects have made"
            yield undecided(store, STATE, row, text, Kind.ROW_DIFFERS)
            return
        derived = StateRow(
            owner=row.owner,
            root=root,
            register=row.register,
            is_register_due=row.is_register_due,
        )
        yield differing(store, STATE, row, derived, f"state of {row.owner}")
        return
    is_due = row.is_register_due or row.register != _register(store.rows(HOLDINGS))
    is_known = row.register is None or store.data(row.register) is not None
    derived = _state(store, row.root)
    if (not row.is_register_due and is_due) or not is_known:
        yield differing(store, STATE, row, derived, f"state of {row.owner}")


def _state(store: ActorStore, root: Cid | None) -> StateRow:
    """A state whose register is that of the holdings, where its block is here."""
    register = _register([row for row in _held(store.rows(MOVEMENTS)) if row.units > 0])
    is_here = register is None or store.data(register) is not None
    return StateRow(
        owner=store.did,
        root=root,
        register=register if is_here else None,
        is_register_due=not is_here,
    )


def _only(roots: set[Cid | None]) -> Cid | None:
    return next(iter(sorted(roots, key=str)))


def _newest_roots(store: ActorStore, jobs: dict[Cid, Job]) -> set[Cid | None]:
    """The states after the effects of the newest second, but for those on which others ran."""
    done = [row for row in store.rows(EFFECTS) if not row.reason]
    newest = max((row.applied_at for row in done), default=0)
    last = [row for row in done if row.applied_at == newest]
    if not last:
        return {None}
    left = {row.root for row in last}
    for row in last:
        ran_on = _ran_on(store, jobs.get(row.cause))
        if ran_on is not None and ran_on != row.root:
            left.discard(ran_on)
    return left or {row.root for row in last}


def _ran_on(store: ActorStore, job: Job | None) -> Cid | None:
    hold = None if job is None else store.get(Hold, job.hold)
    award = None if hold is None else store.get(Award, hold.body.award)
    context = None if award is None else store.context(award.body.context)
    return None if context is None else context.state_root


# --- what waits


def _check_pending(histories: Histories, jobs: dict[Cid, Job]) -> Iterator[Finding]:
    """Effects that wait are of a settled job that has not carried them out, or of a local run."""
    store = histories.store
    expected = []
    for row in store.rows(PENDING):
        job = jobs.get(row.cause)
        if row.cause in _unsound_causes(histories):
            expected.append(row)
        elif job is not None:
            derived = _pending(store, job, row)
            if derived is not None:
                expected.append(derived)
        elif row.job_id is None and store.data(row.effects) is not None:
            expected.append(row)
    yield from compare(store, PENDING, expected, lambda row: f"waiting effects of {row.cause}")


def _pending(store: ActorStore, job: Job, row: PendingRow) -> PendingRow | None:
    settlement = store.get(Settlement, job.settlement)
    if job.effects is not None or job.result is None or settlement is None:
        return None
    result = store.result(job.result.deterministic)
    transfer = store.get(Transfer, row.transfer)
    is_asked = transfer is not None and transfer.body.cause == row.cause
    phase = EffectsPhase.TRANSFERRING if is_asked else row.phase
    if not is_asked and phase is EffectsPhase.TRANSFERRING:
        phase = EffectsPhase.READY
    issuer = store.get(Hold, settlement.body.hold)
    return PendingRow(
        cause=job.manifest,
        phase=phase,
        effects=result.effects if result and job.phase is Phase.VERIFIED else None,
        ran_on=_ran_on(store, job),
        job_id=job.job_id,
        hold=settlement.body.hold,
        since=settlement.body.issued_at,
        tries=row.tries,
        next_at=row.next_at,
        transfer=row.transfer if is_asked else None,
        issuer=issuer.signer if is_asked and issuer is not None else None,
    )
