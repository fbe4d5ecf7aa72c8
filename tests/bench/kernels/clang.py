"""C to WebAssembly: clang as the machine has it, else the one inside the `ziglang` wheel.

Only the benchmark needs a C compiler, so it is no dependency of the project: the wheel goes
into a virtual environment of its own under the user's cache.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ZIGLANG = "ziglang==0.17.1"
FLAGS = ("-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--export-dynamic")


def c_compiler() -> tuple[str, ...] | None:
    """The command that compiles C to WebAssembly; None where there is none and none comes."""
    if shutil.which("clang") and shutil.which("wasm-ld"):
        return ("clang", "--target=wasm32")
    zig = _zig()
    return (
        None if zig is None else (str(zig), "-m", "ziglang", "cc", "-target", "wasm32-freestanding")
    )


def compile_c(command: tuple[str, ...], source: Path, export: str, target: Path) -> bytes:
    """The module of one C file. Raises CalledProcessError with the compiler's own words."""
    full = (*command, *FLAGS, f"-Wl,--export={export}", str(source), "-o", str(target))
    subprocess.run(full, check=True, capture_output=True, text=True)
    return target.read_bytes()


def _zig() -> Path | None:
    """The Python of an environment that holds the wheel, made when it is first needed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "icn-ccl-bench" / ZIGLANG
    python = folder / "bin" / "python"
    if _has_zig(python):
        return python
    print(f"installing {ZIGLANG} into {folder}", file=sys.stderr)
    try:
        venv.create(folder, with_pip=True)
        install = (str(python), "-m", "pip", "install", "--quiet", ZIGLANG)
        subprocess.run(install, check=True, capture_output=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"no C compiler: {error}", file=sys.stderr)
        return None
    return python if _has_zig(python) else None


def _has_zig(python: Path) -> bool:
    if not python.exists():
        return False
    asked = subprocess.run((str(python), "-c", "import ziglang"), capture_output=True, check=False)
    return asked.returncode == 0
