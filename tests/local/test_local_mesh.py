"""The embedded mesh with real parts: SQLite, signatures, worker processes."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from localmesh import (
    ENDLESS_CID,
    GRANT,
    Falsifying,
    Opener,
    bids,
    falsified,
    open_at,
    run,
    work,
)

from mesh.core.fields import REASON_BYTES_MAX, JobId, NodeId
from mesh.job import Phase
from mesh.local import JobRequest, JobView, LocalMesh
from mesh.local.audit import audit
from mesh.local.checking import check_anchored, check_federation, verify_here, whole_proof
from mesh.local.news import (
    Anchored,
    Attested,
    Awarded,
    BidArrived,
    Ended,
    News,
    ReceiptStored,
    StatusChanged,
)
from mesh.local.roll import node_views
from mesh.local.views import obstacle
from mesh.proof import read_proof, to_car
from mesh.records import Requirements, Verdict
from runtime.content.cid import Codec, cid_of
from runtime.execution.execution import OutcomeKind
from runtime.terminal.errors import CommandError, ExitCode


def test_job_is_verified_and_paid(mesh: LocalMesh) -> None:
    before = mesh.balances()["compute"]
    news: list[News] = []
    job_id = mesh.submit(work())
    mesh.drive([job_id], on_event=news.append, auto_award=True)
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.node_id == "mesh-node-2"
    assert (job.award.price, job.confirmed, job.drawn) == (80, 3, 3)
    assert mesh.balances()["compute"] == before - 80
    assert [type(each) for each in news] == [
        *[BidArrived] * 3,
        *[Awarded, StatusChanged, StatusChanged, StatusChanged],
        *[ReceiptStored, Anchored],
        *[Attested] * 3,
        Ended,
    ]
    assert [each.phase for each in news if isinstance(each, StatusChanged)] == [
        Phase.ASSIGNED,
        Phase.RUNNING,
        Phase.COMPLETED,
    ]
    assert check_anchored(mesh, job_id) == ()
    assert check_federation(mesh, job_id).findings == ()
    assert mesh.verify(job_id) == ()
    assert audit(mesh) == ()


def test_one_lying_verifier_is_outvoted(open_mesh: Opener) -> None:
    executor = Falsifying({})
    mesh = open_mesh(executor=executor)
    executor.lies[mesh.members.federation[1].did] = falsified
    job = run(mesh)
    assert job.phase is Phase.VERIFIED
    verdicts = {each.verifier: each.verdict for each in job.attestations}
    assert verdicts == {
        "federation-1": Verdict.CONFIRMED,
        "federation-2": Verdict.REFUTED,
        "federation-3": Verdict.CONFIRMED,
    }
    assert audit(mesh) == ()


def test_lying_executor_is_not_paid(open_mesh: Opener) -> None:
    executor = Falsifying({})
    mesh = open_mesh(executor=executor)
    executor.lies[mesh.members.nodes[1].did] = falsified
    before = mesh.balances()["compute"]
    job = run(mesh)
    assert job.phase is Phase.DISPUTED
    assert {each.verdict for each in job.attestations} == {Verdict.REFUTED}
    assert mesh.balances()["compute"] == before
    with mesh.store.read() as tx:
        assert tx.evidence.tally(mesh.members.nodes[1].did).disputed == 1
    assert check_federation(mesh, job.job_id).findings
    assert audit(mesh) == ()


def test_each_member_executes_for_itself(open_mesh: Opener) -> None:
    executor = Falsifying({})
    mesh = open_mesh(executor=executor)
    run(mesh)
    executors = [mesh.members.nodes[1].did, *(each.did for each in mesh.members.federation)]
    assert sorted(executor.submitted) == sorted(executors)


def test_failed_program_is_verified_and_paid(mesh: LocalMesh) -> None:
    job = run(mesh, JobRequest(module=ENDLESS_CID, resource_amount=2))
    assert job.phase is Phase.VERIFIED
    assert job.deterministic is not None
    assert job.deterministic.outcome.kind is OutcomeKind.OUT_OF_FUEL
    assert job.deterministic.fuel_used == 2_000_000


def test_flood_of_refused_manifests_is_paid_by_its_fuel(mesh: LocalMesh) -> None:
    """A megabyte of nested lists in each call: refused, and charged before it is looked at."""
    import wasmtime

    flood = mesh.put_block(
        bytes(
            wasmtime.wat2wasm("""(module
              (import "icn_host" "host_submit_manifest" (func $h (param i32 i32) (result i32)))
              (memory (export "memory") 32)
              (func (export "run")
                (memory.fill (i32.const 0) (i32.const 129) (i32.const 1000000))
                (loop (drop (call $h (i32.const 0) (i32.const 1000001))) (br 0))))""")
        )
    )
    before = mesh.balances()["compute"]
    job = run(mesh, JobRequest(module=flood, resource_amount=100))
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 1
    assert job.deterministic is not None
    assert job.deterministic.outcome.kind is OutcomeKind.OUT_OF_FUEL
    assert job.deterministic.fuel_used == 100_000_000
    assert mesh.balances()["compute"] == before - job.award.price
    scores = {node.node_id: node.reputation.score for node in node_views(mesh)}
    assert scores[job.award.node_id] > 50


def test_same_id_is_the_same_job(mesh: LocalMesh) -> None:
    job_id = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
    assert mesh.submit(work(job_id=job_id)) == mesh.submit(work(job_id=job_id)) == job_id
    with pytest.raises(CommandError, match="another resource_amount") as caught:
        mesh.submit(work(501, job_id=job_id))
    assert caught.value.code == "job-id-taken"
    assert run(mesh, work(job_id=job_id)).phase is Phase.VERIFIED
    assert run(mesh, work(job_id=job_id)).phase is Phase.VERIFIED
    assert audit(mesh) == ()


def test_without_an_id_each_call_is_a_new_job(mesh: LocalMesh) -> None:
    assert mesh.submit(work()) != mesh.submit(work())


def test_job_without_its_module_waits_and_goes_on(mesh: LocalMesh) -> None:
    import wasmtime

    module = bytes(wasmtime.wat2wasm('(module (func (export "run") (result i64) (i64.const 7)))'))
    cid = cid_of(module, Codec.RAW)
    job_id = mesh.submit(JobRequest(module=cid, resource_amount=5))
    mesh.drive([job_id], auto_award=True)
    job = mesh.job(job_id)
    assert (job.phase, job.missing, job.bids) == (Phase.SUBMITTED, (cid,), ())
    held_up = obstacle(job, needs_award=True)
    assert held_up is not None and held_up.code == "block-missing"
    assert str(cid) in held_up.message and "block put" in held_up.hint
    mesh.put_block(module)
    mesh.drive([job_id], auto_award=True)
    assert mesh.job(job_id).phase is Phase.VERIFIED


def test_nodes_say_why_they_do_not_bid(mesh: LocalMesh) -> None:
    job_id = mesh.submit(work(budget=1))
    mesh.drive([job_id], auto_award=True)
    job = mesh.job(job_id)
    held_up = obstacle(job, needs_award=True)
    assert held_up is not None and held_up.exit_code is ExitCode.NO_BIDS
    assert [each.reason for each in job.declines] == ["budget"] * 3
    assert "mesh-node-2: budget: the price is 80, the budget 1" in held_up.details["reasons"]


def test_requirements_exclude_nodes(mesh: LocalMesh) -> None:
    needs = Requirements(cpu_cores=2)
    assert set(bids(mesh, work(requirements=needs))) == {"mesh-node-1"}


def test_killed_worker_costs_no_attempt(mesh: LocalMesh) -> None:
    job_id = mesh.submit(JobRequest(module=ENDLESS_CID, resource_amount=300))
    mesh.drive([job_id])
    mesh.accept(job_id, NodeId("mesh-node-2"))
    killed: list[int] = []

    def kill(news: News) -> None:
        if isinstance(news, StatusChanged) and news.phase is Phase.RUNNING:
            pid = mesh.sandbox.worker_pids()[0]
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)

    mesh.drive([job_id], on_event=kill)
    assert killed
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 1
    assert audit(mesh) == ()


def test_timeout_pauses_and_the_same_attempt_goes_on(mesh: LocalMesh) -> None:
    job_id = mesh.submit(JobRequest(module=ENDLESS_CID, resource_amount=400))
    with pytest.raises(CommandError) as caught:
        mesh.drive([job_id], auto_award=True, timeout=0.0)
    assert caught.value.exit_code is ExitCode.TIMEOUT
    assert mesh.job(job_id).phase is Phase.RUNNING
    mesh.drive([job_id])
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 1


def test_lost_lease_gives_the_next_attempt(mesh: LocalMesh, open_mesh: Opener) -> None:
    before = mesh.balances()["compute"]
    job_id = mesh.submit(work())
    mesh.drive([job_id])
    mesh.accept(job_id, NodeId("mesh-node-2"))
    assert mesh.balances()["compute"] == before - 80
    later = open_mesh(3601)
    later.drive([job_id], auto_award=True)
    job = later.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 2
    assert later.balances()["compute"] == before - job.award.price
    assert audit(later) == ()


def test_node_that_lost_an_attempt_is_awarded_last(mesh: LocalMesh, open_mesh: Opener) -> None:
    first = run(mesh).award
    assert first is not None
    job_id = mesh.submit(work())
    mesh.drive([job_id])
    mesh.accept(job_id, first.node_id)
    later = open_mesh(3601)
    later.drive([job_id], auto_award=True)
    second = later.job(job_id).award
    assert second is not None and second.attempt == 2
    assert second.node_id != first.node_id


def test_long_reason_for_a_cancellation_is_cut(mesh: LocalMesh) -> None:
    job_id = mesh.submit(work())
    mesh.cancel(job_id, "ä" * REASON_BYTES_MAX)
    job = mesh.job(job_id)
    assert job.phase is Phase.CANCELLED
    assert len(job.reason.encode()) <= REASON_BYTES_MAX and job.reason.endswith("ä…")
    assert audit(mesh) == ()


def test_job_without_award_in_time_expires(mesh: LocalMesh, open_mesh: Opener) -> None:
    job_id = mesh.submit(work())
    mesh.drive([job_id])
    later = open_mesh(25 * 3600)
    later.drive([job_id])
    assert later.job(job_id).phase is Phase.EXPIRED


def test_tampered_record_stops_only_its_job(mesh: LocalMesh) -> None:
    sound, broken = mesh.submit(work()), mesh.submit(work())
    mesh.drive([sound, broken])
    manifest = mesh.job(broken).manifest.cid
    mesh.archive._kept.clear()
    mesh.store.database.connection.execute(
        "UPDATE blocks SET data = zeroblob(10) WHERE cid = ?", (manifest.raw,)
    )
    given_up = mesh.drive([sound, broken], auto_award=True)
    assert list(given_up) == [broken]
    assert given_up[broken].code == "block-tampered"
    assert mesh.job(sound).phase is Phase.VERIFIED
    assert any(str(manifest) in finding for finding in audit(mesh))


def test_two_drivers_share_the_nodes(home: Path, mesh: LocalMesh) -> None:
    """Two meshes (as two processes have them) at once: the second waits for the first."""
    ours = [mesh.submit(work()) for _ in range(3)]
    theirs: list[JobView] = []

    def drive_others() -> None:
        with open_at(home) as other:
            theirs.append(run(other))

    thread = threading.Thread(target=drive_others)
    thread.start()
    mesh.drive(ours, auto_award=True)
    thread.join()
    assert [mesh.job(each).phase for each in ours] == [Phase.VERIFIED] * 3
    assert theirs[0].phase is Phase.VERIFIED
    assert audit(mesh) == ()


def test_first_uses_at_once_found_one_mesh(tmp_path: Path) -> None:
    home = tmp_path / "fresh"

    def use(_number: int) -> str:
        with open_at(home) as each:
            return f"{each.members.mesh} {each.submitter.did} {each.balances()}"

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(use, range(4)))
    assert len(found) == 1
    assert str(GRANT) in found.pop()


def test_proof_file_verifies_elsewhere(mesh: LocalMesh, tmp_path: Path) -> None:
    job = run(mesh)
    data = to_car(whole_proof(mesh, job.job_id))
    with open_at(tmp_path / "elsewhere") as other:
        proof = read_proof(BytesIO(data))
        found = verify_here(other, proof, trusted=mesh.members.mesh, reexecute=True)
        assert found.is_verified and found.executed_again and not found.missing
        assert proof.receipt.cid == job.receipt and not proof.ignored
        unknown = verify_here(other, proof, trusted=None, reexecute=False)
        assert (unknown.findings, unknown.is_verified) == ((), False)
        assert verify_here(other, proof, trusted=other.members.mesh, reexecute=False).findings


def test_many_jobs_at_once(mesh: LocalMesh) -> None:
    before = mesh.balances()["compute"]
    jobs = mesh.submit_all([work(10) for _ in range(24)])
    assert mesh.drive(jobs, auto_award=True) == {}
    views = [mesh.job(each) for each in jobs]
    assert {view.phase for view in views} == {Phase.VERIFIED}
    paid = sum(view.award.price for view in views if view.award is not None)
    assert mesh.balances()["compute"] == before - paid
    assert audit(mesh) == ()
