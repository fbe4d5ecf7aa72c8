"""Wrong arguments of `meshctl`: each error has a name and the next step."""

import json
from pathlib import Path

import pytest
from meshcommand import ECHO, Meshctl, submitted

BAD_SUBMISSIONS = {
    "no such file": ("ecko.wasm", 3, "file-not-found", "echo.wasm"),
    "a directory": ("home", 2, "file-is-directory", "home"),
    "not a module": ("text.wat", 2, "not-a-module", "WebAssembly"),
    "empty": ("empty.wasm", 2, "not-a-module", "empty"),
    "cut off": ("cut.wasm", 2, "module-refused", "cut.wasm"),
    "bad CID": (
        "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwmz1",
        2,
        "malformed-cid",
        "base32",
    ),
    "no such entry": ("echo.wasm --entry rum", 3, "no-entry", "did you mean run?"),
    "bad priority": ("echo.wasm --priority hihg", 2, "unknown-word", "did you mean high?"),
    "bad arguments": ("echo.wasm --arguments [1,", 2, "wrong-arguments", "character"),
    "no budget": ("echo.wasm --budget 0", 2, "not-positive", "--budget"),
    "bad id": ("echo.wasm --id seven", 2, "not-a-uuid", "UUID"),
    "no memory": ("echo.wasm --memory 0", 2, "not-in-range", "expected 1 to 256 MiB"),
    "too much memory": ("echo.wasm --memory 9999", 2, "not-in-range", "expected 1 to 256 MiB"),
    "no time": ("echo.wasm --max-seconds 0", 2, "not-in-range", "expected 1 to 2592000 seconds"),
    "long description": ("echo.wasm --description " + "x" * 5000, 2, "over-limit", "at most 4096"),
    "amount of too many bits": (
        "echo.wasm --budget 9223372036854775808",
        2,
        "not-in-range",
        "expected 1 to 9223372036854775807",
    ),
    "reputation over a hundred": (
        "echo.wasm --min-reputation 101",
        2,
        "not-in-range",
        "expected 0 to 100",
    ),
    "arguments of a map": (
        'echo.wasm --arguments {"a":1}',
        2,
        "wrong-arguments",
        "expected a list, found an object",
    ),
    "no majority": ("echo.wasm --verifiers 4", 2, "quorum-impossible", "majority"),
}
"""The module and options of `submit-job`: its exit code, its error, and a part of the answer."""


@pytest.mark.parametrize("name", list(BAD_SUBMISSIONS))
def test_bad_input_is_named(meshctl: Meshctl, tmp_path: Path, name: str) -> None:
    words, code, slug, text = BAD_SUBMISSIONS[name]
    (tmp_path / "text.wat").write_text("(module)")
    (tmp_path / "empty.wasm").write_bytes(b"")
    (tmp_path / "cut.wasm").write_bytes(bytes(ECHO)[:40])
    result = meshctl("submit-job", "--wasm", *words.split(), "--resource-amount", "5", "-o", "json")
    assert result.code == code, result
    problem = json.loads(result.out)["error"]
    assert set(problem) == {"code", "message", "hint", "details"}
    assert problem["code"] == slug
    assert text in problem["message"] + problem["hint"]
    assert problem["hint"]


def test_unknown_command_gets_a_suggestion(meshctl: Meshctl) -> None:
    assert "submit-job" in meshctl("submt-job").err
    assert meshctl("submt-job").code == 2
    assert meshctl("job-status", "--wiat", "abcd").code == 2
    assert meshctl("job-status", "99999999").code == 3
    assert meshctl("accept-bid", "--job-id", submitted(meshctl), "--node-id", "node-9").code == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["submit-job", "--wasm", "x", "--resource-amount", "1.5"], "expected a whole number"),
        (
            ["submit-job", "--wasm", "-", "--input", "-", "--resource-amount", "5"],
            "standard input cannot be both the module and its input",
        ),
        (["list-jobs", "--limit", "9223372036854775808"], "error[not-in-range]: --limit is"),
        (["doctor", "--retry", "9223372036854775808"], "error[not-in-range]: --retry is"),
        (["doctor", "--retry", "-1"], "error[not-positive]: --retry is -1"),
        (["verify", "."], "error[file-is-directory]: . is a directory"),
        (["verify", "x.car", "--mesh", "bafyr4ig"], "help: ask for the CID of the mesh"),
        (
            [
                *("verify", "x.car", "--mesh"),
                "bafkr4ihkr4ld3m4gqkjf4reryxsy2s5tkbxprqkow6fin2iiyvreuzzab4",
            ],
            "a mesh is a dag-cbor record",
        ),
    ],
)
def test_value_of_another_kind_is_named(meshctl: Meshctl, words: list[str], said: str) -> None:
    result = meshctl(*words)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["validate", "none.yaml"], "name the job document by its path\n"),
        (["block", "put", "none"], "name the block by its path\n"),
        (["tokens", "receive", "none"], "name the token file by its path\n"),
        (["verify", "none.car"], "name the proof by its path; `meshctl list-jobs` lists the jobs"),
    ],
)
def test_missing_file_is_not_sought_by_a_cid_that_its_command_refuses(
    meshctl: Meshctl, words: list[str], hint: str
) -> None:
    result = meshctl(*words)
    assert (result.code, result.out) == (3, "")
    assert hint in result.err


def test_reason_that_fits_no_record_is_refused_before_anything_is_signed(meshctl: Meshctl) -> None:
    job, long = submitted(meshctl), "x" * 1025
    token = meshctl("tokens", "issue", "--amount", "5", "-q").out.strip()
    assert meshctl("identity", "grant", "chair").code == 0
    for words in (
        ("cancel-job", job),
        ("tokens", "revoke", token),
        ("identity", "withdraw", "chair"),
    ):
        refused = meshctl(*words, "--reason", long)
        assert (refused.code, "1025 bytes, a record at most 1024" in refused.err) == (2, True)
        assert meshctl(*words, "--reason", long[:-1]).code == 0
