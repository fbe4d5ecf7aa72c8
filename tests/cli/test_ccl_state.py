"""Effects that `ccl run` applies: state, events, tokens and jobs, each once, whatever happens."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from changed_mesh import audit
from commands import kill_at, run, run_process, source_file

from mesh.embedded.mesh import EmbeddedMesh
from mesh.queries.accounts.owner_view import state_view

COUNTER = """\
state total: Integer = 0;
state names: Array<String> = [];
struct Added { amount: Integer }

invariant "never above 100" { total <= 100 }

fn add(n: Integer) -> Integer {
  total += n;
  array_push(names, "n\\(n)");
  emit Added { amount: n };
  total
}

fn add_and_fail(n: Integer) -> Integer {
  total += n;
  require(n < 0, "not today");
  total
}

execution { total }
"""

COUNT = "execution { 6 * 7 }\n"
JOBS = """\
state ended: Integer = 0;
state last: Integer = 0;

fn submit() {
  submit_job(
    wasm_cid: module("./count.ccl"),
    description: "six by seven",
    resource_type: "compute",
    resource_amount: 10,
    priority: "medium"
  );
}

execution { submit(); ended }

on "job.completed" {
  ended += 1;
  last = ctx.output;
  require(ended < 3, "three are too many");
  log("job \\(ctx.handle) of \\(ctx.node_id): \\(last)");
}
"""
FAILED = """\
on "job.failed" {
  log(ctx.reason);
}
"""
CHAIN = (
    JOBS.replace("require(ended < 3", "require(ended < 99")
    + """
