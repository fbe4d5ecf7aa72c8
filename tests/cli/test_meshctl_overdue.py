"""Decisions of time while nobody drove: the next command settles them, and says so."""

import json
from pathlib import Path

import pytest
from embedded_mesh import ANSWER_CID, open_behind
from meshcommand import Meshctl

from mesh.core.jobs.request import JobRequest
from mesh.core.market.appraisal import BID_SECONDS

DAY = 24 * 3600


@pytest.fixture
def job(home: Path) -> str:
    """Makes a job that expired while nobody drove the home."""
    with open_behind(home, 30 * DAY) as mesh:
        job_id = mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500))
        mesh.drive([job_id])
    return job_id


@pytest.mark.parametrize("command", ["list-jobs", "list-nodes", "tokens balance", "state"])
def test_any_command_settles_what_is_overdue(meshctl: Meshctl, job: str, command: str) -> None:
    first = meshctl(*command.split())
    assert first.code == 0, first
    assert f"meanwhile: job {job} is Expired" in first.err
    assert "meanwhile" not in meshctl(*command.split()).err
    (row,) = json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"]
    assert (row["job_id"], row["state"]) == (job, "Expired")


def test_lost_keys_leave_it_to_a_later_command(meshctl: Meshctl, home: Path, job: str) -> None:
    keys = (home / "keys").rename(home.parent / "kept")
    listed = meshctl("list-jobs", "-q")
    assert (listed.code, listed.out) == (0, f"{job}\n")
    assert "overdue are not settled yet" in listed.err and str(home / "keys") in listed.err
    if (home / "keys").exists():
        (home / "keys").rmdir()
    keys.rename(home / "keys")
    assert "is Expired" in meshctl("list-jobs").err


def test_doctor_examines_what_is_stored(meshctl: Meshctl, job: str) -> None:
    assert "meanwhile" not in meshctl("doctor", "--no-execute").err
    assert f"job {job} is Expired" in meshctl("list-jobs").err


def test_bids_that_lapse_end_no_job(meshctl: Meshctl, home: Path) -> None:
    with open_behind(home, BID_SECONDS + 60) as mesh:
        mesh.drive([mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=500))])
    assert "meanwhile" not in meshctl("list-jobs").err
