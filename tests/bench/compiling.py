"""How long the compiler takes, cold (a new process) and warm (in this one)."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from ccl.pipeline import check_text, compile_text
from tests.bench.measure import Figure, print_figures, repeat, repeat_command
from tests.bench.programs import program_of

BIN = Path(sys.executable).parent
EXAMPLES = Path(__file__).parents[2] / "examples"


def measure_compiling() -> None:
    figures: list[Figure] = []
    sizes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for lines, repeats in ((50, 7), (300, 7), (500, 7), (5000, 3)):
            text = program_of(lines)
            path = Path(folder) / f"program-{lines}.ccl"
            path.write_text(text, encoding="utf-8")
            count = text.count("\n")
            compiled = compile_text(text, path=path.as_posix())
            assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
            sizes.append(f"{count} lines → {len(compiled.wasm)} bytes")
            if lines == 300:
                command = (str(BIN / "cclc"), "check", str(path))
                figures.append(
                    repeat_command(f"cclc check, {count} lines, cold", command, repeats=repeats)
                )
            target = str(path.with_suffix(".wasm"))
            command = (str(BIN / "cclc"), "compile", str(path), "-o", target)
            figures.append(
                repeat_command(f"cclc compile, {count} lines, cold", command, repeats=repeats)
            )
            for name, action in (
                ("check", lambda text=text: check_text(text)),
                ("compile", lambda text=text: compile_text(text)),
            ):
                figure = repeat(f"{name}, {count} lines, warm", action, repeats=repeats)
                note = f"{count / figure.median:,.0f} lines/s"
                figures.append(Figure(name=figure.name, samples=figure.samples, note=note))
    figures.append(_compiled_once(100_000))
    for name in ("cclc", "ccl", "meshctl"):
        figures.append(repeat_command(f"{name} --help", (str(BIN / name), "--help"), repeats=7))
    print_figures("Compiling", figures)
    for example in ("job.ccl", "election/count.ccl", "election/election.ccl", "stv/count.ccl"):
        path = EXAMPLES / example
        compiled = compile_text(path.read_text("utf-8"), path=path.as_posix())
        assert compiled.wasm is not None
        sizes.append(f"{example} → {len(compiled.wasm)} bytes")
    print("\nSize of modules\n  " + "\n  ".join(sizes))


def _compiled_once(lines: int) -> Figure:
    """A large program in a process of its own, once: whether time and memory grow in proportion."""
    text = program_of(lines)
    count = text.count("\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.ccl"
        path.write_text(text, encoding="utf-8")
        command = (str(BIN / "cclc"), "compile", str(path), "-o", f"{path}.wasm")
        start = perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = perf_counter() - start
    assert process.returncode == 0, command
    note = f"{count / seconds:,.0f} lines/s, at most {used.ru_maxrss >> 10} MiB"
    name = f"cclc compile, {count} lines, cold"
    return Figure(name=name, samples=(seconds,), note=note)
