"""Programs with tokens taken out, put in and doubled, and what must hold of their diagnostics.

Every program of the repository (examples, library, the blocks of specification and docs) is
damaged in turn, so each is hit often. A seed is a chunk of cases; a failure names seed and case.
"""

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType

from ccl_sources import corpus

from ccl.diagnostics.model import Diagnostic, Sink
from ccl.diagnostics.render.prose import prose
from ccl.parser.lexer.lexer import lex
from ccl.source.spans import SourceMap

CASES_PER_SEED = 500
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


def slip(random_: random.Random, pieces: tuple[str, ...]) -> str:
    """The program with one token wrong: left out, doubled, exchanged, misspelt, a bracket lost."""
    found = list(pieces)
    at = random_.randrange(len(found))
    match random_.choice(("delete", "double", "swap", "bracket", "misspell")):
        case "delete":
            del found[at]
        case "double":
            found.insert(at, found[at])
        case "swap" if at + 1 < len(found):
            found[at : at + 2] = [found[at + 1], found[at]]
        case "bracket":
            brackets = [i for i, each in enumerate(found) if each.endswith(tuple("()[]{}"))]
            if brackets:
                del found[random_.choice(brackets)]
        case _:
            words = [i for i, each in enumerate(found) if len(each) > 2 and each[-2:].isalpha()]
            if words:
                which = random_.choice(words)
                word = found[which]
                found[which] = random_.choice(
                    (word[:-1], word + word[-1], word[:-2] + word[:-3:-1])
                )
    return "".join(found)


def cases(seed: int) -> Iterator[tuple[str, str]]:
    """The damaged programs of a seed, each with the words to find it by."""
    random_ = random.Random(seed)
    every = programs()
    for case in range(CASES_PER_SEED):
        name, pieces = every[(seed * CASES_PER_SEED + case) % len(every)]
        yield damaged(random_, pieces), f"seed {seed}, case {case}, {name}"


@contextmanager
def within(seconds: int, what: str) -> Iterator[None]:
    """Fail where the block takes longer, instead of waiting for ever."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"this hangs: {what}")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check_prose(found: Diagnostic, sources: SourceMap, what: str) -> None:
    """Every place is in its file, and the title has every fact that it names."""
    spans = [found.span, *(label.span for label in found.labels)]
    spans += [edit.span for fix in found.fixes for edit in fix.edits]
    for span in spans:
        assert 0 <= span.start <= span.end <= len(sources.of(span).text), (what, found)
    prose(found)
