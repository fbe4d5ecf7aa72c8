"""Jobs as documents: `submit-job --file`, `validate`, and `rerun`."""

import json
from pathlib import Path

import pytest
from meshcommand import Meshctl
from submitting_modules import submitter_of

from runtime.content.cid import parse_cid

JOB = """\
module: parts/echo.wasm
description: Count the ward
resource_amount: 500
budget: 90
priority: high
trust:
  verifiers: 3
  quorum: 3
  locations: [us-east, eu-west]
requirements:
  cpu_cores: 1
  max_seconds: 60
"""


def write(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "jobs"
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    (folder / "parts" / "echo.wasm").write_bytes((tmp_path / "echo.wasm").read_bytes())
    (folder / "job.yaml").write_text(text)


def test_document_is_submitted_with_all_its_terms(meshctl: Meshctl, tmp_path: Path) -> None:
    write(tmp_path, JOB)
    answer = json.loads(meshctl("submit-job", "--file", "jobs/job.yaml", "-o", "json").out)
    assert (answer["description"], answer["budget"]) == ("Count the ward", 90)
    assert answer["priority"] == "high"
    manifest = json.loads(meshctl("block", "get", answer["manifest"], "-o", "json").out)["value"]
    assert manifest["trust"]["quorum"] == 3
    assert manifest["trust"]["locations"] == ["us-east", "eu-west"]
    assert manifest["requirements"]["max_seconds"] == 60
    words = ("--wasm", "jobs/parts/echo.wasm", "--resource-amount", "500")
    by_words = json.loads(meshctl("submit-job", *words, "-o", "json").out)
    assert by_words["module"] == answer["module"]


def test_valid_document_is_submitted_nowhere(meshctl: Meshctl, tmp_path: Path) -> None:
    write(tmp_path, JOB)
    done = meshctl("validate", "jobs/job.yaml")
    assert done.code == 0 and done.out.startswith("jobs/job.yaml: valid (run of bafkr4i")
    assert json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"] == []


def test_all_errors_of_a_document_are_reported_with_their_places(
    meshctl: Meshctl, tmp_path: Path
) -> None:
    write(tmp_path, JOB.replace("budget", "bugdet").replace("quorum: 3", "quorum: many"))
    for command in (("validate",), ("submit-job", "--file")):
        refused = meshctl(*command, "jobs/job.yaml")
        assert refused.code == 2
        assert "jobs/job.yaml:4:1: unknown key 'bugdet'" in refused.err
        assert "did you mean budget?" in refused.err
        assert "jobs/job.yaml:8:11: trust.quorum: expected an integer, found a text" in refused.err
    answer = json.loads(meshctl("validate", "jobs/job.yaml", "-o", "json").out)
    problems = answer["error"]["details"]["problems"]
    assert [(each["line"], each["column"]) for each in problems] == [(4, 1), (8, 11)]


def test_document_is_checked_against_its_module(meshctl: Meshctl, tmp_path: Path) -> None:
    write(tmp_path, JOB + "entry: rum\n")
    assert meshctl("validate", "jobs/job.yaml").code == 3
    write(tmp_path, JOB.replace("parts/echo", "parts/ehco"))
    assert meshctl("validate", "jobs/job.yaml").code == 3


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("entry: rum", "did you mean run? it exports run; name one with `entry: NAME`"),
        ("arguments: [1, 2.5]", "write a whole number, or quote it where a text is meant"),
        ("max_seconds: 99999999999999999999", "99999999999999999999 does not fit 63 bits"),
        ("budget: " + "9" * 5000, "9…"),
        ("? " + "k" * 5000 + "\n: 1\n? " + "k" * 5000 + "\n: 2", "k…"),
        ("scope: !" + "t" * 5000 + " care", "t…"),
        ("wasm: echo.wasm", "did you mean module?"),
        ("quorum: 3", "it belongs into trust: `trust: {quorum: 2}`"),
    ],
)
def test_next_step_of_a_mistake_is_one_of_a_document(
    meshctl: Meshctl, tmp_path: Path, written: str, said: str
) -> None:
    write(tmp_path, f"module: parts/echo.wasm\nresource_amount: 5\n{written}\n")
    refused = meshctl("validate", "jobs/job.yaml")
    assert refused.code in (2, 3)
    assert said in refused.err


def test_module_and_document_in_the_place_of_each_other_are_recognized(
    meshctl: Meshctl, tmp_path: Path
) -> None:
    (tmp_path / "old.wasm").write_bytes(b"\0asm\1\0\0\0")
    taken = meshctl("validate", "old.wasm")
    assert "it is a WebAssembly module, not a job document" in taken.err
    assert "meshctl submit-job --wasm old.wasm --resource-amount" in taken.err
    (tmp_path / "job.yaml").write_text("module: echo.wasm\nresource_amount: 5\n")
    taken = meshctl("submit-job", "--wasm", "job.yaml", "--resource-amount", "5")
    assert "meshctl submit-job --file job.yaml" in taken.err


