"""Submissions to the embedded mesh: their ids, the blocks they come with or wait for, and bids."""

import pytest
import wasmtime
from changed_mesh import NODES, audit, bids, run, work
from embedded_mesh import GRANT, put_block

from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from mesh.core.jobs.request import JobRequest
from mesh.core.records.terms import Requirements
from mesh.embedded.commands.treasury import set_policy
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.obstacles import obstacle
from mesh.queries.jobs.progress_events import AwardDenied, ProgressEvent
from runtime.content.cid import Codec, cid_of
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.policy import RateLimit
from runtime.tokens.token import ResourceType

SEVEN = bytes(wasmtime.wat2wasm('(module (func (export "run") (result i64) (i64.const 7)))'))
"""A module that no member holds at first."""


def test_same_id_is_the_same_job(mesh: EmbeddedMesh) -> None:
    job_id = JobId("3a9f2b8c-d147-42e1-8f39-9875d2e9f6a7")
    assert mesh.submit(work(job_id=job_id)) == mesh.submit(work(job_id=job_id)) == job_id
    with pytest.raises(CommandError, match="another resource_amount") as caught:
        mesh.submit(work(501, job_id=job_id))
    assert caught.value.code == "job-id-taken"
    assert run(mesh, work(job_id=job_id)).phase is Phase.VERIFIED
    assert run(mesh, work(job_id=job_id)).phase is Phase.VERIFIED
    assert audit(mesh) == ()


def test_without_an_id_each_call_is_a_new_job(mesh: EmbeddedMesh) -> None:
    assert mesh.submit(work()) != mesh.submit(work())


def test_job_without_its_module_waits_and_goes_on(mesh: EmbeddedMesh) -> None:
    cid = cid_of(SEVEN, Codec.RAW)
    job_id = mesh.submit(JobRequest(module=cid, resource_amount=5))
    mesh.drive([job_id], auto_award=True)
    job = mesh.job(job_id)
    assert (job.phase, job.missing, job.bids) == (Phase.SUBMITTED, (cid,), ())
    held_up = obstacle(job, needs_award=True)
    assert held_up is not None and held_up.code == "block-missing"
    assert str(cid) in held_up.message and "block put" in held_up.hint
    put_block(mesh, SEVEN)
    mesh.drive([job_id], auto_award=True)
    assert mesh.job(job_id).phase is Phase.VERIFIED


def test_nodes_say_why_they_do_not_bid(mesh: EmbeddedMesh) -> None:
    job_id = mesh.submit(work(budget=1))
    mesh.drive([job_id], auto_award=True)
    job = mesh.job(job_id)
    held_up = obstacle(job, needs_award=True)
    assert held_up is not None and held_up.exit_code is ExitCode.NO_BIDS
    assert [each.reason for each in job.declines] == ["budget"] * 3
    assert "mesh-node-2: budget: the price is 80, the budget 1" in held_up.details["reasons"]


def test_requirements_exclude_nodes(mesh: EmbeddedMesh) -> None:
    needs = Requirements(cpu_cores=2)
    assert set(bids(mesh, work(requirements=needs))) == {"mesh-node-1"}


def test_job_is_submitted_with_its_blocks_and_award_at_once(mesh: EmbeddedMesh) -> None:
    module = cid_of(SEVEN, Codec.RAW)
    request = JobRequest(module=module, resource_amount=1)
    job_id = mesh.submit(request, blocks=[(module, SEVEN)], auto_award=True)
    job = mesh.job(job_id)
    assert job.phase is Phase.RUNNING
    assert len(job.bids) == len(NODES)
    assert mesh.drive([job_id]) == {}
    assert mesh.job(job_id).phase is Phase.VERIFIED


def test_blocks_of_a_refused_job_are_not_stored(mesh: EmbeddedMesh) -> None:
    module = cid_of(SEVEN, Codec.RAW)
    request = JobRequest(module=module, resource_amount=GRANT + 1)
    with pytest.raises(CommandError):
        mesh.submit(request, blocks=[(module, SEVEN)])
    assert not mesh.has_block(module)
    assert mesh.job_ids() == ()


def test_block_that_is_submitted_with_a_job_is_what_another_waits_for(mesh: EmbeddedMesh) -> None:
    module = cid_of(SEVEN, Codec.RAW)
    request = JobRequest(module=module, resource_amount=1)
    waiting = mesh.submit(request)
    assert mesh.job(waiting).missing == (module,)
    mesh.submit(request, blocks=[(module, SEVEN)])
    assert mesh.job(waiting).missing == ()
    assert mesh.job(waiting).bids


def test_job_over_a_rate_limit_is_awarded_when_there_is_room_again(mesh: EmbeddedMesh) -> None:
    rule = RateLimit(amount=80, per_seconds=2, burst=80)
    set_policy(mesh, ResourceType.COMPUTE, rule)
    assert run(mesh, work(budget=80)).phase is Phase.VERIFIED
    news: list[ProgressEvent] = []
    job_id = mesh.submit(work(budget=80), auto_award=True)
    assert mesh.drive([job_id], on_event=news.append) == {}
    (denied,) = (each for each in news if isinstance(each, AwardDenied))
    assert denied.retry_at is not None
    assert mesh.job(job_id).phase is Phase.VERIFIED
