"""`ccl run examples/stv/count.ccl`: real wards through the real command."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from commands import ROOT, run

COUNT = ROOT / "examples" / "stv" / "count.ccl"
BALLOTS = ROOT / "examples" / "election" / "ballots"
EXPECTED = json.loads((BALLOTS / "expected.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: counting changes nothing in it."""
    return tmp_path_factory.mktemp("stv")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_ward_elects_the_recorded_candidates(name: str, home: Path) -> None:
    done = run("ccl", "run", COUNT, "--input", BALLOTS / name, "-o", "json", home=home)
    assert done.code == 0, done.err
    value = json.loads(done.out)["value"]
    assert sorted(value["elected"]) == sorted(EXPECTED[name]["elected"])
    assert value["quota"] == EXPECTED[name]["quota"]
    first, *_, last = [value["stages"][0], *value["stages"]]
    assert {name: int(votes) for name, votes in first["votes"].items()} == EXPECTED[name][
        "first_preferences"
    ]
    for stage in value["stages"]:
        credited = sum(map(Decimal, stage["votes"].values()))
        assert credited + Decimal(stage["not_effective"]) == value["ballots"]
    assert [each for stage in value["stages"] for each in stage["elected"]] == value["elected"]
    assert last["elected"]


def test_every_stage_of_a_ward_is_as_the_example_shows_it(home: Path) -> None:
    shown = COUNT.with_name("shetland_2022_ward3.json")
    ward = BALLOTS / f"{shown.stem}.csv"
    done = run("ccl", "run", COUNT, "--input", ward, "-o", "json", home=home)
    assert json.loads(done.out)["value"] == json.loads(shown.read_text("utf-8"))


def test_reader_of_the_example_passes_its_own_tests(home: Path) -> None:
    done = run("ccl", "test", COUNT.parent, home=home)
    assert done.code == 0, done.out + done.err
    assert "5 passed" in done.out


def test_damaged_file_is_refused_with_its_line(home: Path, tmp_path: Path) -> None:
    ward = tmp_path / "ward.csv"
    ward.write_text('2,1\n5,3\n"Candidate 1","Ada"\n"Candidate 2","Bea"\n"Here"\n', "utf-8")
    done = run("ccl", "run", COUNT, "--input", ward, home=home)
    assert done.code == 1
    assert "line 2: there is no candidate 3" in done.out + done.err


def test_lots_are_reported_and_reproducible(home: Path, tmp_path: Path) -> None:
    ward = tmp_path / "ward.csv"
    rows = "".join(f'"Candidate {n}","{name}"\n' for n, name in enumerate(("Ada", "Bea", "Dan"), 1))
    ward.write_text(f'3,1\n5,1\n5,2\n5,3\n{rows}"Here"\n', "utf-8")
    first = run("ccl", "run", COUNT, "--input", ward, "-o", "json", home=home)
    assert first.code == 0, first.err
    told = json.loads(first.out)["logs"]
    excluded = [name for s in json.loads(first.out)["value"]["stages"] for name in s["excluded"]]
    assert told[0] == (
        f"decided by lot: {excluded[0]} is excluded at stage 2, drawn from Ada, Bea, Dan"
    )
    again = run("ccl", "run", COUNT, "--input", ward, "-o", "json", home=tmp_path)
    assert again.out == first.out
