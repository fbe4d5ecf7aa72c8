"""Local runs: effects, jobs and the record of the run become true together, or not at all."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import local_runs
import pytest
import wasmtime
from embedded_mesh import ANSWER, ANSWER_CID, GRANT, answer, balances, opened, put_block
from local_runs import FRIEND, JOB, KEY, MINTED, MOVED, applied, effects_of, outcome_of, record_of
from msgspec.structs import replace

from mesh.actors.submitter.rows import EFFECTS, HOLDINGS, JOBS, MOVEMENTS, PENDING
from mesh.core.jobs.job import Phase
from mesh.core.ports.tables import Table
from mesh.core.settlement.books import Books
from mesh.embedded.commands.runs import (
    apply,
    delegating,
    finish_run,
    keep_run,
    unfinished_run,
    unfinished_runs,
    world_now,
)
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import encode
from runtime.content.did import Did
from runtime.execution.effects import BurnTokens, MintTokens
from runtime.terminal.errors import CommandError
from runtime.tokens.token import ResourceType
from runtime.tokens.transfers import Move, TransferId

SUBMITTING = bytes(
    wasmtime.wat2wasm(
        """(module
          (import "icn_host" "host_submit_job"
            (func (param i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "run") (result i64) (i64.const 1)))"""
    )
)
SUBMITTING_CID = cid_of(SUBMITTING, Codec.RAW)


def units(mesh: EmbeddedMesh, owner: Did) -> int:
    """Compute units of an owner, by the issuer's own books."""
    issuer = mesh.actors.issuer
    with mesh.store.view() as view:
        books = issuer.books(view.rehearsal(issuer.did, mesh.clock()))
        return books.account(books.key(ResourceType.COMPUTE, owner)).available


def state_of(mesh: EmbeddedMesh) -> dict[str, object]:
    """All that an application may change."""
    me = mesh.submitter.did
    with mesh.store.view() as view:
        tables: tuple[Table[Any], ...] = (EFFECTS, HOLDINGS, JOBS, MOVEMENTS, PENDING)
        found: dict[str, object] = {each.name: view.rows(me, each).select() for each in tables}
        found["cids"] = {actor.did: view.cids(actor.did) for actor in mesh.actors}
        found["unanswered"] = view.unanswered().count()
    found["runs"] = unfinished_runs(mesh)
    found["units"] = units(mesh, me), units(mesh, FRIEND)
    return found


def test_effects_jobs_and_record_are_one(mesh: EmbeddedMesh) -> None:
    assert applied(mesh, effects_of(mesh)) is None
    record = unfinished_run(mesh, KEY)
    assert record is not None
    assert (units(mesh, mesh.submitter.did), units(mesh, FRIEND)) == (GRANT - MOVED, MOVED)
    assert balances(mesh)["compute"] == GRANT - MOVED
    with mesh.read() as reader:
        (holding,) = reader.rows(HOLDINGS).select()
        assert (holding.holder, holding.units) == (FRIEND, MINTED)
        assert reader.rows(PENDING).count() == 0
    (job,) = record.jobs
    assert mesh.drive([job.job_id], auto_award=True) == {}
    assert mesh.job(job.job_id).phase is Phase.VERIFIED
    finish_run(mesh, KEY)
    assert unfinished_run(mesh, KEY) is None


def test_equal_run_after_the_first_is_applied_once_more(mesh: EmbeddedMesh) -> None:
    for _ in range(2):
        assert applied(mesh, effects_of(mesh)) is None
        finish_run(mesh, KEY)
    assert units(mesh, FRIEND) == 2 * MOVED
    assert len(mesh.job_ids()) == 2


def test_runs_are_listed_from_the_oldest(mesh: EmbeddedMesh) -> None:
    late, early = (cid_of(encode([name]), Codec.DAG_CBOR) for name in ("late", "early"))
    record = record_of(mesh, outcome_of(mesh, ()))
    keep_run(mesh, late, record)
    keep_run(mesh, early, replace(record, origin=replace(record.origin, started_at=1)))
    assert list(unfinished_runs(mesh)) == [early, late]


def test_dearer_transfer_than_the_balance_changes_nothing(mesh: EmbeddedMesh) -> None:
    before = state_of(mesh)
    reason = applied(mesh, effects_of(mesh, moved=GRANT + 1))
    assert reason is not None
    assert f"({GRANT} left)" in reason
    assert state_of(mesh) == before


def test_transfer_that_the_issuer_refuses_takes_all_back(mesh: EmbeddedMesh) -> None:
    """Its books know of a movement that no statement has said yet."""
    issuer, me = mesh.actors.issuer, mesh.submitter.did
    assert applied(mesh, (MintTokens(token_class="care", amount=1, to=FRIEND),)) is None

    def move(books: Books) -> Move:
        return Move(
            id=TransferId(bytes(32)),
            debit=books.key(ResourceType.COMPUTE, me),
            credit=books.key(ResourceType.COMPUTE, issuer.did),
            amount=GRANT - MOVED + 1,
        )

    def take_units(tx: object, now: object) -> None:
        books = issuer.books(tx)  # type: ignore[arg-type]
        assert books.carry_out(move(books), now=mesh.now) is None

    mesh.issuer_command(take_units)
    before = state_of(mesh)
    reason = applied(mesh, effects_of(mesh))
    assert reason is not None
    assert reason.startswith("the issuer refuses the transfer")
    assert state_of(mesh) == before
    enough_for_the_job = MOVED - 1 - 10
    assert applied(mesh, effects_of(mesh, moved=enough_for_the_job)) is None


def test_refused_submission_takes_the_accepted_transfer_back(mesh: EmbeddedMesh) -> None:
    before = state_of(mesh)
    with pytest.raises(CommandError) as caught:
        applied(mesh, effects_of(mesh, moved=GRANT - 9))
    assert caught.value.code == "submission-balance-too-low"
    assert state_of(mesh) == before
    assert applied(mesh, effects_of(mesh, moved=GRANT - 10)) is None


def test_effects_on_a_state_that_has_moved_are_not_applied(mesh: EmbeddedMesh) -> None:
    first, second = (outcome_of(mesh, effects_of(mesh)) for _ in range(2))
    moved = replace(first, context=replace(first.context, state_root=ANSWER_CID))
    before = state_of(mesh)
    reason = apply(mesh, KEY, record_of(mesh, moved), moved)
    assert reason == "the state is no longer the one the job ran on"
    assert state_of(mesh) == before
    assert apply(mesh, KEY, record_of(mesh, second), second) is None


def test_module_that_no_node_could_execute_is_refused_first(mesh: EmbeddedMesh) -> None:
    broken = b"\0asm but no module"
    cid = cid_of(broken, Codec.RAW)
    done = outcome_of(mesh, (replace(JOB, wasm_cid=cid),))
    before = state_of(mesh)
    with pytest.raises(CommandError) as caught:
        apply(mesh, KEY, record_of(mesh, done), replace(done, blocks=((cid, broken),)))
    assert caught.value.code == "module-refused"
    assert state_of(mesh) == before


def test_program_sees_its_holders_before_anything_has_stored_them(mesh: EmbeddedMesh) -> None:
    me = mesh.submitter.did
    assert applied(mesh, (MintTokens(token_class="care", amount=MINTED, to=me),)) is None
    before = state_of(mesh)
    world = world_now(mesh)
    assert world.around.tokens in world.blocks
    assert state_of(mesh) == before
    burnt = (BurnTokens(token_class="care", amount=MINTED, holder=me),)
    assert applied(mesh, burnt) is None
    assert world_now(mesh).around.tokens is None


# --- delegation


@pytest.mark.parametrize("given", [{}, {SUBMITTING_CID: SUBMITTING}])
def test_job_delegates_if_its_module_can_submit(
    mesh: EmbeddedMesh, given: Mapping[Cid, bytes]
) -> None:
    request = answer(module=SUBMITTING_CID, budget=4)
    if not given:
        assert delegating(mesh, request, 1, given) == request, "nothing is known of it"
        put_block(mesh, SUBMITTING)
    first = delegating(mesh, request, 1, given).children
    last = delegating(mesh, request, 8, given).children
    assert first is not None
    assert last is not None
    assert (first.depth, first.budget, last.depth, last.budget) == (8, 32, 1, 4)
    assert delegating(mesh, answer(), 1, {ANSWER_CID: ANSWER}).children is None


# --- kills


def go_on(home: Path, statement: int) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, local_runs.__file__, str(home), str(statement)],
        env={"PYTHONPATH": ":".join(each for each in sys.path if each)},
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("first", [1, 9])
def test_run_that_is_killed_anywhere_is_applied_once(mesh_home: Path, first: int) -> None:
    """The process dies at every twentieth statement, until one comes to its end."""
    statement, killed = first, 0
    while (code := go_on(mesh_home, statement).returncode) != 0:
        assert code == -signal.SIGKILL
        with opened(mesh_home) as mesh:
            assert unfinished_run(mesh, KEY) is None or mesh.job_ids()
        statement, killed = statement + 20, killed + 1
    assert killed > 5
    with opened(mesh_home) as mesh:
        record = unfinished_run(mesh, KEY)
        assert record is not None
        (job,) = record.jobs
        assert mesh.job_ids() == (job.job_id,)
        assert mesh.drive([job.job_id], auto_award=True) == {}
        assert mesh.job(job.job_id).phase is Phase.VERIFIED
        assert units(mesh, FRIEND) == MOVED
        with mesh.read() as reader:
            assert [each.units for each in reader.rows(HOLDINGS).select()] == [MINTED]
            assert reader.rows(EFFECTS).count() == 1
