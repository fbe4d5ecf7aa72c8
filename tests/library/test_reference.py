"""Everything that others call in the library is documented, and shown with its signature."""

import re

import pytest

from ccl.prelude.library_index import FUNCTIONS, METHODS
from ccl.reference.library import LibraryFile, library_files, signature
from ccl.syntax import ast

FILES = library_files()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_every_exported_function_has_a_doc(file: LibraryFile) -> None:
    assert [each.name.text for each in file.functions if not each.doc] == []


def test_every_name_of_the_prelude_is_a_documented_function() -> None:
    known = {(file.name, each.name.text) for file in FILES for each in file.functions}
    rows = [row for each in FUNCTIONS.values() for row in each] + list(METHODS.values())
    assert {(row.file, row.name) for row in rows} - known == set()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_parameter_without_a_type_is_a_function(file: LibraryFile) -> None:
    """So that a signature is the same for every program that calls it."""
    for each in file.module.items:
        if not isinstance(each, ast.Function):
            continue
        body = file.source.text[each.body.span.start : each.body.span.end]
        for parameter in each.parameters:
            name = re.escape(parameter.name.text)
            assert parameter.type is not None or re.search(rf"\b{name}\(", body), each.name.text


def test_functions_of_one_name_differ_in_how_many_arguments_they_take() -> None:
    counts = {
        (file.name, each.name.text): len(each.parameters)
        for file in FILES
        for each in file.functions
    }
    for name, rows in FUNCTIONS.items():
        taken = [counts[row.file, row.name] for row in rows]
        assert len(taken) == len(set(taken)), name


def test_signature_is_one_line() -> None:
    core = next(file for file in FILES if file.name == "std/core")
    found = {each.name.text: signature(core, each) for each in core.functions}
    assert found["map"] == "map<T, U>(items: Array<T>, f) -> Array<U>"
    assert found["share_of"] == (
        "share_of(amount: Integer, numerator: Integer, denominator: Integer) -> Integer"
    )
