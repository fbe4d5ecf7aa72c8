"""Results on stdout, and nothing else there: the output of a program is byte for byte its own."""

import json
from pathlib import Path

import pytest
from commands import run, source_file

TABLE = "name,votes\r\nÅsa,3\nBo,\x1b[31m7"
REPORT = """export fn run() -> Integer {
  log("counting");
  match output("name,votes\\r\\nÅsa,3\\nBo,\\u{1b}[31m7") { Ok(_) => 0, Err(_) => 1 }
}
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return source_file(tmp_path / "report.ccl", REPORT)


@pytest.mark.parametrize("options", [(), ("-q",)])
def test_output_is_on_stdout_byte_for_byte(
    report: Path, options: tuple[str, ...], tmp_path: Path
) -> None:
    done = run("ccl", "run", report, *options, home=tmp_path)
    assert (done.code, done.out) == (0, TABLE)
    assert ("Logged  counting" in done.err) == (not options)


def test_output_goes_into_a_file_as_it_is(report: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    done = run("ccl", "run", report, "--output", target, home=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert target.read_bytes() == TABLE.encode()


def test_text_goes_into_a_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "value.ccl"
    path.write_text('export fn run() -> String { "a,b\\n1,2" }\n', encoding="utf-8")
    target = tmp_path / "out.csv"
    done = run("ccl", "run", path, "--output", target, "-o", "json", home=tmp_path)
    assert target.read_bytes() == b"a,b\n1,2"
    assert json.loads(done.out)["written"] == {"path": str(target), "bytes": 7}
    assert run("ccl", "run", path, "--output", "-", home=tmp_path).out == "a,b\n1,2"


def test_file_that_cannot_be_written_is_an_error_in_every_format(
    report: Path, tmp_path: Path
) -> None:
    words = ("ccl", "run", report, "--output", "absent/x")
    for options in ((), ("-o", "json")):
        done = run(*words, *options, home=tmp_path, cwd=tmp_path)
        assert (done.code, "absent" in done.out + done.err) == (2, True)


@pytest.mark.parametrize("option", ["", "--input", "--context"])
def test_run_never_writes_over_its_inputs(option: str, report: Path, tmp_path: Path) -> None:
    target = report
    if option:
        target = tmp_path / "read"
        target.write_text("{}", encoding="utf-8")
    before = target.read_bytes()
    (tmp_path / "link").symlink_to(target)
    words = (option, str(target)) if option else ()
    done = run("ccl", "run", report, *words, "--output", tmp_path / "link", home=tmp_path)
    assert (done.code, "itself" in done.err) == (2, True)
    assert target.read_bytes() == before


def test_unwritable_output_is_reported_before_execution(tmp_path: Path) -> None:
    path = tmp_path / "pay.ccl"
    path.write_text("state paid: Integer = 0;\nexecution { paid += 1; paid }\n", encoding="utf-8")
    for place in ("absent/x", "."):
        done = run("ccl", "run", path, "--output", place, home=tmp_path, cwd=tmp_path)
        assert (done.code, "error[file-unwritable]" in done.err) == (2, True)
    assert run("ccl", "run", path, "-q", home=tmp_path).out == "1\n"
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize("command", [("ccl", "run"), ("meshctl", "results")])
def test_stdout_has_one_use(command: tuple[str, str], report: Path, tmp_path: Path) -> None:
    submit = ("meshctl", "submit-job", "--wasm", "m.wasm", "--resource-amount", "5", "--wait", "-q")
    what = str(report)
    if command[0] == "meshctl":
        run("cclc", "compile", report, "-o", "m.wasm", home=tmp_path, cwd=tmp_path)
        run(*submit, home=tmp_path, cwd=tmp_path)
        what = run("meshctl", "list-jobs", "-q", home=tmp_path).out.strip()
        assert run(*command, what, "--output", "-", home=tmp_path, cwd=tmp_path).out == TABLE
    done = run(*command, what, "--output", "-", "-o", "json", home=tmp_path)
    assert (done.code, json.loads(done.out)["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize(
    ("result", "value", "alone"),
    [
        ("String", '"two\\nlines"', "two\nlines\n"),
        ("Integer", "21000", "21000\n"),
        ("Array<Integer>", "[1, 20000]", "[1, 20000]\n"),
        ("Option<Integer>", "None", "null\n"),
    ],
)
def test_quiet_run_prints_the_value_alone(
    result: str, value: str, alone: str, tmp_path: Path
) -> None:
    path = tmp_path / "value.ccl"
    path.write_text(f"export fn run() -> {result} {{ {value} }}\n", encoding="utf-8")
    done = run("ccl", "run", path, "-q", home=tmp_path)
    assert (done.code, done.out, done.err) == (0, alone, "")


def test_digits_are_not_grouped_off_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "value.ccl"
    path.write_text("export fn run() -> Integer { 1234567 }\n", encoding="utf-8")
    assert run("ccl", "run", path, home=tmp_path).out.endswith("  1234567\n")
