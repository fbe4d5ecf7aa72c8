"""Expired bids: how `meshctl` shows them, and how it gets new ones."""

import json
from pathlib import Path

import pytest
from embedded_mesh import ANSWER_CID, open_behind
from meshcommand import Meshctl

from mesh.core.jobs.request import JobRequest
from mesh.core.market.appraisal import BID_SECONDS


@pytest.fixture
def job(home: Path) -> str:
    """Makes a job whose bids have expired."""
    with open_behind(home, BID_SECONDS + 60) as mesh:
        job_id = mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500))
        mesh.drive([job_id])
        assert len(mesh.job(job_id).bids) == 3
    return job_id


def test_lapsed_bids_are_marked_in_lists(meshctl: Meshctl, job: str) -> None:
    bids = meshctl("get-bids", "--job-id", job)
    assert bids.code == 0 and "mesh-node-2     80" in bids.out
    again = f"ask the nodes again: meshctl job-status {job} --wait"
    assert f"all 3 bids for job {job} have expired; {again}" in bids.err
    rows = json.loads(meshctl("get-bids", "--job-id", job, "-o", "json").out)["bids"]
    assert [row["is_expired"] for row in rows] == [True] * 3
    status = meshctl("job-status", job)
    assert status.code == 0
    assert f"all 3 bids for job {job} have expired" in status.out and again in status.out


def test_waiting_collects_new_bids(meshctl: Meshctl, job: str) -> None:
    waited = meshctl("job-status", job, "--wait")
    assert waited.code == 7, waited
    assert f"meshctl accept-bid --job-id {job} --node-id mesh-node-2" in waited.err
    rows = json.loads(meshctl("get-bids", "--job-id", job, "-o", "json").out)["bids"]
    assert [row["is_expired"] for row in rows] == [False] * 3
    assert "expired" not in meshctl("get-bids", "--job-id", job).err
    assert meshctl("list-jobs", "-q").out.split() == [job]


def test_expired_bid_is_renewed_when_it_is_accepted(meshctl: Meshctl, job: str) -> None:
    accepted = meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    assert accepted.code == 0, accepted
    assert accepted.out.rstrip().endswith("✓ (3/3, local keys)")


def test_job_awarded_by_itself_needs_no_second_submission(meshctl: Meshctl, job: str) -> None:
    done = meshctl("job-status", job, "--wait", "--auto-award")
    assert done.code == 0, done
    assert meshctl("job-status", job, "-q").out == "Verified\n"
