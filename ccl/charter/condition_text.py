"""The texts of conditions, as commands list them."""

from collections.abc import Iterable

from ccl.diagnostics.model import Sink
from ccl.ir import typed
from ccl.parser.lexer.lexer import lex
from ccl.source.spans import Source, SourceMap, Span
from ccl.support.node import replace


def with_condition_texts(program: typed.Program, sources: SourceMap) -> typed.Program:
    """Returns the program with the texts of its charter's conditions."""
    if not program.conditions:
        return program
    conditions = tuple(
        replace(each, text=_condition_text(sources, each.span)) for each in program.conditions
    )
    return replace(program, conditions=conditions)


def _condition_text(sources: SourceMap, span: Span) -> str:
    """Returns the condition on one line, without comments; its span may omit outer parentheses.

    Reads only the condition, so that a long file with many of them takes linear time.
    """
    source = sources.of(span)
    condition = Source(source.file, source.path, source.text[span.start : span.end])
    tokens = [each for each in lex(condition, Sink()).items if each.end > each.start]
    written = [condition.text[each.start : each.end] for each in tokens]
    text = "(" * _unclosed(reversed(written), ")", "(")
    for i, each in enumerate(tokens):
        text += (" " if i and each.start > tokens[i - 1].end else "") + written[i]
    return text + ")" * _unclosed(written, "(", ")")


def _unclosed(tokens: Iterable[str], opening: str, closing: str) -> int:
    """Returns how many parentheses are opened and not closed again, read in this order."""
    depth = 0
    for each in tokens:
        if each == opening:
            depth += 1
        elif each == closing and depth:
            depth -= 1
    return depth
