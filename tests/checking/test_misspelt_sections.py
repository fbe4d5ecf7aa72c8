"""Misspelt keys of sections that supply jobs are always reported."""

from collections.abc import Iterator

import pytest
from misspelling import misspellings

from ccl.diagnostics.render.prose import prose
from ccl.pipeline import check_text
from ccl.prelude.schemas import OPEN_SECTIONS, SCHEMAS


def _keys() -> Iterator[tuple[str, str, frozenset[str]]]:
    for path, known in SCHEMAS.items():
        for key in known:
            yield path, key, frozenset(known)
    for path, names in OPEN_SECTIONS.items():
        for name in names:
            yield path, name, frozenset(names)


@pytest.mark.parametrize(("path", "key", "known"), list(_keys()))
def test_misspelt_key_is_an_error(path: str, key: str, known: frozenset[str]) -> None:
    misspelt = [each for each in misspellings(key) if each not in known]
    for lines in (misspelt[:40], misspelt[40:]):
        within = "".join(f"{name}: 1;\n" for name in lines)
        for section in reversed(path.split(".")):
            within = f"{section} {{\n{within}}}\n"
        reported = [each for each in check_text(within).sink.diagnostics if each.code == "CCL0302"]
        assert len(reported) == len(lines)


@pytest.mark.parametrize("name", ["resources", "results", "verification"])
def test_misspelt_section_has_a_warning_and_an_unsafe_fix(name: str) -> None:
    for misspelt in misspellings(name):
        reported = check_text(f"{misspelt} {{ memory: 1; storage: 2; }}\n").sink.diagnostics
        assert [each.code for each in reported] == ["CCL0347"]
        (fix,) = reported[0].fixes
        assert (fix.edits[0].replacement, fix.safe) == (name, False)


@pytest.mark.parametrize("key", ["audit", "validation", "publication", "storage_costs"])
def test_other_key_of_results_is_free(key: str) -> None:
    assert not check_text(f"results {{ {key} {{ years: 10; }} }}").sink.diagnostics


MEMBER = "struct Member { name: String, since: Integer }\n"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ('job { priorty: 1; priority: "high"; }', "CCL0302"),
        ('job { priority: "high"; priorty: 1; }', "CCL0302"),
        ("results { verificaton { quorum: 1; } verification { verifiers: 1; } }", "CCL0302"),
        ("role Chair { require: true; requires: caller() == caller(); }", "CCL0302"),
        (
            "state all: Array<Did> = [];\n"
            "proposal P { electorat: all; electorate: all; voting_period: 1d; }",
            "CCL0302",
        ),
        (MEMBER + 'execution { Member { nam: "a", name: "b", since: 1 } }', "CCL0210"),
        (MEMBER + 'execution { Member { name: "a", since: 1, snce: 2 } }', "CCL0210"),
        ("fn f(count: Integer) { }\nexecution { f(cont: 1, count: 2); }", "CCL0404"),
        ("fn f(count: Integer) { }\nexecution { f(count: 1, cont: 2); }", "CCL0404"),
    ],
)
def test_misspelt_key_beside_the_right_one_has_no_fix(program: str, code: str) -> None:
    (found,) = (each for each in check_text(program).sink.diagnostics if each.code == code)
    assert found.fixes == ()
    assert "is given too: remove one of them" in (prose(found).help or "")
