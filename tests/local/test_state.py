"""State, tokens and blocks of jobs: applied by their settlement, once, on the state they saw."""

from io import BytesIO
from pathlib import Path

import pytest
from host_programs import program
from localmesh import GRANT, Opener
from wasm_modules import wasm

from mesh.effects import NEEDS_SUBMITTER, STATE_MOVED
from mesh.job import Phase
from mesh.local import JobRequest, JobView, LocalMesh
from mesh.local.audit import audit
from mesh.local.checking import verify_here, whole_proof
from mesh.local.credentials import grant_role, withdraw_role
from mesh.local.runs import asked_by, world_now
from mesh.local.standing import keeping, register_view, state_view
from mesh.proof import read_proof, to_car
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.terminal.errors import CommandError

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


def put(mesh: LocalMesh, module: bytes) -> JobRequest:
    return JobRequest(module=mesh.put_block(module), resource_amount=10)


def run(mesh: LocalMesh, *modules: bytes) -> list[JobView]:
    """Submit the jobs at once and drive them to their ends."""
    ids = mesh.submit_all([put(mesh, module) for module in modules])
    assert mesh.drive(ids, auto_award=True) == {}
    return [mesh.job(job_id) for job_id in ids]


def total(mesh: LocalMesh) -> object:
    (variable,) = state_view(mesh).variables
    assert (variable.home, variable.name, variable.shape) == ("counter", "total", "Integer")
    return variable.value


def reasons(job: JobView) -> list[str]:
    assert job.settlement is not None
    return [each.reason for each in job.settlement.body.pending]


def test_each_job_sees_the_state_that_the_last_one_left(mesh: LocalMesh) -> None:
    assert state_view(mesh).root is None
    for expected in (1, 2, 3):
        (job,) = run(mesh, counter())
        assert (job.phase, reasons(job)) == (Phase.VERIFIED, [])
        assert total(mesh) == expected
        assert mesh.verify(job.job_id) == ()
    assert audit(mesh) == ()


def test_of_two_jobs_on_one_state_the_first_is_applied(mesh: LocalMesh) -> None:
    jobs = run(mesh, counter(), counter(("anchor_to_dag", "more"), "drop"))
    assert [each.phase for each in jobs] == [Phase.VERIFIED] * 2
    pending = [reasons(each) for each in jobs]
    assert [] in pending
    refused = next(each for each in pending if each)
    assert set(refused) == {STATE_MOVED}
    assert sorted(each.not_applied for each in jobs) == [(), (STATE_MOVED,)]
    assert total(mesh) == 1
    assert audit(mesh) == ()


def test_state_travels_in_the_proof(mesh: LocalMesh, tmp_path: Path) -> None:
    run(mesh, counter(("dag_put", MINUTES), "drop"))
    (job,) = run(mesh, counter())
    data = to_car(whole_proof(mesh, job.job_id))
    with LocalMesh.open(tmp_path / "empty", environment={"MESH_WORKERS": "1"}) as other:
        proof = read_proof(BytesIO(data))
        found = verify_here(other, proof, trusted=mesh.members.mesh, reexecute=True)
        assert found.is_verified and found.executed_again and not found.missing
        held = proof.data
        root = proof.context.state_root
        assert root is not None and root in held and MINUTES_CID in held


def test_tokens_of_ones_own_issue(mesh: LocalMesh) -> None:
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
    assert register_view(mesh) == {"hour": {me: 3, BEN: 1}}
    assert job.award is not None
    assert mesh.balances() == {"compute": GRANT - 100 - job.award.price}
    assert audit(mesh) == ()
    (seen,) = run(mesh, wasm(program(("token_balance", "hour", me), result="(result i64)")))
    assert seen.deterministic is not None and seen.deterministic.output is not None
    assert mesh.get_block(seen.deterministic.output) == encode(3)
    assert mesh.verify(seen.job_id) == ()


