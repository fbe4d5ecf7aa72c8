"""Resources that no node sells: refused by name wherever they can be named, from the nodes'
profiles."""

import json
from pathlib import Path

import pytest
from embedded_mesh import opened, put_block
from meshcommand import ECHO, Meshctl, submitted
from msgspec.structs import replace
from submitting_modules import submitter_of

from mesh.actors.actor import Now
from mesh.actors.stores import DeliveryTransaction
from mesh.cli.arguments.completion import complete_type
from mesh.core.fields import MICRO, JobId
from mesh.core.jobs.request import JobRequest
from mesh.core.records.terms import Children
from runtime.content.cid import Codec, cid_of

OTHER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
TYPED = {
    "submit": ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--resource-type"),
    "issue": ("tokens", "issue", "--amount", "5", "--type"),
    "allocate": ("tokens", "allocate", "care", "5", "--type"),
    "delegate": (
        *("tokens", "delegate", "--to", OTHER, "--amount", "5", "--output", "token.car"),
        "--type",
    ),
    "set": ("policy", "set", "quota", "--limit", "5", "--type"),
    "explain": ("policy", "explain", "--amount", "5", "--type"),
}


def sell(home: Path, **rates: int) -> None:
    """Has the first node sell these resources from now on, and tell the others."""
    with opened(home) as mesh:
        node = mesh.actors.nodes[0]

        def configure(tx: DeliveryTransaction, now: Now) -> None:
            assert node.configure(tx, replace(node.settings(tx), rates=rates), now) is None

        mesh._process.driver.command(node.did, configure)


@pytest.mark.parametrize("resource", ["storage", "bandwidth"])
@pytest.mark.parametrize("words", TYPED.values(), ids=TYPED)
def test_resource_that_nobody_sells_is_refused(
    meshctl: Meshctl, tmp_path: Path, words: tuple[str, ...], resource: str
) -> None:
    refused = meshctl(*words, resource)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.splitlines() == [
        f"error[resource-not-sold]: no node of this mesh sells {resource}",
        "  = help: its nodes sell compute: name that, or have a node set a rate for it",
    ]
    error = json.loads(meshctl(*words, resource, "-o", "json").out)["error"]
    assert error["details"] == {"resource_type": resource, "sold": ["compute"]}
    assert json.loads(meshctl("list-jobs", "-o", "json").out)["jobs"] == []
    assert json.loads(meshctl("policy", "show", "-o", "json").out)["policies"] == []
    balance = json.loads(meshctl("tokens", "balance", "-o", "json").out)
    assert {each["resource_type"] for each in balance["tokens"]} == {"compute"}
    assert not (tmp_path / "token.car").exists()


@pytest.mark.parametrize("command", [("validate",), ("submit-job", "--file")])
def test_document_that_names_a_resource_that_nobody_sells(
    meshctl: Meshctl, tmp_path: Path, command: tuple[str, ...]
) -> None:
    document = tmp_path / "job.yaml"
    document.write_text("module: echo.wasm\nresource_amount: 5\nresource_type: storage\n")
    refused = meshctl(*command, "job.yaml")
    assert (refused.code, "no node of this mesh sells storage" in refused.err) == (2, True)
    document.write_text("module: echo.wasm\nresource_amount: 5\nresource_type: compute\n")
    assert meshctl(*command, "job.yaml").code == 0


def test_dry_run_says_that_nobody_sells_it(meshctl: Meshctl) -> None:
    said = meshctl(*TYPED["submit"], "storage", "--dry-run")
    assert (said.code, "no node of this mesh sells storage" in said.out) == (2, True)
    assert "its nodes sell compute" in said.err


def submitting(home: Path, *resources: str) -> JobId:
    """A verified job whose program submits one job for each resource."""
    part = cid_of(bytes(ECHO), Codec.RAW)
    with opened(home) as mesh:
        put_block(mesh, bytes(ECHO))
        module = put_block(mesh, submitter_of(*((part, each, 5) for each in resources)))
        children = Children(depth=1, budget=50)
        job = mesh.submit(JobRequest(module=module, resource_amount=500, children=children))
        mesh.drive([job], auto_award=True)
    return job


def test_program_that_asks_for_what_nobody_sells(meshctl: Meshctl, home: Path) -> None:
    # Without units of it, the call itself is refused, and the program goes on.
    job = submitting(home, "compute", "storage")
    assert len(json.loads(meshctl("job-tree", job, "-o", "json").out)["jobs"]) == 2
    sell(home, compute=MICRO, storage=MICRO)
    assert meshctl(*TYPED["issue"], "storage").code == 0
    sell(home, compute=MICRO)
    job = submitting(home, "compute", "storage")
    status = json.loads(meshctl("job-status", job, "-o", "json").out)
    assert status["state"] == "Verified"
    (reason,) = status["not_applied"]
    assert "no node of this mesh sells the resource (storage)" in reason
    assert len(json.loads(meshctl("job-tree", job, "-o", "json").out)["jobs"]) == 1


def test_resource_is_offered_as_soon_as_a_node_has_a_rate_for_it(
    meshctl: Meshctl, home: Path
) -> None:
    assert complete_type("") == ["compute"]
    sell(home, compute=MICRO, storage=MICRO)
    assert complete_type("") == ["compute", "storage"]
    refused = meshctl("tokens", "issue", "--amount", "5", "--type", "bandwidth")
    assert "its nodes sell compute and storage: name that" in refused.err
    for words in (TYPED["issue"], TYPED["set"]):
        assert meshctl(*words, "storage").code == 0
    job = submitted(meshctl, "--resource-type", "storage", amount="5")
    (bid,) = json.loads(meshctl("get-bids", "--job-id", job, "-o", "json").out)["bids"]
    assert (bid["node_id"], bid["price"]) == ("mesh-node-1", 5)
    sell(home, compute=MICRO)
    again = meshctl(*TYPED["issue"], "storage")
    assert (again.code, "no node of this mesh sells storage" in again.err) == (2, True)


def test_nothing_is_completed_where_there_is_no_mesh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "nowhere"))
    assert complete_type("") == []
