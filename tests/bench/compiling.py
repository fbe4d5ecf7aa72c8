"""Time of the compiler, cold (a new process) and warm (in this one), over mixed programs."""

import os
import subprocess
import sys
import tempfile
from math import log
from pathlib import Path

from ccl.pipeline import check_text, compile_text
from tests.bench.measure import Figure, print_figures, repeat, repeat_command
from tests.bench.mixed import mixed_program

BIN = Path(sys.executable).parent
EXAMPLES = Path(__file__).parents[2] / "examples"
GROWTH_LINES = (1_000, 10_000, 100_000)


def measure_compiling() -> None:
    figures: list[Figure] = []
    sizes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for lines, repeats in ((100, 7), (500, 7), (2000, 3)):
            text = mixed_program(lines)
            path = Path(folder) / f"program-{lines}.ccl"
            path.write_text(text, encoding="utf-8")
            count = text.count("\n")
            compiled = compile_text(text, path=path.as_posix())
            assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
            sizes.append(f"{count} lines → {len(compiled.wasm)} bytes")
            target = str(path.with_suffix(".wasm"))
            for name, command in (
                ("check", (str(BIN / "cclc"), "check", str(path))),
                ("compile", (str(BIN / "cclc"), "compile", str(path), "-o", target)),
            ):
                title = f"cclc {name}, {count} lines, cold"
                figures.append(repeat_command(title, command, repeats=repeats))
            for name, action in (
                ("check", lambda text=text: check_text(text)),
                ("compile", lambda text=text: compile_text(text)),
            ):
                figure = repeat(f"{name}, {count} lines, warm", action, repeats=repeats)
                note = f"{count / figure.median:,.0f} lines/s"
                figures.append(Figure(name=figure.name, samples=figure.samples, note=note))
    for name in ("cclc", "ccl", "meshctl"):
        figures.append(repeat_command(f"{name} --help", (str(BIN / name), "--help"), repeats=7))
    print_figures("Compiling", figures)
    for example in ("job.ccl", "election/count.ccl", "election/election.ccl", "stv/count.ccl"):
        path = EXAMPLES / example
        compiled = compile_text(path.read_text("utf-8"), path=path.as_posix())
        assert compiled.wasm is not None
        sizes.append(f"{example} → {len(compiled.wasm)} bytes")
    print("\nSize of modules\n  " + "\n  ".join(sizes))
    measure_growth()


def measure_growth() -> None:
    """Whether time and memory grow in proportion: each size once, in a process of its own."""
    print("\nCompiling long programs (CPU time of `cclc compile`; exponent over the size before)")
    before: tuple[int, float] | None = None
    for lines in GROWTH_LINES:
        count, seconds, mib = _compiled_once(lines)
        exponent = ""
        if before is not None:
            exponent = f"  exponent {log(seconds / before[1]) / log(count / before[0]):.2f}"
        before = (count, seconds)
        print(
            f"  {count:>7} lines {seconds:>7.2f} s  {count / seconds:>6,.0f} lines/s"
            f"  at most {mib} MiB{exponent}"
        )


def _compiled_once(lines: int) -> tuple[int, float, int]:
    """(lines, CPU seconds, MiB) of compiling one program."""
    text = mixed_program(lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.ccl"
        path.write_text(text, encoding="utf-8")
        command = (str(BIN / "cclc"), "compile", str(path), "-o", f"{path}.wasm")
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return text.count("\n"), used.ru_utime + used.ru_stime, used.ru_maxrss >> 10


if __name__ == "__main__":
    measure_growth()
