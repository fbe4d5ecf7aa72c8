"""The `ccl` command: programs run here, and the jobs they submit."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from commands import BIN, ROOT, kill_at, run, source_file

from runtime.execution.context import MEMORY_BYTES, MEMORY_BYTES_MAX

ELECTION = ROOT / "examples" / "election"
BALLOTS = ELECTION / "ballots"
EXPECTED: dict[str, Any] = json.loads((BALLOTS / "expected.json").read_text("utf-8"))
DEMO_WARD = "glasgow_2022_ward3.csv"

RULES = """\
struct Motion { title: String, yes: Integer }
fn passes(motion: Motion, eligible: Integer) -> Bool { motion.yes * 2 > eligible }
fn share(part: Integer, whole: Integer) -> Integer { part * 100 / whole }
fn greeting(name: String) -> String { "Hello, \\(name)" }
on "member.joined" { require(ctx.age >= 18, "too young"); log("welcome"); }
execution { 42 }
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return source_file(tmp_path / "rules.ccl", RULES)


def counted(value: dict[str, Any], ward: str) -> None:
    expected = EXPECTED[ward]
    assert value["ballots"] == expected["ballots"]
    assert value["quota"] == expected["quota"]
    assert value["seats"] == expected["seats"]
    assert value["first_preferences"] == expected["first_preferences"]


@pytest.mark.parametrize("ward", sorted(EXPECTED))
def test_counting_program_agrees_with_plain_addition(ward: str, tmp_path: Path) -> None:
    done = run(
        "ccl", "run", ELECTION / "count.ccl", "--input", BALLOTS / ward, "-o", "json", home=tmp_path
    )
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    counted(answer["value"], ward)
    assert answer["value_origin"] == "local"
    assert answer["fuel"] > 0
    assert answer["jobs"] == []


def test_election_is_counted_by_the_mesh(tmp_path: Path) -> None:
    done = run(
        "ccl",
        "run",
        ELECTION / "election.ccl",
        "--input",
        BALLOTS / DEMO_WARD,
        "-o",
        "json",
        home=tmp_path,
    )
    assert done.code == 0, done.err
    (job,) = json.loads(done.out)["jobs"]
    assert job["state"] == "Verified"
    assert job["verification"] == {
        "verified": True,
        "confirmed": 3,
        "verifiers": 3,
        "custody": "local",
        "findings": [],
    }
    counted(job["output"], DEMO_WARD)
    again = run("meshctl", "results", job["job_id"], "-o", "json", home=tmp_path)
    assert json.loads(again.out)["value"] == job["output"]
    assert json.loads(again.out)["output"] == job["output_cid"]


def test_terminal_shows_each_step(tmp_path: Path) -> None:
    done = run(
        "ccl", "run", ELECTION / "election.ccl", "--input", BALLOTS / DEMO_WARD, home=tmp_path
    )
    assert done.code == 0, done.err
    steps = [
        r"Compiled +election\.ccl +\d.* bytes +bafkr4i",
        r"Compiled +count\.ccl +\d.* bytes +bafkr4i",
        r"Job submitted successfully\nJob ID: [0-9a-f-]{36}\n",
        r"Node ID +Bid +Est\. Time +Reputation +Location\n(mesh-node-\d .*\n){3}",
        r"Awarded to mesh-node-\d for \d+ tokens",
        r"Status: Assigned\nStatus: Running\nStatus: Completed\n",
        r"Receipt CID: bafyr4i",
        r"Receipt anchored to DAG ✓",
        r"Receipt verified by federation ✓ \(3/3, local keys\)",
        r"Saqib Ahmed +2598\n",
        r"ballots +8869\n",
        r"quota +1774\n",
    ]
    said = done.err + done.out
    position = 0
    for step in steps:
        found = re.compile(step).search(said, position)
        assert found, f"{step!r} does not follow in:\n{said}"
        position = found.end()


def test_job_without_its_module_waits_and_names_it(tmp_path: Path) -> None:
    done = run("ccl", "run", ROOT / "examples" / "job.ccl", "-o", "json", home=tmp_path)
    assert done.code == 0, done.err
    (job,) = json.loads(done.out)["jobs"]
    cid = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
    assert (job["state"], job["missing"], job["output"]) == ("Submitted", [cid], None)
    status = run("meshctl", "job-status", job["job_id"], home=tmp_path)
    assert cid in status.out
    assert "block put --car" in status.out
    again = run("ccl", "run", ROOT / "examples" / "job.ccl", home=tmp_path)
    assert f"Job ID: {job['job_id']}\n" in again.err
    (run_id,) = re.findall(r"then: ccl runs ([0-9a-f]{12})\n", again.err)
    assert run("ccl", "runs", run_id, home=tmp_path).code == 0


