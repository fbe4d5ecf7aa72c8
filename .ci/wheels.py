"""Whether every package of the lock file has a wheel for each Python and system we support.

An install builds nothing (`--only-binary :all:`), so a package without a wheel would end it.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (
    "x86_64-manylinux_2_28",
    "aarch64-manylinux_2_28",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
AT_ONCE = 4


def missing(python: str, system: str) -> str:
    """What uv says of a package without a wheel; empty if there is none."""
    command = (UV, "pip", "compile", "--quiet", "--no-deps", "--only-binary", ":all:")
    target = ("--python-version", python, "--python-platform", system)
    ours = ("--python", sys.executable, "--no-python-downloads")
    done = subprocess.run(
        [*command, *target, *ours, "requirements.lock"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.returncode else ""


def main() -> int:
    targets = list(product(PYTHONS, SYSTEMS))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(missing, *zip(*targets, strict=True)))
    for (python, system), answer in zip(targets, answers, strict=True):
        print(f"CPython {python} {system}: {answer or 'wheels for all'}")
    return 1 if any(answers) else 0


if __name__ == "__main__":
    sys.exit(main())
