"""The grammar page has every rule of the grammar, and explains only tokens that exist."""

import re

from ccl.reference.pages import GRAMMAR, grammar_page


def test_every_rule_is_there() -> None:
    rules = re.findall(r"^(\w+):", GRAMMAR.read_text(encoding="utf-8"), flags=re.MULTILINE)
    shown = re.findall(r"^(\w+):", grammar_page(), flags=re.MULTILINE)
    assert shown == rules
    assert len(rules) > 80


def test_no_reduction_is_left() -> None:
    assert " -> " not in grammar_page()


def test_explained_tokens_exist() -> None:
    declared = set(re.findall(r"\b[A-Z]+\b", GRAMMAR.read_text(encoding="utf-8")))
    explained = set(re.findall(r"^\| `([A-Z]+)`", grammar_page(), flags=re.MULTILINE))
    assert explained
    assert explained <= declared