def test_function_is_called_with_arguments_of_its_types(rules: Path, tmp_path: Path) -> None:
    motion = '{"title": "Roof", "yes": 7}'
    done = run("ccl", "run", rules, "--entry", "passes", motion, "12", "-o", "json", home=tmp_path)
    assert (done.code, json.loads(done.out)["value"]) == (0, True)
    text = run("ccl", "run", rules, "--entry", "greeting", "5 members", home=tmp_path)
    assert "Hello, 5 members" in text.out
    negative = run(
        "ccl", "run", rules, "--entry", "share", "-o", "json", "--", "-50", "100", home=tmp_path
    )
    assert json.loads(negative.out)["value"] == -50


def test_handler_is_an_entry_too(rules: Path, tmp_path: Path) -> None:
    entry = "on:member.joined"
    done = run("ccl", "run", rules, "--entry", entry, '{"age": 20}', home=tmp_path)
    assert done.code == 0, done.err
    assert "Logged  welcome\n" in done.err
    refused = run("ccl", "run", rules, "--entry", entry, '{"age": 17}', home=tmp_path)
    assert refused.code == 1
    assert "too young" in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--entry", "share", "1"], 2, "takes 2 arguments, 1 given"),
        (["--entry", "share", "1", "x"], 2, "argument 'whole' of 'share': expected Integer"),
        (["--entry", "passes", '{"title": "x"}', "1"], 2, "found no field 'yes'"),
        (["--entry", "sharre", "1", "2"], 3, "did you mean 'share'?"),
        (["--input", "no-such.csv"], 3, "there is no file no-such.csv"),
        (["--input", "."], 2, "is a directory"),
        (["--max-spend", "-1"], 2, "max-spend"),
    ],
)
def test_misuse_has_a_named_error(
    arguments: list[str], code: int, message: str, rules: Path, tmp_path: Path
) -> None:
    done = run("ccl", "run", rules, *arguments, home=tmp_path)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_trap_is_shown_like_a_compile_error(rules: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", rules, "--entry", "share", "1", "0", home=tmp_path)
    assert done.code == 1
    assert "trap: division by zero" in done.err
    assert "--> rules.ccl:3:" in done.err
    assert "part * 100 / whole" in done.err
    assert "^^^" in done.err


def test_trap_is_reported_as_json(rules: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", rules, "--entry", "share", "1", "0", "-o", "json", home=tmp_path)
    outcome = json.loads(done.out)["outcome"]
    assert (outcome["kind"], outcome["reason"]) == ("trapped", "division by zero")


def test_running_out_of_fuel_names_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "loop.ccl"
    path.write_text("execution { let n = 0; while true { n += 1; n -= 1; } }", "utf-8")
    done = run("ccl", "run", path, "--fuel", "100000", home=tmp_path)
    assert done.code == 1
    assert "out of fuel" in done.err
    assert "--fuel" in done.err


CALLING = """\
import "std/text" as text;
fn cells(line: String) -> Array<String> {
  text.fields(line)
}
test fn lines() {
  assert_eq(cells("a").length(), 1);
  cells("\\"a\\"b");
}
execution { cells("\\"a\\"b").length() }
"""


def test_trap_in_the_library_shows_the_line_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "calling.ccl"
    path.write_text(CALLING, "utf-8")
    said = run("ccl", "run", path, home=tmp_path).err
    assert "trap: requirement failed: row 1, column 1: text after a quoted cell: b" in said
    shown = said[said.index(" --> ") :]
    assert re.match(r" --> calling.ccl:3:3\n  \|\n3 \|   text.fields\(line\)\n", shown), shown
    way = re.findall(r"^ = (.*)$", shown, re.MULTILINE)
    assert re.match(r"in std/text.ccl:\d+:\d+$", way[0])
    assert way[-2:] == ["called from calling.ccl:3:3", "called from calling.ccl:9:13"]
    done = run("ccl", "run", path, "-o", "json", home=tmp_path)
    trace = json.loads(done.out)["trace"]
    assert trace[0].startswith("std/text.ccl:")
    assert trace[-2:] == ["calling.ccl:3:3", "calling.ccl:9:13"]


def test_trap_in_a_test_shows_the_line_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "calling.ccl"
    path.write_text(CALLING, "utf-8")
    said = run("ccl", "test", path, home=tmp_path).out
    assert "calling.ccl:3:3\n" in said
    assert "3 |   text.fields(line)" in said
    assert "= called from calling.ccl:7:3" in said
    (tested,) = json.loads(run("ccl", "test", path, "-o", "json", home=tmp_path).out)["files"]
    (test,) = tested["tests"]
    assert (test["failure"]["line"], test["failure"]["column"]) == (3, 3)
    assert test["trace"][-2:] == ["calling.ccl:3:3", "calling.ccl:7:3"]


HUNGRY = """
export fn fill(n: Integer) -> Integer {
  let many: Array<Integer> = [];
  while many.length() < n { many.push(1); }
  many.length()
}
"""


def test_memory_of_a_run_has_the_limit_that_was_chosen(tmp_path: Path) -> None:
    path = tmp_path / "hungry.ccl"
    path.write_text(HUNGRY, "utf-8")
    fill = ("ccl", "run", path, "--entry", "fill", "500000", "-o", "json")
    limited = run(*fill, "--memory", "2", home=tmp_path)
    answer = json.loads(limited.out)
    assert (limited.code, answer["memory_limit_bytes"]) == (1, 2 << 20)
    assert (answer["outcome"]["kind"], answer["outcome"]["reason"]) == ("limit", "out of memory")
    assert answer["error"]["hint"].startswith("the limit is 2 MiB; raise it with --memory")
    whole = run(*fill, home=tmp_path)
    answer = json.loads(whole.out)
    assert (answer["value"], answer["memory_limit_bytes"]) == (500000, MEMORY_BYTES)
    most = run(*fill, "--memory", str(MEMORY_BYTES_MAX >> 20), home=tmp_path)
    assert most.code == 0
    assert run(*fill, "--memory", str((MEMORY_BYTES_MAX >> 20) + 1), home=tmp_path).code == 2


def test_program_may_not_spend_more_than_it_is_allowed(tmp_path: Path) -> None:
    job = ROOT / "examples" / "job.ccl"
    done = run("ccl", "run", job, "--max-spend", "999", home=tmp_path)
    assert done.code == 5
    assert "could spend 1000 compute units" in done.err
    assert run("meshctl", "list-jobs", "-q", home=tmp_path).out == ""


def test_new_project_runs(tmp_path: Path) -> None:
    made = run("ccl", "new", "our-coop", home=tmp_path, cwd=tmp_path)
    assert made.code == 0, made.err
    done = run("ccl", "run", "our-coop/our-coop.ccl", "-o", "json", home=tmp_path, cwd=tmp_path)
    assert (done.code, json.loads(done.out)["value"]) == (0, 500)
    again = run("ccl", "new", "our-coop", home=tmp_path, cwd=tmp_path)
    assert again.code == 2
    assert "exists and is not empty" in again.err


def test_errors_of_the_program_stop_it_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "wrong.ccl"
    path.write_text("execution { undefined_name }", "utf-8")
    done = run("ccl", "run", path, home=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "CCL0201" in done.err


def test_same_command_continues_a_run_that_was_not_finished(tmp_path: Path) -> None:
    job = ROOT / "examples" / "job.ccl"
    first = run("ccl", "run", job, "-o", "json", home=tmp_path)
    again = run("ccl", "run", job, "-o", "json", home=tmp_path)
    ids = [json.loads(each.out)["jobs"][0]["job_id"] for each in (first, again)]
    assert ids[0] == ids[1]
    assert (
        len(json.loads(run("meshctl", "list-jobs", "-o", "json", home=tmp_path).out)["jobs"]) == 1
    )
    assert run("meshctl", "cancel-job", ids[0], home=tmp_path).code == 0
    told = run("ccl", "run", job, "-o", "json", home=tmp_path)
    assert json.loads(told.out)["jobs"][0]["state"] == "Cancelled"
    anew = run("ccl", "run", job, "-o", "json", home=tmp_path)
    assert json.loads(anew.out)["jobs"][0]["job_id"] != ids[0]


STEPS = (
    "Job ID",
    "Node ID",
    "Awarded",
    "Status: Assigned",
    "Status: Running",
    "Status: Completed",
    "Receipt CID",
    "verified",
)


@pytest.mark.parametrize("step", STEPS)
def test_killed_run_is_continued_and_pays_once(step: str, tmp_path: Path) -> None:
    command = ("ccl", "run", ELECTION / "election.ccl", "--input", BALLOTS / DEMO_WARD)
    kill_at(step, *command, home=tmp_path)
    done = run(*command, "-o", "json", home=tmp_path)
    assert done.code == 0, done.err
    (job,) = json.loads(done.out)["jobs"]
    counted(job["output"], DEMO_WARD)
    jobs = json.loads(run("meshctl", "list-jobs", "-o", "json", home=tmp_path).out)["jobs"]
    assert [each["job_id"] for each in jobs] == [job["job_id"]]
    (account,) = json.loads(run("meshctl", "tokens", "balance", "-o", "json", home=tmp_path).out)[
        "accounts"
    ]
    assert (account["available"], account["held"]) == (1_000_000 - job["price"], 0)
    assert run("meshctl", "doctor", home=tmp_path).code == 0


def test_reader_that_went_away_stops_no_job(tmp_path: Path) -> None:
    """With `ccl run … | head -1` the jobs are brought to their ends."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [BIN / "ccl", "run", ELECTION / "election.ccl", "--input", BALLOTS / DEMO_WARD],
            cwd=ROOT,
            env={**os.environ, "MESH_HOME": str(tmp_path / "mesh")},
            stdin=subprocess.DEVNULL,
            stdout=closed,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert b"error" not in done.stderr
    (job,) = json.loads(run("meshctl", "list-jobs", "-o", "json", home=tmp_path).out)["jobs"]
    assert job["state"] == "Verified"
