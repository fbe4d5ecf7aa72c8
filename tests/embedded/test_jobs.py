"""Jobs on the embedded mesh, whose members may lie, lose attempts and be slow."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import wasmtime
from changed_mesh import (
    NODES,
    VERIFIERS,
    Lie,
    audit,
    falsified,
    lying,
    open_at,
    paid_of,
    run,
    views_of,
    work,
)
from changed_mesh import (
    executed as executed_as,
)
from embedded_mesh import ENDLESS_CID, GRANT, balances, findings_of, put_block

from mesh.actors.submitter.rows import EVIDENCE
from mesh.adapters.reexecution import executed_in
from mesh.core.fields import REASON_BYTES_MAX, NodeId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.market.appraisal import BID_SECONDS
from mesh.core.market.reputation import Evidence
from mesh.core.ports.work import WorkResult
from mesh.core.proofs.files import read_file, verify_file
from mesh.core.proofs.proof import Proof, to_car
from mesh.core.records.terms import Children
from mesh.core.verification.verdicts import Verdict
from mesh.embedded.driving.set_aside import set_aside_rows
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.progress_events import (
    Anchored,
    Attested,
    Awarded,
    BidArrived,
    Ended,
    ProgressEvent,
    ReceiptStored,
    StatusChanged,
)
from mesh.queries.jobs.view import JobView, find_job_row
from mesh.queries.upkeep.checks import check_anchored, check_federation, whole_proof
from runtime.content.cid import Cid
from runtime.execution.execution import Execution, OutcomeKind
from runtime.sandbox.pool import Result
from runtime.sandbox.request import Ticket
from runtime.terminal.errors import CommandError, ExitCode


def test_job_is_verified_and_paid(mesh: EmbeddedMesh) -> None:
    before = balances(mesh)["compute"]
    news: list[ProgressEvent] = []
    job_id = mesh.submit(work())
    mesh.drive([job_id], on_event=news.append, auto_award=True)
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.node_id == "mesh-node-2"
    assert (job.award.price, job.confirmed, job.drawn) == (80, 3, 3)
    assert sorted(paid_of(job).values()) == [4, 4, 4, 68]
    assert balances(mesh)["compute"] == before - 80
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
    with mesh.read() as reader:
        row = find_job_row(reader, job_id)
        assert check_anchored(reader, row) == ()
        assert check_federation(reader, row).findings == ()
    assert findings_of(mesh, job_id) == ()
    assert audit(mesh) == ()


def test_one_lying_verifier_is_outvoted(mesh: EmbeddedMesh) -> None:
    lying(mesh, {"federation-2": falsified})
    job = run(mesh)
    assert job.phase is Phase.VERIFIED
    verdicts = {each.verifier: each.verdict for each in job.attestations}
    assert verdicts == {
        "federation-1": Verdict.CONFIRMED,
        "federation-2": Verdict.REFUTED,
        "federation-3": Verdict.CONFIRMED,
    }
    assert sorted(paid_of(job).values()) == [4, 4, 68], "who did not agree is not paid"
    assert audit(mesh) == ()


def test_lying_executor_is_not_paid(mesh: EmbeddedMesh) -> None:
    lying(mesh, {"mesh-node-2": falsified})
    before = balances(mesh)["compute"]
    job = run(mesh)
    assert job.phase is Phase.DISPUTED
    assert {each.verdict for each in job.attestations} == {Verdict.REFUTED}
    assert sorted(paid_of(job).values()) == [4, 4, 4], "those who found it out are paid"
    assert balances(mesh)["compute"] == before - 12
    with mesh.read() as reader:
        (evidence,) = reader.rows(EVIDENCE).select(member=mesh.actors.nodes[1].did)
        assert Evidence(evidence.kind) is Evidence.DISPUTED
        assert check_federation(reader, find_job_row(reader, job.job_id)).findings
    assert audit(mesh) == ()


def test_each_member_executes_for_itself(mesh: EmbeddedMesh) -> None:
    executed: list[str] = []

    def noting(name: str) -> Lie:
        def noted(found: Execution) -> WorkResult:
            executed.append(name)
            return executed_as(found)

        return noted

    lying(mesh, {name: noting(name) for name in (*NODES, *VERIFIERS)})
    run(mesh)
    assert sorted(executed) == sorted(("mesh-node-2", *VERIFIERS))


def test_failed_program_is_verified_and_paid(mesh: EmbeddedMesh) -> None:
    job = run(mesh, JobRequest(module=ENDLESS_CID, resource_amount=2))
    assert job.phase is Phase.VERIFIED
    assert job.deterministic is not None
    assert job.deterministic.outcome.kind is OutcomeKind.OUT_OF_FUEL
    assert job.deterministic.fuel_used == 2_000_000


def test_flood_of_refused_manifests_is_paid_by_its_fuel(mesh: EmbeddedMesh) -> None:
    """A megabyte of nested lists in each call: refused, and charged before it is looked at."""

    flood = put_block(
        mesh,
        bytes(
            wasmtime.wat2wasm("""(module
              (import "icn_host" "host_submit_manifest" (func $h (param i32 i32) (result i32)))
              (memory (export "memory") 32)
              (func (export "run")
                (memory.fill (i32.const 0) (i32.const 129) (i32.const 1000000))
                (loop (drop (call $h (i32.const 0) (i32.const 1000001))) (br 0))))""")
        ),
    )
    before = balances(mesh)["compute"]
    children = Children(depth=1, budget=1)
    job = run(mesh, JobRequest(module=flood, resource_amount=100, children=children))
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 1
    assert job.deterministic is not None
    assert job.deterministic.outcome.kind is OutcomeKind.OUT_OF_FUEL
    assert job.deterministic.fuel_used == 100_000_000
    assert balances(mesh)["compute"] == before - sum(paid_of(job).values())
    assert views_of(mesh)[job.award.node_id].reputation.score > 50


def test_killed_worker_costs_no_attempt(
    mesh: EmbeddedMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = mesh.submit(JobRequest(module=ENDLESS_CID, resource_amount=1500))
    mesh.drive([job_id])
    mesh.accept(job_id, NodeId("mesh-node-2"))
    sandbox = mesh.sandbox
    wait = sandbox.wait
    killed: list[int] = []

    def wait_and_kill(tickets: Collection[Ticket], **bounds: Any) -> Mapping[Ticket, Result]:
        ended = wait(tickets, **bounds)
        if not killed and any(map(sandbox.is_begun, set(tickets) - ended.keys())):
            killed.extend(sandbox.worker_pids())
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
        return ended

    monkeypatch.setattr(sandbox, "wait", wait_and_kill)
    mesh.drive([job_id])
    assert killed
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 1
    assert audit(mesh) == ()


def test_timeout_pauses_and_the_same_attempt_goes_on(mesh: EmbeddedMesh) -> None:
    job_id = mesh.submit(JobRequest(module=ENDLESS_CID, resource_amount=400))
    with pytest.raises(CommandError) as caught:
        mesh.drive([job_id], auto_award=True, timeout=0.0)
    assert caught.value.exit_code is ExitCode.TIMEOUT
    assert mesh.job(job_id).phase is Phase.RUNNING
    mesh.drive([job_id])
    job = mesh.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 1


def test_lost_lease_gives_the_next_attempt(
    mesh: EmbeddedMesh, open_later: Callable[[int], EmbeddedMesh]
) -> None:
    before = balances(mesh)["compute"]
    job_id = mesh.submit(work())
    mesh.drive([job_id])
    mesh.accept(job_id, NodeId("mesh-node-2"))
    assert balances(mesh)["compute"] == before - 80
    later = open_later(3601)
    later.drive([job_id], auto_award=True)
    job = later.job(job_id)
    assert job.phase is Phase.VERIFIED
    assert job.award is not None and job.award.attempt == 2
    assert balances(later)["compute"] == before - sum(paid_of(job).values())
    assert 0 <= job.award.price - sum(paid_of(job).values()) < 3, "what three do not share"
    assert audit(later) == ()


def test_node_that_lost_an_attempt_is_awarded_last(
    mesh: EmbeddedMesh, open_later: Callable[[int], EmbeddedMesh]
) -> None:
    first = run(mesh).award
    assert first is not None
    job_id = mesh.submit(work())
    mesh.drive([job_id])
    mesh.accept(job_id, first.node_id)
    later = open_later(3601)
    later.drive([job_id], auto_award=True)
    second = later.job(job_id).award
    assert second is not None and second.attempt == 2
    assert second.node_id != first.node_id


def test_long_reason_for_a_cancellation_is_cut(mesh: EmbeddedMesh) -> None:
    job_id = mesh.submit(work())
    mesh.cancel(job_id, "ä" * REASON_BYTES_MAX)
    job = mesh.job(job_id)
    assert job.phase is Phase.CANCELLED
    assert len(job.reason.encode()) <= REASON_BYTES_MAX and job.reason.endswith("ä…")
    assert audit(mesh) == ()


def test_job_without_award_in_time_expires(
    mesh: EmbeddedMesh, open_later: Callable[[int], EmbeddedMesh]
) -> None:
    job_id = mesh.submit(work())
    mesh.drive([job_id])
    later = open_later(25 * 3600)
    later.drive([job_id])
    assert later.job(job_id).phase is Phase.EXPIRED


def tamper(mesh: EmbeddedMesh, cid: Cid) -> None:
    mesh.archive._kept.clear()
    with closing(sqlite3.connect(mesh.home.database)) as file, file:
        number = "(SELECT number FROM names WHERE name = ?)"
        file.execute(f"UPDATE blocks SET data = zeroblob(10) WHERE number = {number}", (cid.raw,))


def test_tampered_record_stops_only_its_job(mesh: EmbeddedMesh) -> None:
    sound, broken = mesh.submit(work()), mesh.submit(work())
    mesh.drive([sound, broken])
    manifest = mesh.job(broken).manifest.cid
    tamper(mesh, manifest)
    given_up = mesh.drive([sound, broken], auto_award=True)
    assert list(given_up) == [broken]
    assert given_up[broken].code == "block-tampered"
    assert mesh.job(sound).phase is Phase.VERIFIED
    assert any(str(manifest) in finding for finding in audit(mesh))


def test_tampered_record_stops_no_other_job_in_time(
    mesh: EmbeddedMesh, open_later: Callable[[int], EmbeddedMesh]
) -> None:
    """The bids of both have expired, and the nodes are to be asked again."""
    sound, broken = mesh.submit(work()), mesh.submit(work())
    tamper(mesh, mesh.job(broken).manifest.cid)
    later = open_later(BID_SECONDS + 1)
    assert list(later.drive([broken, sound], auto_award=True)) == [broken]
    assert later.job(sound).phase is Phase.VERIFIED
    with later.read() as reader:
        assert set_aside_rows(reader.view) == ()


def test_two_drivers_share_the_nodes(mesh_home: Path, mesh: EmbeddedMesh) -> None:
    """Two meshes (as two processes have them) at once: the second waits for the first."""
    ours = [mesh.submit(work()) for _ in range(3)]
    theirs: list[JobView] = []

    def drive_others() -> None:
        with open_at(mesh_home) as other:
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
            return f"{each.members.mesh} {each.submitter.did} {balances(each)}"

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(use, range(4)))
    assert len(found) == 1
    assert str(GRANT) in found.pop()


def test_proof_file_verifies_elsewhere(mesh: EmbeddedMesh, tmp_path: Path) -> None:
    job = run(mesh)
    with mesh.read() as reader:
        data = to_car(whole_proof(reader, find_job_row(reader, job.job_id)))
    with open_at(tmp_path / "elsewhere") as other:
        proof = read_file(BytesIO(data))
        assert isinstance(proof, Proof)
        again = executed_in(other.sandbox)
        verify = partial(verify_file, proof, now=other.now)
        found = verify(mesh=mesh.members.mesh, reexecute=again)
        assert found.is_verified
        assert found.executed_again
        assert not found.missing
        assert proof.receipt is not None
        assert proof.receipt.cid == job.receipt
        assert not proof.ignored
        unknown = verify(mesh=None, reexecute=None)
        assert (unknown.findings, unknown.trusted) == ((), False)
        assert verify(mesh=other.members.mesh, reexecute=None).findings


def test_many_jobs_at_once(mesh: EmbeddedMesh) -> None:
    before = balances(mesh)["compute"]
    jobs = mesh.submit_all([work(10) for _ in range(24)])
    assert mesh.drive(jobs, auto_award=True) == {}
    views = [mesh.job(each) for each in jobs]
    assert {view.phase for view in views} == {Phase.VERIFIED}
    paid = sum(view.award.price for view in views if view.award is not None)
    assert balances(mesh)["compute"] == before - paid
    assert audit(mesh) == ()
