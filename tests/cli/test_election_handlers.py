"""The session of examples/election/nominations.txt, reproduced command by command."""

import os
import re
import subprocess
from pathlib import Path

from commands import BIN

ELECTION = Path(__file__).parents[2] / "examples" / "election"
_VARYING = (
    (re.compile(r"^(Compiled|Executed) .*\n", re.MULTILINE), ""),
    (re.compile(r"baf[a-z0-9]{50,}"), "CID"),
    (re.compile(r'"at": \d+'), '"at": TIME'),
)
"""Texts that differ from run to run, or with the code that is generated."""


def steady(text: str) -> str:
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text.strip()


def test_nominations_are_handled(tmp_path: Path) -> None:
    session = (ELECTION / "nominations.txt").read_text(encoding="utf-8")
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    assert len(steps) == 6
    for command, shown in steps:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=ELECTION,
            env={
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "MESH_HOME": str(tmp_path / "mesh"),
                "NO_COLOR": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert steady(done.stdout + done.stderr) == steady(shown), command


def test_rules_are_tested(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(BIN / "ccl"), "test", "nominations.ccl"],
        cwd=ELECTION,
        env={**os.environ, "MESH_HOME": str(tmp_path), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
