"""Mistaken commands and options: each error suggests the right one."""

import json
import os
from pathlib import Path

import pytest
from commandlines import LINES, commands_of
from commands import Done, run
from typer.main import get_group

from ccl.cli.ccl import app as ccl_app
from ccl.cli.cclc import app as cclc_app
from mesh.cli import app as mesh_app
from runtime.terminal.boundary.suggestions import COMMANDS, OPTIONS, SYNONYMS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "x.ccl").write_text("execution { 1 }\n")
    return folder


def call(folder: Path, *words: str) -> Done:
    return run(*words, home=folder.parent, cwd=folder)


def test_table_of_commands_is_that_of_the_programs() -> None:
    assert set(COMMANDS["ccl"]) == set(get_group(ccl_app).commands)
    assert set(COMMANDS["cclc"]) == set(get_group(cclc_app).commands)
    assert set(COMMANDS["meshctl"]) == set(mesh_app.COMMANDS)


def test_commands_of_synonyms_exist() -> None:
    known = {words for line in LINES.values() for words, _ in commands_of(line)}
    assert set(SYNONYMS.values()) - known == set()


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("ccl", "check", "x.ccl"), "`cclc check`"),
        (("ccl", "fmt"), "`cclc fmt`"),
        (("cclc", "run", "x.ccl"), "`ccl run`"),
        (("meshctl", "test"), "`ccl test`"),
        (("ccl", "submit-job"), "`meshctl submit-job`"),
        (("ccl", "x.ccl"), "`ccl run x.ccl`"),
        (("meshctl", "ls"), "did you mean `meshctl list-jobs`?"),
        (("meshctl", "balance"), "did you mean `meshctl tokens balance`?"),
        (("ccl", "balance"), "another program: `meshctl tokens balance`"),
        (("meshctl", "version"), "`meshctl --version`"),
        (("ccl", "help"), "`ccl --help`"),
        (("cclc", "help"), "`cclc --help`"),
        (("ccl", "run", "x.ccl", "--watch"), "`cclc check --watch`"),
        (("ccl", "test", "--fix"), "`cclc check --fix`"),
        (("cclc", "check", "x.ccl", "--input", "x"), "`ccl run --input`"),
        (("ccl", "run", "x.ccl", "--wat"), "`ccl run --help`"),
        (("ccl", "run", "x.ccl", "--input"), "`ccl run --help`"),
        (("cclc", "check", "--max-errors"), "`cclc check --help`"),
        (("meshctl", "submit-job", "--wasm"), "`meshctl submit-job --help`"),
        (("ccl", "--color"), "`ccl --help`"),
    ],
)
def test_mistaken_command_or_option_gets_a_suggestion(
    folder: Path, words: tuple[str, ...], meant: str
) -> None:
    done = call(folder, *words)
    assert (done.code, done.out) == (2, "")
    assert meant in done.err


def test_table_of_options_is_that_of_the_programs(tmp_path: Path) -> None:
    for option, having in OPTIONS.items():
        program, command = having.split()
        done = call(tmp_path, program, command, "--help")
        assert f"{option} " in done.out


def test_command_that_new_prints_works(folder: Path) -> None:
    made = call(folder, "ccl", "new", "--", "-x")
    assert made.code == 0
    (line,) = [each for each in made.err.splitlines() if each.startswith("Next: ")]
    done = call(folder, *line.removeprefix("Next: ").split())
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("abc", "expected a whole number"),
        ("1.5", "expected a whole number"),
        ("0", "0 is not from 1 to 9223372036854775807"),
    ],
)
def test_malformed_number_is_refused_in_words(folder: Path, value: str, said: str) -> None:
    done = call(folder, "ccl", "run", "x.ccl", "--fuel", value)
    assert done.code == 2
    assert done.err.startswith(f"error[usage]: Invalid value for '--fuel': {said}\n")
    assert "int range" not in call(folder, "ccl", "run", "--help").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a value, found nothing: it is empty"),
        ("{", "expected a key in double quotes at line 1, column 2, found the end"),
        ('{"a":}', "expected a value at line 1, column 6, found `}`"),
        ("{'a': 1}", "expected a key in double quotes at line 1, column 2, found `'`"),
        ('{"a"\n 1}', "expected `:` behind the key at line 2, column 2, found `1`"),
        ('{"a": 1} 2', "expected the end of the file at line 1, column 10, found `2`"),
        ('{"a": "x', 'expected a closing quote for the text at line 1, column 7, found `"`'),
    ],
)
def test_malformed_context_is_refused_in_words(folder: Path, text: str, said: str) -> None:
    (folder / "c.json").write_text(text)
    done = call(folder, "ccl", "run", "x.ccl", "--context", "c.json")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error[bad-context]: c.json is not a context: {said}\n")


