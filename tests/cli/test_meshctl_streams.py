"""Outputs of `meshctl`: files, links, pipes, devices, full disks, closed streams."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from meshcommand import START, Meshctl, ended, submitted, verified

FULL = Path("/dev/full")


@pytest.fixture
def block(meshctl: Meshctl, tmp_path: Path) -> str:
    """The CID of a block that holds `content`."""
    (tmp_path / "content").write_bytes(b"content")
    return meshctl("block", "put", "content", "-q").out.strip()


def test_link_stays_a_link(meshctl: Meshctl, tmp_path: Path, block: str) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"before")
    target.chmod(0o640)
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "dangling").symlink_to("new")
    assert meshctl("block", "get", block, "--output", "link").code == 0
    assert (tmp_path / "link").is_symlink()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"content", 0o640)
    assert meshctl("block", "get", block, "--output", "dangling").code == 0
    assert (tmp_path / "dangling").is_symlink()
    assert (tmp_path / "new").read_bytes() == b"content"


def test_pipe_is_written_into(meshctl: Meshctl, tmp_path: Path, block: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert meshctl("block", "get", block, "--output", "pipe").code == 0
    assert pipe.is_fifo()
    reader.join(timeout=10)
    assert received == [b"content"]


def test_device_is_written_to(meshctl: Meshctl, tmp_path: Path, block: str) -> None:
    (tmp_path / "nowhere").symlink_to("/dev/null")
    assert meshctl("block", "get", block, "--output", "nowhere").code == 0
    assert (tmp_path / "nowhere").is_char_device()
    refused = meshctl("block", "get", block, "--output", str(FULL))
    assert (refused.code, "error[disk-full]" in refused.err) == (1, True)
    assert "space" in refused.err


def test_unwritable_place_is_reported(meshctl: Meshctl, tmp_path: Path, block: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    missing = meshctl("block", "get", block, "--output", "nodir/file")
    assert (missing.code, "`mkdir -p nodir` makes it" in missing.err) == (2, True)
    for place in ("loop", "home", "content/below"):
        refused = meshctl("block", "get", block, "--output", place)
        assert (refused.code, "error[file-unwritable]" in refused.err) == (2, True), place


def test_proof_and_results_go_through_links(meshctl: Meshctl, tmp_path: Path) -> None:
    job = verified(meshctl)
    for command in ("receipt", "results"):
        (tmp_path / f"{command}.link").symlink_to(f"{command}.file")
        assert meshctl(command, job, "--output", f"{command}.link").code == 0
        assert (tmp_path / f"{command}.link").is_symlink()
        assert (tmp_path / f"{command}.file").stat().st_size > 0


def process(
    *words: str, stdout: int | None = None, stderr: int | None = None, closed: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Starts the command with a stream of the test; `closed`: the descriptor that it does not
    get."""
    program = START if closed is None else f"import os; os.close({closed})\n{START}"
    if closed is not None:
        # Python checks its streams when it starts, so one is closed before that.
        program = (
            f"import os, sys; os.close({closed})\n"
            f"os.execv(sys.executable, [sys.executable, '-c', {START!r}, *sys.argv[1:]])"
        )
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE if stdout is None else stdout,
        stderr=subprocess.PIPE if stderr is None else stderr,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize(
    "words",
    [
        ["list-nodes"],
        ["list-nodes", "-o", "json"],
        ["submit-job", "--wasm", "echo.wasm", "--resource-amount", "5"],
        ["--help"],
    ],
    ids=lambda words: " ".join(words[:3]),
)
def test_full_disk_is_not_an_internal_error(home: Path, words: list[str]) -> None:
    with FULL.open("wb") as full:
        done = process(*words, stdout=full.fileno())
    assert done.returncode == 1
    if "json" in words:
        assert json.loads(done.stderr)["code"] == "disk-full"
    else:
        assert "error[disk-full]" in done.stderr
    assert "No space left" in done.stderr


def test_submission_with_lost_output_names_its_job(home: Path, meshctl: Meshctl) -> None:
    with FULL.open("wb") as full:
        done = process(
            *("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5"), stdout=full.fileno()
        )
    assert "meshctl list-jobs" in done.stderr
    assert len(meshctl("list-jobs", "-q").out.split()) == 1


def test_closed_streams_are_not_internal_errors(home: Path, meshctl: Meshctl) -> None:
    done = process("list-nodes", closed=1)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[output-unwritable]" in done.stderr
    silent = process("list-nodes", closed=2)
    assert silent.returncode == 0 and "mesh-node-1" in silent.stdout
    unread = process("block", "put", "-", closed=0)
    assert (unread.returncode, "error[file-unreadable]" in unread.stderr) == (2, True)
    failed = process("job-status", "ffffffff", closed=2)
    assert (failed.returncode, failed.stdout) == (3, "")


def test_ascii_terminal_gets_plain_signs(
    home: Path, meshctl: Meshctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = verified(meshctl)
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = process("verify", job)
    assert done.returncode == 0, done
    assert "Receipt anchored to DAG ok" in done.stdout


def test_interrupt_while_starting_is_130(home: Path) -> None:
    """The interrupt comes in the middle of the imports, as soon as one of them is reported."""
    started = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-c", START, "list-nodes"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr is not None
    lines = iter(started.stderr.readline, "")
    assert any(" typer." in line for line in lines)
    started.send_signal(2)
    out, err = ended(started)
    assert (started.returncode, out) == (130, "")
    assert "Traceback" not in err


def test_overlong_names_are_refused(meshctl: Meshctl, block: str) -> None:
    name = "a" * 300
    submit = ("submit-job", "--resource-amount", "5")
    for words in ((*submit, "--wasm", name), (*submit, "--wasm", "echo.wasm", "--input", name)):
        refused = meshctl(*words)
        assert refused.code in {2, 3}, refused
        assert "error[malformed-cid]" in refused.err
    for words in (("block", "put", name + "."), ("block", "get", block, "--output", name)):
        refused = meshctl(*words)
        assert refused.code == 2
        assert "name too long" in refused.err
    assert meshctl("verify", name).code in {2, 3}


@pytest.mark.parametrize("seconds", ["nan", "inf", "-inf", "-1", "1e300", "soon"])
def test_malformed_time_is_refused(meshctl: Meshctl, seconds: str) -> None:
    job = submitted(meshctl)
    for words in (
        ("submit-job", "--wasm", "echo.wasm", "--resource-amount", "5", "--wait"),
        ("accept-bid", "--job-id", job, "--node-id", "mesh-node-2"),
        ("job-status", job, "--wait"),
    ):
        refused = meshctl(*words, "--timeout", seconds)
        assert refused.code == 2, refused
        assert "--timeout" in refused.err and "seconds" in refused.err
    assert meshctl("list-jobs", "-q").out.split() == [job]


def test_truncated_cid_is_refused(meshctl: Meshctl) -> None:
    for text in ("bafkr4ied5wy65k", "bafybeih7q27itb576mtmy5yzggkfzqnfj5dis4h2og6epvyvjyvcedwm"):
        refused = meshctl("submit-job", "--wasm", text, "--resource-amount", "5")
        assert (refused.code, "error[malformed-cid]" in refused.err) == (2, True), refused
        assert "there is no file of that name" in refused.err
