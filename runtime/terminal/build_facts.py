"""Facts of a build, for reports of bugs: `--version --verbose`.

Rule: a fact that cannot be found out is called unknown, never guessed.
"""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from runtime.terminal.streams import say

PACKAGE: Final = "icn-ccl"
UNKNOWN: Final = "unknown"
_LIBRARIES: Final = ("wasmtime", "lark", "msgspec", "typer", "pynacl", "blake3")
_ROOT: Final = Path(__file__).parents[2]
_GIT_SECONDS: Final = 10


def say_facts(engine: Callable[[], str], more: Mapping[str, str]) -> None:
    """Prints a line for each. engine: gives its name, as contexts and receipts have it. more: facts
    that only this command has."""
    for fact, value in {**_facts(engine), **more}.items():
        say(f"{fact}: {value}")


def _facts(engine: Callable[[], str]) -> dict[str, str]:
    return {
        "commit": _commit(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        **{name: _version(name) for name in _LIBRARIES},
        "engine": _name_of(engine),
    }


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return UNKNOWN


def _name_of(engine: Callable[[], str]) -> str:
    try:
        return engine()
    except (ImportError, OSError) as error:
        return f"{UNKNOWN}: {error}"


def _commit() -> str:
    """Finds the commit that was installed, or that of the checkout which runs."""
    if (_ROOT / ".git").exists():
        return _commit_of_checkout()
    try:
        text = metadata.distribution(PACKAGE).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return UNKNOWN
    origin = json.loads(text or "{}").get("vcs_info", {})
    return str(origin.get("commit_id", UNKNOWN))


def _commit_of_checkout() -> str:
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return UNKNOWN
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return f"{commit} with changes" if changed else commit


def _git(*words: str) -> str:
    """Runs git on the checkout; gives its output, empty if it fails."""
    # In a hook these would name its repository.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ("git", "-C", str(_ROOT), *words),
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