def test_lines_that_end_with_cr_alone_are_named(folder: Path) -> None:
    (folder / "old.ccl").write_bytes(b"// one line\rexecution { 1 }\r")
    done = call(folder, "cclc", "check", "old.ccl")
    assert done.code == 2
    assert done.err.startswith("error[old-line-ends]: old.ccl ends its lines with CR alone")


def test_file_that_does_not_compile_is_named_without_tests(folder: Path) -> None:
    (folder / "a.ccl").write_text("test fn holds() { assert(true); }\n")
    assert call(folder, "ccl", "test", ".").code == 0
    (folder / "b.ccl").write_text("execution { missing }\n")
    done = call(folder, "ccl", "test", ".")
    assert done.code == 1
    assert "b.ccl  does not compile" in done.err + done.out


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_configuration_that_is_not_a_file_is_named(folder: Path, kind: str) -> None:
    if kind == "folder":
        (folder / "ccl.toml").mkdir()
    else:
        (folder / "ccl.toml").symlink_to("nowhere")
    done = call(folder, "cclc", "check", "x.ccl")
    assert done.code == 2
    assert done.err.startswith("error[bad-configuration]: ")
    assert "ccl.toml: cannot be read: " in done.err


@pytest.mark.parametrize("written", ["ccl0902", "902", "0902", "CCL-0902"])
def test_code_in_another_spelling_is_suggested(folder: Path, written: str) -> None:
    (folder / "x.ccl").write_text(f"// ccl: allow {written}\nexecution {{ 1 }}\n")
    assert "CCL0902" in call(folder, "cclc", "check", "x.ccl").err
    (folder / "ccl.toml").write_text(f'[lints]\n"{written}" = "allow"\n')
    assert "did you mean `CCL0902`?" in call(folder, "cclc", "check", "x.ccl").err


def test_code_of_an_error_cannot_be_allowed_in_any_spelling(folder: Path) -> None:
    (folder / "ccl.toml").write_text('[lints]\n"ccl401" = "allow"\n')
    done = call(folder, "cclc", "check", "x.ccl")
    assert "`CCL0401` is an error, and only warnings can be allowed" in done.err


def test_file_given_to_an_entry_without_parameters_is_its_input(folder: Path) -> None:
    (folder / "harvest.csv").write_text("a,1\n")
    done = call(folder, "ccl", "run", "x.ccl", "harvest.csv")
    assert done.code == 2
    assert "--input harvest.csv" in done.err
    assert "--input" not in call(folder, "ccl", "run", "x.ccl", "absent.csv").err


def test_missing_record_is_named(folder: Path) -> None:
    (folder / "m.ccl").write_text('execution {\n  log("\\(member.age)");\n}\n')
    done = call(folder, "ccl", "run", "m.ccl")
    assert done.code == 1
    assert "the program reads the record `member`, which the context lacks" in done.err
    (folder / "c.json").write_text('{"member": {"age": 40}}')
    given = call(folder, "ccl", "run", "m.ccl", "--context", "c.json")
    assert given.code == 0, given.err


@pytest.mark.parametrize("program", ["ccl", "cclc", "meshctl"])
def test_verbose_alone_shows_the_version(folder: Path, program: str) -> None:
    done = call(folder, program, "-v")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{program} ")


def test_name_that_is_not_utf8_is_reported_in_a_folder(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.ccl")).write_text("execution { 1 }\n")
    done = call(folder, "cclc", "check", "-o", "json", ".")
    assert done.code == 2
    answer = json.loads(done.out)
    done.out.encode("utf-8")
    assert answer["error"]["code"] == "not-utf8"
    assert "caf\\xe9.ccl" in answer["error"]["message"]


def test_number_below_its_least_is_refused_in_words(folder: Path) -> None:
    done = call(folder, "ccl", "run", "x.ccl", "--max-spend", "-1")
    assert done.code == 2
    assert done.err.startswith("error[usage]: Invalid value for '--max-spend': -1 is less than 0\n")


def test_negative_argument_is_named_whole(folder: Path) -> None:
    done = call(folder, "meshctl", "tokens", "allocate", "care", "-500")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error[usage]: No such option: -500\n")
    assert "`meshctl tokens allocate … -- -500`" in done.err
