"""Limits of shown errors: all are counted, some are shown, and each format has both numbers."""

import json
from pathlib import Path

import pytest
from commands import run

COUNT = 130
PROGRAM = "".join(f"a{number}: €;\n" for number in range(COUNT)) + "b: 1;\nB: 2;\n"
LEFT_OUT = f"100 of {COUNT} errors are shown"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "many.ccl").write_text(PROGRAM)
    return tmp_path


def check(folder: Path, *words: str) -> tuple[int, str, str]:
    done = run("cclc", "check", "many.ccl", *words, home=folder, cwd=folder)
    return done.code, done.out, done.err


@pytest.mark.parametrize("form", ["full", "concise"])
def test_text_counts_the_shown_errors(folder: Path, form: str) -> None:
    code, out, err = check(folder, "--format", form)
    assert (code, out) == (1, "")
    assert err.count("error[CCL") == 100
    assert f"{LEFT_OUT}; `cclc check --max-errors 0` shows all\n" in err
    assert f"Found {COUNT} errors" in err


def test_json_has_the_true_count(folder: Path) -> None:
    code, out, _ = check(folder, "--format", "json")
    answer = json.loads(out)
    assert code == 1
    assert answer["summary"]["errors"] == COUNT
    assert answer["summary"]["errors_shown"] == len(answer["diagnostics"]) == 100
    assert f"the source has {COUNT} errors" in answer["error"]["message"]


def test_sarif_notes_omitted_errors(folder: Path) -> None:
    (log,) = json.loads(check(folder, "--format", "sarif")[1])["runs"]
    assert len(log["results"]) == 100
    assert log["properties"] == {"errors": COUNT, "errorsShown": 100}
    (note,) = log["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == LEFT_OUT


def test_github_notes_omitted_errors(folder: Path) -> None:
    *errors, note = check(folder, "--format", "github")[1].splitlines()
    assert len(errors) == 100
    assert note == f"::notice::{LEFT_OUT}"


@pytest.mark.parametrize(("given", "shown"), [("1", 1), ("129", 129), ("130", 130), ("0", 130)])
@pytest.mark.parametrize("command", ["check", "compile"])
def test_limit_is_an_option(folder: Path, command: str, given: str, shown: int) -> None:
    words = ("cclc", command, "many.ccl", "--max-errors", given)
    done = run(*words, home=folder, cwd=folder)
    assert done.code == 1
    assert done.err.count("error[CCL") == shown
    assert (f" of {COUNT} errors " in done.err) == (shown < COUNT)
    assert f"Found {COUNT} errors" in done.err


def test_limit_is_of_the_whole_report(folder: Path) -> None:
    (folder / "more.ccl").write_text(PROGRAM)
    done = run("cclc", "check", ".", "--format", "concise", home=folder, cwd=folder)
    assert done.err.count("error[CCL") == 100
    assert f"100 of {2 * COUNT} errors are shown" in done.err
