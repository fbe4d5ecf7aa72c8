"""Systems whose Python lacks POSIX modules: the working commands, and the errors of the others."""

import subprocess
import sys
from pathlib import Path

WITHOUT_POSIX = '''
import os, platform, signal, sys
from importlib.abc import MetaPathFinder

MISSING = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"}

class Windows(MetaPathFinder):
    """Finds the modules of a Windows build and no others."""
    def find_spec(self, name, path=None, target=None):
        if name in MISSING:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

# An installed package may have brought one along already.
for name in MISSING:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Windows())
# They look at this machine as it is, once; Windows has ways of its own.
platform.uname()
import platformdirs

platformdirs.user_cache_path("any")
for name in ("uname", "getuid", "geteuid", "getgid", "pread", "pwrite", "fork", "fchmod",
             "fchown", "chown", "mkfifo", "set_blocking", "killpg", "setsid", "getpgid",
             "O_CLOEXEC", "O_NOFOLLOW", "O_DIRECTORY", "O_NONBLOCK"):
    delattr(os, name)
for name in ("SIGXCPU", "SIGBUS", "SIGKILL", "SIGHUP", "SIGPIPE", "SIGALRM", "SIGCHLD", "SIGUSR1"):
    delattr(signal, name)

from ccl.cli.ccl import app as ccl
from ccl.cli.cclc import app as cclc
from mesh.cli.app import run as meshctl
from ccl.cli.entry import run_ccl, run_cclc
from contextlib import redirect_stderr, redirect_stdout
import io

def command(line):
    name, *arguments = line.split()
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        if name == "meshctl":
            code = meshctl(arguments)
        else:
            code = {"ccl": run_ccl, "cclc": run_cclc}[name](arguments)
    print(line, "->", int(code))
    print(err.getvalue() if code else "", end="")

for line in sys.stdin.read().splitlines():
    command(line)
'''


def commands(tmp_path: Path, *lines: str) -> dict[str, tuple[int, str]]:
    """Gives exit code and stderr of each command, in a process of a system without POSIX."""
    (tmp_path / "a.ccl").write_text(
        'charter "A";\n\nfn run() { return 1; }\ntest fn one() { assert(run() == 1, "one"); }\n'
    )
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_POSIX],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"MESH_HOME": str(tmp_path / "home"), "HOME": str(tmp_path), "PATH": ""},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, tuple[int, str]] = {}
    for text in done.stdout.splitlines():
        line, arrow, code = text.rpartition(" -> ")
        if arrow and line in lines:
            answers[line] = (int(code), "")
            last = line
        else:
            answers[last] = (answers[last][0], answers[last][1] + text + "\n")
    return answers


def test_compiler_works_and_others_name_missing_features(tmp_path: Path) -> None:
    answers = commands(
        tmp_path,
        "cclc check a.ccl",
        "cclc compile a.ccl",
        "cclc fmt a.ccl",
        "ccl charter a.ccl",
        "ccl --help",
        "meshctl --help",
        "meshctl --version",
        "ccl run a.ccl",
        "ccl test a.ccl",
        "meshctl submit-job --wasm a.wasm --description t --resource-amount 100 --wait",
    )
    for line, (code, error) in answers.items():
        name = " ".join(line.split()[:2])
        if name in {"ccl run", "ccl test", "ccl charter", "meshctl submit-job"}:
            assert code == 1, (line, error)
            assert "error[unsupported-system]" in error, line
            assert "which this system does not have" in error
            assert "help: use Linux or macOS" in error
        else:
            assert (code, error) == (0, ""), line
    assert (tmp_path / "a.wasm").read_bytes()[:4] == b"\0asm"
