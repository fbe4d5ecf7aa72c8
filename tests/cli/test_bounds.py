"""`cclc bounds`: output, answers and errors."""

import json
from pathlib import Path

import pytest
from answers import check_answer

from ccl.cli.entry import run_cclc

SOURCE = """export fn total(xs: Array<Integer>) -> Integer {
  let total = 0;
  for x in xs { total += x; }
  total
}
export fn collatz(n: Integer) -> Integer {
  let steps = 0;
  let at = n;
  while at != 1 {
    at = if at % 2 == 0 { at / 2 } else { at * 3 + 1 };
    steps += 1;
  }
  steps
}
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("rules.ccl")
    path.write_text(SOURCE, encoding="utf-8")
    return path


def cclc(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    code = run_cclc([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    check_answer("cclc", [str(argument) for argument in arguments], out, code)
    return code, out, err


def test_table_shows_formulas_and_obstacles(
    capfd: pytest.CaptureFixture[str], source: Path
) -> None:
    code, out, _ = cclc(capfd, "bounds", source)
    assert code == 0
    head, total, collatz = out.splitlines()
    assert head.split() == ["EXPORT", "FUEL", "AT", "MOST"]
    assert total.startswith("total") and "·len(xs) + " in total
    assert collatz.endswith("no bound: rules.ccl:9:3: the number of iterations is unbounded")


def test_json_of_a_module_is_that_of_its_source(
    capfd: pytest.CaptureFixture[str], source: Path
) -> None:
    assert cclc(capfd, "compile", source, "-o", "rules.wasm")[0] == 0
    ours = json.loads(cclc(capfd, "bounds", source, "-o", "json")[1])
    theirs = json.loads(cclc(capfd, "bounds", "rules.wasm", "-o", "json")[1])
    assert ours["exports"] == theirs["exports"]
    total, collatz = ours["exports"]
    assert [term["symbols"] for term in total["fuel"]["terms"]] == [[], ["len(xs)"]]
    assert collatz["fuel"] is None
    assert (collatz["obstacle"]["line"], collatz["obstacle"]["column"]) == (9, 3)


def test_inspect_shows_bounds_of_a_module(capfd: pytest.CaptureFixture[str], source: Path) -> None:
    assert cclc(capfd, "compile", source, "-o", "rules.wasm")[0] == 0
    code, out, _ = cclc(capfd, "inspect", "rules.wasm")
    assert code == 0
    lines = out.partition("Fuel at most\n")[2].partition("\n\n")[0].splitlines()
    total, collatz = lines
    assert total.startswith("  total") and "·len(xs) + " in total
    assert collatz.endswith("no bound: rules.ccl:9:3: the number of iterations is unbounded")
    bounds = json.loads(cclc(capfd, "bounds", "rules.wasm", "-o", "json")[1])["exports"]
    exports = json.loads(cclc(capfd, "inspect", "rules.wasm", "-o", "json")[1])["exports"]
    told = {each["name"]: each["bound"] for each in exports}
    assert told["memory"] is None
    for each in bounds:
        assert told[each["name"]] == {"fuel": each["fuel"], "obstacle": each["obstacle"]}


def test_module_without_bounds_is_refused(capfd: pytest.CaptureFixture[str], source: Path) -> None:
    Path("empty.wasm").write_bytes(b"\0asm\1\0\0\0")
    code, out, err = cclc(capfd, "bounds", "empty.wasm")
    assert (code, out) == (1, "")
    assert "its section ccl:bounds is missing or unreadable" in err
    source.write_text("execution { let x = ; }", encoding="utf-8")
    code, out, err = cclc(capfd, "bounds", source)
    assert (code, out) == (1, "")
    assert "CCL01" in err
    assert cclc(capfd, "bounds", "missing.ccl")[0] == 3
