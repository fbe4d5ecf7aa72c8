"""Jobs that failed: how commands show them, with the next step."""

import json
import re
from pathlib import Path

import pytest
from embedded_mesh import endless, opened
from meshcommand import Meshctl, await_line, ended, start_saying, submitted, verified
from saying import STILL_RUNNING

from mesh.cli.app import run


def failed(meshctl: Meshctl) -> tuple[str, str]:
    """A job that traps, and one that runs out of fuel."""
    endless = submitted(meshctl, wasm="endless.wasm", amount="1")
    done = meshctl("accept-bid", "--job-id", endless, "--node-id", "mesh-node-2")
    assert done.code == 1
    assert "error[program-out-of-fuel]" in done.err
    assert "help: submit it again with a larger --resource-amount than 1" in done.err
    return verified(meshctl, "trap.wasm"), endless


def test_list_shows_failed_jobs(meshctl: Meshctl) -> None:
    trap, endless = failed(meshctl)
    good = verified(meshctl)
    lines = {line.split()[0]: line for line in meshctl("list-jobs").out.splitlines()}
    assert "Verified (trapped)" in lines[trap]
    assert "Verified (out of fuel)" in lines[endless]
    assert "Verified  " in lines[good]
    rows = {
        row["job_id"]: row for row in json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"]
    }
    assert {rows[job]["state"] for job in (trap, endless, good)} == {"Verified"}
    assert [rows[job]["outcome"] for job in (trap, endless, good)] == [
        "trapped",
        "out-of-fuel",
        "succeeded",
    ]


def test_proof_shows_its_facts(meshctl: Meshctl) -> None:
    trap, endless = failed(meshctl)
    shown = meshctl("verify", trap)
    assert shown.code == 0
    assert "Outcome: the program trapped" in shown.out
    assert json.loads(meshctl("verify", trap, "-o", "json").out)["outcome"]["kind"] == "trapped"
    assert "Outcome: the program ran out of fuel" in meshctl("verify", endless).out
    assert "Outcome: the program succeeded" in meshctl("verify", verified(meshctl)).out


def test_missing_bids_are_reported(meshctl: Meshctl) -> None:
    submit = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "500", "--budget", "1")
    refused = meshctl(*submit)
    assert refused.code == 6
    job = refused.out.splitlines()[1].removeprefix("Job ID: ")
    assert refused.err.startswith(f"error[no-bids]: no node bids for job {job}\n")
    assert "mesh-node-2: budget: the price is 80, the budget 1" in refused.err
    assert f"help: meshctl cancel-job {job}, then submit it again" in refused.err
    machine = meshctl(*submit, "-o", "json")
    assert machine.code == 6
    assert (
        json.loads(machine.out)["job_id"] == json.loads(machine.out)["error"]["details"]["job_id"]
    )
    assert meshctl("cancel-job", job).code == 0


def test_ambiguous_id_is_refused(meshctl: Meshctl) -> None:
    first, second = submitted(meshctl), submitted(meshctl)
    refused = meshctl("job-status", first[:6])
    assert (refused.code, second in refused.err) == (2, True)
    assert "its last characters" in refused.err
    assert meshctl("job-status", first[-8:], "-q").code == 0


def test_command_without_words_prints_help(meshctl: Meshctl) -> None:
    for words in ((), ("block",), ("tokens",)):
        alone = meshctl(*words)
        assert (alone.code, alone.out) == (2, "")
        assert alone.err.startswith("Usage: meshctl")
        assert "error[" not in alone.err


def test_usage_errors_are_reworded(meshctl: Meshctl) -> None:
    refused = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "five")
    assert "Invalid value for '--resource-amount': expected a whole number" in refused.err
    assert "help: `meshctl submit-job --help` shows its usage" in refused.err
    for word in ("parse string", "Value error"):
        assert word not in refused.err
    submit = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--priority")
    assert "did you mean high?\n" in meshctl(*submit, "hgih").err
    assert "for example --priority low" in meshctl(*submit, "7").err


