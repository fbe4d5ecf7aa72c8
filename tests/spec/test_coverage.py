"""Coverage of the chapters: every code is shown, every rule of the grammar used.

A rule counts where a block that parses without syntax errors reduces by it.
"""

import re
from collections import Counter

import pytest
from spec_blocks import BLOCKS, Block

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.model import Sink
from ccl.parser.driver import fitting
from ccl.parser.lexer.classification import classify
from ccl.parser.lexer.lexer import lex
from ccl.source.spans import FileId, Source
from ccl.syntax.tables import GRAMMAR, Tables, tables

ALTERNATIVE = re.compile(r"^(?:(\w+):|\s+\|)\s*([^>\n]*?)\s*(?:-> (\w+))?$", re.MULTILINE)


def codes_of(block: Block) -> set[str]:
    return {
        code
        for _, kind, text in block.expectations
        if kind in ("error", "warning")
        for code in re.findall(r"CCL\d{4}", text)
    }


@pytest.mark.parametrize("code", sorted(TEMPLATES))
def test_every_code_is_shown(code: str) -> None:
    assert any(code in codes_of(block) for block in BLOCKS), f"no block of tests/spec gives {code}"


def test_chapters_show_what_is_right_too() -> None:
    wrong = {block.chapter for block in BLOCKS if codes_of(block)}
    right = {block.chapter for block in BLOCKS if not codes_of(block)}
    assert wrong <= right


def test_every_rule_of_the_grammar_is_used() -> None:
    grammar = tables()
    used: set[int] = set()
    for block in BLOCKS:
        used |= rules_of(block.text, grammar)
    unused = {
        (rule.origin, rule.name, rule.length)
        for number, rule in enumerate(grammar.rules)
        if number not in used
    }
    assert unused == set()


def rules_of(text: str, grammar: Tables) -> set[int]:
    """Numbers of the rules by which `text` is reduced to a module; none where it is not one."""
    source = Source(FileId(0), "spec.ccl", text)
    tokens = lex(source, Sink())
    classify(source, tokens)
    used: set[int] = set()
    states = [grammar.start]
    for token in tokens.items:
        kind = fitting(grammar, states.copy(), token)
        while (action := grammar.states[states[-1]].get(kind)) is not None and action < 0:
            rule = grammar.rules[-1 - action]
            used.add(-1 - action)
            del states[len(states) - rule.length :]
            states.append(grammar.states[states[-1]][rule.origin])
            if states[-1] == grammar.accept:
                return used
        if action is None:
            return set()
        states.append(action)
    return set()


def test_tables_have_each_alternative_of_the_file() -> None:
    text = GRAMMAR.read_text(encoding="utf-8")
    origin = ""
    written: Counter[tuple[str, str, int]] = Counter()
    for name, symbols, reduction in ALTERNATIVE.findall(text[text.index("start:") :]):
        origin = name or origin
        written[origin, reduction, len(symbols.split())] += 1
    found = Counter((rule.origin, rule.name, rule.length) for rule in tables().rules)
    assert found == written
