"""Sessions in a text file: commands after `$ `, and below each what it prints.

What differs from run to run, or with the code that is generated, is left out of the comparison.
"""

import os
import re
import subprocess
from pathlib import Path

from commands import BIN

_VARYING = (
    (re.compile(r"^(Compiled|Executed) .*\n", re.MULTILINE), ""),
    (re.compile(r"^note: .*\n", re.MULTILINE), ""),
    (re.compile(r"^Node ID .*?(?=^Receipt anchored)", re.MULTILINE | re.DOTALL), ""),
    (re.compile(r"baf[a-z0-9]{50,}"), "CID"),
    (re.compile(r"did:key:z6Mk[1-9A-Za-z]+"), "DID"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}"), "JOB"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\n\n+"), "\n"),
)


def steady(text: str) -> str:
    for pattern, instead in _VARYING:
        text = pattern.sub(instead, text)
    return text.strip()


def steps_of(session: str) -> list[tuple[str, str]]:
    """Each command with what is shown for it."""
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)


def printed(command: str, folder: Path, home: Path) -> str:
    """What a command prints in its folder with a mesh of its own."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={"PATH": f"{BIN}:{os.environ['PATH']}", "MESH_HOME": str(home), "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout
