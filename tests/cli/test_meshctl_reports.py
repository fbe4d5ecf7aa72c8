"""`history`, `job-tree` and `reputation`: what has happened, from the records that prove it."""

import json
from pathlib import Path
from typing import Any

import pytest
from embedded_mesh import opened, put_block
from meshcommand import ECHO, Meshctl, submitted, verified
from submitting_modules import submitter_of

from mesh.core.fields import JobId
from mesh.core.jobs.request import JobRequest
from mesh.core.records.terms import Children
from runtime.content.cid import Cid, Codec, cid_of

ECHO_CID = cid_of(bytes(ECHO), Codec.RAW)
NEW = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def answered(meshctl: Meshctl, *words: str) -> Any:
    answer = meshctl(*words, "-o", "json")
    assert answer.code == 0, answer
    return json.loads(answer.out)


def delegated(home: Path, *children: tuple[Cid, str, int]) -> JobId:
    """A verified job whose program has submitted others, which have ended, too."""
    with opened(home) as mesh:
        put_block(mesh, bytes(ECHO))
        module = put_block(mesh, submitter_of(*children))
        request = JobRequest(
            module=module, resource_amount=500, children=Children(depth=1, budget=900)
        )
        job = mesh.submit(request)
        assert mesh.drive([job], auto_award=True) == {}
        mesh.drive(mesh.job_ids(), auto_award=True)
    return job


def paid_for(meshctl: Meshctl, job: str) -> int:
    """The payments of the settlement."""
    settlement = answered(meshctl, "job-status", job)["settlement"]
    record = answered(meshctl, "block", "get", settlement)["value"]
    return sum(each["amount"] for each in record["payments"])


# --- history


def test_history_names_time_signer_and_record_of_each_event(meshctl: Meshctl) -> None:
    job = verified(meshctl)
    events = answered(meshctl, "history", job)["events"]
    assert [each["number"] for each in events] == list(range(1, len(events) + 1))
    assert [each["event"] for each in events][:3] == ["job-created", "job-submitted", "nodes-asked"]
    assert sorted(each["at"] for each in events) == [each["at"] for each in events]
    by_name = {each["event"]: each for each in events}
    assert by_name["receipt-accepted"]["signer"] == "mesh-node-2"
    assert by_name["hold-received"]["facts"] == {"node_id": "mesh-node-2", "attempt": "1"}
    assert by_name["job-submitted"]["record"] is None
    settlement = by_name["quorum-confirmed"]
    assert (settlement["signer"], settlement["did"][:8]) == ("issuer", "did:key:")
    for each in events:
        assert (each["signer"] is None) == (each["did"] is None) == (each["record"] is None)
        if each["record"] is not None:
            stored = answered(meshctl, "block", "get", each["record"])["value"]
            assert stored["signer"] == each["did"]


def test_history_is_a_table_with_the_keys_of_its_signers(meshctl: Meshctl) -> None:
    job = verified(meshctl)
    shown = meshctl("history", job[:13])
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    (row,) = (line for line in lines if " receipt accepted " in line)
    assert row.split()[:4][0].isdigit() and " UTC " in row and " mesh-node-2 " in row
    keys = {each["signer"]: each["did"] for each in answered(meshctl, "history", job)["events"]}
    for signer in keys.keys() - {None}:
        assert any(line.split() == [signer, keys[signer]] for line in lines)


def test_history_of_a_job_in_lines_and_in_yaml(meshctl: Meshctl) -> None:
    job = verified(meshctl)
    events = answered(meshctl, "history", job)["events"]
    lines = meshctl("history", job, "-o", "jsonl").out.splitlines()
    assert [json.loads(line) for line in lines] == events
    assert "- number: 1\n" in meshctl("history", job, "-o", "yaml").out
    quiet = meshctl("history", "--job-id", job, "-q").out.splitlines()
    assert quiet == [each["event"] for each in events]


def test_history_of_a_withdrawn_job_says_why(meshctl: Meshctl) -> None:
    job = submitted(meshctl)
    assert meshctl("cancel-job", job, "--reason", "not needed").code == 0
    last = answered(meshctl, "history", job)["events"][-1]
    assert (last["event"], last["facts"]) == ("job-cancelled", {"reason": "not needed"})
    assert "not needed" in meshctl("history", job).out


@pytest.mark.parametrize("command", ["history", "job-tree"])
def test_report_of_an_unknown_job_names_the_next_step(meshctl: Meshctl, command: str) -> None:
    missing = meshctl(command, "ffffffff")
    assert (missing.code, "`meshctl list-jobs` lists them" in missing.err) == (3, True)
    assert meshctl(command).code == 2


