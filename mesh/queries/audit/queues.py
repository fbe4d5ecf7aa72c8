"""The audit of what waits: messages that are sent again, open work, records that came early.

Rule: what waits is about something that is open, rests on blocks that are here, and names the
record that its word stands for; what belongs to nothing is taken away.
"""

from collections.abc import Iterator
from functools import partial

from msgspec.structs import replace

from mesh.actors.executions import EXECUTIONS, OPEN, ExecutionState, work_id_of
from mesh.actors.issuer.rows import ATTEMPTS as ISSUER_ATTEMPTS
from mesh.actors.node.rows import ATTEMPTS as NODE_ATTEMPTS
from mesh.actors.node.rows import AttemptPhase
from mesh.actors.stores import DeliveryTransaction, OutboxRow, WorkRow
from mesh.actors.submitter.rows import AWARDS, EARLY, JOBS, PENDING, REVOKED
from mesh.actors.verifier.rows import DUTIES, DutyPhase
from mesh.core.ports.work import Execute, Fetch, Work, WorkId
from mesh.core.records.jobs import Cancel, Transfer
from mesh.core.records.settlement import Revocation
from mesh.core.records.work import Draw, Opening
from mesh.queries.audit.compare import compare, differences
from mesh.queries.audit.findings import Finding, Kind
from mesh.queries.audit.reading import ActorStore, Home
from runtime.content.cid import Cid, CidError, parse_cid


def check_outbox(home: Home) -> Iterator[Finding]:
    for row in home.view.unanswered().select():
        store = home.actors.get(row.actor)
        if store is None:
            continue
        reason = _against(store, row)
        if reason is not None:
            yield Finding(
                kind=Kind.ROW_EXTRA,
                actor=row.actor,
                subject=f"outbox {row.until} {row.to}",
                text=f"{store.name}: message '{row.until}' to {home.members.name(row.to)}: "
                f"{reason}",
                mend=partial(_answered, row),
            )


def _answered(row: OutboxRow, tx: DeliveryTransaction) -> None:
    tx.outbox.answered(row.until, row.to)


def _against(store: ActorStore, row: OutboxRow) -> str | None:
    """Why a message is sent to nobody any more."""
    if store.home.members.member(row.to) is None:
        return "its receiver is no member"
    lacking = [cid for cid in (row.record, *row.attached) if not store.blocks.has(cid)]
    if lacking:
        return f"block {lacking[0]} is not in the store"
    word, _, rest = row.until.partition("/")
    subject = _cid_in(rest.split("/")[0])
    if subject is None:
        return "it is about nothing"
    expected = _records(store, word, subject)
    if row.record not in expected:
        return "it is about nothing that is open"
    return None


def _cid_in(text: str) -> Cid | None:
    try:
        return parse_cid(text)
    except CidError:
        return None


def _records(store: ActorStore, word: str, subject: Cid) -> tuple[Cid | None, ...]:
    """The records that a word may stand for, none where its subject is not open."""
    match word:
        case "bid":
            open_job = [row for row in store.rows(JOBS) if row.manifest == subject]
            return tuple(row.manifest for row in open_job if not row.job.is_final)
        case "award":
            return tuple(row.award for row in store.rows(AWARDS) if row.award == subject)
        case "cancel":
            return tuple(each.cid for each in store.about(Cancel, subject, "job"))
        case "transfer":
            waiting = store.row(PENDING, subject)
            asked = store.about(Transfer, subject, "cause")
            return () if waiting is None else tuple(each.cid for each in asked)
        case "revoke":
            known = store.row(REVOKED, subject)
            taken = store.about(Revocation, subject, "target")
            return () if known is None else tuple(each.cid for each in taken)
        case "hold" | "draw" | "opening":
            return _of_issuer(store, word, subject)
        case "seal" | "end":
            return _of_machine(store, word, subject)
        case _:
            return ()


def _of_issuer(store: ActorStore, word: str, hold: Cid) -> tuple[Cid, ...]:
    attempt = store.row(ISSUER_ATTEMPTS, hold)
    if attempt is None or not attempt.is_open:
        return ()
    if word == "hold":
        return (hold,)
    kind = Draw if word == "draw" else Opening
    return tuple(each.cid for each in store.about(kind, hold))


