"""The commands `ccl` and `cclc` as processes: streams, signals and arguments in any state."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import BIN, run

PROGRAM = """\
/// Doubles it.
fn twice(x: Integer) -> Integer { x * 2 }
execution { twice(10500) }
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "sr.ccl"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


def shell(line: str, folder: Path, **extra: str) -> tuple[int, str]:
    """(exit code, both streams) of a line of shell, with our commands on its path."""
    environment = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "MESH_HOME": str(folder / "mesh"),
        "NO_COLOR": "1",
        "LANG": "C.UTF-8",
        **extra,
    }
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    said = done.stdout.decode()
    assert "Traceback" not in said
    assert "bug of ours" not in said
    return done.returncode, said


# --- streams ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["ccl run sr.ccl", "cclc compile sr.ccl", "cclc explain"])
def test_a_closed_stdout_is_told(program: Path, command: str) -> None:
    code, said = shell(f"{command} >&-", program.parent)
    assert code == 1
    assert "error[output]: the output cannot be written: Bad file descriptor" in said


@pytest.mark.parametrize(
    "command", ["ccl run -", "ccl run sr.ccl --input -", "cclc check -", "cclc compile -o x.wasm -"]
)
def test_a_closed_stdin_is_told(program: Path, command: str) -> None:
    code, said = shell(f"{command} <&-", program.parent)
    assert code == 2
    assert "error[unreadable]: standard input cannot be read: Bad file descriptor" in said


def test_a_closed_stderr_changes_no_result(program: Path) -> None:
    assert shell("cclc check sr.ccl 2>&-", program.parent) == (0, "")
    program.write_text("execution { nothing_like_it }", encoding="utf-8")
    assert shell("cclc check sr.ccl 2>&-", program.parent) == (1, "")
    assert shell("cclc check absent.ccl 2>&-", program.parent) == (3, "")


def test_a_stderr_that_is_full_changes_no_error(program: Path) -> None:
    assert shell("cclc check absent.ccl 2>/dev/full", program.parent) == (3, "")


def test_a_terminal_without_unicode_gets_plain_signs(program: Path) -> None:
    _, said = shell("ccl run sr.ccl", program.parent, PYTHONIOENCODING="ascii")
    assert "  21 000\n" in said
    assert "\\u" not in said
    _, said = shell("cclc compile sr.ccl", program.parent, PYTHONIOENCODING="ascii")
    assert "Compiled sr.ccl -> sr.wasm" in said


def test_a_folder_that_is_gone_is_told(program: Path) -> None:
    line = "mkdir gone && cd gone && rmdir ../gone && cclc check ../sr.ccl"
    code, said = shell(line, program.parent)
    assert code == 3
    assert "error[no-current-folder]" in said
    assert "with cd" in said


# --- signals ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ccl", "cclc"])
@pytest.mark.parametrize("delay_seconds", [0.01, 0.05, 0.1, 0.2])
def test_ctrl_c_while_it_starts(name: str, delay_seconds: float, program: Path) -> None:
    """From the first line of ours on, whatever is being loaded at that moment.

    A process that was quicker has its result.
    """
    verb = ["run"] if name == "ccl" else ["check"]
    child = subprocess.Popen(
        [sys.executable, "-c", START, name, *verb, str(program)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "MESH_HOME": str(program.parent / "mesh")},
        restore_signals=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"begun\n"
    time.sleep(delay_seconds)  # the moment is what is tested, nothing is waited for
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode in (0, 130), said.decode()
    assert b"Traceback" not in said
    assert (child.returncode == 130) == said.endswith(b"interrupted\n")


START = """\
import os, sys
from ccl.cli import entry
entry.answer_interrupts()
os.write(1, b"begun\\n")
name = sys.argv.pop(1)
getattr(entry, name)()
"""


# --- arguments --------------------------------------------------------------------------


def test_arguments_are_utf8(program: Path) -> None:
    for line in (r"ccl run sr.ccl --entry twice $'\xff'", r"cclc check $'caf\xe9.ccl'"):
        code, said = shell(line, program.parent)
        assert code == 2
        assert "error[not-utf8]: argument" in said
        assert "\\x" in said


def test_a_ceiling_of_fuel_that_no_context_holds(program: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", program, "--fuel", "99999999999999999999999", home=tmp_path)
    assert done.code == 2
    assert "error[usage]: Invalid value for '--fuel'" in done.err


def test_a_negative_number_needs_two_dashes_and_the_error_says_so(
    program: Path, tmp_path: Path
) -> None:
    done = run("ccl", "run", program, "--entry", "twice", "-5", home=tmp_path)
    assert done.code == 2
    assert "put -- before the arguments" in done.err
    assert "-- -5" in done.err
    done = run("ccl", "run", program, "--entry", "twice", "-o", "json", "--", "-5", home=tmp_path)
    assert json.loads(done.out)["value"] == -10


def test_a_wrong_format_is_told_without_the_words_of_a_library(
    program: Path, tmp_path: Path
) -> None:
    done = run("ccl", "run", program, "-o", "xml", home=tmp_path)
    assert done.code == 2
    assert "Value error" not in done.err
    assert "'table'" in done.err
    assert "'json'" in done.err
