"""The parser over damaged programs: no crash, no hang, and always a tree."""

import pytest
from damage import CASES_PER_SEED, HANG_SECONDS, cases, check_prose, within
from effort import seeds

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.model import Sink
from ccl.parser.parse import parse
from ccl.source.spans import SourceMap
from ccl.syntax import ast

SEEDS = seeds(0, 40)


def holds(program: str, what: str) -> None:
    sink, sources = Sink(), SourceMap()
    with within(HANG_SECONDS, what):
        module = parse(sources.add("a.ccl", program), sink)
    assert isinstance(module, ast.Module), what
    for found in sink.diagnostics:
        check_prose(found, sources, what)
        template = TEMPLATES[found.code]
        for text in (template.label, template.help or ""):  # the parser reports every fact
            text.format(**found.facts)


def test_cases_are_enough() -> None:
    assert CASES_PER_SEED * len(SEEDS) >= 20_000


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_program_is_reported_without_a_crash(seed: int) -> None:
    for text, what in cases(seed):
        holds(text, what)
