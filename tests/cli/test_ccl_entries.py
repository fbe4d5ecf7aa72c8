"""`ccl run`: entries, their arguments and inputs."""

import json
from pathlib import Path

import pytest
from commands import ROOT, run, source_file
from wrong_arguments import check_example

GUILD = """\
struct Seat { holder: String, shares: Map<String, Integer> }
enum Ballot { Yes, No, Ranked(Array<Integer>) }
fn holder(seat: Seat) -> String { seat.holder }
fn waits(time: Duration) -> Integer { 1 }
fn both(flag: Bool) -> Bool { flag }
fn cast(ballot: Ballot) -> Bool { true }
on "job.completed" { log("done"); }
execution { 42 }
"""


@pytest.fixture
def guild(tmp_path: Path) -> Path:
    return source_file(tmp_path / "guild.ccl", GUILD)


@pytest.mark.parametrize(
    ("entry", "word", "help_"),
    [
        ("waits", "three", "write Duration as digits with s, m, h, d or w, for instance 3d"),
        ("both", "yes", "write Bool as true or false, for instance true"),
        ("cast", "Maybe", "write Ballot as one of Yes, No, Ranked, for instance Yes"),
        ("holder", "Ada", """for instance '{"holder": "text", "shares": {"text": 5}}'"""),
    ],
)
def test_wrong_argument_gets_an_example(entry: str, word: str, help_: str, guild: Path) -> None:
    check_example(guild, entry, word, help_)


