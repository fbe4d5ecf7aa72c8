"""One mistake in a program gives one error, or the error at the mistake comes first."""

from collections.abc import Iterator

import pytest

from ccl.diagnostics.model import Diagnostic, is_error
from ccl.pipeline import check_text

PROGRAM = """import "std/text" as text;

const LIMIT: Integer = 10;
const DOUBLE: Integer = LIMIT * 2;
const NAMES: Array<String> = ["Ada", "Ben"];

struct Member { name: String, shares: Integer }
enum Kind { Regular, Worker(Integer) }

state total: Integer = LIMIT;
state members: Array<Member> = [];
state kinds: Map<String, Kind> = map_new();

fees {
  entrance: LIMIT;
  late: DOUBLE + 1;
}

fn weight(member: Member, kind: Kind) -> Integer {
  match kind {
    Regular => member.shares,
    Worker(years) => member.shares + years * DOUBLE,
  }
}

fn twice(n: Integer) -> Integer { n * 2 }

/// Adds a member.
export fn join(name: String, shares: Integer) -> Integer {
  require(shares > 0, "no shares");
  let member = Member { name: name, shares: shares };
  members.push(member);
  kinds.insert(name, Kind::Worker(3));
  total += weight(member, Kind::Worker(3));
  let sum = 0;
  for each in members {
    if each.shares > LIMIT { sum += twice(each.shares); } else { sum += 1; }
  }
  sum + total
}

on "job.completed" {
  let units = twice(LIMIT);
  reward: units;
}

invariant "never negative" { total >= 0 }

execution {
  let joined = join("Ada", 3);
  let first = members[0];
  let count = text.lines("a").length();
  log("\\(first.name) \\(count) \\(NAMES.length())");
  joined
}
"""

MISTAKES = {
    "name": [("LIMIT", "LIMMIT"), ("DOUBLE", "DUBLE"), ("joined", "joind"), ("years", "yers")],
    "type": [
        ("Integer", "Intger"),
        ("String", "Strng"),
        ("Member>", "Membr>"),
        ("Member,", "Mber,"),
    ],
    "function": [("twice(", "twise("), ("weight(", "wait("), ("lines(", "lnes(")],
    "field": [
        (".shares", ".share"),
        (".name", ".nam"),
        ("shares:", "share:"),
        ("name: name", "n: name"),
    ],
    "import": [("std/text", "std/txt"), ("text.", "txt.")],
    "wrong type": [
        ("= 10", '= "a"'),
        ("= LIMIT * 2", '= "x"'),
        ("= map_new()", "= 3"),
        ("= [];", "= 3;"),
        ("n * 2", 'n + "a"'),
        ("sum + total", '"a"'),
        ("members[0]", 'members["a"]'),
    ],
    "arguments": [
        ("twice(each.shares)", "twice(each.shares, 1)"),
        ("twice(LIMIT)", "twice()"),
        ("weight(member, Kind", "weight(Kind"),
        ("Worker(3)", "Worker()"),
        ("Worker(3)", "Wroker(3)"),
        ("{ name: name, shares: shares }", "{ name: name }"),
    ],
    "keyword": [
        ("let ", "lte "),
        ("const ", "cnst "),
        ("struct ", "strct "),
        ("state ", "stat "),
        ("match ", "mach "),
        ("import ", "imprt "),
        ("fn weight", "fun weight"),
        ("fn twice", "fun twice"),
    ],
    "brace": [("{\n", "\n"), ("}\n", "\n")],
}


def damaged(right: str, wrong: str) -> Iterator[tuple[int, str]]:
    """The program with the mistake in each place where it can be made, and the line of it."""
    at = PROGRAM.find(right)
    assert at >= 0
    while at >= 0:
        yield PROGRAM[:at].count("\n") + 1, PROGRAM[:at] + wrong + PROGRAM[at + len(right) :]
        at = PROGRAM.find(right, at + 1)


def errors(text: str) -> list[Diagnostic]:
    return [each for each in check_text(text, path="a.ccl").sink.diagnostics if is_error(each)]


def test_program_is_right() -> None:
    assert check_text(PROGRAM, path="a.ccl").sink.diagnostics == ()


def names_only(found: list[Diagnostic], right: str) -> bool:
    """Returns whether all errors are that a declared name is missing, at each of its uses."""
    name = right.strip(" (:.")
    if right == "struct ":
        name = "Member"
    return all(each.facts.get("name") == name for each in found)


@pytest.mark.parametrize("kind", sorted(MISTAKES))
def test_cause_is_reported_before_its_consequences(kind: str) -> None:
    late = []
    for right, wrong in MISTAKES[kind]:
        for line, text in damaged(right, wrong):
            found = errors(text)
            assert found, (right, wrong, line)
            first = text[: found[0].span.start].count("\n") + 1
            if len(found) > 1 and first > line + 1 and not names_only(found, right):
                late.append((right, wrong, line, [each.code for each in found]))
    assert late == []


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("Member>", "Membr>", "CCL0203"),
        ("Map<String", "Map<Strng", "CCL0203"),
        ("shares: shares", "share: shares", "CCL0210"),
        ("name: name", "nam: name", "CCL0210"),
    ],
)
def test_consequences_of_an_error_are_left_out(right: str, wrong: str, code: str) -> None:
    ((_, text),) = damaged(right, wrong)
    assert [each.code for each in errors(text)] == [code]


@pytest.mark.parametrize(
    "declaration",
    [
        "enum Tree { Leaf(Integer), %(Tree, Tree) }",
        "enum Tree { Leaf::Integer), Node(Tree, Tree) }",
        "enum 1 Tree { Leaf(Integer), Node(Tree, Tree) }",
    ],
)
def test_uses_of_a_broken_enum_are_not_reported(declaration: str) -> None:
    found = errors(f"""{declaration}
fn sum(t: Tree) -> Integer {{
  match t {{
    Tree::Leaf(n) => n,
    Tree::Node(left, right) => sum(left) + sum(right),
  }}
}}
execution {{ sum(Tree::Node(Tree::Leaf(1), Tree::Leaf(2))) }}
""")
    assert all(each.code.startswith("CCL01") for each in found)


def test_arguments_of_a_broken_proposal_are_not_reported() -> None:
    found = errors("""
proposal Spend {
  electorate: [caller()];
  voting_period: 7d;
  parameters if amount: Integer; }
  execution { log("\\(amount)"); }
}
export fn spend() -> Integer { Spend.open(amount: 4) }
export fn spend_other() -> Integer { Spend.open(sum: 4) }
""")
    assert "CCL0404" not in [each.code for each in found if "amount" in each.facts.values()]
    assert all(each.code.startswith("CCL01") or "sum" in each.facts.values() for each in found)
