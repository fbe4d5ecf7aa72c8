"""Ballot files as they come: what examples/stv reads past, and what it refuses with the line."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ccl_machine import run
from effort import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from ccl.pipeline import compile_file
from runtime.execution.execution import OutcomeKind

COUNT = Path(__file__).parents[2] / "examples" / "stv" / "count.ccl"
NAMES = '"Candidate 1","Ada","Red",\n"Candidate 2","Bea","Blue",\n"Candidate 3","Cy","Green",\n'
PLAIN = f'3,2,\n5,1,2,\n4,2,1,3,\n2,3,\n{NAMES}"The Ward",\n'


@cache
def module() -> bytes:
    compiled = compile_file(COUNT)
    assert compiled.wasm is not None, compiled.compilation.sink.diagnostics
    return compiled.wasm


def value_of(text: str) -> dict[str, Any]:
    ran = run(module(), text=text)
    assert ran.outcome.kind is OutcomeKind.SUCCEEDED, ran.outcome
    assert isinstance(ran.value, dict)
    return ran.value


def refusal(text: str) -> str:
    ran = run(module(), text=text)
    assert ran.outcome.kind is OutcomeKind.TRAPPED, ran.outcome
    return ran.outcome.detail


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.removesuffix("\n"),
        PLAIN.removesuffix(",\n"),
        PLAIN.replace("\n", "\n\n") + "\n \n,,\n",
        PLAIN.replace(",\n", "\n"),
        PLAIN.replace(",\n", ",,,\n"),
        PLAIN.replace(",", " , "),
        PLAIN.replace("4,2,1,3", '"4","2","1","3"'),
        PLAIN.replace('"', ""),
        PLAIN.replace("5,1,2,", "3,1,2,\n2,1,2,"),
        PLAIN.replace("5,1,2,", "5,1,1,2,1,"),
        PLAIN.replace("5,1,2,", "5,1,2,\n0,3,"),
    ],
)
def test_files_that_say_the_same_are_counted_the_same(text: str) -> None:
    assert value_of(text) == value_of(PLAIN)


def test_ballot_without_a_first_preference_is_rejected_and_does_not_raise_the_quota() -> None:
    value = value_of(PLAIN.replace("5,1,2,", "5,1,2,\n7,\n8,,1,2,"))
    assert value == {**value_of(PLAIN), "rejected": 15}


def test_ballot_counts_up_to_the_preference_that_was_skipped() -> None:
    assert value_of(PLAIN.replace("4,2,1,3,", "4,2,,1,3,")) == value_of(
        PLAIN.replace("4,2,1,3,", "4,2,")
    )


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('"Ada ""Countess"" Lovelace, Dr"', 'Ada "Countess" Lovelace, Dr'),
        ('"Ada "Countess" Lovelace, Dr"', 'Ada "Countess" Lovelace, Dr'),
        ('"Ada" ', "Ada"),
        ("Ada Lovelace", "Ada Lovelace"),
        ('Ada "Countess" Lovelace', 'Ada "Countess" Lovelace'),
        ('"Ùisdean Mac an t-Saoir"', "Ùisdean Mac an t-Saoir"),
    ],
)
def test_names_are_read_as_they_are_written(written: str, name: str) -> None:
    value = value_of(PLAIN.replace('"Ada"', written))
    assert value["elected"] == [name, "Bea"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('""Ward 4 - X"",', "Ward 4 - X"),
        ('""X, Y, Z"",', "X, Y, Z"),
        ('""""X"""",', '"X"'),
        ('""""X"" and Y"", ', '"X" and Y'),
        ('""X""', "X"),
        ('"""X"""', '"X"'),
    ],
)
def test_ward_that_is_quoted_twice_keeps_its_commas(written: str, name: str) -> None:
    assert value_of(PLAIN.replace('"The Ward",', written))["ward"] == name


