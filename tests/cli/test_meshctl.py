"""The commands of `meshctl` as users run them, in a mesh of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from carfiles import car, chunked
from changed_mesh import audit, open_at
from embedded_mesh import ANSWER_CID
from meshcommand import ECHO, START, TRAP, Meshctl, ended, start, submitted, verified

from mesh.cli.app import run
from mesh.core.fields import JobId
from mesh.core.jobs.job import Phase
from runtime.content.cid import Codec, cid_of


def test_main_path_prints_the_documented_text(meshctl: Meshctl) -> None:
    result = meshctl(
        *("submit-job", "--wasm", "echo.wasm", "--description", "Data analysis"),
        *("--resource-amount", "500"),
    )
    head, job_line = result.out.splitlines()
    assert head == "Job submitted successfully"
    job = job_line.removeprefix("Job ID: ")
    assert len(job) == 36
    bids = meshctl("get-bids", "--job-id", job).out.splitlines()
    assert bids[0].split() == ["Node", "ID", "Bid", "Est.", "Time", "Reputation", "Location"]
    assert bids[0].startswith("Node ID         Bid      Est. Time     Reputation")
    assert bids[1].startswith("mesh-node-2     80       ")
    assert bids[1].endswith("us-east")
    accepted = meshctl("accept-bid", "--job-id", job[-8:], "--node-id", "mesh-node-2")
    lines = accepted.out.splitlines()
    assert lines[:6] == [
        "Bid accepted successfully",
        "",
        "Job execution progress:",
        "Status: Assigned",
        "Status: Running",
        "Status: Completed",
    ]
    assert lines[6].startswith("Receipt CID: bafyr4i")
    assert lines[7:] == [
        "Receipt anchored to DAG ✓",
        "Receipt verified by federation ✓ (3/3, local keys)",
    ]
    assert accepted.code == 0
    assert meshctl("results", job).out == "42\n"
    assert meshctl("job-status", job, "-q").out == "Verified\n"


def test_machines_get_one_object(meshctl: Meshctl) -> None:
    job = submitted(meshctl)
    bids = json.loads(meshctl("get-bids", "--job-id", job, "-o", "json").out)["bids"]
    assert bids[0]["node_id"] == "mesh-node-2"
    assert not any(bid["has_evidence"] for bid in bids)
    done = meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2", "-o", "json")
    value = json.loads(done.out)
    assert (value["state"], value["checked"]["verified"]) == ("Verified", True)
    shown = json.loads(meshctl("results", job, "-o", "json").out)
    assert (shown["value"], shown["codec"]) == (42, "dag-cbor")
    lines = meshctl("list-jobs", "-o", "jsonl").out.splitlines()
    assert json.loads(lines[-1])["job_id"] == job
    assert "state: Verified" in meshctl("job-status", job, "-o", "yaml").out


def test_submit_waits_for_the_result(meshctl: Meshctl) -> None:
    result = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--wait")
    assert result.code == 0
    assert result.out.rstrip().endswith("✓ (3/3, local keys)")
    followed = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--follow")
    assert "Bid: mesh-node-3 " in followed.out
    assert "Attestation: federation-2 confirmed" in followed.out


def test_dry_run_submits_nothing(meshctl: Meshctl) -> None:
    before = meshctl("list-jobs", "-q").out
    result = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "500", "--dry-run")
    assert "Price: 80 to 105 tokens" in result.out
    assert "Policy: allowed" in result.out
    assert meshctl("list-jobs", "-q").out == before


def test_logs_are_made_printable(meshctl: Meshctl) -> None:
    job = verified(meshctl)
    assert meshctl("logs", job).out == "counting\\u001b[31m\n"


def test_raw_output_comes_as_it_is(meshctl: Meshctl, tmp_path: Path) -> None:
    job = verified(meshctl, "raw.wasm")
    assert meshctl("results", job, "--output", "out.bin").code == 0
    assert (tmp_path / "out.bin").read_bytes() == b"raw \0\xff bytes"


def test_program_that_traps_is_a_failed_job(meshctl: Meshctl) -> None:
    job = submitted(meshctl, wasm="trap.wasm")
    result = meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    assert result.code == 1
    assert "error[program-trapped]" in result.err
    assert "✓ (3/3, local keys)" in result.out
    assert meshctl("results", job).code == 1


def test_without_its_output_block_a_result_is_missing(meshctl: Meshctl) -> None:
    job = verified(meshctl)
    output = json.loads(meshctl("job-status", job, "-o", "json").out)["output"]
    assert meshctl("block", "rm", output, "--yes").code == 0
    result = meshctl("results", job)
    assert (result.code, result.out) == (3, "")
    assert f"block {output} is not in the store" in result.err


@pytest.mark.parametrize(
    ("record", "command"), [("output", "results"), ("receipt", "results"), ("anchor", "verify")]
)
def test_changed_block_is_refused(meshctl: Meshctl, home: Path, record: str, command: str) -> None:
    job = verified(meshctl)
    cid = json.loads(meshctl("job-status", job, "-o", "json").out)[record]
    with open_at(home) as mesh:
        mesh.store.database.connection.execute(
            "UPDATE blocks SET data = zeroblob(40)"
            " WHERE number = (SELECT number FROM names WHERE name = ?)",
            (mesh.find_block(cid).raw,),
        )
    result = meshctl(command, job)
    assert (result.code, result.out) == (8, "")
    assert cid in result.err
    assert meshctl("doctor", "--no-execute").code == 1


def test_module_that_no_node_holds_is_reported(meshctl: Meshctl) -> None:
    cid = "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmze"
    result = meshctl("submit-job", "--wasm", cid, "--resource-amount", "1000")
    assert result.code == 0
    assert "importing" in result.err or "--car" in result.err
    job = result.out.splitlines()[1].removeprefix("Job ID: ")
    status = meshctl("job-status", job)
    assert "State:         Submitted" in status.out
    assert cid in status.out and "meshctl block put --car" in status.out
    assert meshctl("get-bids", "--job-id", job).code == 3
    waited = meshctl("job-status", job, "--wait")
    assert waited.code == 3 and "error[block-missing]" in waited.err


def test_block_that_is_supplied_lets_the_job_go_on(meshctl: Meshctl) -> None:
    cid = cid_of(bytes(TRAP) + b"", Codec.RAW)
    job = submitted(meshctl, wasm=str(cid))
    assert meshctl("get-bids", "--job-id", job).code == 3
    assert meshctl("block", "put", "trap.wasm", "-q").out.strip() == str(cid)
    assert meshctl("job-status", job, "--wait").code == 7
    assert meshctl("get-bids", "--job-id", job).code == 0


def test_module_of_another_system_is_read_from_a_car(meshctl: Meshctl, tmp_path: Path) -> None:
    module = bytes(ECHO)
    root, blocks = chunked([module[:30], module[30:]])
    job = submitted(meshctl, wasm=str(root))
    assert meshctl("get-bids", "--job-id", job).code == 3
    (tmp_path / "module.car").write_bytes(car([root], blocks))
    assert meshctl("block", "put", "--car", "module.car", "-q").out.strip() == str(root)
    assert meshctl("job-status", job, "--wait").code == 7
    done = meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    assert done.code == 0, done
    assert meshctl("results", job).out == "42\n"
    assert meshctl("verify", job).code == 0
    (tmp_path / "broken.car").write_bytes(car([root], blocks)[:-1] + b"x")
    broken = meshctl("block", "put", "--car", "broken.car")
    assert (broken.code, "has another hash" in broken.err) == (2, True)


def test_policy_denies_a_job(meshctl: Meshctl) -> None:
    assert meshctl("policy", "set", "quota", "--limit", "100").code == 0
    denied = meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "500")
    assert denied.code == 5
    assert "100 units allowed now" in denied.err
    verified_job = submitted(meshctl, amount="100")
    meshctl("accept-bid", "--job-id", verified_job, "--node-id", "mesh-node-2")
    shown = json.loads(meshctl("policy", "show", "-o", "json").out)["policies"]
    assert shown[0]["kind"] == "Quota" and shown[0]["committed"] == 14
    assert meshctl("policy", "set", "permit-list").code == 0
    assert meshctl("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5").code == 5
    assert meshctl("policy", "set", "quoat").code == 2


def test_insufficient_token_is_refused(meshctl: Meshctl, home: Path, tmp_path: Path) -> None:
    did = json.loads(meshctl("identity", "show", "-o", "json").out)["keys"][3]["did"]
    foreign = meshctl("tokens", "issue", "--amount", "9", "--to", did, "-q").out.strip()
    small = meshctl("tokens", "issue", "--amount", "9", "-q").out.strip()
    short = meshctl("tokens", "issue", "--amount", "900", "--expires-in", "60", "-q").out.strip()
    submit = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "500")
    result = meshctl(*submit, "--token", foreign)
    assert (result.code, "token-foreign-audience" in result.err) == (4, True)
    result = meshctl(*submit, "--token", small)
    assert (result.code, "token-amount-too-large" in result.err) == (5, True)
    states = {
        row["token"]: row["state"]
        for row in json.loads(meshctl("tokens", "balance", "-o", "json").out)["tokens"]
    }
    assert (states[foreign], states[small]) == ("foreign", "usable")
    used = submitted(meshctl, "--token", small, "--budget", "9", amount="56")
    assert meshctl("accept-bid", "--job-id", used, "--node-id", "mesh-node-2").code == 0
    exhausted = meshctl(*submit, "--token", small, "--budget", "9")
    assert (exhausted.code, "submission-token-exhausted" in exhausted.err) == (5, True)
    assert meshctl("tokens", "issue", "--amount", "9", "--expires-in", "-1").code == 2
    from mesh.core.jobs.request import JobRequest
    from runtime.terminal.errors import CommandError

    with open_at(home, 61) as mesh, pytest.raises(CommandError) as caught:
        token = mesh.find_block(short)
        mesh.submit(JobRequest(module=ANSWER_CID, resource_amount=5, token=token))
    assert caught.value.code == "token-expired"


def test_missing_bids_are_explained(meshctl: Meshctl) -> None:
    submit = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "500", "--budget", "1")
    result = meshctl(*submit, "--wait")
    assert result.code == 6
    assert "mesh-node-3: budget: the price is 90, the budget 1" in result.err
    assert meshctl(*submit).code == 6


def test_timeout_is_reported(meshctl: Meshctl) -> None:
    job = submitted(meshctl, wasm="endless.wasm", amount="300")
    accept = ("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    late = meshctl(*accept, "--timeout", "0")
    assert late.code == 7
    assert f"help: meshctl job-status {job} --wait" in late.err
    finished = meshctl(*accept)
    assert finished.code == 1 and "program-out-of-fuel" in finished.err
    assert "Status: Completed" in finished.out


def test_accepting_again_is_harmless_and_another_node_is_refused(meshctl: Meshctl) -> None:
    job = verified(meshctl)
    balance = meshctl("tokens", "balance", "-o", "json").out
    again = meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    assert again.code == 0, again
    assert f"Bid accepted already; job {job} is Verified" in again.out
    assert "Receipt verified by federation ✓ (3/3, local keys)" in again.out
    other = meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-1")
    assert (other.code, "error[job-not-open]" in other.err) == (1, True)
    assert meshctl("tokens", "balance", "-o", "json").out == balance


def test_proof_is_verified_elsewhere(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = verified(meshctl)
    assert meshctl("verify", job).code == 0
    receipt = meshctl("receipt", job, "-q").out.strip()
    assert meshctl("verify", receipt, "--no-reexecute").code == 0
    assert meshctl("receipt", job, "--output", "job.proof.car").code == 0
    mesh = json.loads(meshctl("identity", "show", "-o", "json").out)["mesh"]
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "elsewhere"))
    stands = meshctl("verify", "job.proof.car", "--mesh", mesh)
    assert stands.code == 0, stands
    assert "Executed again here, same result ✓" in stands.out
    data = bytearray((tmp_path / "job.proof.car").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "forged.car").write_bytes(bytes(data))
    assert meshctl("verify", "forged.car").code == 8


def test_cancelling_releases_the_hold(meshctl: Meshctl, home: Path) -> None:
    job = submitted(meshctl)
    assert meshctl("cancel-job", job, "--reason", "wrong input").code == 0
    assert meshctl("cancel-job", job).code == 1
    assert "Cancelled (wrong input)" in meshctl("job-status", job).out
    with open_at(home) as mesh:
        assert audit(mesh) == ()


def test_store_of_a_newer_version_is_refused(meshctl: Meshctl, home: Path) -> None:
    with open_at(home) as mesh:
        mesh.store.database.connection.execute("PRAGMA user_version = 999")
    result = meshctl("list-jobs")
    assert (result.code, "error[store-newer]" in result.err) == (2, True)


def test_key_readable_by_others_is_refused(meshctl: Meshctl, home: Path) -> None:
    (home / "keys" / "submitter.key").chmod(0o644)
    result = meshctl("identity", "show")
    assert (result.code, "chmod -R go-rwx" in result.err) == (4, True)


def test_doctor_passes_on_a_sound_machine(meshctl: Meshctl) -> None:
    verified(meshctl)
    result = meshctl("doctor", "-o", "json")
    assert result.code == 0, result
    checks = {row["check"]: row["state"] for row in json.loads(result.out)["checks"]}
    assert checks["audit"] == checks["store"] == "ok"
    assert any(name.startswith("confined: ") for name in checks)


# --- commands as processes of their own


def test_concurrent_accepts_give_one_award(meshctl: Meshctl, home: Path) -> None:
    job = submitted(meshctl)
    both = [
        start("accept-bid", "--job-id", job, "--node-id", node)
        for node in ("mesh-node-2", "mesh-node-3")
    ]
    results = [ended(process) for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    loser = next(err for process, (_, err) in zip(both, results, strict=True) if process.returncode)
    assert "error[job-not-open]" in loser or "error[job-busy]" in loser
    with open_at(home) as mesh:
        assert mesh.job(next(each for each in mesh.job_ids() if each == job)).award is not None
        assert audit(mesh) == ()


def test_ctrl_c_pauses_the_job(meshctl: Meshctl, home: Path) -> None:
    job = submitted(meshctl, wasm="endless.wasm", amount="50000")
    process = start("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    assert process.stdout is not None
    assert "Status: Running\n" in iter(process.stdout.readline, "")
    process.send_signal(signal.SIGINT)
    _, err = ended(process)
    assert process.returncode == 130
    assert f"help: meshctl job-status {job} --wait" in err
    assert "Traceback" not in err
    with open_at(home) as mesh:
        view = mesh.job(JobId(job))
        assert view.phase is Phase.RUNNING
        assert audit(mesh) == ()


def test_reader_that_goes_away_is_not_an_internal_error(home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [sys.executable, "-c", START, "list-nodes"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert process.stderr == ""


def test_help_imports_no_engine() -> None:
    program = (
        "import sys; from mesh.cli.app import run; code = run(['--help'])\n"
        "heavy = {'wasmtime', 'rich.console', 'pydantic', 'sqlite3', 'mesh.embedded'}\n"
        "print(sorted(heavy & set(sys.modules)), code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] 0"


@pytest.mark.parametrize(
    "command",
    [
        ["submit-job"], ["rerun"], ["validate"], ["get-bids"],
        ["accept-bid"], ["job-status"], ["list-jobs"],
        ["cancel-job"], ["list-nodes"], ["results"], ["logs"], ["receipt"], ["verify"],
        ["doctor"], ["block", "put"], ["block", "get"], ["block", "rm"], ["tokens", "issue"],
        ["tokens", "balance"], ["tokens", "delegate"], ["tokens", "allocate"],
        ["tokens", "receive"], ["tokens", "revoke"], ["tokens", "history"],
        ["policy", "set"], ["policy", "show"], ["policy", "explain"],
        ["identity", "show"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_every_help_has_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Example" in shown
    assert f"meshctl {' '.join(command)}" in shown
