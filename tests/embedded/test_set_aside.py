"""Messages that were set aside, tried again once the mistake is mended."""

from pathlib import Path
from typing import Any

import pytest
from simulation.driving.programs import ProgramKind
from whole_home import WholeHome, found_home, program

from mesh.actors.submitter.rows import JOBS
from mesh.core.jobs.job import Phase
from mesh.embedded.driving.set_aside import set_aside_rows, try_again


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
