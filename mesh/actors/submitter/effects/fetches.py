"""Results of settled jobs: their blocks are fetched, and then their effects carried out.

Rule: what cannot be fetched now is fetched again later; after the eighth time the effects are not
carried out, and the job says so.
"""

from typing import Final

from msgspec.structs import replace

from mesh.actors.actor import ActorTransaction, Now
from mesh.actors.submitter.attempts.holds import order_of
from mesh.actors.submitter.effects.application import apply_row, effects_in, end_row
from mesh.actors.submitter.journal import JobBook
from mesh.actors.submitter.rows import (
    PENDING,
    EffectsPhase,
    PendingRow,
)
from mesh.core.jobs.effects import (
    EffectFault,
    EffectRefusal,
    linked_blocks,
)
from mesh.core.jobs.job import Job, Phase
from mesh.core.ports.work import Failed, Fetch, WorkId, WorkResult
from mesh.core.records.settlement import Settlement
from mesh.core.verification.results import read_result
from runtime.content.cid import Cid, parse_cid
from runtime.execution.execution import Deterministic

FETCHES_MAX: Final = 8
FETCH_AGAIN_SECONDS_MAX: Final = 60
_FETCH: Final = "result/"


# --- what a settled job leaves


def fetch_result(book: JobBook, tx: ActorTransaction, job: Job, hold: Cid, now: Now) -> None:
    """Bring the blocks of a settled job's result, then carry out its effects if it is verified."""
    assert job.receipt is not None and job.settlement is not None, "it is settled with a receipt"
    result = _result_of(book, tx, job)
    settled = book.archive.get(tx.blocks, Settlement, job.settlement).body
    row = PendingRow(
        cause=job.manifest,
        phase=EffectsPhase.FETCHING,
        effects=result.effects if job.phase is Phase.VERIFIED else None,
        ran_on=order_of(book, tx, hold).context.state_root,
        job_id=job.job_id,
        hold=hold,
        since=settled.issued_at,
    )
    tx.rows(PENDING).put(row)
    _go_on(book, tx, row, now)


def _result_of(book: JobBook, tx: ActorTransaction, job: Job) -> Deterministic:
    assert job.result is not None, "a receipt has a result"
    block = tx.blocks.get(job.result.deterministic)
    assert block is not None, "it is kept with the receipt"
    return read_result(block)


def _go_on(book: JobBook, tx: ActorTransaction, row: PendingRow, now: Now) -> None:
    """Fetch what is lacking, or carry out the effects."""
    assert row.job_id is not None and row.hold is not None, "only results of jobs are fetched"
    job = book.job(tx, row.job_id)
    assert job is not None, "pending effects are of a job"
    lacking = _lacking(book, tx, job, row)
    if lacking:
        order = order_of(book, tx, row.hold)
        voters = [vote.verifier for vote in job.votes]
        tx.work.put(
            WorkId(f"{_FETCH}{row.cause}/{row.tries}/{lacking[0]}"),
            Fetch(
                module=order.manifest.body.module,
                context=order.award.body.context,
                input=order.manifest.body.input,
                extra=lacking,
                owners=(order.hold.body.executor, *voters),
            ),
        )
        return
    if row.effects is None:
        tx.rows(PENDING).delete(row.cause)
        return
    apply_row(book, tx, row, now)


def _lacking(book: JobBook, tx: ActorTransaction, job: Job, row: PendingRow) -> tuple[Cid, ...]:
    result = _result_of(book, tx, job)
    wanted = [each for each in (result.output, result.logs, result.effects) if each is not None]
    if row.effects is not None and (data := tx.blocks.get(row.effects)) is not None:
        wanted += linked_blocks(effects_in(data) or ())
    return tuple(each for each in wanted if not tx.blocks.has(each))


def finished(
    book: JobBook, tx: ActorTransaction, work: WorkId, result: WorkResult, now: Now
) -> None:
    """A fetch has ended: what it brought is in the store; what it did not is fetched again."""
    assert work.startswith(_FETCH), "this actor asks for nothing else"
    cause = parse_cid(work.split("/")[1])
    row = tx.rows(PENDING).get(cause)
    if row is None or row.phase is not EffectsPhase.FETCHING:
        return
    if not isinstance(result, Failed):
        _go_on(book, tx, row, now)
        return
    if row.tries + 1 >= FETCHES_MAX:
        detail = str(result.missing[0]) if result.missing else result.detail
        refusal = EffectRefusal(fault=EffectFault.BLOCK_MISSING, detail=detail)
        end_row(book, tx, row, refusal, now)
        return
    seconds = min(FETCH_AGAIN_SECONDS_MAX, 1 << row.tries)
    tx.rows(PENDING).put(replace(row, tries=row.tries + 1, next_at=now.wall + seconds))


def fetch_again(book: JobBook, tx: ActorTransaction, now: Now) -> int | None:
    """Begin the fetches that are due; when the next one is, in Unix seconds."""
    rows = tx.rows(PENDING)
    for row in rows.due("next_at", now.wall):
        after = replace(row, next_at=None)
        rows.put(after)
        _go_on(book, tx, after, now)
    later = rows.due("next_at", now.wall + FETCH_AGAIN_SECONDS_MAX)
    return later[0].next_at if later else None
