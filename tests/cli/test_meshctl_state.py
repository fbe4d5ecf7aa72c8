"""`meshctl state`, `tokens classes` and `identity grant`: state of programs, and rights of
identities."""

import json
from pathlib import Path

import pytest
from embedded_mesh import opened, put_block
from host_programs import program
from meshcommand import Meshctl
from wasm_modules import wasm

from mesh.core.jobs.request import JobRequest
from mesh.core.records.terms import Children
from runtime.content.codec import encode

ADA = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"


@pytest.fixture
def stored(home: Path) -> Path:
    """A home in which a job has stored two variables, a block and a token class."""
    module = wasm(
        program(
            ("write_state", "register", "members", "Array<String>", encode(["Ada"])),
            "drop",
            ("write_state", "till", "open", "Bool", encode(True)),
            "drop",
            ("mint_tokens", "hour", 12, ADA),
            "drop",
            ("dag_put", "minutes"),
            "drop",
        )
    )
    with opened(home) as mesh:
        request = JobRequest(
            module=put_block(mesh, module), resource_amount=10, children=Children(depth=1, budget=1)
        )
        assert mesh.drive([mesh.submit(request)], auto_award=True) == {}
    return home


def test_job_whose_state_was_changed_meanwhile_is_to_be_run_again(
    home: Path, meshctl: Meshctl
) -> None:
    module = wasm(program(("write_state", "till", "open", "Bool", encode(True)), "drop"))
    with opened(home) as mesh:
        request = JobRequest(module=put_block(mesh, module), resource_amount=10)
        jobs = [mesh.submit(request) for _ in range(2)]
        assert mesh.drive(jobs, auto_award=True) == {}
    shown = {job: meshctl("job-status", job).out for job in jobs}
    (late,) = (job for job, text in shown.items() if "Not applied:" in text)
    again = f"meshctl rerun {late} --wait"
    assert f"Next:          {again}\n" in shown[late]
    done = meshctl(*again.split()[1:])
    assert (done.code, "Not applied" in done.err) == (0, False)


def test_state_is_shown(stored: Path, meshctl: Meshctl) -> None:
    assert meshctl("state").out.split("\n")[1:3] == [
        'register        members         ["Ada"]',
        "till            open            true",
    ]
    told = json.loads(meshctl("state", "till", "-o", "json").out)
    assert [(each["variable"], each["shape"], each["value"]) for each in told["variables"]] == [
        ("open", "Bool", True)
    ]
    assert told["root"].startswith("bafyr4i") and len(told["pins"]) == 1
    wrong = meshctl("state", "tell")
    assert (wrong.code, wrong.out) == (3, "")
    assert "nothing is stored under 'tell'" in wrong.err
    assert "register, till" in wrong.err


def test_empty_state_is_shown(home: Path, meshctl: Meshctl) -> None:
    assert meshctl("state").err == "Nothing is stored\n"
    assert json.loads(meshctl("state", "-o", "json").out) == {
        "root": None,
        "variables": [],
        "pins": [],
        "error": None,
    }
    assert "`ccl run` stores state" in meshctl("state", "till").err
    assert meshctl("tokens", "classes").err == "No program has issued a token class\n"
    assert meshctl("identity", "roles").err == "No role was granted\n"


def test_token_classes_are_shown(stored: Path, meshctl: Meshctl) -> None:
    assert json.loads(meshctl("tokens", "classes", "-o", "json").out)["classes"] == [
        {"class": "hour", "holder": ADA, "units": 12}
    ]


def test_block_of_the_state_is_not_removed(stored: Path, meshctl: Meshctl) -> None:
    root = json.loads(meshctl("state", "-o", "json").out)["root"]
    refused = meshctl("block", "rm", root)
    assert refused.code == 1
    assert "block-in-use" in refused.err


def test_roles_are_granted_and_withdrawn(home: Path, meshctl: Meshctl) -> None:
    assert meshctl("identity", "grant", "treasurer").out.startswith("Granted treasurer to did:key:")
    assert meshctl("identity", "grant", "member", "--to", ADA, "--expires-in", "60").code == 0
    rows = json.loads(meshctl("identity", "roles", "-o", "json").out)["roles"]
    assert [(each["role"], each["state"]) for each in rows] == [
        ("member", "held"),
        ("treasurer", "held"),
    ]
    assert meshctl("identity", "withdraw", "treasurer", "--reason", "term is over").code == 0
    rows = json.loads(meshctl("identity", "roles", "-o", "json").out)["roles"]
    assert [each["state"] for each in rows] == ["held", "withdrawn"]
    again = meshctl("identity", "withdraw", "treasurer")
    assert again.code == 3 and "does not hold the role" in again.err
    assert meshctl("identity", "grant", "x", "--expires-in", "0").code == 2
    assert meshctl("identity", "grant", "x" * 500).code == 2
    assert meshctl("identity", "grant", "x", "--to", "Ada").code == 2
    assert meshctl("doctor", "--no-execute").code == 0


def test_map_with_text_keys_is_an_object(home: Path, meshctl: Meshctl) -> None:
    stored = encode([["a", 3], ["b", 4]])
    module = wasm(program(("write_state", "till", "m", "Map<String, Integer>", stored), "drop"))
    with opened(home) as mesh:
        request = JobRequest(
            module=put_block(mesh, module), resource_amount=10, children=Children(depth=1, budget=1)
        )
        assert mesh.drive([mesh.submit(request)], auto_award=True) == {}
    (row,) = json.loads(meshctl("state", "-o", "json").out)["variables"]
    assert row["value"] == {"a": 3, "b": 4}