on "job.completed" { if ended < 3 { submit(); } }
"""
)


def ccl(home: Path, file: Path, *words: str, code: int = 0) -> dict[str, Any]:
    done = run("ccl", "run", file, "-o", "json", *words, home=home)
    assert done.code == code, done.err
    value: dict[str, Any] = json.loads(done.out)
    return value


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    return source_file(tmp_path / "counter.ccl", COUNTER)


@pytest.fixture
def jobs(tmp_path: Path) -> Path:
    (tmp_path / "count.ccl").write_text(COUNT, encoding="utf-8")
    return source_file(tmp_path / "jobs.ccl", JOBS)


def stored(home: Path) -> dict[str, Any]:
    """Reads the state by variable, after a check of all the books."""
    with EmbeddedMesh.open(home / "mesh", environment={}) as mesh:
        assert audit(mesh) == ()
        with mesh.read() as reader:
            return {each.name: each.value for each in state_view(reader).variables}


def test_state_persists_and_failures_leave_none(counter: Path, tmp_path: Path) -> None:
    assert ccl(tmp_path, counter)["value"] == 0
    first = ccl(tmp_path, counter, "--entry", "add", "40")
    assert (first["value"], first["applied"]) == (40, True)
    written = [each["state"] for each in first["effects"] if "state" in each]
    assert sorted(written) == ["counter.names", "counter.total"]
    assert {"event": "Added", "data": {"amount": 40}, "article": None} in first["effects"]
    failed = ccl(tmp_path, counter, "--entry", "add_and_fail", "7", code=1)
    assert "not today" in str(failed["outcome"])
    assert (failed["effects"], failed["applied"]) == ([], False)
    broken = ccl(tmp_path, counter, "--entry", "add", "61", code=1)
    assert "never above 100" in broken["outcome"]["reason"]
    assert ccl(tmp_path, counter)["value"] == 40
    assert stored(tmp_path) == {"names": ["n40"], "total": 40}


@pytest.mark.parametrize("words", [(), ("-q",), ("-o", "json"), ("--dry-run",)], ids=" ".join)
def test_program_without_its_state_is_noted(words: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "fund.ccl"
    file.write_text(
        "state total = 1; state spare = 2; contract C { state n = 2; fn up() { n += 1; } }"
        "execution { total += 1; C.up(); total }"
    )
    assert run("ccl", "run", file, home=tmp_path / "home").code == 0
    before = run("meshctl", "state", "-o", "json", home=tmp_path / "home").out
    file.write_text("contract C { fn f() { 1 } } contract D { fn f() { 1 } } execution { C.f() }")
    done = run("ccl", "run", file, *words, home=tmp_path / "home")
    assert done.code == 0
    notes = [line for line in done.err.splitlines() if line.startswith("note: this program")]
    assert [line.split("; ")[0] for line in notes] == [
        f"note: this program declares no state in `{home}`, where an earlier one has stored {names}"
        for home, names in (("fund", "total"), ("C", "n"))
    ]
    assert run("meshctl", "state", "-o", "json", home=tmp_path / "home").out == before
    file.write_text("state total = 1; state spare = 2; execution { total }")
    assert run("ccl", "run", "-q", file, home=tmp_path / "home").out == "2\n"


def test_dry_run_applies_nothing(counter: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", counter, "--entry", "add", "1", "--dry-run", home=tmp_path)
    assert "State      counter: total, names\n" in done.err
    assert 'Event      Added  {"amount": 1}\n' in done.err
    assert "Dry run: nothing of this was applied" in done.err
    told = ccl(tmp_path, counter, "--entry", "add", "1", "--dry-run")
    assert (told["value"], told["applied"]) == (1, False)
    assert stored(tmp_path) == {}


@pytest.mark.parametrize("step", ["Executed", "Event"])
def test_killed_run_applies_once(step: str, counter: Path, tmp_path: Path) -> None:
    """Applied effects are continued; a run that applied nothing, or was shown to its end, begins
    anew."""
    command = ("ccl", "run", counter, "--entry", "add", "5")
    kill_at(step, *command, home=tmp_path)
    before = stored(tmp_path).get("total", 0)
    again = run(*command, home=tmp_path)
    assert again.code == 0, again.err
    total = stored(tmp_path)["total"]
    assert again.out.endswith(f"  {total}\n")
    if "by the unfinished run of this command" in again.err:
        assert total == before == 5
    else:
        assert total == before + 5


def test_handler_is_executed_once_for_each_job(jobs: Path, tmp_path: Path) -> None:
    first = ccl(tmp_path, jobs)
    (handler,) = first["handlers"]
    (job,) = first["jobs"]
    assert (handler["job_id"], handler["event"]) == (job["job_id"], "job.completed")
    assert handler["logs"] == [f"job 1 of {job['node_id']}: 42"]
    assert [each["state"] for each in handler["effects"]] == ["jobs.ended", "jobs.last"]
    assert stored(tmp_path) == {"ended": 1, "last": 42}
    ccl(tmp_path, jobs)
    refused = ccl(tmp_path, jobs, code=1)
    assert "three are too many" in str(refused["handlers"][0]["outcome"])
    assert refused["handlers"][0]["effects"] == []
    assert stored(tmp_path) == {"ended": 2, "last": 42}


def test_handler_gets_reason_and_place_of_a_failed_job(jobs: Path, tmp_path: Path) -> None:
    count = jobs.with_name("count.ccl")
    count.write_text('execution { require(1 > 2, "the till is empty"); 1 }\n', encoding="utf-8")
    jobs.write_text(JOBS + FAILED, encoding="utf-8")
    done = ccl(tmp_path, jobs, code=1)
    (handler,) = done["handlers"]
    assert (handler["event"], handler["logs"]) == (
        "job.failed",
        ["requirement failed: the till is empty at count.ccl:1:13"],
    )


def test_jobs_that_a_handler_submits_are_followed(jobs: Path, tmp_path: Path) -> None:
    chain = jobs.with_name("chain.ccl")
    chain.write_text(CHAIN, encoding="utf-8")
    told = ccl(tmp_path, chain)
    assert [each["output"] for each in told["jobs"]] == [42, 42, 42]
    assert len(told["handlers"]) == 3
    assert stored(tmp_path) == {"ended": 3, "last": 42}


def test_chain_of_jobs_is_bounded(jobs: Path, tmp_path: Path) -> None:
    endless = jobs.with_name("endless.ccl")
    endless.write_text(CHAIN.replace("if ended < 3", "if ended < 99"), encoding="utf-8")
    done = run("ccl", "run", endless, "--max-spend", "30", home=tmp_path)
    assert done.code == 5
    assert "could spend 40 compute units, more than --max-spend 30" in done.err
    again = ccl(tmp_path, endless, code=1)
    assert len(again["jobs"]) == 8
    assert "over 8 deep" in again["handlers"][-1]["refusal"]
    assert stored(tmp_path)["ended"] == 7


@pytest.mark.parametrize("step", ["Status: Completed", "Handler", "State"])
def test_killed_run_handles_each_job_once(step: str, jobs: Path, tmp_path: Path) -> None:
    kill_at(step, "ccl", "run", jobs, home=tmp_path)
    done = ccl(tmp_path, jobs)
    assert (len(done["jobs"]), len(done["handlers"])) == (1, 1)
    assert stored(tmp_path) == {"ended": 1, "last": 42}


def test_runs_at_the_same_time_are_all_applied(counter: Path, tmp_path: Path) -> None:
    """Each was executed on a state that another may have replaced by then; equal commands wait
    for each other."""
    ccl(tmp_path, counter)
    add = ("ccl", "run", counter, "-o", "json", "--entry", "add")
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda n: run_process(*add, str(n), home=tmp_path), (1, 2, 5, 5))
        assert max(json.loads(each.out)["value"] for each in done) == 13
    assert stored(tmp_path)["total"] == 13


WORKER = """\
state runs: Integer = 0;
struct Ran { number: Integer }

