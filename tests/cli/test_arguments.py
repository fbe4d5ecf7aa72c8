"""Arguments of an entry: malformed DIDs, CIDs and durations are refused before anything runs."""

import json
from pathlib import Path

import pytest
from commands import Done, run, source_file
from wrong_arguments import check_example

DID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
PROGRAM = """\
enum Seat { Empty, Held(Did) }

struct Board { chair: Did, others: Array<Option<Did>>, seat: Seat, papers: Map<String, Cid> }

export fn chair(board: Board) -> Did { board.chair }

export fn member(who: Did) -> Did { who }

export fn paper(which: Cid) -> Cid { which }

export fn wait(long: Duration) -> Duration { long }

export fn first(of: Array<Integer>) -> Option<Integer> {
  if of.length() == 0 { None } else { Some(of[0]) }
}

export fn nothing() { log("done"); }
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return source_file(tmp_path / "board.ccl", PROGRAM)


@pytest.mark.parametrize(
    ("entry", "word", "said"),
    [
        ("member", "did:key", "argument 'who' of 'member': expected Did, found 'did:key': a DID"),
        ("member", "Ada", "argument 'who' of 'member': expected Did, found 'Ada': a DID starts"),
        ("paper", "bafy", "argument 'which' of 'paper': expected Cid, found 'bafy': "),
        ("wait", "3 days", "argument 'long' of 'wait': expected Duration, found '3 days'"),
    ],
)
def test_malformed_argument_is_refused_with_an_example_that_works(
    entry: str, word: str, said: str, program: Path
) -> None:
    check_example(program, entry, word, said)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"chair": "Ada"}, "at chair"),
        ({"others": [None, DID, "Ben"]}, "at others[2]"),
        ({"seat": {"Held": "Cyd"}}, "at seat.Held"),
        ({"papers": {"bylaws": "bafy"}}, "at papers['bylaws']"),
    ],
)
def test_malformed_part_of_an_argument_is_refused_with_its_place(
    changed: dict[str, object], place: str, program: Path, tmp_path: Path
) -> None:
    board = {"chair": DID, "others": [], "seat": "Empty", "papers": {}}
    word = json.dumps(board | changed)
    done = run("ccl", "run", program, "--entry", "chair", word, home=tmp_path)
    assert done.code == 2
    assert place in done.err


def test_duration_is_written_as_in_the_language(program: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", program, "--entry", "wait", "90m", "-o", "json", home=tmp_path)
    assert json.loads(done.out)["value"] == 5400


def test_absent_value_is_shown_and_no_value_is_not(program: Path, tmp_path: Path) -> None:
    absent = run("ccl", "run", program, "--entry", "first", "[]", home=tmp_path)
    assert absent.out.endswith("Value of board.ccl (local):\n  none\n")
    nothing = run("ccl", "run", program, "--entry", "nothing", home=tmp_path)
    assert "Value" not in nothing.out


SHARES = """\
enum Share { Full, Half, Supporter(Integer), Pair(Integer, String) }

export fn join(share: Share) -> Share { share }

export fn renew(share: Option<Share>) -> Option<Share> { share }

export fn list(shares: Array<Share>) -> Integer { shares.length() }

export fn named(name: Option<String>) -> Option<String> { name }

export fn settle(result: Result<Integer, String>) -> Integer { 1 }

export fn pay(amount: Integer) -> Integer { amount }

export fn price(amount: Decimal) -> Decimal { amount }
"""


@pytest.fixture
def shares(tmp_path: Path) -> Path:
    return source_file(tmp_path / "shares.ccl", SHARES)


@pytest.mark.parametrize(
    ("entry", "word", "said"),
    [
        ("join", "Supporter", "Supporter of Share carries a value of type Integer"),
        ("join", '"Supporter"', "Supporter of Share carries a value of type Integer"),
        ("join", "Pair", "Pair of Share carries (Integer, String)"),
        ("join", '{"Pair": [3]}', "Pair of Share carries (Integer, String)"),
        ("join", '{"Half": 3}', "Half of Share carries no value"),
        ("renew", '"Supporter"', "Supporter of Share carries a value of type Integer"),
        ("renew", '{"Half": 3}', "Half of Share carries no value"),
        ("renew", "Full", "expected Option<Share>"),
        ("named", "Ada", "expected Option<String>"),
        ("settle", '"Ok"', "Ok of Result<Integer, String> carries a value of type Integer"),
    ],
)
def test_help_for_a_wrong_variant_works_when_pasted(
    shares: Path, entry: str, word: str, said: str
) -> None:
    check_example(shares, entry, word, said)


def test_wrong_variant_in_a_part_is_written_as_json(shares: Path) -> None:
    done = run("ccl", "run", shares, "--entry", "list", '["Pair"]', home=shares.parent)
    assert 'carries (Integer, String), found "Pair" at [0]' in done.err
    assert 'help: write it as {"Pair": [5, "text"]}\n' in done.err


@pytest.mark.parametrize(
    ("entry", "low", "high", "above"),
    [
        ("pay", "-9223372036854775808", "9223372036854775807", "9223372036854775808"),
        ("price", "-9223372036854.775808", "9223372036854.775807", "9223372036854.775808"),
    ],
)
def test_number_out_of_range_is_refused_with_the_range(
    shares: Path, entry: str, low: str, high: str, above: str
) -> None:
    def call(word: str) -> Done:
        return run("ccl", "run", shares, "--entry", entry, "--", word, home=shares.parent)

    for word in (low, high):
        assert call(word).code == 0
    done = call(above)
    assert done.code == 2
    assert f" is from {low} to {high}\n" in done.err