# --- the tree


def test_tree_shows_who_asked_for_each_job_and_what_it_cost(meshctl: Meshctl, home: Path) -> None:
    root = delegated(home, (ECHO_CID, "compute", 200), (ECHO_CID, "compute", 300))
    jobs = answered(meshctl, "job-tree", root)["jobs"]
    assert [each["depth"] for each in jobs] == [0, 1, 1]
    assert [each["parent_job"] for each in jobs] == [None, root, root]
    assert [each["effect_position"] for each in jobs] == [None, 0, 1]
    assert {each["state"] for each in jobs} == {"Verified"}
    assert [each["price"] for each in jobs] == [paid_for(meshctl, each["job_id"]) for each in jobs]
    assert all(each["is_paid"] for each in jobs)
    for each in jobs:
        assert answered(meshctl, "job-tree", each["job_id"])["jobs"] == jobs
    shown = meshctl("job-tree", jobs[2]["job_id"])
    assert (shown.code, shown.err) == (0, "")
    lines = shown.out.splitlines()
    assert lines[1].startswith(root)
    assert [line[:3] for line in lines[2:]] == ["├─ ", "└─ "]
    assert f"…{root[-12:]}, effect 1" in lines[3]
    assert meshctl("job-tree", root, "-q").out.split() == [each["job_id"] for each in jobs]


def test_tree_of_one_job_is_that_job(meshctl: Meshctl) -> None:
    job = submitted(meshctl)
    (only,) = answered(meshctl, "job-tree", job)["jobs"]
    assert (only["job_id"], only["price"], only["asked_by"]) == (job, None, "submitter")


# --- reputation


def test_evidence_is_counted_up_to_the_newest_settlement(meshctl: Meshctl) -> None:
    new = answered(meshctl, "reputation", "mesh-node-2")
    assert (new["reputation"], new["has_evidence"], new["counted_up_to"]) == (50, False, None)
    assert meshctl("reputation", "mesh-node-2").out.splitlines() == [
        "mesh-node-2: 50 (no evidence)",
        "Counted: no settlement was read yet",
    ]
    first, second = verified(meshctl), verified(meshctl)
    view = answered(meshctl, "reputation", "mesh-node-2", "--evidence")
    assert view["reputation"] == 100 * (160 + 100) // (160 + 200)
    settlements = [answered(meshctl, "job-status", job)["settlement"] for job in (first, second)]
    assert sorted(each["settlement"] for each in view["evidence"]) == sorted(settlements)
    assert {(each["kind"], each["price"]) for each in view["evidence"]} == {("verified", 80)}
    assert view["faults"] == []
    assert view["counted_up_to"]["settlement"] in settlements
    assert view["counted_up_to"]["at"] == max(each["at"] for each in view["evidence"])
    shown = meshctl("reputation", "mesh-node-2", "--evidence").out
    assert all(each in shown for each in settlements)
    assert f"Counted: 2 settlements, up to {view['counted_up_to']['settlement']}" in shown
    assert meshctl("reputation", "mesh-node-2", "-q").out == f"{view['reputation']}\n"


def test_verifiers_have_a_reputation_of_their_own(meshctl: Meshctl) -> None:
    verified(meshctl)
    view = answered(meshctl, "reputation", "federation-1", "--evidence")
    assert [each["kind"] for each in view["evidence"]] == ["agreed"]
    without = answered(meshctl, "reputation", view["did"])
    assert (without["member"], without["evidence"], without["faults"]) == (
        "federation-1",
        None,
        None,
    )
    other = answered(meshctl, "reputation", "mesh-node-1", "--evidence")
    assert (other["reputation"], other["evidence"]) == (50, [])
    assert other["counted_up_to"] == view["counted_up_to"]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("mesh-nod-2", 3, "did you mean mesh-node-2?"),
        ("mesh", 2, "could be 3 members"),
        ("no", 2, "too short"),
        ("submitter", 3, "there is no member 'submitter'"),
        (NEW, 3, "`meshctl identity show` lists them"),
        ("did:key:z6Mk", 2, "names no key"),
    ],
)
def test_reputation_of_nobody_is_refused(meshctl: Meshctl, name: str, code: int, said: str) -> None:
    refused = meshctl("reputation", name)
    assert (refused.code, said in refused.err) == (code, True), refused