@pytest.mark.parametrize("word", ["[" * 50_000, '"' + "a" * 40_000, "9" * 5_000])
def test_huge_argument_gets_a_short_error(word: str, guild: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", guild, "--entry", "holder", word, home=tmp_path)
    assert done.code == 2
    assert len(done.err) < 600


@pytest.mark.parametrize(
    ("entry", "help_"),
    [
        ("execution", "the execution is the entry 'run', which is called without --entry"),
        ("job.completed", "did you mean 'on:job.completed'?"),
        ("job.complete", "did you mean 'on:job.completed'?"),
        ("zzz", "name an existing one; --entry takes both, cast, holder"),
    ],
)
def test_misspelt_entry_gets_a_suggestion(
    entry: str, help_: str, guild: Path, tmp_path: Path
) -> None:
    done = run("ccl", "run", guild, "--entry", entry, home=tmp_path)
    assert done.code == 3
    assert f"help: {help_}" in done.err


def test_charter_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "bylaws.ccl"
    path.write_text('title: "Bylaws";\nspending { limit: 500; }\n', encoding="utf-8")
    done = run("ccl", "run", path, "--entry", "charter", home=tmp_path)
    assert done.code == 0, done.err
    assert 'Charter of bylaws.ccl:\n  title: "Bylaws";\n  spending {\n    limit: 500;\n' in done.out
    done = run("ccl", "run", path, "--entry", "charter", "-o", "json", home=tmp_path)
    assert json.loads(done.out)["charter"] == [
        {"property": "title", "value": "Bylaws"},
        {"section": "spending", "label": None, "entries": [{"property": "limit", "value": 500}]},
    ]


def test_missing_input_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "my count.ccl"
    help_ = f"no input was given; `ccl run '{path}' --input FILE` gives one"
    path.write_text("execution { input_cid() }", encoding="utf-8")
    done = run("ccl", "run", path, home=tmp_path)
    assert done.code == 1
    assert f"help: {help_}" in done.err
    path.write_text("execution { input() }", encoding="utf-8")
    done = run("ccl", "run", path, home=tmp_path)
    assert done.code == 0
    assert f"\nnote: {help_}\n" in done.err


def test_input_that_is_not_read_is_not_missing(tmp_path: Path) -> None:
    path = tmp_path / "count.ccl"
    path.write_text(
        "fn lines() -> Integer { input().length() }"
        ' fn half(n: Integer) -> Integer { require(n > 1, "too small"); n / 2 }'
        " fn count() -> Integer { half(lines()) }"
        " execution { count() }",
        encoding="utf-8",
    )
    done = run("ccl", "run", path, "1", "--entry", "half", home=tmp_path)
    assert done.code == 1
    assert "too small" in done.err
    assert "no input was given" not in done.err
    done = run("ccl", "run", path, home=tmp_path)
    assert done.code == 1
    assert "no input was given" in done.err


def test_input_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "count.ccl"
    path.write_text("execution { input() }", encoding="utf-8")
    (tmp_path / "latin.csv").write_bytes("a;b\ncafé;1\n".encode("latin-1"))
    done = run("ccl", "run", path, "--input", "latin.csv", home=tmp_path, cwd=tmp_path)
    assert done.code == 1
    assert "the input latin.csv is not UTF-8 text: byte 0xe9 at line 2, column 4" in done.err
    assert "iconv -f latin1 -t utf-8" in done.err
    (tmp_path / "wide.csv").write_bytes("a;b\ncafé;1\n".encode("utf-16"))
    done = run("ccl", "run", path, "--input", "wide.csv", home=tmp_path, cwd=tmp_path)
    assert done.code == 1
    assert "the input wide.csv is not UTF-8 text: it is UTF-16 text; convert it" in done.err
    assert "iconv -f utf-16 -t utf-8" in done.err


def test_stdin_is_the_program_or_its_input(tmp_path: Path) -> None:
    done = run("ccl", "run", "-", "--input", "-", home=tmp_path, stdin=b"execution { 1 }")
    assert done.code == 2
    assert "standard input cannot be both the program and its input" in done.err


def test_denial_by_policy_names_the_command_that_sets_it(tmp_path: Path) -> None:
    assert run("meshctl", "policy", "set", "quota", "--limit", "5", home=tmp_path).code == 0
    job = ROOT / "examples" / "job.ccl"
    done = run("ccl", "run", job, home=tmp_path)
    assert done.code == 5
    assert "denied by policy" in done.err
    assert "`meshctl policy show`" in done.err
    assert run("meshctl", "list-jobs", "-q", home=tmp_path).out == ""


def test_suggested_command_works_when_pasted(tmp_path: Path) -> None:
    made = run("ccl", "new", "our coop", home=tmp_path, cwd=tmp_path)
    assert "Next: ccl run 'our coop/our-coop.ccl'\n" in made.err


PROPOSALS = """\
proposal Spend { electorate: [caller()]; voting_period: 7d; execution { log("spent"); } }

contract Coop {
  state members: Array<Did> = [caller()];
  proposal Hidden { electorate: members; voting_period: 7d; execution { log("hidden"); } }
  public {
    proposal Amend { electorate: members; voting_period: 7d; execution { log("amended"); } }
    role Member { requires: size() > 0; }
    fn size() -> Integer { members.length() }
  }
}
"""


@pytest.mark.parametrize("entry", ["execution of Amend", "execution of Spend"])
def test_execution_of_a_proposal_is_no_entry(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "coop.ccl"
    path.write_text(PROPOSALS, encoding="utf-8")
    done = run("ccl", "run", path, "--entry", entry, home=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert f"has no function or handler '{entry}'" in done.err
    public = "Amend_close, Amend_get, Amend_open, Amend_prune, Amend_vote, charter, size"
    assert f"--entry takes {public}\n" in done.err


@pytest.mark.parametrize(
    ("entry", "help_"),
    [
        ("Spend.close", "elsewhere, write a function that calls `Spend.close`; --entry takes"),
        ("Spend::close", "elsewhere, write a function that calls `Spend.close`; --entry takes"),
        ("Coop.Hidden.open", "elsewhere, write a function that calls `Hidden.open`; --entry takes"),
        ("Amend.close", "did you mean 'Amend_close'?"),
    ],
)
def test_function_of_a_proposal_that_is_not_exported_is_explained(
    entry: str, help_: str, tmp_path: Path
) -> None:
    path = tmp_path / "coop.ccl"
    path.write_text(PROPOSALS, encoding="utf-8")
    done = run("ccl", "run", path, "--entry", entry, "1", home=tmp_path)
    assert done.code == 3
    assert help_ in done.err
    assert ("are exported if it is in `public { … }`" in done.err) is (entry != "Amend.close")
