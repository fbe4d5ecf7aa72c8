"""State, tokens and blocks of jobs: applied by their settlement, once, on the state they saw."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from changed_mesh import audit, paid_of
from embedded_mesh import ENVIRONMENT, GRANT, balances, findings_of, put_block
from host_programs import program
from msgspec.structs import replace
from wasm_modules import wasm

from mesh.actors.actor import Now
from mesh.actors.stores import DeliveryTransaction
from mesh.adapters.reexecution import executed_in
from mesh.core.jobs.effects import EffectFault
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.market.terms import Surroundings
from mesh.core.proofs.files import read_file, verify_file
from mesh.core.proofs.proof import Proof, to_car
from mesh.core.records.terms import Children
from mesh.embedded.commands.treasury import grant_role, withdraw_role
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.accounts.owner_view import StateView, register_view, state_view
from mesh.queries.jobs.tree import job_tree
from mesh.queries.jobs.view import JobView, find_job_row
from mesh.queries.upkeep.checks import whole_proof
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.terminal.errors import CommandError
from runtime.tokens.register import Register

BEN = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
MINUTES = b"minutes of the meeting"
MINUTES_CID = cid_of(MINUTES, Codec.RAW)

COUNTED = (
    # One more than is stored, in its one byte of DAG-CBOR.
    "(drop",
    ("read_state", "counter", "total"),
    ")",
    "(i32.store8 (i32.const 0) (i32.add (i32.load8_u (i32.const 0)) (i32.const 1)))",
    "(drop (call $write_state (i32.const 2000) (i32.const 7) (i32.const 2007) (i32.const 5)"
    " (i32.const 2012) (i32.const 7) (i32.const 0) (i32.const 1)))",
)
"""Adds 1 to `total`; the first result is 1, since memory starts with zeros."""


def counter(*more: object) -> bytes:
    text = program(*COUNTED, *more)  # type: ignore[arg-type]
    return wasm(
        text.replace(
            "(func (export", '(data (i32.const 2000) "countertotalInteger")\n(func (export', 1
        )
    )


def put(mesh: EmbeddedMesh, module: bytes) -> JobRequest:
    return JobRequest(module=put_block(mesh, module), resource_amount=10)


def run(mesh: EmbeddedMesh, *modules: bytes) -> list[JobView]:
    """Submit the jobs at once and drive them to their ends."""
    ids = mesh.submit_all([put(mesh, module) for module in modules])
    assert mesh.drive(ids, auto_award=True) == {}
    return [mesh.job(job_id) for job_id in ids]


def state_of(mesh: EmbeddedMesh) -> StateView:
    with mesh.read() as reader:
        return state_view(reader)


def holders_of(mesh: EmbeddedMesh) -> Register:
    with mesh.read() as reader:
        return register_view(reader)


def records_of(mesh: EmbeddedMesh) -> Mapping[str, object]:
    """What a program may read of its owner's records, beside its state."""

    def look(tx: DeliveryTransaction, now: Now) -> Mapping[str, object]:
        found = mesh.submitter.surroundings(tx, now)
        assert isinstance(found, Surroundings)
        return found.records

    return mesh.command(look)


def total(mesh: EmbeddedMesh) -> object:
    (variable,) = state_of(mesh).variables
    assert (variable.home, variable.name, variable.shape) == ("counter", "total", "Integer")
    return variable.value


def reasons(job: JobView) -> list[str]:
    return list(job.not_applied)


def test_each_job_sees_the_state_that_the_last_one_left(mesh: EmbeddedMesh) -> None:
    assert state_of(mesh).root is None
    for expected in (1, 2, 3):
        (job,) = run(mesh, counter())
        assert (job.phase, reasons(job)) == (Phase.VERIFIED, [])
        assert total(mesh) == expected
        assert findings_of(mesh, job.job_id) == ()
    assert audit(mesh) == ()


def test_of_two_jobs_on_one_state_the_first_is_applied(mesh: EmbeddedMesh) -> None:
    jobs = run(mesh, counter(), counter(("anchor_to_dag", "more"), "drop"))
    assert [each.phase for each in jobs] == [Phase.VERIFIED] * 2
    assert sorted(each.not_applied for each in jobs) == [(), (EffectFault.STATE_MOVED.value,)]
    assert total(mesh) == 1
    assert audit(mesh) == ()


def test_state_travels_in_the_proof(mesh: EmbeddedMesh, tmp_path: Path) -> None:
    run(mesh, counter(("dag_put", MINUTES), "drop"))
    (job,) = run(mesh, counter())
    with mesh.read() as reader:
        data = to_car(whole_proof(reader, find_job_row(reader, job.job_id)))
    with EmbeddedMesh.open(tmp_path / "empty", environment=ENVIRONMENT) as other:
        proof = read_file(BytesIO(data))
        assert isinstance(proof, Proof)
        again = executed_in(other.sandbox)
        found = verify_file(proof, mesh=mesh.members.mesh, reexecute=again, now=other.now)
        assert found.is_verified
        assert found.executed_again
        assert not found.missing
        held = proof.data
        root = proof.context.state_root
        assert root is not None
        assert root in held
        assert MINUTES_CID in held


