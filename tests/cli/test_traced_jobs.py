"""Backtraces of trapped jobs, wherever their outcome is shown."""

import json
from pathlib import Path

from commands import run

PROGRAM = """\
import "std/text" as text;
fn cells(line: String) -> Integer { text.fields(line).length() }
execution { cells("\\"a\\"b") }
"""
WAY = "at way.ccl:2:37 in std/text.ccl:"
CALLED = ", called from way.ccl:3:13"


def test_each_command_shows_the_line_of_the_program(tmp_path: Path) -> None:
    (tmp_path / "way.ccl").write_text(PROGRAM, "utf-8")

    def meshctl(*words: str) -> str:
        done = run("meshctl", *words, home=tmp_path, cwd=tmp_path)
        return done.out + done.err

    run("cclc", "compile", "way.ccl", "-o", "way.wasm", home=tmp_path, cwd=tmp_path)
    ended = meshctl("submit-job", "--wasm", "way.wasm", "--resource-amount", "100", "--wait")
    (job,) = meshctl("list-jobs", "-q").split()
    meshctl("receipt", job, "--output", "way.car")
    shown = [meshctl(*words, job) for words in (("job-status",), ("logs",), ("verify",))]
    for each in (ended, *shown, meshctl("verify", "way.car")):
        assert WAY in each, each
        assert CALLED in each, each
    trace = json.loads(meshctl("job-status", job, "-o", "json"))["trace"]
    assert [place for place in trace if not place.startswith("std/")] == [
        "way.ccl:2:37",
        "way.ccl:3:13",
    ]
