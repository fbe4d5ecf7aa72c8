"""Duplicate names in one list: parameters, type parameters, names of a loop."""

from collections.abc import Iterable

from ccl.diagnostics.model import Label, Sink
from ccl.source.spans import Span
from ccl.syntax import ast


def report_repeats(sink: Sink, names: Iterable[ast.Ident]) -> None:
    """Reports each name but `_` that occurs earlier in the list, with the first occurrence."""
    first: dict[str, Span] = {}
    for name in names:
        if name.text == "_":
            continue
        if name.text in first:
            labels = (Label(first[name.text], "first here"),)
            sink.report("CCL0211", name.span, name=name.text, labels=labels)
        first.setdefault(name.text, name.span)
