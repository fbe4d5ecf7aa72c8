"""Files without permission: the same named error wherever a file is given."""

from pathlib import Path

import pytest
from commands import run_process, without_roots_rights

COMMANDS = (
    ("cclc", "check", "FILE"),
    ("cclc", "compile", "FILE"),
    ("cclc", "fmt", "FILE"),
    ("cclc", "bounds", "FILE"),
    ("cclc", "inspect", "FILE"),
    ("ccl", "run", "FILE"),
    ("ccl", "charter", "FILE"),
    ("meshctl", "submit-job", "--wasm", "FILE", "--resource-amount", "5"),
    ("meshctl", "block", "put", "FILE"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_file_without_permission_is_named(command: tuple[str, ...], tmp_path: Path) -> None:
    before = without_roots_rights()
    path = tmp_path / "secret"
    path.touch(mode=0)
    words = [str(path) if word == "FILE" else word for word in command]
    done = run_process(*words, home=tmp_path, before=before)
    assert (done.code, done.out) == (2, "")
    assert "error[" in done.err
    assert "secret" in done.err
    assert "Permission denied" in done.err
    assert "help:" in done.err or "next:" in done.err


def test_input_without_permission_is_named(tmp_path: Path) -> None:
    before = without_roots_rights()
    path = tmp_path / "ward.csv"
    path.touch(mode=0)
    done = run_process(
        "ccl", "run", "examples/job.ccl", "--input", path, home=tmp_path, before=before
    )
    assert (done.code, done.out) == (2, "")
    assert "ward.csv" in done.err
    assert "Permission denied" in done.err
