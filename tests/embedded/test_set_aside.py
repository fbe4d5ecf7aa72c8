"""Messages that were set aside, tried again once the mistake is mended."""

from pathlib import Path
from typing import Any

import pytest
from embedded_mesh import answer
from simulation.driving.programs import ProgramKind
from whole_home import WholeHome, found_home, program

from mesh.actors.submitter.rows import JOBS
from mesh.core.jobs.job import Phase
from mesh.core.ports.messages import Envelope
from mesh.embedded.commands import following, upkeep
from mesh.embedded.driving.set_aside import set_aside_rows, try_again
from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.jobs.view import find_job_row


def settled(home: WholeHome) -> None:
    """Turns until nobody has anything to say, whatever was set aside in them."""
    while True:
        with home.turns.turn() as opened:
            report = opened.settle()
        if report.is_silent:
            return


def test_message_that_was_set_aside_is_delivered_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = WholeHome(tmp_path / "mesh.db")
    found_home(home)
    job_id = home.submit(program(ProgramKind.SUM, 1), awarded=False)
    submitter = home.actors.submitter

    def fail(*_: Any) -> None:
        raise RuntimeError("a mistake")

    with monkeypatch.context() as patched:
        patched.setattr(home.actors.issuer, "receive", fail)
        with home.turns.turn() as opened:
            opened.command(
                submitter.did, lambda tx, now: submitter.auto_award(tx, job_id, now, is_on=True)
            )
            opened.settle()
        settled(home)
    with home.store.view() as view:
        (row, *_) = set_aside_rows(view)
        assert row.error == "RuntimeError: a mistake"
    with home.store.turn(home.now()) as turn:
        assert try_again(turn, row.number)
        assert not try_again(turn, row.number), "once"
    home.settle()  # at the same moment: nothing was sent again for want of an answer
    with home.store.view() as view:
        job = view.rows(submitter.did, JOBS).get(job_id)
        assert job is not None and job.phase is Phase.RUNNING
        assert row not in set_aside_rows(view)
    home.close()


def test_job_that_something_was_set_aside_of_is_given_up_and_others_go_on(
    mesh: EmbeddedMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit, other = mesh.submit_all([answer(), answer()])
    issuer = mesh.actors.issuer
    with mesh.read() as reader:
        wanted = find_job_row(reader, hit).manifest
    manifest = mesh.get_block(wanted)
    receive = issuer.receive

    def fail_for_one(tx: Any, envelope: Envelope, now: Any) -> None:
        if manifest in envelope.blocks:
            raise RuntimeError("a mistake")
        receive(tx, envelope, now)

    monkeypatch.setattr(following, "STALLED_SECONDS", 0.5)
    with monkeypatch.context() as patched:
        patched.setattr(issuer, "receive", fail_for_one)
        problems = mesh.drive([hit, other], auto_award=True, timeout=60)
    assert list(problems) == [hit]
    with mesh.store.view() as view:
        first, *_ = set_aside_rows(view)
    problem = problems[hit]
    assert problem.code == "set-aside"
    assert "issuer" in problem.message and "RuntimeError: a mistake" in problem.message
    assert problem.hint == f"meshctl doctor --retry {first.number}"
    assert mesh.job(other).phase is Phase.VERIFIED
    upkeep.retry(mesh, first.number)
    assert mesh.drive([hit], timeout=60) == {}
    assert mesh.job(hit).phase is Phase.VERIFIED


def test_job_is_not_given_up_for_what_was_set_aside_of_another(
    mesh: EmbeddedMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one stands still for a while, too: its award is lost on its way at first."""
    hit, other = mesh.submit_all([answer(), answer()])
    with mesh.read() as reader:
        manifests = [find_job_row(reader, each).manifest for each in (hit, other)]
    wanted, lost = (mesh.get_block(each) for each in manifests)
    issuer = mesh.actors.issuer
    receive = issuer.receive
    came = 0

    def receive_some(tx: Any, envelope: Envelope, now: Any) -> None:
        nonlocal came
        if wanted in envelope.blocks:
            raise RuntimeError("a mistake")
        came += lost in envelope.blocks
        if lost not in envelope.blocks or came > 2:
            receive(tx, envelope, now)

    monkeypatch.setattr(following, "STALLED_SECONDS", 0.2)
    monkeypatch.setattr(issuer, "receive", receive_some)
    problems = mesh.drive([hit, other], auto_award=True, timeout=60)
    assert list(problems) == [hit]
    assert came > 2 and mesh.job(other).phase is Phase.VERIFIED


def test_jobs_are_given_up_while_a_tick_fails(
    mesh: EmbeddedMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = mesh.submit(answer())

    def fail(*_: Any) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(following, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(mesh.actors.issuer, "tick", fail)
    monkeypatch.setattr(mesh.actors.submitter, "tick", fail)
    monkeypatch.setattr(mesh.actors.issuer, "receive", fail)
    problem = mesh.drive([job_id], auto_award=True, timeout=60)[job_id]
    assert problem.code == "set-aside" and "RuntimeError: a mistake" in problem.message