def test_tokens_that_are_gone_when_a_job_is_settled_stop_all_of_it(mesh: LocalMesh) -> None:
    me = mesh.submitter.did
    run(mesh, wasm(program(("mint_tokens", "hour", 5, me), "drop")))
    burn = program(("burn_tokens", "hour", 4, me), "drop", ("anchor_to_dag", "burned"), "drop")
    jobs = run(mesh, wasm(burn), wasm(burn))
    pending = sorted(map(reasons, jobs))
    assert pending[0] == []
    assert set(pending[1]) == {
        "burn 4 hour: the account has less available than the amount asked for (1 left)"
    }
    assert len(pending[1]) == 2
    assert register_view(mesh) == {"hour": {me: 1}}
    assert audit(mesh) == ()


def test_jobs_that_a_job_submits_are_left_to_the_submitter(mesh: LocalMesh) -> None:
    inner = mesh.put_block(counter())
    text = program(("submit_job", str(inner), "count", "compute", 10, "low"), "drop")
    (job,) = run(mesh, wasm(text))
    assert reasons(job) == [NEEDS_SUBMITTER]
    (asked,) = asked_by(mesh, job.job_id)
    assert (asked.position, asked.effect.wasm_cid) == (0, inner)
    assert asked_by(mesh, job.job_id)[0].job_id == asked.job_id
    (plain,) = run(mesh, counter())
    assert asked_by(mesh, plain.job_id) == ()


def test_roles_and_their_end(mesh: LocalMesh, open_mesh: Opener) -> None:
    me = mesh.submitter.did
    module = wasm(program(("caller_has_role", "treasurer"), result="(result i32)"))

    def answer() -> bytes:
        (job,) = run(mesh, module)
        assert job.deterministic is not None and job.deterministic.output is not None
        return mesh.get_block(job.deterministic.output)

    assert answer() == encode(0)
    grant_role(mesh, name="treasurer", subject=me, expires_at=mesh.now + 1000)
    grant_role(mesh, name="chair", subject=me, expires_at=mesh.now + 1000)
    grant_role(mesh, name="guest", subject=mesh.members.issuer.did, expires_at=mesh.now + 1000)
    assert answer() == encode(1)
    assert world_now(mesh).records == {"roles": ["chair", "treasurer"]}
    withdraw_role(mesh, name="treasurer", subject=me, reason="term is over")
    assert world_now(mesh).records == {"roles": ["chair"]}
    assert world_now(open_mesh(2000)).records == {}
    with pytest.raises(CommandError, match="does not hold the role 'treasurer'"):
        withdraw_role(mesh, name="treasurer", subject=me, reason="")
    with pytest.raises(CommandError, match="would have ended"):
        grant_role(mesh, name="late", subject=me, expires_at=mesh.now - 1)
    assert audit(mesh) == ()


def test_blocks_of_the_state_are_kept(mesh: LocalMesh) -> None:
    run(mesh, counter(("dag_put", MINUTES), "drop"))
    view = state_view(mesh)
    assert view.root is not None and view.pins == (MINUTES_CID,)
    for cid in (view.root, view.variables[0].cid, MINUTES_CID):
        with pytest.raises(CommandError, match="the state of"):
            mesh.remove_block(cid)
    run(mesh, wasm(program(("dag_unpin", str(MINUTES_CID)), "drop")))
    with mesh.store.read() as tx:
        assert keeping(tx, MINUTES_CID) is None


def test_lost_state_is_found_by_the_audit(mesh: LocalMesh) -> None:
    run(mesh, counter(("dag_put", MINUTES), "drop"))
    (variable,) = state_view(mesh).variables
    with mesh.store.write() as tx:
        assert tx.blocks.delete(variable.cid) and tx.blocks.delete(MINUTES_CID)
    told = [each for each in audit(mesh) if each.startswith("state of")]
    assert any("counter.total" in each for each in told)
    assert any("pinned block" in each for each in told)
    with pytest.raises(CommandError, match="value of counter"):
        state_view(mesh)
