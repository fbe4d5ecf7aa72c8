"""A program in one file, and the same one with its declarations in two files or in a contract.

Both run to the same result, or have the same errors.
"""

from pathlib import Path
from random import Random

import pytest
from ccl_machine import run
from effort import seeds

from ccl.pipeline import Compiled, compile_file

DECLARED = """
const LIMIT = 3;
enum Level { Guest, Full(Integer) }
struct Card { number: Integer, level: Level }
struct Box<T> { held: T }
state spent: Integer = 40;
role Keeper { requires: spent > 0; }
proposal Spend {
  electorate: [caller()];
  voting_period: 1d;
  quorum: 1/2;
  parameters { amount: Integer; card: Card; }
  execution { spent += amount; }
}
fn full(n: Integer) -> Card { Card { number: n, level: Level.Full(n * 2) } }
fn boxed<T>(value: T) -> Box<T> { Box { held: value } }
fn fee(level: Level) -> Integer { match level { Level.Guest => 1, Level.Full(n) => n } }
fn spend(n: Integer) -> Integer { spent += n; spent }
fn applied(f, n: Integer) -> Integer { f(n) }
"""
USES = (
    "@LIMIT + 1",
    "match 3 { @LIMIT => 30, _ => 0 }",
    "@fee(@Level.Guest)",
    "@fee(@Level.Full(8))",
    "match @full(2).level { @Level.Full(n) => n, @Level.Guest => 0 }",
    "match @full(2) { @Card { number: 2, level: @Level.Full(n) } => n, _ => 0 }",
    "@Card { number: 6, level: @Level.Guest }.number",
    "@boxed(9).held",
    "@spend(2)",
    "@spent",
    "@Spend.open(1, @full(1))",
    "@Spend.get(@Spend.open(7, @full(1))).parameters.amount",
    "@Spend.get(@Spend.open(7, @full(5))).parameters.card.number",
    "if caller_has_role(@Keeper) { 1 } else { 2 }",
    "take(@full(3))",
    "@applied(x => x * @LIMIT, 5)",
    "@nothing(1)",
    "@LIMITS",
    "@Level.Fool",
    "@full()",
    "@fee(1)",
    "@Card { number: 1 }.number",
    "@Spend.close(1, 2)",
    "caller_has_role(@Keper)",
)
WAYS = {"files": "a.", "contract": "C.", "contract of a file": "a.C."}
"""The prefix of uses whose declarations are in another file."""
USES_TOGETHER = 5
UNKNOWN = {"CCL0201": "CCL0207", "CCL0202": "CCL0207"}
"""A missing name is unknown in the file, or no member of the other."""


def program(uses: list[str], way: str) -> str:
    values = ", ".join(each.replace("@", way) for each in uses)
    return (
        f"fn take(card: {way}Card) -> Integer {{ card.number }}\n"
        f"export fn all() -> Array<Integer> {{ [{values}] }}\n"
    )


def in_contract(text: str) -> str:
    return f"contract C {{{text}}}\n"


def compiled(folder: Path, way: str, uses: list[str]) -> Compiled:
    """`way`: none for one file."""
    folder.mkdir(exist_ok=True)
    main, apart = program(uses, WAYS.get(way, "")), ""
    match way:
        case "files":
            apart, main = DECLARED, f'import "./apart.ccl" as a;\n{main}'
        case "contract":
            main = in_contract(DECLARED) + main
        case "contract of a file":
            apart, main = in_contract(DECLARED), f'import "./apart.ccl" as a;\n{main}'
        case _:
            main = DECLARED + main
    (folder / "apart.ccl").write_text(apart)
    (folder / "main.ccl").write_text(main)
    return compile_file(folder / "main.ccl")


def outcome(result: Compiled) -> object:
    found = (each.code for each in result.compilation.sink.diagnostics if each.code < "CCL09")
    errors = sorted(UNKNOWN.get(each, each) for each in found)
    return errors if result.wasm is None else run(result.wasm, entry="all").value


@pytest.mark.parametrize("seed", seeds(0, 4))
def test_one_file_and_several_are_equal(tmp_path: Path, seed: int) -> None:
    chosen = Random(seed)
    uses = chosen.sample(USES, USES_TOGETHER)
    alone = outcome(compiled(tmp_path / "one", "", uses))
    for number, way in enumerate(WAYS):
        found = outcome(compiled(tmp_path / str(number), way, uses))
        assert found == alone, (way, uses)
