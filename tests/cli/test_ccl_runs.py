"""Runs that were stopped before their results: listed, continued with handlers, not paid twice."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from commands import Done, kill_at, run

from runtime.content.cid import Codec, cid_of

PROGRAM = """\
state ended: Integer = 0;

fn begin(seats: Integer) -> Integer {
  submit_job(
    wasm_cid: module("./count.ccl"),
    description: "six by seven",
    resource_type: "compute",
    resource_amount: 10,
    priority: "medium"
  );
  seats
}

on "job.completed" {
  ended += 1;
  log("\\(ctx.output) counted");
}
"""
COUNT = "execution { 6 * 7 }\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "poll.ccl"
    path.write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "count.ccl").write_text(COUNT, encoding="utf-8")
    return path


def begun(program: Path, home: Path, *words: str) -> Done:
    return run("ccl", "run", program, "--entry", "begin", *words, "4", home=home)


def unfinished(home: Path) -> list[dict[str, Any]]:
    done = run("ccl", "runs", "-o", "json", home=home)
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = json.loads(done.out)["runs"]
    return found


def advised(done: Done) -> str:
    """Gives the id in the command that the error advises."""
    found = re.search(r"`ccl runs ([0-9a-f]{12})` continues it", done.err)
    assert found is not None, done.err
    return found[1]


def jobs_of(home: Path) -> int:
    return len(run("meshctl", "list-jobs", "-q", home=home).out.splitlines())


def test_run_that_timed_out_is_continued_with_its_handlers(program: Path, tmp_path: Path) -> None:
    stopped = begun(program, tmp_path, "--timeout", "0")
    assert stopped.code == 7
    (listed,) = unfinished(tmp_path)
    assert (listed["run"], listed["entry"]) == (advised(stopped), "begin")
    assert listed["file"] == str(program)
    assert [each["state"] for each in listed["jobs"]] != ["Verified"]
    done = run("ccl", "runs", listed["run"][:6], home=tmp_path)
    assert done.code == 0, done.err
    assert "42 counted" in done.out + done.err
    assert (unfinished(tmp_path), jobs_of(tmp_path)) == ([], 1)


def test_source_of_an_unfinished_run_is_not_removed_without_confirmation(
    program: Path, tmp_path: Path
) -> None:
    first = advised(begun(program, tmp_path, "--timeout", "0"))
    source = str(cid_of(program.read_bytes(), Codec.RAW))
    refused = run("meshctl", "block", "rm", source, home=tmp_path)
    assert (refused.code, refused.out) == (1, "")
    assert f"it is the source of the unfinished run {first}" in refused.err
    assert run("ccl", "runs", first, "--forget", home=tmp_path).code == 0
    assert run("meshctl", "block", "rm", source, home=tmp_path).code == 0


def test_continued_run_prints_its_value_alone(program: Path, tmp_path: Path) -> None:
    first = advised(begun(program, tmp_path, "--timeout", "0"))
    assert run("ccl", "runs", first, "-q", home=tmp_path).out == "4\n"


def test_answer_of_a_run_that_timed_out_has_its_jobs(program: Path, tmp_path: Path) -> None:
    done = begun(program, tmp_path, "--timeout", "0", "-o", "json")
    answer = json.loads(done.out)
    assert (done.code, answer["error"]["code"]) == (7, "timed-out")
    assert [each["state"] for each in answer["jobs"]] != []
    assert answer["applied"] is True


def test_answer_of_a_dry_run_has_its_spending(program: Path, tmp_path: Path) -> None:
    done = begun(program, tmp_path, "--dry-run", "-o", "json")
    answer = json.loads(done.out)
    (asked,) = answer["effects"]
    assert (asked["resource_type"], asked["amount"]) == ("compute", 10)
    assert (answer["applied"], answer["jobs"]) == (False, [])


def test_same_command_continues_a_listed_run(program: Path, tmp_path: Path) -> None:
    begun(program, tmp_path, "--timeout", "0")
    assert begun(program, tmp_path).code == 0
    assert (unfinished(tmp_path), jobs_of(tmp_path)) == ([], 1)


def test_continued_run_keeps_its_limits(program: Path, tmp_path: Path) -> None:
    begun(program, tmp_path, "--timeout", "0", "--memory", "7", "--fuel", "123456789")
    (listed,) = unfinished(tmp_path)
    done = run("ccl", "runs", listed["run"], "-o", "json", home=tmp_path)
    answer = json.loads(done.out)
    assert (answer["fuel_limit"], answer["memory_limit_bytes"]) == (123456789, 7 << 20)
    (handler,) = answer["handlers"]
    assert handler["outcome"]["kind"] == "succeeded"


def test_quiet_command_notes_that_it_continued(program: Path, tmp_path: Path) -> None:
    begun(program, tmp_path, "--timeout", "0")
    done = begun(program, tmp_path, "-q")
    assert (done.out, "unfinished run" in done.err) == ("4\n", True)


def test_quiet_run_reports_a_failed_job(program: Path, tmp_path: Path) -> None:
    (tmp_path / "count.ccl").write_text("execution { 1 / (6 - 6) }", encoding="utf-8")
    done = begun(program, tmp_path, "-q")
    assert (done.code, "error[job-not-done]" in done.err) == (1, True)
    answer = json.loads(begun(program, tmp_path, "-o", "json").out)
    (job,) = answer["jobs"]
    assert job["outcome"]["kind"] == "trapped"
    assert job["outcome"]["reason"] == "division by zero"


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "1e308"])
def test_time_that_cannot_be_waited_is_refused(seconds: str, program: Path, tmp_path: Path) -> None:
    done = begun(program, tmp_path, "--timeout", seconds)
    assert (done.code, "to wait" in done.err) == (2, True)


def test_killed_run_is_listed(program: Path, tmp_path: Path) -> None:
    kill_at("Status: Assigned", "ccl", "run", program, "--entry", "begin", "4", home=tmp_path)
    (listed,) = unfinished(tmp_path)
    (job,) = listed["jobs"]
    assert job["state"] in {"Assigned", "Running"}


def test_changed_program_warns_before_it_pays_again(program: Path, tmp_path: Path) -> None:
    first = advised(begun(program, tmp_path, "--timeout", "0"))
    program.write_text(PROGRAM.replace("counted", "votes"), encoding="utf-8")
    changed = begun(program, tmp_path)
    assert changed.code == 0
    warning = changed.err.index("has changed since an unfinished run")
    assert f"ccl runs {first}" in changed.err[warning:]
    assert jobs_of(tmp_path) == 2
    # The first run is continued unchanged.
    assert "42 counted" in "".join(_shown(run("ccl", "runs", first, home=tmp_path)))


def test_continued_run_needs_none_of_its_files(program: Path, tmp_path: Path) -> None:
    ward = tmp_path / "ward.csv"
    ward.write_text("a,b\n", encoding="utf-8")
    first = advised(begun(program, tmp_path, "--timeout", "0", "--input", str(ward)))
    for path in (program, tmp_path / "count.ccl", ward):
        path.unlink()
    assert "42 counted" in "".join(_shown(run("ccl", "runs", first, home=tmp_path)))


@pytest.mark.parametrize("other", ["5", "4"])
def test_other_commands_do_not_warn(other: str, program: Path, tmp_path: Path) -> None:
    """Other arguments are another run; so is the same program in another file."""
    begun(program, tmp_path, "--timeout", "0")
    if other == "4":
        program = program.rename(tmp_path / "copy.ccl")
    done = run("ccl", "run", program, "--entry", "begin", other, home=tmp_path)
    assert (done.code, "has changed" in done.err) == (0, False)


def test_forgotten_run_leaves_its_job(program: Path, tmp_path: Path) -> None:
    first = advised(begun(program, tmp_path, "--timeout", "0"))
    done = run("ccl", "runs", first, "--forget", home=tmp_path)
    assert (done.code, unfinished(tmp_path)) == (0, [])
    assert "meshctl cancel-job" in done.err
    again = run("ccl", "runs", first, home=tmp_path)
    assert (again.code, "error[unknown-run]" in again.err) == (3, True)


def test_forgetting_needs_a_run(tmp_path: Path) -> None:
    done = run("ccl", "runs", "--forget", home=tmp_path)
    assert (done.code, "`ccl runs` lists them" in done.err) == (2, True)


def _shown(done: Done) -> tuple[str, str]:
    assert done.code == 0, done.err
    return done.out, done.err
