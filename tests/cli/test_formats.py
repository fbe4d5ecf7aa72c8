"""Formats of diagnostics: one row and one module add a format to every command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cclccommand import BAD
from commands import ROOT, source_file

RENDERER = """
def render(report):
    return "".join(f"{each.code};" for each in report.shown.diagnostics) + "\\n"
"""
WITH_NEW_FORMAT = """
import sys
from ccl.diagnostics.render import FORMATS, Format
FORMATS["new"] = Format(
    name="new", for_machines=True, module="new_renderer", summary="the codes alone"
)
from ccl.cli.entry import run_cclc
from ccl.reference.pages import error_index
sys.exit(run_cclc() if sys.argv[1:] else print(error_index()))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source_file(tmp_path / "new_renderer.py", RENDERER)
    source_file(tmp_path / "bad.ccl", BAD)
    return tmp_path


def cclc(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Runs `cclc` with the format `new`; gives exit code, stdout and stderr."""
    done = subprocess.run(
        [sys.executable, "-c", WITH_NEW_FORMAT, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("option", [("--format", "new"), ("--format=new",), ("-onew",)])
def test_added_format_prints_diagnostics_on_stdout(folder: Path, option: tuple[str, ...]) -> None:
    assert cclc(folder, "check", "bad.ccl", *option) == (1, "CCL0201;\n", "")


def test_added_format_of_compile_leaves_o_to_the_file(folder: Path) -> None:
    code, out, _ = cclc(folder, "compile", "bad.ccl", "--format", "new", "-o", "bad.wasm")
    assert (code, out) == (1, "CCL0201;\n")


@pytest.mark.parametrize("wrong", [("--no-such-option",), ("--max-errors", "many")])
def test_usage_error_in_an_added_format_is_json(folder: Path, wrong: tuple[str, ...]) -> None:
    code, out, err = cclc(folder, "check", "bad.ccl", "-o", "new", *wrong)
    assert (code, out) == (2, "")
    assert json.loads(err)["code"] == "usage"


def test_added_format_is_among_the_choices(folder: Path) -> None:
    assert "|new>" in cclc(folder, "check", "--help")[1]
    code, _, err = cclc(folder, "check", "bad.ccl", "--format", "other")
    assert code == 2
    assert "'new'" in err


def test_added_format_is_in_the_generated_page(folder: Path) -> None:
    assert "| `new` | programs | the codes alone |" in cclc(folder)[1]
