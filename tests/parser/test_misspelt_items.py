"""Misspelt words of items are reported as such, whether or not a section could have the form."""

from pathlib import Path
from typing import Final

import pytest
from misspelling import misspellings

from ccl.parser.lexer.tokens import KEYWORDS
from ccl.pipeline import check_text

ROOT: Final = Path(__file__).parents[2]

FORMS: Final = {
    "contract": "contract Till { state sum: Integer = 0; public { fn pay() { sum += 1; } } }",
    "public": 'contract Till { public { fn pay() { log("x"); } } }',
    "role": "role Member { requires true; }\nrole Clerk { requires caller_has_role(Member); }",
    "proposal": "state all: Array<Did> = [];\n"
    "proposal Spend { electorate: all; threshold: 50%; execution { log(string(id)); } }",
    "execution": 'execution { log("hi"); }',
    "export": "export fn one() -> Integer { 1 }",
    "test": "test fn holds() { assert(true); }",
    "invariant": 'state sum: Integer = 0;\ninvariant "x" { sum >= 0 }\nexport fn f() { sum += 1; }',
    "article": 'article "7.2" { text: "Two sign."; }\n'
    'execution { require(true, "x") because article "7.2"; }',
    "because": 'article "7.2" { text: "Two sign."; }\n'
    'execution { require(true, "x") because article "7.2"; }',
    "range": "range 0 500 { approvers 1; }",
    "extends": "contract A { limit: 1; }\ncontract B extends A { limit: 2; }",
}


@pytest.mark.parametrize("word", sorted(FORMS))
def test_misspelt_word_is_one_error_whose_fix_restores_it(word: str) -> None:
    text = FORMS[word]
    usual = [each.code for each in check_text(text).sink.diagnostics]
    at = text.index(word) if word != "role" else text.index("role Clerk")
    for misspelt in misspellings(word):
        if misspelt in KEYWORDS or misspelt == f"{word}s":
            continue
        wrong = text[:at] + misspelt + text[at + len(word) :]
        found = [each for each in check_text(wrong).sink.diagnostics if each.code not in usual]
        assert [each.code for each in found] == ["CCL0119"], misspelt
        (edit,) = found[0].fixes[0].edits
        assert (edit.span.start, edit.span.end) == (at, at + len(misspelt))
        assert edit.replacement == word


@pytest.mark.parametrize(
    "text",
    [
        'contrct Till { limit: 5; opening "nine"; }',
        "rule Spending { requires two_signatures; limit: 5; }",
        'executions { first: "2026"; }',
        'articles "of association" { text: "Members decide."; }',
        "proposals { quorum: 50%; threshold: 60%; }",
        "proposal_rules Spend { quorum: 50%; }",
        "ranges { low: 1; high: 2; }",
        "roles Clerk { requires approval; }",
        'one "member" { vote: 1; }',
        'invariants "of the house" { quiet: true; }',
        "texts { public: true; exports: 5; }",
        'a { exeption { text: "none"; } }',
    ],
)
def test_section_of_a_similar_name_is_free(text: str) -> None:
    assert not check_text(text).sink.diagnostics


@pytest.mark.parametrize("event", ["job.completed", "member.joined"])
def test_misspelt_handler_is_an_error(event: str) -> None:
    found = check_text(f'onn "{event}" {{ log("x"); }}').sink.diagnostics
    assert [each.code for each in found] == ["CCL0119"]


def test_misspelt_items_are_found_beside_other_syntax_errors() -> None:
    text = "contrct Till { state sum: Integer = 0; }\nexecution { let x = ; }\nexprt fn f() {}"
    codes = [each.code for each in check_text(text).sink.diagnostics if each.code == "CCL0119"]
    assert len(codes) == 2
