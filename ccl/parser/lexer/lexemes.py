"""Lexemes: the tokens of a text as they are read, and lexical errors."""

from ccl.diagnostics.model import Edit, Fix, Sink
from ccl.parser.lexer.tokens import Token, Tokens
from ccl.source.spans import Source, Span


class Lexemes:
    """Tokens of one file so far. `doc`: the lines of the `///` comment before the next token."""

    def __init__(self, source: Source, sink: Sink) -> None:
        self.text = source.text
        self.tokens = Tokens()
        self.doc: list[str] = []
        self._file = source.file
        self._sink = sink

    def _span(self, start: int, end: int) -> Span:
        return Span(self._file, start, end)

    def replacement(self, title: str, start: int, end: int, text: str, safe: bool = False) -> Fix:
        return Fix(title, (Edit(self._span(start, end), text),), safe)

    def error(
        self, code: str, start: int, end: int, *, fixes: tuple[Fix, ...] = (), **facts: str
    ) -> None:
        """Reports a lexical error, which suppresses later errors of its line."""
        self.tokens.erroneous.append(start)
        self.report(code, start, end, fixes=fixes, **facts)

    def report(
        self, code: str, start: int, end: int, *, fixes: tuple[Fix, ...] = (), **facts: str
    ) -> None:
        """Reports an unambiguous lexical error, which suppresses no others."""
        self._sink.report(code, self._span(start, end), labels=(), notes=(), fixes=fixes, **facts)

    def add(self, kind: str, start: int, end: int, text: str | None = None) -> int:
        """Appends a token; returns its end."""
        if self.doc:
            self.take_doc(start)
        self.tokens.items.append(
            Token(kind, self.text[start:end] if text is None else text, start, end)
        )
        return end

    def take_doc(self, start: int) -> None:
        """Attaches the comment before it to the token at `start`."""
        self.tokens.docs[start] = "\n".join(self.doc)
        self.doc = []
