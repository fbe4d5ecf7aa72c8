"""`cclc fmt`: output, answers and errors."""

from pathlib import Path

import pytest
from commands import run

UNTIDY = "fn f( ) {1}  // one\n"
TIDY = "fn f() { 1 } // one\n"
FAULTY = "fn f( {\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "untidy.ccl").write_text(UNTIDY, encoding="utf-8")
    (tmp_path / "tidy.ccl").write_text(TIDY, encoding="utf-8")
    (tmp_path / "faulty.ccl").write_text(FAULTY, encoding="utf-8")
    return tmp_path


def test_files_are_formatted_in_place(folder: Path) -> None:
    done = run("cclc", "fmt", "untidy.ccl", "tidy.ccl", home=folder, cwd=folder)
    assert (done.code, done.out) == (0, "")
    assert done.err == "Formatted untidy.ccl\n1 file formatted, 1 file already formatted\n"
    assert (folder / "untidy.ccl").read_text(encoding="utf-8") == TIDY
    again = run("cclc", "fmt", "untidy.ccl", home=folder, cwd=folder)
    assert (again.code, again.out, again.err) == (0, "", "")


def test_file_with_syntax_errors_is_left_and_others_are_formatted(folder: Path) -> None:
    done = run("cclc", "fmt", "faulty.ccl", "untidy.ccl", home=folder, cwd=folder)
    assert (done.code, done.out) == (1, "")
    assert "error[CCL0113]" in done.err
    assert "--> faulty.ccl:1:6" in done.err
    assert done.err.endswith("1 file formatted, 1 file with errors left alone\n")
    assert (folder / "faulty.ccl").read_text(encoding="utf-8") == FAULTY
    assert (folder / "untidy.ccl").read_text(encoding="utf-8") == TIDY


def test_check_reports_without_writing(folder: Path) -> None:
    done = run("cclc", "fmt", "--check", "untidy.ccl", "tidy.ccl", home=folder, cwd=folder)
    assert (done.code, done.out) == (1, "")
    assert "Would format untidy.ccl\n" in done.err
    assert (folder / "untidy.ccl").read_text(encoding="utf-8") == UNTIDY
    assert run("cclc", "fmt", "--check", "tidy.ccl", home=folder, cwd=folder).code == 0


def test_diff_shows_what_would_change(folder: Path) -> None:
    done = run("cclc", "fmt", "--diff", "untidy.ccl", home=folder, cwd=folder)
    assert done.code == 1
    assert done.out == (
        "--- untidy.ccl\n+++ untidy.ccl\n@@ -1 +1 @@\n-fn f( ) {1}  // one\n+fn f() { 1 } // one\n"
    )
    assert (folder / "untidy.ccl").read_text(encoding="utf-8") == UNTIDY
    none = run("cclc", "fmt", "--diff", "tidy.ccl", home=folder, cwd=folder)
    assert (none.code, none.out) == (0, "")


def test_standard_input_goes_to_standard_output(folder: Path) -> None:
    done = run("cclc", "fmt", "-", home=folder, stdin=UNTIDY.encode())
    assert (done.code, done.out, done.err) == (0, TIDY, "")
    faulty = run("cclc", "fmt", "-", home=folder, stdin=FAULTY.encode())
    assert (faulty.code, faulty.out) == (1, "")
    assert "--> <stdin>:1:6" in faulty.err


def test_machine_format_reports_findings(folder: Path) -> None:
    done = run("cclc", "fmt", "--format", "json", "faulty.ccl", home=folder, cwd=folder)
    assert done.code == 1
    assert '"CCL0113"' in done.out


def test_wrong_name_changes_nothing(folder: Path) -> None:
    done = run("cclc", "fmt", "untidy.ccl", "absent.ccl", home=folder, cwd=folder)
    assert (done.code, done.out) == (3, "")
    assert "there is no file absent.ccl" in done.err
    assert (folder / "untidy.ccl").read_text(encoding="utf-8") == UNTIDY


@pytest.mark.parametrize("laid", ["a: 2;\n", "a: 1;\nfn f( {\n", "a: 1;\n", ""])
def test_layout_that_changes_the_program_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid: str
) -> None:
    """A layout with a fault in it: nothing is written, and the item is named."""
    text = "a:  1; // kept\n"
    (tmp_path / "a.ccl").write_text(text, encoding="utf-8")
    monkeypatch.setattr("ccl.formatter.format.layout", lambda _: laid)
    done = run("cclc", "fmt", "a.ccl", home=tmp_path, cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "error[layout-changes-program]: a.ccl:1: " in done.err
    assert (tmp_path / "a.ccl").read_text(encoding="utf-8") == text
