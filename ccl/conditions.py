"""The conditions of a charter as people read them."""

from collections.abc import Iterable

from ccl.diagnostics import Sink
from ccl.parsing.lexer import lex
from ccl.source import SourceMap, Span


def condition_text(sources: SourceMap, span: Span) -> str:
    """The condition on one line, without comments; its span may leave out outer parentheses."""
    source = sources.of(span)
    tokens = lex(source, Sink()).items
    first = next(i for i, each in enumerate(tokens) if each.start >= span.start)
    last = max(i for i, each in enumerate(tokens) if each.start < span.end)
    written = [source.text[each.start : each.end] for each in tokens]
    open_ = _unclosed(written[first : last + 1], "(", ")")
    closed = _unclosed(reversed(written[first : last + 1]), ")", "(")
    text = written[first - closed]
    for i in range(first - closed + 1, last + open_ + 1):
        text += (" " if tokens[i].start > tokens[i - 1].end else "") + written[i]
    return text


def _unclosed(tokens: Iterable[str], opening: str, closing: str) -> int:
    """How many parentheses are opened and not closed again, read in this order."""
    depth = 0
    for each in tokens:
        if each == opening:
            depth += 1
        elif each == closing and depth:
            depth -= 1
    return depth
