"""The `cclc` command: streams, exit codes, errors with a next step."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from cclccommand import BAD, CCLC, GOOD, Shell

# --- usage ------------------------------------------------------------------------------


def test_help_names_the_commands_and_gives_examples(cclc: Shell) -> None:
    code, out, _ = cclc("--help")
    assert code == 0
    for command in ("compile", "check", "explain", "inspect"):
        assert f"\n  {command} " in out
        code, text, _ = cclc(command, "--help")
        assert code == 0
        assert f"\n    cclc {command} " in text


def test_missing_command_is_a_usage_error(cclc: Shell) -> None:
    code, out, err = cclc()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: cclc")


def test_mistyped_command_gets_a_suggestion(cclc: Shell) -> None:
    code, out, err = cclc("chek", "a.ccl")
    assert (code, out) == (2, "")
    assert "No such command 'chek'. Did you mean 'check'?" in err
    assert "`cclc --help`" in err


@pytest.mark.parametrize("option", [["--format", "json"], ["--format=json"], ["-ojson"]])
def test_machines_get_errors_they_can_read(cclc: Shell, option: list[str]) -> None:
    code, out, err = cclc("check", "absent.ccl", *option)
    assert (code, err) == (3, "")
    assert json.loads(out)["error"] == {
        "code": "file-not-found",
        "message": "there is no file absent.ccl",
        "hint": "check the path; it is relative to the current directory",
        "details": {"path": "absent.ccl"},
    }


def test_version_is_printed(cclc: Shell) -> None:
    assert cclc("--version")[:2] == (0, "cclc 0.1.0\n")


def test_help_is_quick_and_imports_no_engine() -> None:
    """Imports decide how long `--help` takes; the processor's time is only bounded generously."""
    script = (
        "import sys\n"
        "from runtime.terminal.boundary.run import run_app\n"
        "from ccl.cli.cclc import app\n"
        "code = run_app(app, 'cclc', ['--help'])\n"
        "heavy = {'lark', 'wasmtime', 'rich', 'pydantic', 'yaml', 'nacl', 'asyncio'}\n"
        "sys.exit(repr(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else code)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 5


# --- bad input --------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "compile"])
class TestInput:
    def test_missing_file_suggests_a_similar_name(self, cclc: Shell, command: str) -> None:
        Path("bylaws.ccl").touch()
        code, out, err = cclc(command, "bylwas.ccl")
        assert (code, out) == (3, "")
        assert "there is no file bylwas.ccl" in err
        assert "did you mean bylaws.ccl?" in err

    def test_directory_is_not_a_file(self, cclc: Shell, command: str) -> None:
        Path("folder").mkdir()
        code, _, err = cclc(command, "folder")
        if command == "check":
            assert code == 3
            assert "there is no program in the folder folder" in err
            return
        assert code == 2
        assert "folder is a directory; a file with the program is needed" in err

    def test_file_that_is_not_utf8_is_refused(self, cclc: Shell, command: str) -> None:
        Path("latin.ccl").write_bytes('title: 1;\nname: "é'.encode() + b'\xe9"')
        code, _, err = cclc(command, "latin.ccl")
        assert code == 2
        assert "latin.ccl is not UTF-8 text: byte 0xe9 at line 2, column 9" in err
        assert "iconv" in err

    def test_file_over_the_limit_is_refused(self, cclc: Shell, command: str) -> None:
        with Path("big.ccl").open("wb") as file:
            file.truncate(4 * 1024 * 1024 + 1)
        code, _, err = cclc(command, "big.ccl")
        assert code == 2
        assert "larger than 4194304 bytes" in err


def test_memory_error_is_not_an_internal_error(
    cclc: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hungry(_: bytes) -> None:
        raise MemoryError

    Path("a.wasm").touch()
    monkeypatch.setattr("ccl.cli.modules.inspection.inspect_module", hungry)
    code, out, err = cclc("inspect", "a.wasm")
    assert (code, out) == (1, "")
    assert "error[memory-full]: this machine has no memory left for the command" in err


def test_internal_error_has_a_report(cclc: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("tempfile.tempdir", str(Path.cwd()))
    Path("a.wasm").touch()
    monkeypatch.setattr("ccl.cli.modules.inspection.inspect_module", broken)
    code, out, err = cclc("inspect", "a.wasm")
    assert (code, out) == (101, "")
    assert "error[internal]: internal error: ZeroDivisionError: oh" in err
    assert "this is a bug of this tool" in err
    assert "Traceback" not in err
    [report] = Path().glob("ccl-bug-*.txt")
    assert str(report.absolute()) in err
    assert "ZeroDivisionError: oh" in report.read_text()
    monkeypatch.setenv("CCL_DEBUG", "1")
    code, _, err = cclc("inspect", "a.wasm")
    assert code == 101
    assert "Traceback" in err


def test_interrupt_is_exit_code_130(cclc: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: bytes) -> None:
        raise KeyboardInterrupt

    Path("a.wasm").touch()
    monkeypatch.setattr("ccl.cli.modules.inspection.inspect_module", interrupted)
    assert cclc("inspect", "a.wasm") == (130, "", "interrupted\n")


# --- check ------------------------------------------------------------------------------


def test_check_of_a_correct_program_succeeds(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    assert cclc("check", "good.ccl") == (0, "", "Checked good.ccl: no errors\n")
    assert cclc("check", "good.ccl", "--format", "github") == (0, "", "")


def test_check_of_a_wrong_program_fails(cclc: Shell) -> None:
    Path("bad.ccl").write_text(BAD)
    code, out, err = cclc("check", "bad.ccl")
    assert (code, out) == (1, "")
    assert " --> bad.ccl:2:10\n" in err
    assert "Found 1 error; `cclc explain CCL02" in err
    code, out, err = cclc("check", "bad.ccl", "--format", "concise")
    assert (code, out) == (1, "")
    assert err.startswith("bad.ccl:2:10: error[CCL02")


def test_several_files_are_one_report(cclc: Shell) -> None:
    Path("a.ccl").write_text(BAD)
    Path("b.ccl").write_text(BAD)
    Path("c.ccl").write_text(GOOD)
    code, out, err = cclc("check", "a.ccl", "b.ccl", "c.ccl", "--format", "json")
    assert (code, err) == (1, "")
    value = json.loads(out)
    assert value["summary"] == {"errors": 2, "errors_shown": 2, "warnings": 0}
    assert [d["file"] for d in value["diagnostics"]] == ["a.ccl", "b.ccl"]
    code, out, _ = cclc("check", "a.ccl", "b.ccl", "--format", "sarif")
    assert code == 1
    assert len(json.loads(out)["runs"][0]["results"]) == 2


def test_files_that_cannot_be_read_are_all_named_and_the_others_checked(cclc: Shell) -> None:
    Path("b.ccl").write_text(BAD)
    Path("empty").mkdir()
    code, out, err = cclc("check", "absent.ccl", "b.ccl", "empty", "--format", "json")
    assert code == 3
    assert [d["file"] for d in json.loads(out)["diagnostics"]] == ["b.ccl"]
    error = json.loads(out)["error"]
    assert error["code"] == "file-not-found"
    assert [each["code"] for each in error["details"]["others"]] == ["no-programs"]
    assert err == ""
    code, _, err = cclc("check", "absent.ccl", "b.ccl")
    assert code == 3
    assert "b.ccl:2:10" in err
    assert "error[file-not-found]: there is no file absent.ccl" in err


def test_missing_file_stops_all_fixing(cclc: Shell) -> None:
    path = Path("a.ccl")
    path.write_text("staff: 3\n")
    code, _, err = cclc("check", "--fix", "a.ccl", "absent.ccl")
    assert code == 3
    assert "there is no file absent.ccl" in err
    assert path.read_text() == "staff: 3\n"


def test_link_to_itself_is_named(cclc: Shell) -> None:
    Path("loop.ccl").symlink_to("loop.ccl")
    for command in ("check", "compile"):
        code, out, err = cclc(command, "loop.ccl")
        assert (code, out) == (2, "")
        assert "error[file-unreadable]: loop.ccl cannot be read: Too many levels" in err
        assert "points to itself" in err
    Path("good.ccl").write_text(GOOD)
    code, _, err = cclc("compile", "good.ccl", "-o", "loop.ccl")
    assert code == 2
    assert "error[file-unwritable]: loop.ccl cannot be written" in err


def test_output_named_like_a_format_is_refused(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    code, _, err = cclc("compile", "good.ccl", "-o", "json")
    assert code == 2
    assert "--format json" in err
    assert "./json" in err
    assert not Path("json").exists()
    assert cclc("compile", "good.ccl", "-o", "./json")[0] == 0
    assert Path("json").read_bytes()[:4] == b"\0asm"


def test_folder_that_is_missing_is_named(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    code, _, err = cclc("compile", "good.ccl", "-o", "no such/x.wasm")
    assert code == 2
    assert "`mkdir -p 'no such'` makes it" in err


def test_output_in_place_of_a_folder_needs_a_file_name(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    Path("folder").mkdir()
    code, _, err = cclc("compile", "good.ccl", "-o", "folder")
    assert (code, "help: name a file in it" in err) == (2, True)


def test_folder_that_exists_is_not_reported_as_missing(cclc: Shell) -> None:
    Path("good.ccl").write_text(GOOD)
    Path("link").symlink_to("gone/x.wasm")
    code, _, err = cclc("compile", "good.ccl", "-o", "link")
    assert code == 2
    assert "mkdir" not in err


def test_common_ending_is_no_similarity(cclc: Shell) -> None:
    for name in ("bom.csv", "ward.csv", "rules.ccl"):
        Path(name).touch()
    assert "did you mean" not in cclc("check", "nope.csv")[2]
    assert "did you mean ward.csv?" in cclc("check", "wrad.csv")[2]
    assert "did you mean rules.ccl?" in cclc("check", "rules.cc")[2]


def test_another_encoding_gets_a_command_that_works(cclc: Shell) -> None:
    Path("latin.ccl").write_bytes('name: "é";\n'.encode("latin-1"))
    err = cclc("check", "latin.ccl")[2]
    assert "`iconv -f latin1 -t utf-8`" in err
    text = subprocess.run(
        ["iconv", "-f", "latin1", "-t", "utf-8", "latin.ccl"], capture_output=True, check=True
    )
    assert text.stdout.decode() == 'name: "é";\n'


def test_fix_counts_errors_and_warnings_apart(cclc: Shell) -> None:
    path = Path("loose.ccl")
    path.write_text("export fn f(a: Integer, b: Integer) -> Integer { 1 }\nseats: 5\n")
    err = cclc("check", "--fix", "--unsafe-fixes", "loose.ccl")[2]
    assert err.startswith("Fixed 1 error and 2 warnings\n")
    err = cclc("check", "--fix", "loose.ccl")[2]
    assert "Fixed" not in err


def test_fix_reports_remaining_errors(cclc: Shell) -> None:
    Path("loose.ccl").write_text(
        'export fn f() { let x = 1; if x > 0 { let x = 2; } log(c); log("\\(x)"); }\n'
    )
    waits = "not applied: 1 fix, until the more urgent errors are fixed\n"
    assert waits in cclc("check", "--fix", "loose.ccl")[2]
    assert waits in cclc("check", "--fix", "--diff", "loose.ccl")[2]


def test_fix_writes_the_file(cclc: Shell) -> None:
    path = Path("loose.ccl")
    path.write_bytes(b"staff: 3\r\nseats: 5;\r\n")
    path.chmod(0o640)
    code, out, err = cclc("check", "--fix", "loose.ccl")
    assert (code, out) == (0, "")
    assert err.startswith("Fixed 1 error\n")
    assert path.read_bytes() == b"staff: 3;\r\nseats: 5;\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in Path.cwd().iterdir()] == ["loose.ccl"]


def test_fix_leaves_a_correct_file_unchanged(cclc: Shell) -> None:
    path = Path("good.ccl")
    path.write_text(GOOD)
    before = path.stat()
    code, _, err = cclc("check", "--fix", "good.ccl")
    assert (code, err) == (0, "Checked good.ccl: no errors\n")
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_standard_input_is_read() -> None:
    def check(program: bytes) -> tuple[int, str]:
        done = subprocess.run(
            [CCLC, "check", "-", "--format", "concise"],
            input=program,
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stderr.decode()

    code, err = check(BAD.encode())
    assert code == 1
    assert err.startswith("<stdin>:2:10: error[CCL02")
    code, err = check(b"\xff")
    assert code == 2
    assert "standard input is not UTF-8 text" in err


def test_standard_input_is_not_fixed(cclc: Shell) -> None:
    code, _, err = cclc("check", "--fix", "-")
    assert code == 2
    assert "give --fix the name of a file" in err


# --- explain ----------------------------------------------------------------------------


def test_unknown_code_is_refused_with_a_suggestion(cclc: Shell) -> None:
    code, out, err = cclc("explain", "CCL9999")
    assert (code, out) == (3, "")
    assert "there is no diagnostic CCL9999" in err
    assert "`cclc explain` lists all of them" in err
