"""One table of error codes with their exit codes, and one boundary where processes end."""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import ROOT, run

from runtime.terminal.codes import CODES
from runtime.terminal.errors import EXIT_MEANINGS, ExitCode
from runtime.terminal.interrupts import INTERRUPTED

FOLDERS = ("ccl/cli", "mesh", "runtime")
LEAVES = frozenset({"runtime/terminal/process.py", "runtime/terminal/interrupts.py"})
"""The ends of a command's process."""
OTHER_PROCESSES = frozenset(
    {
        "runtime/sandbox/worker/worker.py",
        "runtime/sandbox/confinement/confine.py",
        "runtime/sandbox/confinement/probes.py",
    }
)


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Each call in the commands, with its file."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield path.relative_to(ROOT).as_posix(), node


def written(call: ast.Call) -> str:
    return ast.unparse(call.func)


def test_error_code_of_each_call_has_its_exit_code_in_the_table() -> None:
    checked = set()
    for file, call in calls():
        match call:
            case ast.Call(
                func=ast.Name(id="CommandError"),
                args=[
                    ast.Attribute(value=ast.Name(id="ExitCode"), attr=family),
                    ast.Constant(value=str(code)),
                    *_,
                ],
            ):
                assert ExitCode[family] in CODES[code][0], f"{file}:{call.lineno}: `{code}`"
                checked.add(code)
    assert len(checked) > 80


def test_exit_codes_of_commands_are_members_of_the_enum() -> None:
    for file, call in calls():
        if written(call) in ("typer.Exit", "Exit"):
            bare = [each for each in call.args if isinstance(each, ast.Constant)]
            assert not bare, f"{file}:{call.lineno}: a bare number as an exit code"


def test_only_the_boundary_ends_a_process() -> None:
    ending = {file for file, call in calls() if written(call) in ("sys.exit", "os._exit", "exit")}
    assert ending - LEAVES - OTHER_PROCESSES == set()


def test_each_exit_code_has_a_meaning() -> None:
    assert set(EXIT_MEANINGS) == set(ExitCode)


def test_exit_code_of_an_early_interrupt_is_that_of_the_enum() -> None:
    assert INTERRUPTED == ExitCode.INTERRUPTED


def test_codes_are_defined_in_one_module() -> None:
    """No other module maps error codes to exit codes."""
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            if path.name != "codes.py":
                assert not _maps_codes(path), path


def _maps_codes(path: Path) -> bool:
    return any(
        isinstance(node, ast.Dict)
        and any(isinstance(key, ast.Constant) and key.value in CODES for key in node.keys)
        and any(ast.unparse(value).startswith("ExitCode.") for value in node.values)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    )


def test_command_that_cannot_be_loaded_is_an_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setitem(sys.modules, "mesh.cli.jobs.commands", None)
    done = run("meshctl", "list-jobs", "-o", "json", home=tmp_path)
    assert done.code == ExitCode.INTERNAL
    assert json.loads(done.out)["error"]["code"] == "internal"
