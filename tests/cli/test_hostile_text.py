"""Escaping of foreign text: it controls no terminal, reorders no line and forges none, in any
command."""

import itertools
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
import wasmtime
from commandlines import LINES, commands_of
from commands import Done, run

FORGED = "FORGED line"
HOSTILE = (
    f"\x1b[31mred\x1b]0;title\x07\n{FORGED}\r\x9b2J\x7f\u202eevil"
    "\u2066\u200f\u061c\u2028\u0085\ufeff\U000e0041"
)
REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
FORMATS = ((), ("-o", "json"), ("-o", "jsonl"), ("-o", "yaml"))


def is_harmful(char: str) -> bool:
    """Classifies by Unicode's own categories, but for the line breaks and tabs that we write."""
    if char in "\n\t":
        return False
    return char in REORDERING or unicodedata.category(char) in {"Cc", "Zl", "Zp", "Cs"}


def check_said(done: Done, what: object) -> None:
    for text in (done.out, done.err):
        found = sorted({f"U+{ord(char):04X}" for char in text if is_harmful(char)})
        assert not found, (what, found, text)
        assert not any(line.startswith(FORGED) for line in text.split("\n")), (what, text)


def attempts(options: list[str]) -> Iterator[list[str]]:
    """Lists arguments with the text in each place that takes one."""
    yield from ([HOSTILE] * count for count in range(1, 4))
    for option in options:
        yield [option, HOSTILE]
        yield [option, HOSTILE, "absent.ccl"]
    yield ["--" + HOSTILE]


@pytest.mark.parametrize(
    ("name", "words"),
    [(name, words) for name, line in LINES.items() for words, _ in commands_of(line)],
)
def test_arguments_are_escaped_in_every_command(name: str, words: str, tmp_path: Path) -> None:
    command = next(found for each, found in commands_of(LINES[name]) if each == words)
    with_value = [each.opts[0] for each in command.params if not getattr(each, "is_flag", True)]
    for given in attempts([each for each in with_value if each.startswith("-")]):
        for form in ((), ("-o", "json")):
            if form and "--format" not in {o for each in command.params for o in each.opts}:
                continue
            done = run(name, *words.split(), *given, *form, home=tmp_path, cwd=tmp_path)
            check_said(done, (name, words, given, form))


MODULE = wasmtime.wat2wasm(
    r"""
    (module $evil
      (import "icn_host" "host_log_message" (func $log (param i32 i32)))
      (memory (export "memory") 1)
      (export "\1b[31mexport\0aFORGED line\e2\80\ae" (func $run))
      (data (i32.const 0) "\1b[31mlog\0aFORGED line\0d\e2\80\ae\c2\9b")
      (func $run (export "run") (result i64)
        (call $log (i32.const 0) (i32.const 25))
        (i64.load (i32.const 70000))))
    """
)
PROGRAM = r"""contract Reg {
  state said: Array<String> = [];
  export fn run() -> String {
    let text = "\u{1b}[31mred\u{7}\nFORGED line\r\u{202e}\u{9b}";
    log(text);
    said.push(text);
    emit "\u{1b}[31mevent\nFORGED line\u{202e}" { said: text };
    text
  }
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mesh in which much has a hostile name; `evil…ccl`, `evil.wasm` and a proof beside it."""
    home = tmp_path_factory.mktemp("hostile")
    (home / "evil.wasm").write_bytes(bytes(MODULE))
    (home / f"evil{HOSTILE.replace('/', '')}.ccl").write_text(PROGRAM, encoding="utf-8")
    (home / "evil.ccl").write_text(PROGRAM, encoding="utf-8")
    submit = ("submit-job", "--wasm", "evil.wasm", "--resource-amount", "100")
    run("meshctl", *submit, "--description", HOSTILE, "--wait", home=home, cwd=home)
    run("meshctl", *submit, "--description", HOSTILE, home=home, cwd=home)
    jobs = run("meshctl", "list-jobs", "-q", home=home, cwd=home).out.split()
    assert len(jobs) == 2
    program = run("ccl", "run", "evil.ccl", home=home, cwd=home)
    assert (program.code, "\\u001b[31mred" in program.out) == (0, True), program
    for job in jobs:
        run("meshctl", "receipt", job, "--output", f"{job}.car", home=home, cwd=home)
    return home


def test_text_of_programs_and_modules_is_escaped(folder: Path) -> None:
    jobs = run("meshctl", "list-jobs", "-q", home=folder, cwd=folder).out.split()
    evil = next(each.name for each in folder.glob("evil*.ccl") if each.name != "evil.ccl")
    commands = [
        *(("meshctl", each) for each in ("list-jobs", "list-nodes", "state", "doctor")),
        *(
            ("meshctl", each, job)
            for each in ("job-status", "get-bids", "logs", "results", "receipt", "verify")
            for job in jobs
        ),
        ("meshctl", "cancel-job", jobs[0], "--reason", HOSTILE),
        *(("meshctl", "verify", str(each)) for each in sorted(folder.glob("*.car"))),
        ("cclc", "inspect", "evil.wasm"),
        *(
            (*command, file)
            for command in (("ccl", "run"), ("ccl", "test"), ("ccl", "charter"))
            for file in ("evil.ccl", evil)
        ),
        *(("cclc", each, evil) for each in ("check", "fmt", "bounds", "compile")),
    ]
    for command, form in itertools.product(commands, FORMATS):
        done = run(*command, *form, home=folder, cwd=folder)
        check_said(done, (command, form))


@pytest.mark.parametrize("form", ["full", "concise", "json", "sarif", "github"])
def test_diagnostics_are_escaped_in_every_format(form: str, folder: Path) -> None:
    bad = folder / "bad.ccl"
    bad.write_text(f'execution {{ let x = "{HOSTILE}"; nope }}', encoding="utf-8")
    for file in (bad, folder / f"absent{HOSTILE}.ccl"):
        check_said(run("cclc", "check", file, "--format", form, home=folder, cwd=folder), form)


def test_effects_of_a_program_are_escaped(folder: Path) -> None:
    done = run("ccl", "run", "evil.ccl", home=folder, cwd=folder)
    said = "\\u001b[31mred\\u0007\\nFORGED line\\r\\u202e"
    assert f"Logged  {said}" in done.err
    assert "Event      \\u001b[31mevent\\nFORGED line\\u202e" in done.err
