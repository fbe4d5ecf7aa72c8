"""`--fix` over programs with one slip in each: it adds what was missing, and changes nothing else.

Every program of the repository is damaged: a token taken out, doubled or exchanged with the next,
a bracket lost, a word misspelt.
"""

import random

import pytest
from ccl_sources import ROOT, corpus
from damage import programs, slip
from effort import FACTOR, seeds

from ccl.cli.compiling.findings import Findings
from ccl.cli.compiling.fixing import fix_text
from ccl.diagnostics.model import Sink
from ccl.parser.lexer.lexer import lex
from ccl.parser.parse import parse
from ccl.pipeline import check_text
from ccl.source.spans import FileId, Source, SourceMap
from ccl.syntax import ast

CASES_PER_SEED = 40
CHECKED_PER_SEED = 8
LETS = "CCL0901"
"""Its fix drops words, and is safe for another reason: tests/spec/let.md shows it."""


def parsed(text: str) -> Findings:
    """What the parser alone finds."""
    sources, sink = SourceMap(), Sink()
    parse(sources.add("a.ccl", text), sink)
    return Findings(sources=sources, diagnostics=sink.diagnostics)


def checked(path: str, text: str) -> Findings:
    found = check_text(text, path=path)
    kept = tuple(each for each in found.sink.diagnostics if each.code != LETS)
    return Findings(sources=found.sources, diagnostics=kept)


def tokens(text: str) -> list[str]:
    items = lex(Source(FileId(0), "a.ccl", text), Sink()).items
    return [text[each.start : each.end] for each in items]


def functions(text: str) -> list[tuple[str, bool, bool]]:
    """Name, is exported, is a test: of all functions, also those in sections and contracts."""
    sink = Sink()
    waiting = list(parse(Source(FileId(0), "a.ccl", text), sink).items)
    found = []
    while waiting:
        item = waiting.pop()
        if isinstance(item, ast.Function):
            found.append((item.name.text, item.exported, item.test))
        elif isinstance(item, ast.Section):
            waiting.extend(item.entries)
    return found


def only_terminators_were_added(before: str, after: str, what: str) -> None:
    left = iter(tokens(after))
    for token in tokens(before):
        while (found := next(left, None)) != token:
            assert found == ";", f"{what}: `{found}` stands where `{token}` was\n{before}"
    rest = list(left)
    assert set(rest) <= {";"}, f"{what}: {rest}"


def damaged(seed: int, count: int) -> list[tuple[str, str, str]]:
    """Name, text and the words to find a case by."""
    every = programs()
    random_ = random.Random(seed)
    cases = []
    for case in range(count):
        name, pieces = every[(seed * count + case * 7) % len(every)]
        cases.append((name, slip(random_, pieces), f"seed {seed}, case {case}, {name}"))
    return cases


def is_stable(text: str, check: object, *, unsafe: bool) -> bool:
    return fix_text(text, check, unsafe=unsafe).text == text  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", seeds(0, 8))
def test_safe_fix_adds_only_what_was_missing(seed: int) -> None:
    for _, text, what in damaged(seed, CASES_PER_SEED):
        fixed = fix_text(text, parsed).text
        only_terminators_were_added(text, fixed, what)
        assert functions(fixed) == functions(text), what
        assert fixed == text or is_stable(fixed, parsed, unsafe=False), what


@pytest.mark.parametrize("seed", seeds(100, 6))
def test_safe_fix_of_a_checked_program_adds_only_what_was_missing(seed: int) -> None:
    for name, text, what in damaged(seed, CHECKED_PER_SEED):
        path = (ROOT / name.split(":")[0]).as_posix()

        def check(text: str, path: str = path) -> Findings:
            return checked(path, text)

        fixed = fix_text(text, check).text
        only_terminators_were_added(text, fixed, what)
        assert functions(fixed) == functions(text), what
        assert fixed == text or is_stable(fixed, check, unsafe=False), what


@pytest.mark.parametrize("seed", seeds(200, 6))
def test_second_pass_of_unsafe_fixes_changes_nothing(seed: int) -> None:
    for name, text, what in damaged(seed, CHECKED_PER_SEED):
        path = (ROOT / name.split(":")[0]).as_posix()

        def check(text: str, path: str = path) -> Findings:
            return checked(path, text)

        fixed = fix_text(text, check, unsafe=True).text
        assert fixed == text or is_stable(fixed, check, unsafe=True), what


def test_terminator_that_was_lost_at_the_end_of_a_line_comes_back() -> None:
    random_ = random.Random(7)
    mended = lost = 0
    for name, text in sorted(corpus().items()):
        ends = [at for at, sign in enumerate(text) if text[at : at + 2] == ";\n"]
        if not ends or not isinstance(name, str):
            continue
        at = random_.choice(ends)
        without = text[:at] + text[at + 1 :]
        if not parsed(without).diagnostics:
            continue  # a comment, or a terminator that may be left out
        fixed = fix_text(without, parsed).text
        assert tokens(fixed) in (tokens(text), tokens(without)), name
        lost += 1
        mended += tokens(fixed) == tokens(text)
    assert lost > 100 * min(FACTOR, 1)
    assert mended >= 0.9 * lost, f"{mended} of {lost}"
