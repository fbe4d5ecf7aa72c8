"""Jobs that failed: how commands show them, with the next step."""

import json

import pytest
from meshcommand import Meshctl, submitted, verified

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
