"""Seeds of `ccl run`: random numbers follow from the call, or from the chosen seed."""

import json
from pathlib import Path

import pytest
from commands import Done, run, source_file

DRAW = """\
state draws: Integer = 0;

export fn draw(most: Integer) -> Integer {
  draws += 1;
  random() % most
}

export fn look(most: Integer) -> Integer {
  random() % most
}
"""
OTHER = "state stored: Integer = 0;\n\nexecution {\n  stored += 1;\n  stored\n}\n"
MOST = "1000000000"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return source_file(tmp_path / "draw.ccl", DRAW)


def drawn(done: Done) -> int:
    assert done.code == 0, done.err
    value = json.loads(done.out)["value"]
    assert isinstance(value, int)
    return value


def test_same_program_draws_the_same_everywhere(program: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    look = ("ccl", "run", program, "--entry", "look", MOST, "-o", "json")
    first = drawn(run(*look, home=tmp_path))
    assert drawn(run(*look, home=tmp_path)) == first
    assert drawn(run(*look, home=elsewhere, cwd=elsewhere)) == first
    other_argument = (*look[:5], MOST[:-1] + "1", "-o", "json")
    assert drawn(run(*other_argument, home=tmp_path)) != first


def test_state_of_the_program_changes_the_seed_and_that_of_others_does_not(
    program: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.ccl"
    other.write_text(OTHER, encoding="utf-8")
    look = ("ccl", "run", program, "--entry", "look", MOST, "-o", "json")
    first = drawn(run(*look, home=tmp_path))
    assert run("ccl", "run", other, home=tmp_path).code == 0
    assert drawn(run(*look, home=tmp_path)) == first
    drawn(run("ccl", "run", program, "--entry", "draw", MOST, "-o", "json", home=tmp_path))
    assert drawn(run(*look, home=tmp_path)) != first


def test_chosen_seed_is_used_and_shown(program: Path, tmp_path: Path) -> None:
    look = ("ccl", "run", program, "--entry", "look", MOST)
    own = drawn(run(*look, "-o", "json", home=tmp_path))
    chosen = run(*look, "--seed", "20260115", "-o", "json", home=tmp_path)
    assert drawn(chosen) != own
    assert json.loads(chosen.out)["seed"] == "20260115"
    padded = run(*look, "--seed", "0x" + "20260115".rjust(64, "0"), "-o", "json", home=tmp_path)
    assert drawn(padded) == drawn(chosen)
    assert (
        "Seed  20260115, chosen with --seed" in run(*look, "--seed", "20260115", home=tmp_path).err
    )


@pytest.mark.parametrize("text", ["", "0x", "xyz", "1_0", "-1", "٣", "1" * 65])
def test_malformed_seed_is_refused(text: str, program: Path, tmp_path: Path) -> None:
    done = run("ccl", "run", program, "--entry", "look", MOST, f"--seed={text}", home=tmp_path)
    assert done.code == 2
    assert f"error[wrong-seed]: '{text}' is not a seed" in done.err
