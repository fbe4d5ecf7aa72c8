"""Formatting a program: the same program, laid out as everybody's is.

A file with faults of syntax is left alone. What comes out is read again and compared:
the same tree and the same comments, or it does not come out at all.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ccl import ast
from ccl.concrete import Concrete
from ccl.diagnostics import Sink
from ccl.formatting.layout import layout
from ccl.formatting.trivia import comments_of
from ccl.nesting import room_for_nesting
from ccl.node import fields, is_node
from ccl.parse import parse
from ccl.parse_concrete import parse_concrete
from ccl.source import SourceMap, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """`text` is None where faults of syntax, all in `sink`, prevent it."""

    sources: SourceMap
    sink: Sink
    text: str | None


def format_text(text: str, path: str = "<stdin>") -> Formatted:
    """The text as it should be laid out, and the faults that were found on the way."""
    with room_for_nesting():
        sources, sink = SourceMap(), Sink()
        source = sources.add(path, text)
        before = parse(source, sink)
        if sink.has_errors:
            return Formatted(sources=sources, sink=sink, text=None)
        tree = parse_concrete(source)
        found = layout(tree)
        if found != text:
            _confirm(before, tree, found)
        return Formatted(sources=sources, sink=sink, text=found)


def _confirm(before: ast.Module, tree: Concrete, text: str) -> None:
    """The new text says what the old one said."""
    sink = Sink()
    source = SourceMap().add("<formatted>", text)
    after = parse(source, sink)
    assert not sink.has_errors, "the formatted text has faults of syntax"
    assert same_but_for_spans(before.items, after.items), "formatting changed the program"
    comments = Counter(comments_of(tree))
    assert comments == Counter(comments_of(parse_concrete(source))), "formatting lost a comment"


def same_but_for_spans(first: Any, second: Any) -> bool:
    """Are two trees equal wherever they stand in their files?"""
    waiting = [(first, second)]
    while waiting:
        left, right = waiting.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, tuple):
            if len(left) != len(right):
                return False
            waiting.extend(zip(left, right, strict=True))
        elif isinstance(left, Span):
            continue
        elif is_node(left):
            names = fields(left)
            waiting.extend((getattr(left, name), getattr(right, name)) for name in names)
        elif left != right:
            return False
    return True
