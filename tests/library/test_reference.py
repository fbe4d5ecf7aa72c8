"""The reference of the library is current, and everything that others call is documented."""

from pathlib import Path

import pytest

from ccl.library_reference import LibraryFile, library_files, signature
from ccl.prelude_library import FUNCTIONS, METHODS
from ccl.reference import PAGES

PAGE = Path(__file__).parents[2] / "docs" / "library.md"
FILES = library_files()


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == PAGES["library.md"](), "run `make docs`"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_every_exported_function_has_a_doc(file: LibraryFile) -> None:
    assert [each.name.text for each in file.functions if not each.doc] == []


def test_every_name_of_the_prelude_is_a_documented_function() -> None:
    known = {(file.name, each.name.text) for file in FILES for each in file.functions}
    rows = [row for each in FUNCTIONS.values() for row in each] + list(METHODS.values())
    assert {(row.file, row.name) for row in rows} - known == set()


def test_functions_of_one_name_differ_in_how_many_arguments_they_take() -> None:
    counts = {
        (file.name, each.name.text): len(each.parameters)
        for file in FILES
        for each in file.functions
    }
    for name, rows in FUNCTIONS.items():
        taken = [counts[row.file, row.name] for row in rows]
        assert len(taken) == len(set(taken)), name


def test_a_signature_stands_on_one_line() -> None:
    core = next(file for file in FILES if file.name == "std/core")
    found = {each.name.text: signature(core, each) for each in core.functions}
    assert found["map"] == "map<T, U>(items: Array<T>, f) -> Array<U>"
    assert found["share_of"] == (
        "share_of(amount: Integer, numerator: Integer, denominator: Integer) -> Integer"
    )
