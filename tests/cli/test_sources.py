"""`cclc` over folders, previews of its fixes, and denied warnings."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from commands import Done, run

WARNED = "execution {\n  let x = 3;\n  4\n}\n"
FIXABLE = "execution {\n  let total = 1;\n  if true { let total = 2; }\n  total\n}\n"
CLEAN = "execution {\n  1\n}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "coop"
    folder.mkdir()
    return folder


def cclc(folder: Path, *words: str) -> Done:
    return run("cclc", *words, home=folder.parent, cwd=folder)


def write(folder: Path, *names: str, text: str = CLEAN) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


# --- folders -----------------------------------------------------------------------------


def test_folder_means_the_programs_below_it(folder: Path) -> None:
    write(folder, "b.ccl", "a.ccl", "sub/c.ccl", "sub/deep/d.ccl", text=WARNED)
    write(folder, ".hidden/x.ccl", ".y.ccl", "notes.txt", "sub/e.ccl.bak", text="not a program")
    done = cclc(folder, "check", ".", "--format", "concise")
    assert [line.split(":")[0] for line in done.err.splitlines() if "warning[" in line] == [
        "a.ccl",
        "b.ccl",
        "sub/c.ccl",
        "sub/deep/d.ccl",
    ]
    assert done.code == 0
    other = cclc(folder, "check", "sub", "b.ccl", "./sub/c.ccl", "--format", "json")
    files = [each["file"] for each in json.loads(other.out)["diagnostics"]]
    assert files == ["sub/c.ccl", "sub/deep/d.ccl", "b.ccl"]


def test_links_do_not_lead_out_of_a_folder(folder: Path) -> None:
    outside = folder.parent / "elsewhere"
    write(outside, "secret.ccl", text=WARNED.replace("  ", "      "))
    write(folder, "a.ccl", "sub/b.ccl", text=CLEAN.replace("  ", "      "))
    (folder / "sub" / "up").symlink_to("..")
    (folder / "sub" / "self").symlink_to("self")
    (folder / "out").symlink_to(outside)
    (folder / "out.ccl").symlink_to(outside / "secret.ccl")
    (folder / "also.ccl").symlink_to("sub/b.ccl")
    os.mkfifo(folder / "pipe.ccl")
    before = (outside / "secret.ccl").read_text()
    done = cclc(folder, "fmt", ".")
    assert (done.code, done.out) == (0, "")
    assert (folder / "a.ccl").read_text() == (folder / "sub" / "b.ccl").read_text() == CLEAN
    assert (outside / "secret.ccl").read_text() == before
    assert (folder / "also.ccl").is_symlink()
    assert "2 files formatted" in done.err


def test_link_to_nothing_in_a_folder_is_named(folder: Path) -> None:
    write(folder, "a.ccl")
    (folder / "gone.ccl").symlink_to("v7.ccl")
    done = cclc(folder, "check", ".")
    assert done.code == 3
    assert "error[dangling-link]: the link gone.ccl points to v7.ccl" in done.err


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_folder_without_programs_is_named(folder: Path, command: str) -> None:
    write(folder, "full/a.ccl", "empty/notes.txt", "empty/.git/x.ccl")
    done = cclc(folder, command, "empty")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error[no-programs]: there is no program in the folder empty\n")
    done = cclc(folder, command, "full", "empty")
    assert done.code == 3
    assert "error[no-programs]" in done.err


def test_tests_of_a_folder_are_found_the_same_way(folder: Path) -> None:
    write(folder, "a.ccl", "sub/b.ccl", ".x/c.ccl", text="test fn holds() { assert(true); }\n")
    (folder / "sub" / "up").symlink_to("..")
    done = run("ccl", "test", ".", "-o", "json", home=folder.parent, cwd=folder)
    assert done.code == 0, done.err
    assert [each["path"] for each in json.loads(done.out)["files"]] == ["a.ccl", "sub/b.ccl"]


# --- fixes that are only shown -----------------------------------------------------------


def test_diff_shows_the_changes_of_fix(folder: Path) -> None:
    write(folder, "a.ccl", "sub/b.ccl", text=FIXABLE)
    write(folder, "c.ccl")
    shown = cclc(folder, "check", "--fix", "--diff", ".")
    assert shown.code == 1
    assert shown.err == "Would fix 2 warnings\n"
    assert (folder / "a.ccl").read_text() == FIXABLE
    made = cclc(folder, "check", "--fix", ".")
    assert made.code == 0
    fixed = {name: (folder / name).read_text() for name in ("a.ccl", "sub/b.ccl", "c.ccl")}
    assert fixed["a.ccl"] == fixed["sub/b.ccl"] != FIXABLE
    write(folder, "a.ccl", "sub/b.ccl", text=FIXABLE)
    subprocess.run(["patch", "-p0"], input=shown.out, text=True, cwd=folder, check=True)
    assert {name: (folder / name).read_text() for name in fixed} == fixed
    again = cclc(folder, "check", "--fix", "--diff", ".")
    assert (again.code, again.out, again.err) == (0, "", "Nothing to fix\n")


def test_diff_counts_remaining_errors(folder: Path) -> None:
    write(folder, "a.ccl", text="execution { missing }\n")
    done = cclc(folder, "check", "--fix", "--diff", "a.ccl")
    assert (done.code, done.out) == (1, "")
    assert done.err == "Nothing to fix; 1 error would be left\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--diff",),
        ("--diff", "--fix", "--format", "json"),
        ("--watch", "--deny-warnings"),
        ("--watch", "--fix"),
    ],
)
def test_contradicting_options_are_refused(folder: Path, words: tuple[str, ...]) -> None:
    write(folder, "a.ccl", text=FIXABLE)
    done = cclc(folder, "check", "a.ccl", *words)
    assert done.code == 2
    if "json" in words:
        assert json.loads(done.out)["error"]["code"] == "usage"
    else:
        assert done.out == ""
        assert done.err.startswith("error[usage]: ")
    assert (folder / "a.ccl").read_text() == FIXABLE


# --- warnings ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "compile"])
def test_denied_warnings_are_an_error(folder: Path, command: str) -> None:
    write(folder, "a.ccl", text=WARNED)
    assert cclc(folder, command, "a.ccl").code == 0
    (folder / "a.wasm").unlink(missing_ok=True)
    done = cclc(folder, command, "a.ccl", "--deny-warnings")
    assert (done.code, done.out) == (1, "")
    assert "warning[CCL0902]" in done.err
    assert "error[warnings-denied]: 1 warning is left, and --deny-warnings was given" in done.err
    assert "`// ccl: allow CCL0902`" in done.err
    assert not (folder / "a.wasm").exists()
    write(folder, "a.ccl", text=WARNED.replace("3;", "3; // ccl: allow CCL0902"))
    assert cclc(folder, command, "a.ccl", "--deny-warnings").code == 0


def test_denied_warnings_fail_for_programs_too(folder: Path) -> None:
    write(folder, "a.ccl", text=WARNED)
    done = cclc(folder, "check", "a.ccl", "--deny-warnings", "--format", "json")
    assert done.code == 1
    assert json.loads(done.out)["summary"] == {"errors": 0, "errors_shown": 0, "warnings": 1}
    assert json.loads(done.out)["error"]["code"] == "warnings-denied"


def test_fixed_warnings_are_not_left(folder: Path) -> None:
    write(folder, "a.ccl", text=FIXABLE)
    assert cclc(folder, "check", "a.ccl", "--deny-warnings").code == 1
    assert cclc(folder, "check", "a.ccl", "--deny-warnings", "--fix").code == 0


def test_level_of_the_project_shows_in_every_format(folder: Path) -> None:
    write(folder, "a.ccl", text=WARNED)
    write(folder, "ccl.toml", text='[lints]\nCCL0902 = "deny"\n')
    for form, mark in (
        ("full", "error[CCL0902]"),
        ("concise", "a.ccl:2:7: error[CCL0902]"),
        ("json", '"severity": "error"'),
        ("sarif", '"level": "error"'),
        ("github", "::error file=a.ccl"),
    ):
        done = cclc(folder, "check", "a.ccl", "--format", form)
        assert done.code == 1
        assert mark in done.out + done.err
    assert "the project's `ccl.toml` makes this an error" in cclc(folder, "check", "a.ccl").err


def test_configuration_of_another_user_is_ignored_with_a_note(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, "a.ccl", "b.ccl", text=WARNED)
    write(folder, "ccl.toml", text='[lints]\nCCL0902 = "deny"\n')
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    remark = f"note: {folder / 'ccl.toml'} is ignored: it belongs to another user\n"
    for words in (("check", "."), ("compile", "a.ccl")):
        done = cclc(folder, *words)
        assert done.code == 0
        assert done.err.count(remark) == 1
    machine = cclc(folder, "check", "a.ccl", "--format", "json")
    assert (machine.code, machine.err) == (0, "")


def test_invalid_configuration_prevents_fixes(folder: Path) -> None:
    write(folder, "a.ccl", "sub/b.ccl", text=FIXABLE)
    write(folder, "sub/ccl.toml", text="[lint]\n")
    done = cclc(folder, "check", "--fix", ".")
    assert done.code == 2
    assert (folder / "a.ccl").read_text() == FIXABLE


def test_denied_warnings_fail_beside_a_diff(folder: Path) -> None:
    write(folder, "a.ccl", text="export fn f(a: Array<Integer>) -> Bool { a.length() >= 0 }\n")
    done = cclc(folder, "check", "--fix", "--diff", "--deny-warnings", "a.ccl")
    assert (done.code, done.out) == (1, "")
    assert "error[warnings-denied]" in done.err


COMMANDS = (
    ("cclc", "check"),
    ("cclc", "compile"),
    ("cclc", "compile", "--emit", "abi"),
    ("cclc", "bounds"),
    ("ccl", "run"),
    ("ccl", "charter"),
    ("ccl", "test"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_invalid_configuration_is_named_everywhere(words: tuple[str, ...], folder: Path) -> None:
    write(folder, "a.ccl", text=CLEAN + "test fn holds() { assert(true); }\n")
    write(folder, "ccl.toml", text='[lints]\nCCL0902 = "denied"\n')
    done = run(*words, "a.ccl", home=folder.parent, cwd=folder)
    assert (done.code, done.out) == (2, "")
    place = f"{folder / 'ccl.toml'}:2: `CCL0902` has no level 'denied'"
    assert f"error[bad-configuration]: {place}" in done.err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_folder_is_allowed_by_every_command_that_compiles(
    words: tuple[str, ...], folder: Path
) -> None:
    shared = folder.parent / "shared"
    write(shared, "rules.ccl", text="const LIMIT = 500;\nfn limit() -> Integer { LIMIT }\n")
    text = 'import "../shared/rules.ccl" as rules;\ntitle: "A";\nexecution { rules.limit() }\n'
    write(folder, "a.ccl", text=text + "test fn holds() { assert_eq(rules.limit(), 500); }\n")
    refused = run(*words, "a.ccl", home=folder.parent, cwd=folder)
    assert refused.code == 1
    assert "error[CCL0229]" in refused.err
    assert f"note: it leads to {shared / 'rules.ccl'} " in " ".join(refused.err.split())
    allowed = run(*words, "a.ccl", "--allow-path", "../shared", home=folder.parent, cwd=folder)
    assert allowed.code == 0, allowed.err
    missing = run(*words, "a.ccl", "--allow-path", "../shard", home=folder.parent, cwd=folder)
    assert missing.code == 2
    assert "error[not-a-folder]: --allow-path ../shard: does not exist" in missing.err
