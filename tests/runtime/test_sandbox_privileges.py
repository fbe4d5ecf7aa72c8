"""Privileges that a process of the sandbox gives up, by the kernel's record and by attempts."""

import ctypes
import fcntl
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest
from commands import without_roots_rights

from runtime.sandbox.confinement.privileges import NAMESPACES, UNUSED_UIDS
from runtime.sandbox.confinement.process_status import observed_findings
from runtime.sandbox.frames import FRAME_BYTES_MAX, HEADER_BYTES
from runtime.sandbox.pool import Sandbox
from runtime.sandbox.process import Child

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="measures of Linux")

IS_ROOT = os.geteuid() == 0
WAIT_SECONDS = 60


def python(script: str, *before: str) -> str:
    done = subprocess.run(
        [*before, sys.executable, "-c", f"import sys\nsys.path[:0] = {sys.path!r}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=WAIT_SECONDS,
    )
    return done.stdout.strip()


def separable() -> bool:
    """Returns whether this system lets the tests' user have namespaces of its own."""
    child = os.fork()
    if child == 0:
        unshare = ctypes.CDLL(None).unshare
        network, user = 0x4000_0000, 0x1000_0000
        os._exit(0 if unshare(network) == 0 or unshare(network | user) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def status_of(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


def wait_until_confined(child: Child) -> None:
    """A process reads its pipe only after that, so it is confined once more is written than fits.

    The frame is not written to its end: the process waits for the rest of it.
    """
    written = os.write(child.input, FRAME_BYTES_MAX.to_bytes(HEADER_BYTES, "little"))
    while written <= fcntl.fcntl(child.input, fcntl.F_GETPIPE_SZ):
        _, writable, _ = select.select([], [child.input], [], WAIT_SECONDS)
        assert writable, "it never read its pipe"
        written += os.write(child.input, bytes(4096))


@pytest.mark.parametrize(
    "module", ["runtime.sandbox.worker.worker", "runtime.sandbox.compilation.compiler"]
)
def test_each_process_has_given_up_user_and_capabilities(module: str) -> None:
    child = Child(module, address_bytes=1 << 31, cpu_seconds=60)
    try:
        wait_until_confined(child)
        status = status_of(child.pid)
        assert status["Seccomp"] == ["2"]
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"):
            assert int(status[name][0], 16) == 0 or (name == "CapBnd" and not separable()), name
        assert status["NoNewPrivs"] == ["1"]
        own = str(UNUSED_UIDS + child.pid if IS_ROOT else os.geteuid())
        assert status["Uid"] == 4 * [own]
        if IS_ROOT:
            assert (status["Gid"], status["Groups"]) == (4 * [own], [])
            shared = [
                file
                for file, _ in NAMESPACES.values()
                if Path(f"/proc/{child.pid}/ns/{file}").readlink()
                == Path(f"/proc/self/ns/{file}").readlink()
            ]
            assert shared == [] or not separable()
        assert all(each.holds for each in observed_findings(child.pid))
    finally:
        child.close()


def test_workers_have_different_users(tmp_path: Path) -> None:
    children = [
        Child("runtime.sandbox.worker.worker", address_bytes=1 << 31, cpu_seconds=60)
        for _ in range(2)
    ]
    try:
        for each in children:
            wait_until_confined(each)
        users = {status_of(each.pid)["Uid"][0] for each in children}
        assert len(users) == (2 if IS_ROOT else 1)
    finally:
        for each in children:
            each.close()


LOOPBACK = (
    "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
    "socket.socket().connect(s.getsockname())"
)
ROOTS = ("os.setuid(0)", "os.setgroups([0])", "os.kill(os.getppid(), 0)")


@pytest.mark.parametrize("attempt", (LOOPBACK, *(ROOTS if IS_ROOT else ())))
def test_probe_fails_after_identity_is_given_up(attempt: str) -> None:
    script = (
        "import os, socket\n"
        "from runtime.sandbox.confinement.privileges import give_up_identity\n{measure}\n"
        "try:\n    {attempt}\nexcept OSError as error:\n    print(type(error).__name__)\n"
        "else:\n    print('done')"
    )
    assert python(script.format(measure="pass", attempt=attempt)) == "done"
    given_up = python(script.format(measure="give_up_identity()", attempt=attempt))
    assert given_up in {"OSError", "PermissionError"} or (attempt == LOOPBACK and not separable())


FINDINGS = """
import json, tempfile
from pathlib import Path
from runtime.sandbox.frames import FRAME_BYTES_MAX, HEADER_BYTES
from runtime.sandbox.pool import Sandbox
with tempfile.TemporaryDirectory() as folder:
    with Sandbox(cache_dir=Path(folder) / "modules", workers=1) as sandbox:
        print(json.dumps({f.name: [f.holds, f.text] for f in sandbox.confinement()}))
"""


def test_root_without_the_right_to_become_another_is_named() -> None:
    found = json.loads(python(FINDINGS, *without_roots_rights()))
    holds, text = found["user"]
    assert holds is not IS_ROOT
    assert ("not confined: runs as root" in text) is IS_ROOT
    for name in ("capabilities", "new privileges", "system calls", "files", "network"):
        assert found[name][0], found[name]


def test_namespaces_hold_where_the_system_gives_them(sandbox: Sandbox) -> None:
    (found,) = [each for each in sandbox.confinement() if each.name == "namespaces"]
    assert found.holds is separable()
    assert found.holds or found.text.startswith("not confined: shares")


STATUS = """Name:\tworker
Uid:\t7\t7\t7\t7
Groups:\t
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
"""


def observed(tmp_path: Path, text: str) -> dict[str, tuple[bool, str]]:
    folder = tmp_path / "12"
    folder.mkdir()
    (folder / "status").write_text(text)
    return {each.name: (each.holds, each.text) for each in observed_findings(12, tmp_path)}


def test_confined_process_is_reported_as_such(tmp_path: Path) -> None:
    assert all(holds for holds, _ in observed(tmp_path, STATUS).values())


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("user", "\t7\t7\t7\t7", "\t0\t0\t0\t0"),
        ("user", "\t7\t7\t7\t7", "\t7\t7\t0\t7"),
        ("capabilities", "CapEff:\t0000000000000000", "CapEff:\t0000000000000001"),
        ("capabilities", "CapPrm:\t0000000000000000", "CapPrm:\t0000010000000000"),
        ("capabilities", "CapAmb:\t0000000000000000", "CapAmb:\t0000000000000400"),
        ("new privileges", "NoNewPrivs:\t1", "NoNewPrivs:\t0"),
        ("new privileges", "NoNewPrivs:\t1\n", ""),
        ("system calls", "Seccomp:\t2", "Seccomp:\t0"),
        ("system calls", "Seccomp:\t2\n", ""),
    ],
)
def test_each_weakness_of_a_process_is_named(tmp_path: Path, name: str, old: str, new: str) -> None:
    assert old in STATUS
    found = observed(tmp_path, STATUS.replace(old, new))
    assert [each for each, (holds, _) in found.items() if not holds] == [name]
    assert found[name][1].startswith("not confined: ")


def test_missing_status_is_reported_as_not_confined(tmp_path: Path) -> None:
    found = observed_findings(12, tmp_path)
    assert len(found) == 4
    assert not any(each.holds for each in found)
