"""Parsing: text to tree. `parse` never raises, whatever the text; errors go to the sink."""

from typing import Any

from ccl.diagnostics.model import Sink
from ccl.parser.depth import too_deep
from ccl.parser.driver import ACCEPTED, Automaton
from ccl.parser.heads import read_literals_in_heads, read_lost_parentheses
from ccl.parser.lexer.classification import classify
from ccl.parser.lexer.lexer import lex
from ccl.parser.lexer.tokens import Tokens
from ccl.parser.recovery.braces import read_lost_braces
from ccl.parser.recovery.foreign_forms import read_foreign_forms
from ccl.parser.recovery.foreign_tests import read_foreign_tests, report_foreign_tests
from ccl.parser.recovery.foreign_words import read_foreign_words
from ccl.parser.recovery.misplaced_items import read_items_in_code
from ccl.parser.recovery.misspelt_items import has_misspelt_words, read_misspelt_items
from ccl.parser.recovery.reasons import read_reasons
from ccl.parser.recovery.recovery import recover
from ccl.parser.reductions.declarations import Declarations
from ccl.parser.reductions.expressions import Expressions
from ccl.parser.reductions.reduce import Gathering, Place
from ccl.parser.reductions.statements import Statements
from ccl.source.spans import Source, Span
from ccl.syntax import ast
from ccl.syntax.tables import tables


def parse(source: Source, sink: Sink) -> ast.Module:
    """Parses a module, as far as its text is valid."""
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
    # The reports of the reductions count only for the reading that is kept.
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
