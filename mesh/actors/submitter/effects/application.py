"""Effects of verified jobs and of local runs, carried out once: state, classes, units, children.

Rule: all or none, and only if the state is still the one that the execution saw. While a transfer
awaits its issuer, other effects wait, so that the state cannot move in between.
"""

from functools import partial
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.base import MessageRefusal
from mesh.actors.submitter.effects.children import (
    against_children,
    create_children,
    refuse_children,
    submit_children,
)
from mesh.actors.submitter.effects.state import snapshot_of, state_of, units_of, write_plan
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.rows import (
    EFFECTS,
    PENDING,
    STATEMENTS,
    EffectRow,
    EffectsPhase,
    PendingRow,
)
from mesh.actors.submitter.statements import statement_of
from mesh.core.fields import REASON_BYTES_MAX
from mesh.core.jobs import events as ev
from mesh.core.jobs.effects import (
    EffectFault,
    EffectRefusal,
    Owned,
    Plan,
    plan_effects,
)
from mesh.core.jobs.job import Phase
from mesh.core.ports.messages import Outgoing
from mesh.core.records.jobs import JobManifest, Transfer
from mesh.core.records.settlement import Answer
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError
from runtime.content.did import Did
from runtime.content.shapes import cut
from runtime.execution.effects import Effect, effects_from_block, effects_to_block
from runtime.identity.signed import Signed
from runtime.tokens.token import ResourceType


class Applied(Struct, frozen=True, kw_only=True):
    """All effects are carried out. root: the state from then on."""

    root: Cid | None


class Awaiting(Struct, frozen=True, kw_only=True):
    """Units are to move first: the issuer of them was asked; `outcome_of` says what it answered."""

    transfer: Cid


Outcome: TypeAlias = Applied | Awaiting | EffectRefusal


# --- carrying out


def apply_effects(
    book: JobBook,
    tx: ActorTransaction,
    cause: Cid,
    effects: tuple[Effect, ...],
    ran_on: Cid | None,
    now: Now,
) -> Outcome:
    """Carry out the effects of a local run, whose blocks are in the store; once for each cause.
    Jobs that the program submits are its caller's to submit."""
    done = tx.rows(EFFECTS).get(cause)
    if done is not None and not done.reason:
        return Applied(root=done.root)
    waiting = tx.rows(PENDING).get(cause)
    if waiting is not None and waiting.transfer is not None:
        return Awaiting(transfer=waiting.transfer)
    if tx.rows(PENDING).count(phase=EffectsPhase.TRANSFERRING):
        return EffectRefusal(fault=EffectFault.AWAITS_ISSUER)
    block = effects_to_block(effects)
    cid = cid_of(block, Codec.DAG_CBOR)
    tx.blocks.put(cid, block)
    row = PendingRow(
        cause=cause,
        phase=EffectsPhase.READY,
        effects=cid,
        ran_on=ran_on,
        job_id=None,
        hold=None,
        since=now.wall,
    )
    tx.rows(PENDING).put(row)
    return apply_row(book, tx, row, now)


def outcome_of(tx: ActorTransaction, cause: Cid) -> EffectRow | None:
    """What became of the effects of a job or run, None while that is open."""
    return tx.rows(EFFECTS).get(cause)


def apply_row(book: JobBook, tx: ActorTransaction, row: PendingRow, now: Now) -> Outcome:
    if tx.rows(PENDING).count(phase=EffectsPhase.TRANSFERRING):
        tx.rows(PENDING).put(replace(row, phase=EffectsPhase.READY))
        return EffectRefusal(fault=EffectFault.AWAITS_ISSUER)
    plan = _plan(book, tx, row, now)
    if isinstance(plan, EffectRefusal):
        end_row(book, tx, row, plan, now)
        return plan
    manifest = _manifest_of(book, tx, row)
    if manifest is not None:
        children = create_children(book, tx, row.since, manifest, plan, now)
        row = replace(row, children=children)
    if plan.items:
        assert plan.issuer is not None, "items have an issuer"
        transfer = book.sign(tx, Transfer(cause=row.cause, items=plan.items))
        tx.outbox.put(
            Outgoing(
                to=(plan.issuer,),
                record=transfer.cid,
                attached=book.newest_statement(tx, plan.issuer),
                until=_until(row.cause),
            )
        )
        tx.rows(PENDING).put(
            replace(
                row,
                phase=EffectsPhase.TRANSFERRING,
                transfer=transfer.cid,
                issuer=plan.issuer,
            )
        )
        return Awaiting(transfer=transfer.cid)
    return _carry_out(book, tx, row, plan, now)


def _until(cause: Cid) -> str:
    return f"transfer/{cause}"


