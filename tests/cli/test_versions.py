"""`--version --verbose` and `--color` of all three commands."""

import json
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from commands import ROOT, run

from runtime.sandbox.engine import engine_text
from runtime.terminal import build_facts

COMMANDS = ("cclc", "ccl", "meshctl")
INK = re.compile(r"\x1b\[[0-9;]*m")


def facts_of(command: str, *words: str, home: Path) -> dict[str, str]:
    done = run(command, *words, home=home)
    assert (done.code, done.err) == (0, "")
    head, *lines = done.out.splitlines()
    assert head == f"{command} {metadata.version('icn-ccl')}"
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize("command", COMMANDS)
def test_build_facts_are_those_of_this_installation(command: str, tmp_path: Path) -> None:
    assert facts_of(command, "-V", home=tmp_path) == {}
    found = facts_of(command, "-vV", home=tmp_path)
    assert found == facts_of(command, "--version", "--verbose", home=tmp_path)
    assert found["engine"] == engine_text()
    for library in ("wasmtime", "lark", "msgspec"):
        assert found[library] == metadata.version(library)
    assert ("grammar" in found) == (command != "meshctl")


def test_commit_is_that_of_the_checkout_or_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_facts, "_ROOT", tmp_path)
    assert facts_of("cclc", "-vV", home=tmp_path)["commit"] == "unknown"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    assert facts_of("cclc", "-vV", home=tmp_path)["commit"] == "unknown"
    (tmp_path / "a.ccl").write_text("one")
    subprocess.run([*git, "add", "a.ccl"], check=True)
    subprocess.run([*git, "commit", "-qm", "First"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert facts_of("cclc", "-vV", home=tmp_path)["commit"] == head.stdout.strip()
    (tmp_path / "a.ccl").write_text("two")
    changed = facts_of("cclc", "-vV", home=tmp_path)["commit"]
    assert changed == head.stdout.strip() + " with changes"


def test_commit_of_an_installation_is_the_one_it_was_made_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = {"url": "git+file:///coop", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}
    package = tmp_path / "icn_ccl-1.dist-info"
    package.mkdir()
    (package / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.setattr(build_facts, "_ROOT", tmp_path)
    monkeypatch.setattr(metadata, "distribution", lambda _: metadata.PathDistribution(package))
    assert build_facts._commit() == "c0ffee"


FAILING = (
    ("cclc", "check", "nothing.ccl"),
    ("ccl", "run", "nothing.ccl"),
    ("meshctl", "block", "put", "nothing.car"),
    ("cclc", "chekc"),
    ("meshctl", "job-status", "--nope"),
)


@pytest.mark.parametrize("words", FAILING, ids=" ".join)
def test_color_follows_the_option(words: tuple[str, ...], tmp_path: Path) -> None:
    """The tests have NO_COLOR in their surroundings."""
    command, *others = words
    plain = run(*words, home=tmp_path)
    assert INK.search(plain.err) is None
    for asked in ([command, "--color", "always", *others], [*words, "--color=always"]):
        done = run(*asked, home=tmp_path)
        assert done.code == plain.code
        assert "\x1b[1;31m" in done.err
        assert INK.sub("", done.err) == plain.err
    for asked in (["--color", "never"], ["--color=auto"], ["--color=always", "--color=never"]):
        assert INK.search(run(*words, *asked, home=tmp_path).err) is None
    # a choice ends with its command
    assert INK.search(run(*words, home=tmp_path).err) is None


def test_color_colors_findings_and_results(tmp_path: Path) -> None:
    (tmp_path / "a.ccl").write_text("execution {\n  let x = 3;\n  4\n}\n")
    found = run("cclc", "check", "a.ccl", "--color", "always", home=tmp_path, cwd=tmp_path)
    assert "\x1b[1;33mwarning[CCL0902]\x1b[0m" in found.err
    page = run("cclc", "explain", "CCL0902", "--color", "always", home=tmp_path)
    assert INK.search(page.out)
    machine = ("cclc", "check", "a.ccl", "--format", "json", "--color", "always")
    assert INK.search(run(*machine, home=tmp_path, cwd=tmp_path).out) is None


@pytest.mark.parametrize("command", COMMANDS)
def test_color_that_does_not_exist_is_refused(command: str, tmp_path: Path) -> None:
    done = run(command, "--color", "maybe", "-V", home=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "'maybe' is not one of 'auto', 'always', 'never'" in done.err


def test_color_of_an_argument_is_an_argument(tmp_path: Path) -> None:
    (tmp_path / "a.ccl").write_text("export fn say(what: String) -> String { what }\n")
    words = ("ccl", "run", "a.ccl", "--entry", "say", "--", "--color=always")
    done = run(*words, home=tmp_path, cwd=tmp_path)
    assert done.code == 0, done.err
    assert "--color=always" in done.out
    assert INK.search(done.out + done.err) is None


def test_folder_of_the_facts_is_the_checkout() -> None:
    assert build_facts._ROOT == ROOT
