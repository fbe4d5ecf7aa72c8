"""The commands `ccl` and `cclc` as processes: streams, signals and arguments in any state."""

import json
import os
import pty
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from commands import BIN, INTERRUPTIBLE, environment_of, run, source_file, with_mesh

PROGRAM = """\
/// Doubles it.
fn twice(x: Integer) -> Integer { x * 2 }
execution { twice(10500) }
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return source_file(tmp_path / "sr.ccl", PROGRAM)


def shell(line: str, folder: Path, **extra: str) -> tuple[int, str]:
    """Gives (exit code, both streams) of a line of shell, with our commands on its path."""
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
    assert "internal error" not in said
    return done.returncode, said


# --- streams ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["ccl run sr.ccl", "cclc compile sr.ccl -o -", "cclc explain"])
def test_closed_stdout_is_reported(program: Path, command: str) -> None:
    code, said = shell(f"{command} >&-", program.parent)
    assert code == 1
    assert "error[output-unwritable]: the output cannot be written: Bad file descriptor" in said


@pytest.mark.parametrize(
    "command", ["ccl run -", "ccl run sr.ccl --input -", "cclc check -", "cclc compile -o x.wasm -"]
)
def test_closed_stdin_is_reported(program: Path, command: str) -> None:
    code, said = shell(f"{command} <&-", program.parent)
    assert code == 2
    assert "error[file-unreadable]: standard input cannot be read: Bad file descriptor" in said


def test_closed_stderr_changes_no_result(program: Path) -> None:
    assert shell("cclc check sr.ccl 2>&-", program.parent) == (0, "")
    program.write_text("execution { nothing_like_it }", encoding="utf-8")
    assert shell("cclc check sr.ccl 2>&-", program.parent) == (1, "")
    assert shell("cclc check absent.ccl 2>&-", program.parent) == (3, "")


def test_stderr_that_is_full_changes_no_error(program: Path) -> None:
    assert shell("cclc check absent.ccl 2>/dev/full", program.parent) == (3, "")


def test_terminal_without_unicode_gets_plain_signs(program: Path) -> None:
    _, said = shell("ccl run sr.ccl", program.parent, PYTHONIOENCODING="ascii")
    assert "  21000\n" in said
    assert "\\u" not in said
    _, said = shell("cclc compile sr.ccl", program.parent, PYTHONIOENCODING="ascii")
    assert "Compiled sr.ccl -> sr.wasm" in said


def test_deleted_folder_is_reported(program: Path) -> None:
    line = "mkdir gone && cd gone && rmdir ../gone && cclc check ../sr.ccl"
    code, said = shell(line, program.parent)
    assert code == 3
    assert "error[no-current-folder]" in said
    assert "with cd" in said


# --- signals ----------------------------------------------------------------------------


def write_tests(folder: Path, *, files: int) -> None:
    """Writes so many files, each with a test."""
    folder.mkdir(exist_ok=True)
    for number in range(files):
        text = f"test fn adds() {{ assert_eq({number} + 1, {number + 1}); }}\n"
        (folder / f"t{number:02}.ccl").write_text(text, encoding="utf-8")


INTERRUPTED_AT = """\
import atexit, os, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
moment, name = sys.argv.pop(1), sys.argv[1]
del sys.argv[0]

def interrupt(*_):
    os.killpg(0, signal.SIGINT)  # as a terminal: its children, too
    signal.raise_signal(signal.SIGINT)
    os._exit(99)  # the signal changed nothing

class AtWrite:
    def __init__(self, stream):
        self._stream = stream
    def __getattr__(self, name):
        return getattr(self._stream, name)
    def write(self, text):
        interrupt()

class AtImport:
    def find_spec(self, name, path=None, target=None):
        if name == moment:
            interrupt()
        if name == "ccl.resolver.resolution" and moment == "deletion":
            AtDeletion()

class AtDeletion:
    def __del__(self):
        interrupt()

