"""Build the package as it would be published, and use it as someone who installed it.

Both are built from a clone, so only committed files are in them; the wheel is installed into an
environment of its own with the versions of the lock file; the demo runs in another folder.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = ("cclc", "ccl", "meshctl")
DATA = (".ccl", ".lark", ".wat", ".md", ".typed")
"""What the packages need at run time beside Python."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        clone = work / "clone"
        run(["git", "clone", "--quiet", "--no-local", ROOT, clone], cwd=work)
        wheel, sdist = build(clone, "wheel"), build(clone, "sdist")
        check_contents(clone, wheel)
        check_sdist(work, wheel, sdist)
        use(work, clone, wheel)
    print("package: ok")


def build(source: Path, target: str) -> Path:
    """The file that hatchling makes of a source tree."""
    run([sys.executable, "-m", "hatchling", "build", "--target", target], cwd=source)
    (made,) = (source / "dist").glob("*.whl" if target == "wheel" else "*.tar.gz")
    return made


def contents(wheel: Path) -> dict[str, int]:
    """The checksum of each file of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {info.filename: info.CRC for info in archive.infolist()}


def check_contents(source: Path, wheel: Path) -> None:
    """The wheel holds every file of the packages, and the licence."""
    found = contents(wheel)
    committed = run(["git", "ls-files", "ccl", "runtime", "mesh", "stdlib"], cwd=source).split()
    for name in committed:
        assert name in found, f"{name} is not in the wheel"
    for suffix in DATA:
        assert any(name.endswith(suffix) for name in found), f"no {suffix} in the wheel"
    assert any(name.endswith("licenses/LICENSE") for name in found), "no licence in the wheel"
    print(f"package: {wheel.name}, {len(found)} files, {wheel.stat().st_size >> 10} KiB")


def check_sdist(work: Path, wheel: Path, sdist: Path) -> None:
    """The same wheel comes out of the sdist."""
    shutil.unpack_archive(sdist, work / "sdist")
    (tree,) = (work / "sdist").iterdir()
    again = build(tree, "wheel")
    difference = contents(wheel).items() ^ contents(again).items()
    assert not difference, f"the wheel of the sdist differs: {sorted(difference)}"
    print(f"package: {sdist.name}, {sdist.stat().st_size >> 10} KiB, gives the same wheel")


def use(work: Path, clone: Path, wheel: Path) -> None:
    """Install the wheel with the locked versions of what it declares, and run the demo."""
    environment = work / "environment"
    venv.create(environment, with_pip=True)
    programs = environment / "bin"
    pinned = work / "constraints.txt"
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned.write_text("\n".join(re.findall(r"^[a-z0-9][^\\\n]*", lock, re.MULTILINE)) + "\n")
    pip = [programs / "python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run([*pip, "install", "--only-binary", ":all:", "--constraint", pinned, wheel], cwd=work)
    run([*pip, "check"], cwd=work)
    where = run([programs / "python", "-c", "import ccl; print(ccl.__file__)"], cwd=work)
    assert Path(where.strip()).is_relative_to(environment), f"{where} is not what was installed"
    for command in COMMANDS:
        print("package:", run([programs / command, "--version"], cwd=work).strip())
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    examples = clone / "examples" / "election"
    ward = examples / "ballots" / "glasgow_2022_ward3.csv"
    home = {"MESH_HOME": str(work / "home")}
    said = run(
        [programs / "ccl", "run", examples / "election.ccl", "--input", ward, "--yes"],
        cwd=elsewhere,
        settings=home,
    )
    (job,) = re.findall(r"Job ID: ([0-9a-f-]{36})", said)
    run([programs / "meshctl", "verify", job], cwd=elsewhere, settings=home)
    print(f"package: the demo ran in a folder of its own, and job {job} is verified")


def run(command: Sequence[str | Path], *, cwd: Path, settings: dict[str, str] | None = None) -> str:
    """What a command prints, on both streams. Raises SystemExit with it if the command fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, **(settings or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        words = " ".join(map(str, command))
        raise SystemExit(f"package: {words}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


if __name__ == "__main__":
    main()