def test_tokens_of_ones_own_issue(mesh: EmbeddedMesh) -> None:
    me = mesh.submitter.did
    (job,) = run(
        mesh,
        wasm(
            program(
                ("mint_tokens", "hour", 5, me),
                "drop",
                ("transfer_tokens", "hour", me, BEN, 2),
                "drop",
                ("burn_tokens", "hour", 1, BEN),
                "drop",
                ("transfer_tokens", "compute", me, BEN, 100),
                "drop",
            )
        ),
    )
    assert reasons(job) == []
    assert holders_of(mesh) == {"hour": {me: 3, BEN: 1}}
    assert job.award is not None
    assert balances(mesh) == {"compute": GRANT - 100 - sum(paid_of(job).values())}
    assert audit(mesh) == ()
    (seen,) = run(mesh, wasm(program(("token_balance", "hour", me), result="(result i64)")))
    assert seen.deterministic is not None and seen.deterministic.output is not None
    assert mesh.get_block(seen.deterministic.output) == encode(3)
    assert findings_of(mesh, seen.job_id) == ()


def test_tokens_that_are_gone_when_a_job_is_settled_stop_all_of_it(mesh: EmbeddedMesh) -> None:
    me = mesh.submitter.did
    run(mesh, wasm(program(("mint_tokens", "hour", 5, me), "drop")))
    burn = program(("burn_tokens", "hour", 4, me), "drop", ("anchor_to_dag", "burned"), "drop")
    jobs = run(mesh, wasm(burn), wasm(burn))
    pending = sorted(map(reasons, jobs))
    left = "burn 4 hour: the account has less available than the amount asked for (1 left)"
    assert pending == [[], [left]]
    assert holders_of(mesh) == {"hour": {me: 1}}
    assert audit(mesh) == ()


def test_jobs_that_a_job_submits_are_submitted_where_that_is_delegated(
    mesh: EmbeddedMesh,
) -> None:
    inner = put_block(mesh, counter())
    text = program(("submit_job", str(inner), "count", "compute", 10, "low"), "drop")
    request = put(mesh, wasm(text))
    with pytest.raises(CommandError) as caught:
        mesh.submit(request)
    assert caught.value.code == "submission-no-delegation"
    job_id = mesh.submit(replace(request, children=Children(depth=1, budget=10)))
    assert mesh.drive([job_id], auto_award=True) == {}
    job = mesh.job(job_id)
    assert (job.phase, reasons(job)) == (Phase.VERIFIED, [])
    with mesh.read() as reader:
        (child,) = job_tree(reader, job_id).children
    assert mesh.drive([child.job.job_id], auto_award=True) == {}
    done = mesh.job(child.job.job_id)
    assert (done.phase, done.manifest.body.module) == (Phase.VERIFIED, inner)
    assert done.manifest.body.parent is not None
    assert done.manifest.body.parent.cause == job.manifest.cid
    assert total(mesh) == 1
    assert audit(mesh) == ()


def test_roles_and_their_end(mesh: EmbeddedMesh, open_later: Callable[[int], EmbeddedMesh]) -> None:
    me = mesh.submitter.did
    module = wasm(program(("caller_has_role", "treasurer"), result="(result i32)"))

    def answer() -> bytes:
        (job,) = run(mesh, module)
        assert job.deterministic is not None and job.deterministic.output is not None
        return mesh.get_block(job.deterministic.output)

    assert answer() == encode(0)
    grant_role(mesh, name="treasurer", subject=me, expires_at=mesh.now + 1000)
    grant_role(mesh, name="chair", subject=me, expires_at=mesh.now + 1000)
    grant_role(mesh, name="guest", subject=mesh.actors.issuer.did, expires_at=mesh.now + 1000)
    assert answer() == encode(1)
    assert records_of(mesh) == {"roles": ["chair", "treasurer"]}
    withdraw_role(mesh, name="treasurer", subject=me, reason="term is over")
    assert records_of(mesh) == {"roles": ["chair"]}
    assert records_of(open_later(2000)) == {}
    with pytest.raises(CommandError, match="does not hold the role 'treasurer'"):
        withdraw_role(mesh, name="treasurer", subject=me, reason="")
    with pytest.raises(CommandError, match="would have ended"):
        grant_role(mesh, name="late", subject=me, expires_at=mesh.now - 1)
    assert audit(mesh) == ()


def test_blocks_of_the_state_are_kept(mesh: EmbeddedMesh) -> None:
    run(mesh, counter(("dag_put", MINUTES), "drop"))
    view = state_of(mesh)
    assert view.root is not None and view.pins == (MINUTES_CID,)
    for cid in (view.root, view.variables[0].cid, MINUTES_CID):
        with pytest.raises(CommandError, match="the state of"):
            mesh.remove_block(cid)
    run(mesh, wasm(program(("dag_unpin", str(MINUTES_CID)), "drop")))
    mesh.remove_block(MINUTES_CID)
    assert not mesh.has_block(MINUTES_CID)


def test_lost_state_is_found_by_the_audit(mesh: EmbeddedMesh) -> None:
    run(mesh, counter(("dag_put", MINUTES), "drop"))
    (variable,) = state_of(mesh).variables

    def lose(tx: DeliveryTransaction, now: Now) -> None:
        assert tx.blocks.delete(variable.cid)
        assert tx.blocks.delete(MINUTES_CID)

    mesh.command(lose)
    told = [each for each in audit(mesh) if "state of" in each]
    assert any("counter.total" in each for each in told)
    assert any("pinned block" in each for each in told)
    with pytest.raises(CommandError, match="value of counter"):
        state_of(mesh)
