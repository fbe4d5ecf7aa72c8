"""Text to tree: `parse` never raises, whatever the text; faults go to the sink."""

from typing import Any

from ccl import ast
from ccl.diagnostics import Sink
from ccl.parsing.braces import read_lost_braces
from ccl.parsing.classify import classify
from ccl.parsing.declarations import Declarations
from ccl.parsing.depth import too_deep
from ccl.parsing.driver import ACCEPTED, Automaton
from ccl.parsing.expressions import Expressions
from ccl.parsing.foreign import read_foreign_words
from ccl.parsing.foreign_forms import read_foreign_forms
from ccl.parsing.foreign_tests import read_foreign_tests, report_foreign_tests
from ccl.parsing.heads import read_literals_in_heads, read_lost_parentheses
from ccl.parsing.lexer import lex
from ccl.parsing.misplaced_items import read_items_in_code
from ccl.parsing.misspelt_items import has_misspelt_words, read_misspelt_items
from ccl.parsing.reasons import read_reasons
from ccl.parsing.recovery import recover
from ccl.parsing.reduce import Gathering, Place
from ccl.parsing.statements import Statements
from ccl.parsing.tokens import Tokens
from ccl.source import Source, Span
from ccl.syntax import tables


def parse(source: Source, sink: Sink) -> ast.Module:
    """The module as far as it could be read."""
    tokens = lex(source, sink)
    whole = Span(source.file, 0, len(source.text))
    if too_deep(source, tokens, sink):
        return ast.Module(items=(), span=whole)
    classify(source, tokens)
    if has_misspelt_words(tokens):
        reread = lex(source, Sink())
        if read_misspelt_items(source, reread, sink):
            tokens = reread
            classify(source, tokens)
    found = Sink()
    automaton = _automaton(source, tokens, found)
    if automaton.feed(tokens.items) == ACCEPTED:
        items = automaton.values[-1].items
    else:
        tokens = lex(source, Sink())
        read_lost_braces(source, tokens, sink)
        read_misspelt_items(source, tokens, sink)
        read_foreign_tests(source, tokens, sink)
        read_foreign_words(source, tokens, sink)
        read_foreign_forms(source, tokens, sink)
        read_reasons(source, tokens, sink)
        read_items_in_code(source, tokens, sink)
        read_lost_parentheses(source, tokens, sink)
        read_literals_in_heads(source, tokens, sink)
        classify(source, tokens)
        found = Sink()
        items = recover(_automaton(source, tokens, found), source, tokens, sink)
    # What the reductions found counts only in the reading that is kept.
    sink.take(found)
    report_foreign_tests(items, sink)
    return ast.Module(items=items, span=whole)


def _automaton(source: Source, tokens: Tokens, sink: Sink) -> Automaton:
    place = Place(file=source.file, text=source.text, sink=sink, docs=tokens.docs)
    gathering = Gathering(place)
    reductions = [table(place) for table in (Declarations, Statements, Expressions)]

    def making(rule: str) -> tuple[Any, Any]:
        gathered = getattr(gathering, rule, None)
        if gathered is not None:
            return gathered, None
        found = (getattr(table, rule, None) for table in reductions)
        return None, next(each for each in found if each is not None)

    return Automaton(tables(), making, source.file)