@given(st.text('aé,"' + " ", min_size=1).map(str.strip).filter(lambda name: name.strip('", ')))
@examples(60)
def test_name_that_was_quoted_twice_is_read_back(name: str) -> None:
    assume(name == name.strip(",") and '"",' not in name.replace('"', '""') + '"')
    quoted = '"' + name.replace('"', '""') + '"'
    assert value_of(PLAIN.replace('"The Ward",', f'"{quoted}",'))["ward"] == name


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("", "Candidate 1"),
        ('"Candidate 1","Ada","Withdrawn",\n', "Ada"),
    ],
)
def test_ballots_pass_over_a_candidate_who_has_withdrawn(row: str, shown: str) -> None:
    text = PLAIN.replace('"Candidate 1","Ada","Red",\n', row).replace("3,2,\n", "3,1,\n")
    value = value_of(text)
    assert value["withdrawn"] == [shown]
    assert value["elected"] == ["Bea"]
    assert value["stages"][0]["votes"] == [["Bea", "9"], ["Cy", "2"]]


def test_two_candidates_of_one_name_are_distinguished() -> None:
    value = value_of(PLAIN.replace('"Bea"', '"Ada"'))
    assert value["elected"] == ["Ada (Candidate 1)", "Ada (Candidate 2)"]


def test_no_more_candidates_than_seats_are_all_elected() -> None:
    value = value_of(PLAIN.replace("3,2,\n", "3,5,\n"))
    assert value["elected"] == ["Ada", "Bea", "Cy"]
    assert len(value["stages"]) == 1


def test_lot_is_drawn_only_where_nothing_tells_apart_and_is_shown() -> None:
    value = value_of(f'3,1,\n4,1,\n3,2,1,\n3,3,1,\n{NAMES}"The Ward",\n')
    assert value["elected"] == ["Ada"]
    lots = [stage["lots"] for stage in value["stages"]]
    assert lots[0] == []
    assert [lot["among"] for lot in lots[1]] == [["Bea", "Cy"]]
    assert [lots[1][0]["drawn"]] == value["stages"][1]["excluded"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the ballot file is empty"),
        ("\ufeff\n\n", "the ballot file is empty"),
        ("3\n", "line 1: the number of seats is missing"),
        (PLAIN.replace("3,2,\n", "3,two,\n"), "line 1: the number of seats is no number: two"),
        (PLAIN.replace("3,2,\n", "3,0,\n"), "line 1: nobody stands, or for no seat"),
        (PLAIN.replace("3,2,\n", "9999999,2,\n"), "line 1: more than 1000 candidates"),
        (PLAIN.replace("5,1,2,", "5,1,4,"), "line 2: there is no candidate 4"),
        (PLAIN.replace("5,1,2,", "5,1,0,"), "line 2: there is no candidate 0"),
        (PLAIN.replace("5,1,2,", "-5,1,2,"), "line 2: the number of voters is no number: -5"),
        (PLAIN.replace("5,1,2,", "5,1,two,"), "line 2: a preference is no number: two"),
        (PLAIN.replace("Candidate 3", "Candidate 4"), "line 7: Candidate 4 is not one of 3"),
        (PLAIN.replace("Candidate 3", "Candidate 2"), "line 7: Candidate 2 is listed twice"),
        (PLAIN.replace('"Cy","Green",', ""), "line 7: Candidate 3 has no name"),
        (PLAIN.replace('"Bea"', '"Bea'), "line 6: a quoted cell is not closed: Bea,"),
        (PLAIN.replace('"The Ward",', '"The Ward'), "line 8: a quoted cell is not closed"),
        (PLAIN.removesuffix('"The Ward",\n'), "the file ends before the name of the ward"),
        (PLAIN + "5,1,\n", "line 9: the file goes on after the name of the ward"),
        (PLAIN.replace("5,1", "99999999,1"), "more than 90000000 voters"),
    ],
)
def test_file_that_does_not_fit_is_refused_with_the_line(text: str, reason: str) -> None:
    assert refusal(text) == reason