def test_option_has_one_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tokens", "issue", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--expires-in SECONDS From now. [default: a year] -o" in shown


def test_bids_that_cannot_be_accepted_have_their_reasons(meshctl: Meshctl) -> None:
    submit = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "500")
    refused = meshctl(*submit, "--min-reputation", "99")
    assert (refused.code, "error[no-awardable-bids]" in refused.err) == (6, True)
    lacks = "its reputation is below the least that the job asks for (50, asked for 99)"
    assert f"note: mesh-node-2: {lacks}" in refused.err


def test_next_step_of_an_open_job_is_the_same_in_all_commands(meshctl: Meshctl) -> None:
    job = submitted(meshctl)
    accept = f"= help: meshctl accept-bid --job-id {job} --node-id mesh-node-2\n"
    for command in ("results", "logs", "receipt", "verify"):
        missing = meshctl(command, job)
        assert (missing.code, accept in missing.err) == (3, True), missing


def test_log_of_a_silent_program_is_said_to_be_empty(meshctl: Meshctl) -> None:
    silent = verified(meshctl, "raw.wasm")
    shown = meshctl("logs", silent)
    assert (shown.code, shown.out, shown.err) == (0, "", "The program logged nothing\n")
    assert meshctl("logs", silent, "-q").err == ""


def test_dry_run_names_a_module_that_nobody_holds(meshctl: Meshctl) -> None:
    absent = "bafkr4ihkr4ld3m4gqkjf4reryxsy2s5tkbxprqkow6fin2iiyvreuzzab4"
    tried = meshctl("submit-job", "--wasm", absent, "--resource-amount", "500", "--dry-run")
    assert tried.code == 0
    assert f"note: no node holds the module {absent}" in tried.err
    assert "meshctl block put" in tried.err


def test_dry_run_of_a_refused_job_has_no_price(meshctl: Meshctl) -> None:
    assert meshctl("policy", "set", "nobody").code == 0
    tried = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--dry-run")
    assert tried.code == 5
    assert "Price" not in tried.out
    assert "Node ID" not in tried.out


def test_proof_that_was_cut_off_has_to_be_copied_again(meshctl: Meshctl, tmp_path: Path) -> None:
    job = verified(meshctl)
    assert meshctl("receipt", job, "--output", "proof.car").code == 0
    whole = (tmp_path / "proof.car").read_bytes()
    (tmp_path / "proof.car").write_bytes(whole[: len(whole) // 2])
    refused = meshctl("verify", "proof.car")
    assert (refused.code, "get it again from whoever made it" in refused.err) == (8, True)


def test_unknown_member_is_listed_where_all_are(meshctl: Meshctl) -> None:
    for words in (("reputation", "federation-9"), ("usage", "--member", "federation-9")):
        unknown = meshctl(*words)
        assert (unknown.code, "`meshctl identity show` lists them" in unknown.err) == (3, True)


def test_cancelled_job_shows_what_its_time_has_cost(meshctl: Meshctl, home: Path) -> None:
    with opened(home) as mesh:
        job = mesh.submit(endless(budget=500_000))
    driver = start_saying("job-status", job, "--wait", "--auto-award")
    await_line(driver.stdout, STILL_RUNNING)
    done = meshctl("cancel-job", job)
    paid = int(done.out.splitlines()[1].removeprefix("Paid for the time until then: ").split()[0])
    assert paid > 0
    ended(driver)
    assert f"Paid:          {paid} of it" in meshctl("job-status", job).out


def test_job_that_takes_too_long_names_the_time_that_a_node_needs(meshctl: Meshctl) -> None:
    submit = ("submit-job", "--wasm", "endless.wasm", "--resource-amount", "500000")
    refused = meshctl(*submit, "--max-seconds", "1")
    assert refused.code == 6
    found = re.search(r"mesh-node-2: .*max_seconds is 1, (\d+) needed", refused.err)
    assert found is not None, refused
    taken = meshctl(*submit, "--max-seconds", found[1], "-o", "json")
    assert "mesh-node-2" in {bid["node_id"] for bid in json.loads(taken.out)["bids"]}
