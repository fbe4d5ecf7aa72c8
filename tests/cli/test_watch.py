"""`cclc check --watch`, followed line by line: every round ends in `Watching …`."""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import INTERRUPTIBLE, run

from ccl.cli.compiling.watching import check_round, stamped

PATIENCE_SECONDS = 30
"""Time without a line after which the test fails."""
MAIN = 'import "./lib/help.ccl" as help;\nexecution { help.twice(21) }\n'
WATCH = INTERRUPTIBLE + (
    "import sys; sys.argv[1:1] = ['check', '--watch']\nfrom ccl.cli.entry import cclc; cclc()"
)
HELP = "export fn twice(n: Integer) -> Integer { 2 * n }\n"


class Watching:
    """The running command and its stderr so far."""

    def __init__(self, folder: Path, *files: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WATCH, *files],
            cwd=folder,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "NO_COLOR": "1",
                "LANG": "C.UTF-8",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line)

    def line(self) -> str:
        return self._lines.get(timeout=PATIENCE_SECONDS)

    def round(self) -> str:
        """Gives the lines up to the end of the next check."""
        said = ""
        while "Watching" not in said.rpartition("\n")[0].rpartition("\n")[2]:
            said += self.line()
        return said

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stderr is not None
        self.process.stderr.close()


def put(path: Path, text: str) -> None:
    """Writes a file whole or not at all, as editors do: no round sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name("draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "main.ccl").write_text(MAIN, encoding="utf-8")
    (tmp_path / "lib" / "help.ccl").write_text(HELP, encoding="utf-8")
    return tmp_path


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    found = Watching(folder, "main.ccl")
    yield found
    found.end()


def test_changed_file_is_checked_again(folder: Path, watching: Watching) -> None:
    assert watching.round() == ("Checked main.ccl: no errors\nWatching 2 files; Ctrl-C ends it\n")
    put(folder / "lib" / "help.ccl", HELP.replace("2 *", "two *"))
    broken = watching.round()
    assert broken.startswith("\nChanged: lib/help.ccl\n")
    assert "error[CCL0201]" in broken
    assert "--> lib/help.ccl:1:42" in broken
    put(folder / "main.ccl", "execution { 1 }\n")
    mended = watching.round()
    assert mended.startswith("\nChanged: main.ccl\n")
    assert mended.endswith("Checked main.ccl: no errors\nWatching 1 file; Ctrl-C ends it\n")
    assert watching.interrupt() == 130
    assert watching.line() == "interrupted\n"


def test_file_that_disappears_may_come_back(folder: Path, watching: Watching) -> None:
    watching.round()
    (folder / "lib" / "help.ccl").unlink()
    assert "error[CCL0205]" in watching.round()
    put(folder / "lib" / "help.ccl", HELP)
    # (the folder is seen to change first, perhaps before the file is whole)
    said = watching.round()
    while "no errors" not in said:
        said = watching.round()
    (folder / "main.ccl").unlink()
    assert "there is no file main.ccl" in watching.round()
    put(folder / "main.ccl", MAIN)
    said = watching.round()
    while "no errors" not in said:
        said = watching.round()
    assert watching.process.poll() is None


def test_standard_input_cannot_be_watched(tmp_path: Path) -> None:
    stdin = run("cclc", "check", "--watch", "-", home=tmp_path)
    assert (stdin.code, stdin.out) == (2, "")
    assert "standard input cannot be watched" in stdin.err
    both = run("cclc", "check", "--watch", "--fix", "a.ccl", home=tmp_path)
    assert (both.code, both.out) == (2, "")
    assert "`cclc check --fix FILE`" in both.err


def test_round_over_a_folder_depends_on_new_entries(tmp_path: Path) -> None:
    folder = tmp_path / "coop"
    put(folder / "sub" / "a.ccl", MAIN.replace("./lib", "../lib"))
    put(folder / "lib" / "help.ccl", HELP)
    put(folder / "ccl.toml", "")
    first = check_round([folder])
    assert {path.name for path in first.checked} == {"a.ccl", "help.ccl"}
    before = stamped(first.watched)
    put(folder / "sub" / "b.ccl", "execution {\n  let x = 1;\n  2\n}\n")
    assert stamped(first.watched) != before
    second = check_round([folder])
    assert {path.name for path in second.checked} == {"a.ccl", "b.ccl", "help.ccl"}
    assert [each.severity.value for each in second.findings.diagnostics] == ["warning"]
    before = stamped(second.watched)
    put(folder / "ccl.toml", '[lints]\nCCL0902 = "deny"\n')
    assert stamped(second.watched) != before
    third = check_round([folder])
    assert [each.severity.value for each in third.findings.diagnostics] == ["error"]
    before = stamped(third.watched)
    put(folder / "ccl.toml", '[lints]\nCCL0902 = "denny"\n')
    fourth = check_round([folder])
    assert [each.code for each in fourth.unreadable] == ["bad-configuration"]
    before = stamped(fourth.watched)
    put(folder / "ccl.toml", "[lints]\n")
    assert stamped(fourth.watched) != before


def test_round_over_a_folder_that_loses_its_programs_goes_on(tmp_path: Path) -> None:
    put(tmp_path / "coop" / "a.ccl", "execution { 1 }\n")
    assert check_round([tmp_path / "coop"]).unreadable == ()
    (tmp_path / "coop" / "a.ccl").unlink()
    done = check_round([tmp_path / "coop"])
    assert [each.code for each in done.unreadable] == ["no-programs"]
    before = stamped(done.watched)
    put(tmp_path / "coop" / "b.ccl", "execution { 1 }\n")
    assert stamped(done.watched) != before