def _plan(book: JobBook, tx: ActorTransaction, row: PendingRow, now: Now) -> Plan | EffectRefusal:
    assert row.effects is not None, "there is something to carry out"
    data = tx.blocks.get(row.effects)
    effects = None if data is None else effects_in(data)
    if effects is None:
        return EffectRefusal(fault=EffectFault.UNREADABLE, detail=str(row.effects))
    state = state_of(book, tx)
    try:
        snapshot = snapshot_of(tx, state.root)
    except CodecError as error:
        return EffectRefusal(fault=EffectFault.UNREADABLE, detail=str(error))
    manifest = _manifest_of(book, tx, row)
    issuers = None if manifest is None else manifest.body.accepted_issuers[:1]
    owned = Owned(
        owner=book.did,
        root=state.root,
        snapshot=snapshot,
        units=partial(units_of, tx),
        issuer_of=partial(_issuer_of, book, tx, issuers, row),
        # What its transfer was signed for is carried out, whatever was thrown away since.
        has_block=tx.blocks.has if row.transfer is None else lambda cid: True,
    )
    plan = plan_effects(effects, ran_on=row.ran_on, owned=owned)
    if row.transfer is not None:
        return plan
    if isinstance(plan, Plan) and manifest is not None and plan.submissions:
        refusal = against_children(book, tx, row.since, manifest, plan, now)
        return plan if refusal is None else refusal
    return plan


def _manifest_of(
    book: JobBook, tx: ActorTransaction, row: PendingRow
) -> Signed[JobManifest] | None:
    if row.job_id is None:
        return None
    return book.archive.get(tx.blocks, JobManifest, row.cause)


def _issuer_of(
    book: JobBook,
    tx: ActorTransaction,
    issuers: tuple[Did, ...] | None,
    row: PendingRow,
    kind: ResourceType,
    amount: int,
) -> Did | int:
    """Who keeps so many of the submitter's units, else the most that one of them keeps. issuers: of
    the job, None for a local run, which any issuer may serve."""
    if row.issuer is not None:
        return row.issuer  # it was asked, and says itself whether there are enough
    if issuers is None:
        issuers = tuple(each.issuer for each in tx.rows(STATEMENTS).select())
    most = 0
    for issuer in issuers:
        statement = statement_of(book, tx, issuer)
        if statement is None:
            continue
        available = statement.balances.get(kind.value, 0)
        if available >= amount:
            return issuer
        most = max(most, available)
    return most


def _carry_out(
    book: JobBook, tx: ActorTransaction, row: PendingRow, plan: Plan, now: Now
) -> Applied:
    write_plan(book, tx, row.cause, plan, now)
    submit_children(book, tx, row.children, now)
    end_row(book, tx, row, plan, now)
    return Applied(root=plan.root)


def end_row(
    book: JobBook,
    tx: ActorTransaction,
    row: PendingRow,
    done: Plan | EffectRefusal,
    now: Now,
) -> None:
    """Note what became of effects, and go on with those that waited for them."""
    root = done.root if isinstance(done, Plan) else None
    reason = cut(str(done), REASON_BYTES_MAX) if isinstance(done, EffectRefusal) else ""
    children = row.children if isinstance(done, Plan) else ()
    if isinstance(done, EffectRefusal):
        refuse_children(book, tx, row.children, reason, now)
    tx.rows(PENDING).delete(row.cause)
    if row.effects is not None:
        tx.rows(EFFECTS).put(
            EffectRow(
                cause=row.cause,
                root=root,
                transfer=row.transfer,
                applied_at=now.wall,
                reason=reason,
            )
        )
    job = None if row.job_id is None else book.job(tx, row.job_id)
    if job is not None and job.phase is Phase.VERIFIED and row.effects is not None:
        event = ev.EffectsApplied(
            root=root, transfer=row.transfer, children=children, reason=reason
        )
        book.must_record(tx, job, event, now)
    if row.phase is EffectsPhase.TRANSFERRING:
        for other in tx.rows(PENDING).select(phase=EffectsPhase.READY):
            apply_row(book, tx, other, now)


def take_answer(
    book: JobBook, tx: ActorTransaction, answer: Signed[Answer], asked: Signed[Transfer], now: Now
) -> MessageRefusal | None:
    """The issuer's answer to a transfer: the rest of the effects follow it."""
    row = tx.rows(PENDING).get(asked.body.cause)
    if row is None or row.transfer != asked.cid:
        tx.outbox.answered(_until(asked.body.cause))
        return None
    if answer.signer != row.issuer:
        return MessageRefusal.WRONG_ROLE
    plan = _plan(book, tx, row, now)
    book.keep(tx, answer)
    tx.outbox.answered(_until(row.cause))
    if not answer.body.accepted:
        detail = answer.body.detail or answer.body.reason
        refusal = EffectRefusal(fault=EffectFault.TRANSFER_REFUSED, detail=detail)
        end_row(book, tx, row, refusal, now)
        return None
    if isinstance(plan, EffectRefusal):
        end_row(book, tx, row, plan, now)
        return None
    _carry_out(book, tx, row, plan, now)
    return None


def effects_in(data: bytes) -> tuple[Effect, ...] | None:
    try:
        return effects_from_block(data)
    except CodecError:
        return None
