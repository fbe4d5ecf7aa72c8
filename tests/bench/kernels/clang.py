"""C to WebAssembly: clang as the machine has it, else the one inside the `ziglang` wheel.

Only the benchmark needs a C compiler, so it is no dependency of the project.
"""

import shutil
import subprocess
from pathlib import Path

from tests.bench.environments import python_with

ZIGLANG = "ziglang==0.17.1"
FLAGS = ("-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--export-dynamic")


def c_compiler() -> tuple[str, ...] | None:
    """The command that compiles C to WebAssembly; None where there is none and none comes."""
    if shutil.which("clang") and shutil.which("wasm-ld"):
        return ("clang", "--target=wasm32")
    zig = python_with(ZIGLANG, "ziglang")
    return (
        None if zig is None else (str(zig), "-m", "ziglang", "cc", "-target", "wasm32-freestanding")
    )


def compile_c(command: tuple[str, ...], source: Path, export: str, target: Path) -> bytes:
    """The module of one C file. Raises CalledProcessError with the compiler's own words."""
    full = (*command, *FLAGS, f"-Wl,--export={export}", str(source), "-o", str(target))
    subprocess.run(full, check=True, capture_output=True, text=True)
    return target.read_bytes()