class AtStart(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        interrupt()

if moment == "start":
    subprocess.Popen = AtStart
if moment == "write":
    sys.stdout = AtWrite(sys.stdout)
if moment == "end":
    atexit.register(interrupt)
sys.meta_path.insert(0, AtImport())
if name == "meshctl":
    from mesh.cli.main import main as command
else:
    from ccl.cli import entry
    command = getattr(entry, name)
command()
"""
"""A command that gets SIGINT at a moment of its life: a module's import, the start of
a process of its own, a write, its end."""
LIVES = {
    "ccl run sr.ccl": (
        "typer",
        "ccl.cli.ccl",
        "ccl.resolver.resolution",
        "mesh.embedded.mesh",
        "deletion",
        "end",
    ),
    "ccl test tests -j 2": ("ccl.cli.testing.compiling", "start", "write", "end"),
    "cclc explain": ("typer", "ccl.diagnostics.codes", "write", "end"),
    "meshctl tokens balance": ("mesh.cli.app", "mesh.embedded.mesh", "sqlite3", "write", "end"),
}


@pytest.mark.parametrize(
    ("command", "moment"), [(name, each) for name, moments in LIVES.items() for each in moments]
)
def test_ctrl_c_at_any_moment_is_130(command: str, moment: str, program: Path) -> None:
    with_mesh(program.parent)
    write_tests(program.parent / "tests", files=4)
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT, moment, *command.split()],
        cwd=program.parent,
        env=environment_of(program.parent),
        capture_output=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )
    assert done.returncode == 130, done
    assert done.stderr.endswith(b"interrupted\n")
    assert b"Traceback" not in done.stderr


COMPILING = (
    INTERRUPTIBLE
    + """\
import os
from ccl.cli.entry import ccl
from ccl.cli.testing.compiler import Compiler

finished = Compiler.finished
def finished_and_noted(self):
    os.write(1, b"compiling")
    return finished(self)
Compiler.finished = finished_and_noted
ccl()
"""
)
"""`ccl` that prints a line once one of the processes that compile tests has answered."""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")
def test_ctrl_c_on_a_terminal_ends_the_processes_that_compile_tests(tmp_path: Path) -> None:
    write_tests(tmp_path, files=30)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        command = [sys.executable, "-c", COMPILING, "test", "-j", "2"]
        os.execve(sys.executable, command, environment_of(tmp_path))
    said = b""
    while b"compiling" not in said:
        said += os.read(terminal, 4096)
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    started = [os.pidfd_open(int(each)) for each in children]
    os.write(terminal, b"\x03")
    with suppress(OSError):  # as a terminal without a process ends
        while part := os.read(terminal, 4096):
            said += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert said.endswith(b"interrupted\r\n")
    assert said.count(b"interrupted") == 1
    assert b"Traceback" not in said
    assert len(started) >= 2
    for each in started:
        assert select.select([each], [], [], 60)[0], "it has ended"
        os.close(each)
    os.close(terminal)


def test_ctrl_c_is_ignored_where_the_process_was_started_so(program: Path) -> None:
    """As a shell starts its background jobs."""
    ignoring = (
        "import atexit, os, signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))\n"
        "from ccl.cli.entry import cclc; cclc()"
    )
    done = subprocess.run([sys.executable, "-c", ignoring, "check", program], check=False)
    assert done.returncode == 0


# --- arguments --------------------------------------------------------------------------


def test_arguments_are_utf8(program: Path) -> None:
    for line in (r"ccl run sr.ccl --entry twice $'\xff'", r"cclc check $'caf\xe9.ccl'"):
        code, said = shell(line, program.parent)
        assert code == 2
        assert "error[not-utf8]: argument" in said
        assert "\\x" in said


def test_fuel_limit_over_63_bits_is_refused(program: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", program, "--fuel", "99999999999999999999999", home=tmp_path)
    assert done.code == 2
    assert "error[usage]: Invalid value for '--fuel'" in done.err


def test_negative_number_gets_a_hint_about_dashes(program: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", program, "--entry", "twice", "-5", home=tmp_path)
    assert done.code == 2
    assert "put -- before the arguments" in done.err
    assert "-- -5" in done.err
    done = run("ccl", "run", program, "--entry", "twice", "-o", "json", "--", "-5", home=tmp_path)
    assert json.loads(done.out)["value"] == -10


def test_wrong_format_is_reported_in_our_words(program: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", program, "-o", "xml", home=tmp_path)
    assert done.code == 2
    assert "Value error" not in done.err
    assert "'table'" in done.err
    assert "'json'" in done.err
