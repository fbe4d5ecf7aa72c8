"""Refusals of `meshctl` before it does anything, each with its name, place and next step."""

import json
from importlib.metadata import version
from pathlib import Path

import pytest
import wasmtime
from commands import Done
from commands import run as run_command
from meshcommand import Meshctl, submitted, verified
from wasm_proposals import REFUSED, TAKEN

DEEP = "[" * 5000 + "]" * 5000
ZERO_KEY = "did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"
"""A did:key of 32 bytes 0, which are not a point of any key."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (DEEP, "nested too deeply"),
        ("[" * 5000, "--arguments:"),
        ("[" + "9" * 5000 + "]", "64 bits"),
        ("[" + "9" * 30 + "]", "64 bits"),
        ('["\\ud800"]', "--arguments:"),
        ("[NaN]", "--arguments:"),
    ],
)
def test_unencodable_arguments_are_refused(meshctl: Meshctl, given: str, said: str) -> None:
    words = ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--arguments", given)
    refused = meshctl(*words, "-o", "json")
    assert refused.code == 2, refused
    problem = json.loads(refused.out)["error"]
    assert problem["code"] == "wrong-arguments"
    assert said in problem["message"]
    assert len(problem["message"]) < 300


@pytest.mark.parametrize(
    ("module", "words", "code", "said"),
    [
        ("an operand is missing", (), "module-refused", "type mismatch: expected i32"),
        ("memory64", (), "module-refused", "64-bit memory is switched off"),
        ("component", (), "module-refused", "a WebAssembly component"),
        ("mvp", ("--arguments", "[1]"), "wrong-arguments", "1 arguments given, `run` is ()"),
        ("mvp", ("--entry", "rum"), "no-entry", "did you mean run?"),
    ],
)
def test_inexecutable_module_is_refused(
    meshctl: Meshctl, module: str, words: tuple[str, ...], code: str, said: str
) -> None:
    Path("odd.wasm").write_bytes({**TAKEN, **REFUSED}[module])
    before = json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"]
    given = ("submit-job", "--wasm", "odd.wasm", "--resource-amount", "5", *words)
    refused = meshctl(*given, "-o", "json")
    assert refused.code == (3 if code == "no-entry" else 2), refused
    problem = json.loads(refused.out)["error"]
    assert problem["code"] == code
    assert said in problem["message"] + problem["hint"]
    assert json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"] == before


@pytest.mark.parametrize("did", ["did:key:zzz", "did:key:z6Mk", "did:web:example.org", ZERO_KEY])
def test_did_without_a_usable_key_is_refused(meshctl: Meshctl, did: str) -> None:
    before = meshctl("tokens", "balance", "-o", "json").out
    for words in (
        ("tokens", "issue", "--amount", "5", "--to", did),
        ("policy", "set", "permit-list", "--did", did),
    ):
        refused = meshctl(*words, "-o", "json")
        assert refused.code == 2, refused
        error = json.loads(refused.out)["error"]
        assert error["code"] == "malformed-did"
        assert did in error["message"]
    assert meshctl("tokens", "balance", "-o", "json").out == before
    assert json.loads(meshctl("policy", "show", "-o", "json").out)["policies"] == []


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (("quota", "--limit", "10", "--did", "did:key:zzz"), "--did"),
        (("allow-all", "--limit", "10"), "--limit"),
        (("permit-list", "--burst", "1"), "--burst"),
        (("rate-limit", "--amount", "1", "--per-seconds", "1", "--limit", "0"), "--limit"),
    ],
)
def test_options_of_another_rule_are_refused(
    meshctl: Meshctl, words: tuple[str, ...], unused: str
) -> None:
    refused = meshctl("policy", "set", *words)
    assert refused.code == 2
    assert f"not {unused}" in refused.err


@pytest.mark.parametrize("group", ["block", "tokens", "policy", "identity"])
def test_help_of_a_group_has_examples(meshctl: Meshctl, group: str) -> None:
    shown = meshctl(group, "--help")
    assert shown.code == 0
    assert "Example" in shown.out and f"meshctl {group} " in shown.out


def test_version_is_printed(meshctl: Meshctl) -> None:
    for option in ("--version", "-V"):
        shown = meshctl(option)
        assert (shown.code, shown.out) == (0, f"meshctl {version('icn-ccl')}\n")


def test_job_is_named_by_place_or_by_option(meshctl: Meshctl) -> None:
    job = verified(meshctl)
    for command in ("job-status", "results", "logs", "receipt"):
        by_place = meshctl(command, job, "-o", "json")
        by_option = meshctl(command, "--job-id", job, "-o", "json")
        assert (by_place.code, by_option.code) == (0, 0), (by_place, by_option)
        assert by_place.out == by_option.out
    assert meshctl("job-status").code == 2
    assert meshctl("job-status", job, "--job-id", "other").code == 2
    open_job = submitted(meshctl)
    assert meshctl("cancel-job", "--job-id", open_job).code == 0


def test_results_of_a_trapped_job_name_the_trap(meshctl: Meshctl) -> None:
    job = submitted(meshctl, wasm="trap.wasm")
    meshctl("accept-bid", "--job-id", job, "--node-id", "mesh-node-2")
    shown = meshctl("results", job)
    assert shown.code == 1
    assert "error[program-trapped]" in shown.err
    assert "unreachable" in shown.err


@pytest.mark.parametrize(
    ("name", "module", "hint"),
    [
        ("imports", '(module (import "env" "f" (func)) (func (export "run")))', "icn_host"),
        ("table", '(module (table 900000000 funcref) (func (export "run")))', "smaller"),
    ],
)
def test_next_step_fits_the_reason(
    meshctl: Meshctl, tmp_path: Path, name: str, module: str, hint: str
) -> None:
    (tmp_path / f"{name}.wasm").write_bytes(wasmtime.wat2wasm(module))
    refused = meshctl("submit-job", "--wasm", f"{name}.wasm", "--resource-amount", "5")
    assert refused.code == 2 and "error[module-refused]" in refused.err
    assert hint in refused.err.split("help: ")[1]


def test_program_cannot_submit_an_inexecutable_module(tmp_path: Path) -> None:
    """Nothing of the run is applied."""

    def command(*words: str) -> Done:
        return run_command(*words, home=tmp_path, cwd=tmp_path)

    (tmp_path / "odd.wasm").write_bytes(REFUSED["an operand is missing"])
    cid = command("meshctl", "block", "put", "odd.wasm", "-q").out.strip()
    source = f'execution {{ submit_job("{cid}", "odd", "compute", 100, "medium"); }}'
    (tmp_path / "asks.ccl").write_text(source, encoding="utf-8")
    refused = command("ccl", "run", "asks.ccl", "--yes")
    assert refused.code == 2, refused
    assert "type mismatch: expected i32" in refused.err
    assert json.loads(command("meshctl", "list-jobs", "-o", "json").out)["jobs"] == []


def test_advice_for_a_module_that_is_too_large_is_about_modules(meshctl: Meshctl) -> None:
    with Path("large.wasm").open("wb") as file:
        file.write(b"\0asm\1\0\0\0")
        file.truncate(20 << 20)
    refused = meshctl("submit-job", "--wasm", "large.wasm", "--resource-amount", "5")
    assert (refused.code, "error[file-too-large]" in refused.err) == (2, True)
    assert "debug information" in refused.err
