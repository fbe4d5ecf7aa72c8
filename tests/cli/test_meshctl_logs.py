"""`logs --follow`: the log of a job that has not ended yet."""

import json
import signal
from pathlib import Path

from embedded_mesh import endless, opened
from meshcommand import Meshctl, await_line, ended, start_saying, submitted
from saying import BEGUN

LOGGED = "counting\\u001b[31m\n"


def test_log_of_an_open_job_comes_with_its_end(meshctl: Meshctl) -> None:
    job = submitted(meshctl)
    missing = meshctl("logs", job)
    assert (missing.code, "has no log yet" in missing.err) == (3, True)
    waits = meshctl("logs", job, "--follow")
    assert (waits.code, waits.out) == (7, "")
    assert f"meshctl accept-bid --job-id {job} --node-id" in waits.err


def test_followed_log_is_alone_on_stdout(meshctl: Meshctl, home: Path) -> None:
    job = awarded(meshctl, home)
    shown = meshctl("logs", job, "--follow")
    assert (shown.code, shown.out) == (0, LOGGED)
    steps = [line.removeprefix(f"{job}: ") for line in shown.err.splitlines()]
    assert steps[-2:] == ["Completed", "Verified"]
    again = meshctl("logs", job, "--follow")
    assert (again.code, again.out, again.err) == (0, LOGGED, "")


def test_quiet_log_says_no_steps_and_programs_get_one_object(meshctl: Meshctl, home: Path) -> None:
    first, second = awarded(meshctl, home), awarded(meshctl, home)
    quiet = meshctl("logs", first, "--follow", "-q")
    assert (quiet.code, quiet.out, quiet.err) == (0, LOGGED, "")
    answer = json.loads(meshctl("logs", second, "--follow", "-o", "json").out)
    assert answer["logs"] == ["counting\x1b[31m"]
    assert answer["outcome"]["kind"] == "succeeded"


def test_log_that_is_not_waited_for_any_longer(meshctl: Meshctl, home: Path) -> None:
    job = endlessly(meshctl, home)
    late = meshctl("logs", job, "--follow", "--timeout", "0.3")
    assert (late.code, late.out) == (7, "")
    assert f"meshctl job-status {job} --wait" in late.err


def test_log_that_is_interrupted_is_continued_later(meshctl: Meshctl, home: Path) -> None:
    job = endlessly(meshctl, home)
    process = start_saying("logs", job, "--follow")
    await_line(process.stdout, BEGUN)
    process.send_signal(signal.SIGINT)
    out, err = ended(process)
    assert (process.returncode, out) == (130, "")
    assert f"meshctl job-status {job} --wait" in err
    assert meshctl("cancel-job", job).code == 0
    gone = meshctl("logs", job, "--follow")
    assert (gone.code, "Cancelled" in gone.err) == (3, True)


def awarded(meshctl: Meshctl, home: Path) -> str:
    """A job whose best bid is awarded, and that nobody has executed yet."""
    job = submitted(meshctl)
    with opened(home) as mesh:
        mesh.command(lambda tx, now: mesh.submitter.auto_award(tx, job, now, is_on=True))  # type: ignore[arg-type]
    return job


def endlessly(meshctl: Meshctl, home: Path) -> str:
    with opened(home) as mesh:
        job = mesh.submit(endless(budget=500_000))
        mesh.command(lambda tx, now: mesh.submitter.auto_award(tx, job, now, is_on=True))
    return job
