"""Formatting of a program: the same program in the canonical layout.

A file with syntax errors is left unchanged. The result is parsed and compared with the input: it
has the same tree and the same comments, or it is not returned.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from ccl.diagnostics.model import Sink
from ccl.formatter.layout import layout
from ccl.formatter.trivia import comments_of
from ccl.parser.parse import parse
from ccl.parser.parse_concrete import parse_concrete
from ccl.source.spans import SourceMap, Span
from ccl.support.node import fields, is_node
from ccl.support.recursion import nesting_in_room
from ccl.syntax import ast
from ccl.syntax.cst import Concrete


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """`text` is None if syntax errors, all in `sink`, prevent it, or if it would differ in meaning:
    `changed` is the first item that would."""

    sources: SourceMap
    sink: Sink
    text: str | None
    changed: Span | None = None


def format_text(text: str, path: str = "<stdin>") -> Formatted:
    """Formats the text, and collects the errors found."""
    with nesting_in_room():
        sources, sink = SourceMap(), Sink()
        source = sources.add(path, text)
        before = parse(source, sink)
        if sink.has_errors:
            return Formatted(sources=sources, sink=sink, text=None)
        tree = parse_concrete(source)
        found = layout(tree)
        changed = None if found == text else _first_change(before, tree, found)
        if changed is not None:
            return Formatted(sources=sources, sink=sink, text=None, changed=changed)
        return Formatted(sources=sources, sink=sink, text=found)


def _first_change(before: ast.Module, tree: Concrete, text: str) -> Span | None:
    """Finds the first item that differs between the old and the new text; None if both have the
    same meaning and comments."""
    sink = Sink()
    source = SourceMap().add("<formatted>", text)
    after = parse(source, sink)
    items = zip_longest(before.items, after.items)
    pair = next((pair for pair in items if not same_but_for_spans(*pair)), None)
    is_kept = pair is None and not sink.has_errors
    if is_kept and Counter(comments_of(tree)) == Counter(comments_of(parse_concrete(source))):
        return None
    return (pair[0] if pair is not None and pair[0] is not None else before).span


def same_but_for_spans(first: Any, second: Any) -> bool:
    """Compares two trees without their spans."""
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
