"""The parser over programs with tokens taken out, put in and doubled: no crash, no hang.

Every program of the repository (examples, library, the blocks of specification and docs) is
damaged in turn, so each is hit often. A seed is a chunk of cases; a failure names seed and case.
"""

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType

import pytest
from ccl_sources import corpus
from effort import seeds

from ccl import ast
from ccl.codes import TEMPLATES
from ccl.diagnostics import Sink
from ccl.parse import parse
from ccl.parsing.lexer import lex
from ccl.source import SourceMap

CASES_PER_SEED = 500
SEEDS = seeds(0, 42)
DAMAGES_MAX = 4
HANG_SECONDS = 30
"""For a whole program of at most some hundred lines: a thousand times what it takes."""


@cache
def programs() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Every program as its tokens, each with the blanks and comments before it."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for name, text in corpus().items():
        ends = [t.end for t in lex(SourceMap().add("a.ccl", text), Sink()).items]
        starts = [0, *ends]
        pieces = tuple(text[a:b] for a, b in zip(starts, ends, strict=False) if a < b)
        if pieces:
            found.append((name, pieces))
    return tuple(found)


def damaged(random: random.Random, pieces: tuple[str, ...]) -> str:
    """One to four deletions, insertions (of a token of any program) and duplications."""
    tokens = list(pieces)
    for _ in range(random.randint(1, DAMAGES_MAX)):
        at = random.randrange(len(tokens)) if tokens else 0
        match random.choice(("delete", "insert", "duplicate")) if tokens else "insert":
            case "delete":
                del tokens[at : at + random.choice((1, 1, 1, 2, 5))]
            case "insert":
                other = random.choice(programs())[1]
                tokens.insert(at, f" {random.choice(other)} ")
            case _:
                tokens.insert(at, tokens[at])
    return "".join(tokens)


@contextmanager
def within(seconds: int, what: str) -> Iterator[None]:
    """Fail where the block takes longer, instead of waiting for ever."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"the parser hangs: {what}")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def holds(text: str, what: str) -> None:
    sink = Sink()
    with within(HANG_SECONDS, what):
        module = parse(SourceMap().add("a.ccl", text), sink)
    assert isinstance(module, ast.Module), what
    for found in sink.diagnostics:
        spans = [found.span, *(label.span for label in found.labels)]
        spans += [edit.span for fix in found.fixes for edit in fix.edits]
        assert all(0 <= s.start <= s.end <= len(text) for s in spans), (what, found)
        template = TEMPLATES[found.code]
        for prose in (template.title, template.label, template.help or ""):
            prose.format(**found.facts)


def test_the_cases_are_enough() -> None:
    assert CASES_PER_SEED * len(SEEDS) >= 20_000


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_programs(seed: int) -> None:
    random_ = random.Random(seed)
    every = programs()
    for case in range(CASES_PER_SEED):
        name, pieces = every[(seed * CASES_PER_SEED + case) % len(every)]
        holds(damaged(random_, pieces), f"seed {seed}, case {case}, {name}")
