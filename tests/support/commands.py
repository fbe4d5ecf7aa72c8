"""Runs of the real commands, each test in a home of its own.

Rule: a command is called in this process, with streams, environment and folder of its own; a
process is started only where a test is about processes (`run_process`, `kill_at`).
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from answers import check_answer
from embedded_mesh import copied, found

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MESH = "mesh"
"""The mesh's home inside the home of a test."""
INTERRUPTIBLE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
"""Begins a program that Ctrl-C interrupts, also where its parent was started to ignore it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The output of a command; `code` is its exit code."""

    code: int
    out: str
    err: str


def source_file(path: Path, text: str) -> Path:
    """The file, with this text as UTF-8."""
    path.write_text(text, encoding="utf-8")
    return path


def run(
    *command: str | Path,
    home: Path,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    unread: Sequence[int] = (),
) -> Done:
    """Runs one of our commands in this process, on a mesh that was founded before.

    unread: descriptors (1, 2) that lead into pipes whose readers have gone.
    """
    name, *arguments = map(str, command)
    assert threading.current_thread() is threading.main_thread(), "streams belong to the process"
    with_mesh(home)
    with (
        _surroundings(cwd or ROOT, environment_of(home)),
        _streams(stdin or b"", unread) as (out, err),
    ):
        code = _run_here(name, arguments)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        done = _done(code, _whole(out), _whole(err))
    if 1 not in unread:
        check_answer(name, arguments, done.out, code)
    return done


def run_process(
    *command: str | Path,
    home: Path,
    cwd: Path | None = None,
    stdin: bytes | None = None,
    before: Sequence[str] = (),
) -> Done:
    """Run one of our commands as its users do, as a process, in a home that is as it is.

    before: words that go before the command, of a program that starts it.
    """
    name, *arguments = map(str, command)
    done = subprocess.run(
        [*before, str(BIN / name), *arguments],
        cwd=cwd or ROOT,
        env=environment_of(home),
        input=stdin if stdin is not None else b"",
        capture_output=True,
        timeout=120,
        check=False,
    )
    return _done(done.returncode, done.stdout, done.stderr)


def _done(code: int, out: bytes, err: bytes) -> Done:
    """Checks that no stack trace is shown."""
    result = Done(code=code, out=out.decode(), err=err.decode())
    assert "Traceback" not in result.out + result.err
    return result


def environment_of(home: Path) -> dict[str, str]:
    """Gives the environment of a command: nothing of the person who runs the tests."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "MESH_HOME": str(home / MESH),
        "NO_COLOR": "1",
        "LANG": "C.UTF-8",
    }


def with_mesh(home: Path) -> None:
    """A copy of a founded mesh in a home that has none: founding measures for half a second."""
    if not (home / MESH).exists():
        copied(_founded(), home / MESH)


@cache
def _founded() -> Path:
    home = Path(tempfile.mkdtemp(prefix="founded-")) / MESH
    found(home)
    return home


def _run_here(name: str, arguments: list[str]) -> int:
    match name:
        case "meshctl":
            from mesh.cli.app import run as run_meshctl

            return run_meshctl(arguments)
        case "ccl":
            from ccl.cli.entry import run_ccl

            return run_ccl(arguments)
        case _:
            from ccl.cli.entry import run_cclc

            return run_cclc(arguments)


@contextmanager
def _surroundings(cwd: Path, environment: Mapping[str, str]) -> Iterator[None]:
    before, folder = dict(os.environ), Path.cwd()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _streams(stdin: bytes, unread: Sequence[int] = ()) -> Iterator[tuple[int, int]]:
    """Streams of its own, down to the descriptors; gives those of stdout and stderr."""
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(stdin)
        given.seek(0)
        objects = sys.stdin, sys.stdout, sys.stderr
        saved = [os.dup(number) for number in range(3)]
        for number, file in enumerate((given, out, err)):
            os.dup2(file.fileno(), number)
        reader, writer = os.pipe()
        os.close(reader)
        for number in unread:
            os.dup2(writer, number)
        os.close(writer)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        try:
            yield out.fileno(), err.fileno()
        finally:
            for stream in (sys.stdin, sys.stdout, sys.stderr):
                stream.close()
            sys.stdin, sys.stdout, sys.stderr = objects
            for number, before in enumerate(saved):
                os.dup2(before, number)
                os.close(before)


def _whole(descriptor: int) -> bytes:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def without_roots_rights() -> list[str]:
    """Gives the words before a command that make permissions hold for it, also where root tests."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may read everything, and setpriv is not here")
    return ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


KILLED_AT = """\
import os, signal, sys
from importlib.metadata import entry_points
text, name = sys.argv.pop(1), sys.argv[1]
class Deadly:
    def __init__(self, stream):
        self._stream = stream
    def __getattr__(self, name):
        return getattr(self._stream, name)
    def write(self, said):
        count = self._stream.write(said)
        if text in said:
            self._stream.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return count
del sys.argv[0]
sys.stdout, sys.stderr = Deadly(sys.stdout), Deadly(sys.stderr)
next(iter(entry_points(group="console_scripts", name=name))).load()()
"""


def kill_at(text: str, *command: str | Path, home: Path) -> None:
    """Starts a command, which is killed (SIGKILL) the moment that it prints `text`."""
    with_mesh(home)
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT, text, *map(str, command)],
        cwd=ROOT,
        env=environment_of(home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, f"it never printed {text!r}: {done}"
