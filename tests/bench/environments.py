"""Packages that only the benchmark compares with: no dependencies of the project.

Each goes into a virtual environment of its own under the user's cache, made when it is first
needed, and stays there.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path


def python_with(requirement: str, module: str) -> Path | None:
    """The Python of an environment that holds the package; None where it does not come."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "icn-ccl-bench" / requirement
    python = folder / "bin" / "python"
    if _has(python, module):
        return python
    print(f"installing {requirement} into {folder}", file=sys.stderr)
    try:
        venv.create(folder, with_pip=True)
        install = (str(python), "-m", "pip", "install", "--quiet", requirement)
        subprocess.run(install, check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"no {module}: {error}", file=sys.stderr)
        return None
    return python if _has(python, module) else None


def _has(python: Path, module: str) -> bool:
    if not python.exists():
        return False
    asked = subprocess.run(
        (str(python), "-c", f"import {module}"), capture_output=True, check=False
    )
    return asked.returncode == 0
