"""Names of the library load their file, and nothing else does."""

import pytest

from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.pipeline import compile_text
from ccl.prelude.library_index import FUNCTIONS, METHODS, files_needed
from ccl.project.project import project_of
from ccl.resolver.loader import Loader
from ccl.source.files import library_names
from ccl.source.overlay import DISK
from ccl.source.spans import SourceMap
from ccl.support.cancellation import Cancellation


def loaded(text: str) -> set[str]:
    sources = SourceMap()
    loader = Loader(parse, sources, Sink(), project_of("program.ccl"), DISK, Cancellation())
    files = loader.load("program.ccl", text)
    return {each.name for each in files.files.values()} - {"program.ccl"}


@pytest.mark.parametrize(
    "text",
    [
        "execution { let xs = [1]; xs.push(2); xs.length() }",
        "fn map(xs: Array<Integer>) -> Integer { 1 }\nexecution { [1].map() }",
        "fn transfer(a: Integer) -> Integer { a }\nexecution { transfer(1) }",
        'map: "a key is no method";\nfilter { split 5; }\nexecution { 1 }',
    ],
)
def test_program_without_such_names_loads_nothing(text: str) -> None:
    assert loaded(text) == set()


def test_import_loads_its_file_and_the_imports_of_that_alone() -> None:
    text = 'import "std/voting" as voting;\nexecution { voting.majority(2, 1) }'
    assert loaded(text) == {"std/voting.ccl", "std/core.ccl"}


def test_name_loads_its_file_and_what_that_needs() -> None:
    assert loaded("execution { dag_link }") == {"std/dag.ccl", "std/core.ccl", "std/text.ccl"}
    assert "std/text.ccl" in loaded('execution { "a".split(",") }')


def test_file_is_loaded_once_whether_imported_or_not() -> None:
    text = 'import "std/core" as core;\nexecution { core.first([1].map(n => n)) }'
    assert loaded(text) == {"std/core.ccl"}


def test_tables_name_files_of_the_library() -> None:
    files = {row.file for rows in FUNCTIONS.values() for row in rows}
    files |= {row.file for row in METHODS.values()}
    assert files <= set(library_names())


def test_name_in_a_comment_changes_no_code() -> None:
    plain = compile_text("execution { 1 }\n// create a budget\n", path="program.ccl")
    named = compile_text("execution { 1 }\n// create_budget\n", path="program.ccl")
    assert plain.wat is not None
    assert plain.wat.split("(@custom")[0] == (named.wat or "").split("(@custom")[0]


def test_declared_name_is_not_searched_for() -> None:
    assert files_needed("xs.map(f) ", frozenset({"map"})) == ()
    assert files_needed("core.map(xs, f)", frozenset({"core"})) == ()
    assert files_needed("xs . map (f)", frozenset()) == ("std/core",)
