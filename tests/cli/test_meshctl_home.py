"""The home of a mesh in each state: missing, damaged, without its keys, unreadable."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import without_roots_rights
from embedded_mesh import opened
from meshcommand import START, Meshctl, submitted, verified

from mesh.embedded.mesh import EmbeddedMesh
from mesh.home.home import Home, find_home


@pytest.mark.parametrize(
    "words",
    [
        ["list-jobs"],
        ["get-bids", "--job-id", "ffffffff"],
        ["accept-bid", "--job-id", "ffffffff", "--node-id", "mesh-node-1"],
        ["job-status", "ffffffff"],
        ["cancel-job", "ffffffff"],
        ["results", "ffffffff"],
        ["logs", "ffffffff"],
        ["receipt", "ffffffff"],
        ["verify", "ffffffff"],
        ["block", "get", "ffffffff"],
        ["block", "rm", "ffffffff"],
        ["tokens", "balance"],
        ["policy", "show"],
        ["identity", "roles"],
        ["state"],
    ],
    ids=" ".join,
)
def test_mistyped_home_stays_empty(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    wrong = tmp_path / "mistyped"
    monkeypatch.setenv("MESH_HOME", str(wrong))
    refused = meshctl(*words)
    assert (refused.code, refused.out) == (3, "")
    assert f"error[no-mesh]: there is no mesh in {wrong} yet" in refused.err
    assert "`meshctl list-nodes` founds a mesh there" in refused.err
    assert not wrong.exists()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["list-nodes"], "mesh-node-3"),
        (["identity", "show"], "DID:  did:key:"),
        (["doctor", "--no-execute"], "0 jobs: histories, holds, accounts, chains agree"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_showing_commands_found_the_mesh(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], shown: str
) -> None:
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "new" / "home"))
    first = meshctl(*words)
    assert (first.code, shown in first.out, first.err) == (0, True, "")
    assert meshctl(*words).out == first.out
    assert meshctl("list-jobs").code == 0


def test_command_that_writes_founds_the_mesh(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "new"))
    assert meshctl("block", "put", "echo.wasm").code == 0
    shown = meshctl("list-jobs")
    assert (shown.code, shown.out, shown.err) == (0, "", "No jobs\n")


def test_proof_is_verified_where_there_is_no_mesh(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = verified(meshctl)
    assert meshctl("receipt", job, "--output", "job.proof.car").code == 0
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "elsewhere"))
    found = meshctl("verify", "job.proof.car")
    assert found.code == 8, found
    assert "Executed again here, same result ✓" in found.out
    assert "Federation agrees (3/3) (the file's own word)" in found.out
    assert "error[not-trusted]: job.proof.car is not trusted here" in found.err
    assert not (tmp_path / "elsewhere").exists()


def test_lost_keys_are_not_made_again(meshctl: Meshctl, home: Path) -> None:
    shutil.rmtree(home / "keys")
    assert meshctl("list-jobs").code == 0
    found = meshctl("doctor", "--no-execute", "--repair")
    assert (found.code, f"keys{' ' * 20}wrong" in found.out) == (1, True)
    assert str(home / "keys") in found.out and "restore" in found.err
    for words in ("tokens issue --amount 5", "tokens allocate care 5"):
        refused = meshctl(*words.split())
        assert (refused.code, "error[key-missing]" in refused.err) == (4, True)
        assert str(home / "keys") in refused.err and "restore" in refused.err
    assert list((home / "keys").iterdir()) == []


@pytest.mark.parametrize("name", ["submitter", "issuer", "mesh-node-3", "federation-1"])
def test_key_of_another_identity_is_refused(meshctl: Meshctl, home: Path, name: str) -> None:
    other = "issuer" if name == "submitter" else "submitter"
    shutil.copy(home / "keys" / f"{other}.key", home / "keys" / f"{name}.key")
    refused = meshctl("tokens", "issue", "--amount", "5")
    assert (refused.code, "error[key-foreign]" in refused.err) == (4, True)
    assert f"{name}.key" in refused.err
    assert f"{name}.key" in meshctl("doctor", "--no-execute").out


@pytest.mark.parametrize("also_keys", [False, True])
def test_emptied_store_is_not_founded_again(meshctl: Meshctl, home: Path, also_keys: bool) -> None:
    submitted(meshctl)
    for file in home.glob("mesh.sqlite*"):
        file.unlink()
    (home / "mesh.sqlite").touch(mode=0o600)
    if also_keys:
        shutil.rmtree(home / "keys")
    for words in (["list-jobs"], ["doctor"], ["block", "put", "echo.wasm"]):
        refused = meshctl(*words)
        assert (refused.code, "error[mesh-lost]" in refused.err) == (4, True), refused
        assert "restore the database" in refused.err


def test_store_of_another_mesh_is_refused(meshctl: Meshctl, home: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "other"):
        pass
    for file in home.glob("mesh.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "other" / "mesh.sqlite", home / "mesh.sqlite")
    shutil.copytree(tmp_path / "other" / "keys", home / "keys", dirs_exist_ok=True)
    refused = meshctl("list-jobs")
    assert (refused.code, "error[mesh-replaced]" in refused.err) == (4, True)


def test_founding_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    """Keys are written before the store, so a process that is killed between leaves them."""
    home = find_home(tmp_path / "home", {})
    with opened(home.path) as mesh:
        first = mesh.submitter.did
    for file in (*home.path.glob("mesh.sqlite*"), home.mark):
        file.unlink()
    with opened(home.path) as again:
        assert again.submitter.did == first


def test_malformed_mark_is_refused(meshctl: Meshctl, home: Path) -> None:
    Home(home).mark.write_text("seven\n")
    refused = meshctl("list-jobs")
    assert (refused.code, "error[mark-malformed]" in refused.err) == (4, True)


@pytest.mark.parametrize("folder", ["keys", "."])
def test_unreadable_folder_is_reported(home: Path, folder: str) -> None:
    as_user = without_roots_rights()
    (home / folder).chmod(0)
    try:
        done = subprocess.run(
            [*as_user, sys.executable, "-c", START, "list-jobs"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        (home / folder).chmod(0o700)
    assert done.returncode == 2, done
    assert "error[home-unusable]" in done.stderr
    assert "Permission denied" in done.stderr and "Traceback" not in done.stderr


def test_mesh_without_a_mark_gets_one(home: Path) -> None:
    mark = Home(home).mark
    mark.unlink()
    with EmbeddedMesh.open(home) as mesh:
        assert mark.read_text() == f"{mesh.members.mesh}\n"


def test_file_that_is_not_a_proof_is_refused(meshctl: Meshctl, tmp_path: Path) -> None:
    (tmp_path / "n.txt").write_text("seven\n")
    (tmp_path / "empty").touch()
    for name in ("n.txt", "empty", "./n.txt", "echo.wasm"):
        refused = meshctl("verify", name)
        assert (refused.code, f"error[not-a-proof]: {name} is not a proof" in refused.err) == (
            2,
            True,
        ), refused
    for name in ("nope.car", "nowhere/job"):
        missing = meshctl("verify", name)
        assert (missing.code, f"there is no file {name}" in missing.err) == (3, True)
    unknown = meshctl("verify", "99999999")
    assert unknown.code == 3
    assert "there is no job '99999999', and no file of that name" in unknown.err
    assert "is a directory" in meshctl("verify", "./home").err


def test_missing_receipt_is_reported(meshctl: Meshctl) -> None:
    job = submitted(meshctl)
    for command in ("receipt", "verify"):
        early = meshctl(command, job)
        assert (early.code, early.out) == (3, "")
        assert early.err.splitlines() == [
            f"error[no-receipt]: job {job} is still Submitted and has no receipt yet",
            f"  = help: meshctl accept-bid --job-id {job} --node-id mesh-node-2",
        ]
    assert meshctl("cancel-job", job, "--reason", "wrong input").code == 0
    late = meshctl("receipt", job)
    assert late.code == 3
    assert f"job {job} is Cancelled (wrong input) and has no receipt" in late.err


def test_deleted_current_directory_is_reported(
    meshctl: Meshctl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert meshctl("list-jobs").code == 0
    monkeypatch.setenv("MESH_HOME", "relative")
    refused = meshctl("list-jobs")
    assert (refused.code, "error[home-unusable]" in refused.err) == (2, True)
    assert "current directory that is gone" in refused.err