def _of_machine(store: ActorStore, word: str, hold: Cid) -> tuple[Cid | None, ...]:
    node, verifier = store.row(NODE_ATTEMPTS, hold), store.row(DUTIES, hold)
    if node is not None and node.phase is not AttemptPhase.ENDED:
        return (node.seal,) if word == "seal" else (node.receipt, node.gave_up)
    if verifier is not None and verifier.phase is not DutyPhase.ENDED:
        return (verifier.seal if word == "seal" else verifier.attestation,)
    return ()


# --- work


def check_work(home: Home) -> Iterator[Finding]:
    """Each open execution is asked for, and nothing else is but fetches of results."""
    waiting = {(row.actor, row.id): row for row in home.view.open_work().select()}
    for store in home.actors.values():
        for row in store.rows(EXECUTIONS):
            if row.state not in OPEN:
                continue
            id_ = work_id_of(row)
            found = waiting.pop((store.did, id_), None)
            fetch = Fetch(
                module=row.module,
                context=row.context,
                input=row.input,
                extra=(),
                owners=row.owners,
            )
            execute = Execute(
                module=row.module,
                context=row.context,
                input=row.input,
                max_seconds=max(1, row.deadline_at - row.since),
                priority=row.priority,
                since=row.since,
            )
            is_fetched = row.state is ExecutionState.EXECUTING
            wanted = WorkRow(
                actor=store.did,
                id=id_,
                work=execute if is_fetched else fetch,
                priority=row.priority if is_fetched else None,
                since=row.since if is_fetched else None,
                claimed_by=None if found is None else found.claimed_by,
            )
            if found is None or _differs(found, wanted):
                yield _open_work(store, found, wanted)
    for (actor, _), left in waiting.items():
        store_of = home.actors.get(actor)
        if store_of is not None and not _is_result(store_of, left):
            yield Finding(
                kind=Kind.ROW_EXTRA,
                actor=actor,
                subject=f"work {left.id}",
                text=f"{store_of.name}: work {left.id}: it belongs to nothing",
                mend=partial(_cancelled, left),
            )


def _differs(found: WorkRow, wanted: WorkRow) -> bool:
    """Less time than at first is what is left of it."""
    if isinstance(found.work, Execute) and isinstance(wanted.work, Execute):
        most = wanted.work.max_seconds
        if 1 <= found.work.max_seconds <= most:
            seconds = found.work.max_seconds
            return replace(wanted, work=replace(wanted.work, max_seconds=seconds)) != found
    return found != wanted


def _open_work(store: ActorStore, found: WorkRow | None, wanted: WorkRow) -> Finding:
    text = "it is not asked for" if found is None else differences(found, wanted)
    return Finding(
        kind=Kind.ROW_MISSING if found is None else Kind.ROW_DIFFERS,
        actor=store.did,
        subject=f"work {wanted.id}",
        text=f"{store.name}: work {wanted.id}: {text}",
        mend=partial(_ask_again, wanted.id, wanted.work),
    )


def _ask_again(id_: WorkId, work: Work, tx: DeliveryTransaction) -> None:
    tx.work.cancel(id_)
    tx.work.put(id_, work)


def _cancelled(row: WorkRow, tx: DeliveryTransaction) -> None:
    tx.work.cancel(row.id)


def _is_result(store: ActorStore, row: WorkRow) -> bool:
    """Whether the blocks of a result are being fetched."""
    word, _, rest = row.id.partition("/")
    cause = _cid_in(rest.split("/")[0])
    return word == "result" and cause is not None and store.row(PENDING, cause) is not None


# --- records that came early


def check_early(store: ActorStore) -> Iterator[Finding]:
    """A record that came early is about its hold, and is here with all that came with it."""
    expected = []
    for row in store.rows(EARLY):
        record = store.any(row.record)
        about = None if record is None else getattr(record.body, "hold", record.cid)
        has_all = all(store.blocks.has(cid) for cid in row.attached)
        if about == row.hold and has_all:
            expected.append(row)
    yield from compare(store, EARLY, expected, lambda row: f"early record {row.record}")
