"""Closed pipes: a reader that has gone is no error, and the command ends quietly with 0."""

from pathlib import Path

import pytest
from commands import run

PROGRAM = 'title: "Bylaws";\nexport fn run() -> Integer { 1 }\ntest fn ok() { assert_eq(1, 1); }\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("pipes")
    (home / "a.ccl").write_text(PROGRAM, encoding="utf-8")
    assert run("cclc", "compile", "a.ccl", home=home, cwd=home).code == 0
    return home


COMMANDS = (
    "ccl run a.ccl",
    "ccl run -q a.ccl",
    "ccl run a.ccl -o json",
    "ccl charter a.ccl",
    "ccl charter a.ccl -o yaml",
    "ccl test a.ccl",
    "ccl test a.ccl -o jsonl",
    "ccl runs",
    "ccl --help",
    "cclc --version",
    "cclc explain",
    "cclc explain CCL0401",
    "cclc inspect a.wasm",
    "cclc bounds a.ccl -o json",
    "cclc verify a.wasm a.ccl",
    "cclc check a.ccl --format sarif",
    "cclc compile a.ccl -o -",
    "cclc compile a.ccl --emit abi",
    "cclc fmt --diff a.ccl",
    "meshctl list-nodes",
    "meshctl list-nodes -o json",
    "meshctl list-nodes -o jsonl",
    "meshctl identity show",
    "meshctl tokens balance -o yaml",
    "meshctl --help",
    "meshctl list-jobs --help",
)


@pytest.mark.parametrize("gone", [(1,), (1, 2)], ids=["stdout", "both"])
@pytest.mark.parametrize("command", COMMANDS)
def test_closed_pipe_ends_quietly(command: str, gone: tuple[int, ...], folder: Path) -> None:
    done = run(*command.split(), home=folder, cwd=folder, unread=gone)
    assert done.code == 0, done
    assert "error" not in done.err