execution {
  runs += 1;
  emit Ran { number: runs };
  submit_job(
    wasm_cid: module("./count.ccl"),
    description: "from inside",
    resource_type: "compute",
    resource_amount: 10,
    priority: "low"
  );
  runs
}
"""


def test_job_has_state_and_submits_jobs(jobs: Path, tmp_path: Path) -> None:
    """Its effects are applied once verified, its submission under the key that is here; also
    when the command is killed just then."""
    (tmp_path / "worker.ccl").write_text(WORKER, encoding="utf-8")
    outer = tmp_path / "outer.ccl"
    outer.write_text(JOBS.replace("count.ccl", "worker.ccl"), encoding="utf-8")
    kill_at("Job submitted by job", "ccl", "run", outer, home=tmp_path)
    told = ccl(tmp_path, outer)
    worker, count = told["jobs"]
    assert (worker["output"], count["output"]) == (1, 42)
    assert {"event": "Ran", "data": {"number": 1}, "article": None} in worker["effects"]
    assert [each["job_id"] for each in told["handlers"]] == [worker["job_id"]]
    assert stored(tmp_path) == {"runs": 1, "ended": 1, "last": 1}


def nested(folder: Path, amount: int) -> Path:
    """A program whose job, of at most 10 units, submits another for an amount."""
    (folder / "count.ccl").write_text(COUNT, encoding="utf-8")
    worker = WORKER.replace("resource_amount: 10", f"resource_amount: {amount}")
    (folder / "worker.ccl").write_text(worker, encoding="utf-8")
    outer = folder / "outer.ccl"
    outer.write_text(JOBS.replace("count.ccl", "worker.ccl"), encoding="utf-8")
    return outer


def test_delegation_counts_as_spending(tmp_path: Path) -> None:
    outer = nested(tmp_path, 80)
    done = run("ccl", "run", outer, "--max-spend", "89", home=tmp_path)
    assert done.code == 5
    assert "could spend 90 compute units, more than --max-spend 89" in done.err
    assert run("meshctl", "list-jobs", "-q", home=tmp_path).out == ""
    told = run("ccl", "run", outer, "--max-spend", "90", "-o", "json", home=tmp_path)
    assert told.code == 0, told.err
    assert [each["output"] for each in json.loads(told.out)["jobs"]] == [1, 42]


def test_job_that_submits_for_more_than_its_delegation_has_no_effects(tmp_path: Path) -> None:
    told = ccl(tmp_path, nested(tmp_path, 81), code=1)
    (worker,) = told["jobs"]
    assert worker["not_applied"] == [
        "a job that they submit is refused: they may cost 81, 80 are delegated"
    ]
    assert "runs" not in stored(tmp_path)


def test_jobs_of_jobs_go_on_without_the_run(tmp_path: Path) -> None:
    """Its job ends under another command, which submits what its program asks for."""
    outer = nested(tmp_path, 10)
    kill_at("Job submitted successfully", "ccl", "run", outer, home=tmp_path)
    (worker,) = run("meshctl", "list-jobs", "-q", home=tmp_path).out.split()
    assert run("meshctl", "job-status", worker, "--wait", home=tmp_path).code in (0, 7)
    told = ccl(tmp_path, outer)
    assert [each["output"] for each in told["jobs"]] == [1, 42]
    assert len(run("meshctl", "list-jobs", "-q", home=tmp_path).out.split()) == 2