def test_delegate_that_is_no_submitter_is_refused(meshctl: Meshctl, tmp_path: Path) -> None:
    stranger = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    own = json.loads(meshctl("identity", "show", "-o", "json").out)["did"]
    for delegate, code in ((stranger, 2), (own, 0)):
        write(
            tmp_path, f"module: parts/echo.wasm\nresource_amount: 5\naward_delegate: {delegate}\n"
        )
        done = meshctl("submit-job", "--file", "jobs/job.yaml", "--wait")
        assert (done.code, "submission-delegate-unknown" in done.err) == (code, code == 2), done
    assert meshctl("doctor", "--no-execute").code == 0


def test_engine_is_demanded_as_doctor_names_it(meshctl: Meshctl, tmp_path: Path) -> None:
    checks = json.loads(meshctl("doctor", "--no-execute", "-o", "json").out)["checks"]
    engine = next(each["text"] for each in checks if each["check"] == "engine")
    write(tmp_path, f"module: parts/echo.wasm\nresource_amount: 5\nengine: {engine}\n")
    assert meshctl("submit-job", "--file", "jobs/job.yaml", "--wait").code == 0


def test_file_in_place_of_a_module_s_cid_is_named_as_one(meshctl: Meshctl, tmp_path: Path) -> None:
    write(tmp_path, "wasm_cid: parts/echo.wasm\nresource_amount: 5\n")
    assert "for a file, write `module: FILE`" in meshctl("validate", "jobs/job.yaml").err


def test_options_beside_a_document_are_refused(meshctl: Meshctl, tmp_path: Path) -> None:
    write(tmp_path, JOB)
    refused = meshctl("submit-job", "--file", "jobs/job.yaml", "--budget", "5")
    assert (refused.code, "--budget would say it again" in refused.err) == (2, True)
    assert meshctl("submit-job", "--file", "jobs/job.yaml", "--dry-run").code == 0


def test_delegation_of_a_document_is_in_the_manifest(meshctl: Meshctl, tmp_path: Path) -> None:
    write(tmp_path, JOB + "children: {depth: 1, budget: 50}\n")
    done = json.loads(meshctl("submit-job", "--file", "jobs/job.yaml", "-o", "json").out)
    shown = json.loads(meshctl("block", "get", done["manifest"], "-o", "json").out)["value"]
    assert shown["children"] == {"depth": 1, "budget": 50}


def test_missing_options_are_named_as_before(meshctl: Meshctl) -> None:
    for words, missing in (((), "--wasm"), (("--wasm", "echo.wasm"), "--resource-amount")):
        refused = meshctl("submit-job", *words)
        assert (refused.code, f"Missing option '{missing}'" in refused.err) == (2, True)


def test_job_is_submitted_again_as_a_new_one(meshctl: Meshctl, tmp_path: Path) -> None:
    write(tmp_path, JOB)
    first = json.loads(meshctl("submit-job", "--file", "jobs/job.yaml", "-o", "json").out)
    again = json.loads(meshctl("rerun", first["job_id"], "-o", "json").out)
    assert again["job_id"] != first["job_id"] and again["submitted"]
    manifests = [
        json.loads(meshctl("block", "get", each["manifest"], "-o", "json").out)["value"]
        for each in (first, again)
    ]
    fresh = {"job_id", "created_at", "bid_deadline", "expires_at", "sig"}
    assert {k: v for k, v in manifests[0].items() if k not in fresh} == {
        k: v for k, v in manifests[1].items() if k not in fresh
    }
    assert meshctl("rerun", "ffffffff").code == 3


def test_program_that_submits_jobs_is_shown_with_its_delegation(
    meshctl: Meshctl, tmp_path: Path
) -> None:
    echo = meshctl("block", "put", "echo.wasm").out.strip()
    write(tmp_path, "module: parts/parent.wasm\nresource_amount: 500\n")
    parent = submitter_of((parse_cid(echo), "compute", 5))
    (tmp_path / "jobs" / "parts" / "parent.wasm").write_bytes(parent)
    refused = meshctl("submit-job", "--wasm", "jobs/parts/parent.wasm", "--resource-amount", "500")
    written = "children: {depth: 1, budget: 500}"
    assert (refused.code, f"`{written}` in a job document" in refused.err) == (2, True)
    with (tmp_path / "jobs" / "job.yaml").open("a") as file:
        file.write(f"{written}\n")
    done = meshctl("submit-job", "--file", "jobs/job.yaml", "--wait")
    job = done.out.splitlines()[1].removeprefix("Job ID: ")
    assert done.code == 0
    assert f"Its program has submitted 1 job: meshctl job-tree {job}\n" in done.err
    assert len(json.loads(meshctl("job-tree", job, "-o", "json").out)["jobs"]) == 2
