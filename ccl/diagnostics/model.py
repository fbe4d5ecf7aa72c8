"""Diagnostics as facts: a code, spans, and the values for the prose.

Stages report facts to a `Sink`; `ccl.diagnostics.codes` has the wording and
`ccl.diagnostics.render` the formats. A diagnostic is a value: nothing here prints, raises or reads
a terminal.
"""

from collections.abc import Callable, Iterable

from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.source.spans import Span
from ccl.support.node import Node, field


class Label(Node, frozen=True):
    """A secondary span with a short phrase, without a full stop."""

    span: Span
    text: str


class Edit(Node, frozen=True):
    """A replacement of the text of `span` (an empty span inserts)."""

    span: Span
    replacement: str


class Fix(Node, frozen=True):
    """A change that corrects the error. A `safe` one preserves the meaning of the program, and may
    be applied automatically; any other is a guess (docs/fixes.md lists the safe ones and the
    reasons)."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False

    @property
    def applicability(self) -> str:
        return "safe" if self.safe else "unsafe"


class Diagnostic(Node, frozen=True):
    """`code` names a template in `ccl.diagnostics.codes`, filled in with `facts`. `denied`: a
    warning that the project makes an error."""

    code: str
    span: Span
    facts: dict[str, str] = field(default_factory=dict)
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    denied: bool = False

    @property
    def severity(self) -> Severity:
        return Severity.ERROR if self.denied else severity_of(self.code)


class Sink:
    """The collector of the diagnostics of one compilation."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self._places: set[tuple[str, Span]] = set()

    def report(
        self,
        code: str,
        span: Span,
        *,
        labels: Iterable[Label] = (),
        notes: Iterable[str] = (),
        fixes: Iterable[Fix] = (),
        **facts: str | None,
    ) -> None:
        """Adds one diagnostic, once for the same code and span; a fact None is omitted.

        An empty name was inserted by the parser, which has reported that it is missing: an error
        about it is a consequence and is omitted.
        """
        if facts.get("name") == "":
            return
        known = {name: value for name, value in facts.items() if value is not None}
        self.add(Diagnostic(code, span, known, tuple(labels), tuple(notes), tuple(fixes)))

    def add(self, diagnostic: Diagnostic) -> None:
        """Adds a complete diagnostic."""
        place = (diagnostic.code, diagnostic.span)
        if place not in self._places:
            self._places.add(place)
            self._found.append(diagnostic)

    def take(self, other: "Sink") -> None:
        """Adds all diagnostics of another sink."""
        for diagnostic in other._found:
            self.add(diagnostic)

    def suppress(self, is_consequence: Callable[[Diagnostic], bool]) -> None:
        """Removes diagnostics that are consequences of other errors."""
        self.revise(lambda each: None if is_consequence(each) else each)

    def revise(self, revised: Callable[[Diagnostic], Diagnostic | None]) -> None:
        """Replaces each diagnostic by the result of `revised`; None removes it."""
        found = [revised(each) for each in self._found]
        self._found = [new for new in found if new is not None]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All diagnostics, ordered by file and span."""
        found = self._found
        return tuple(sorted(found, key=lambda d: (d.span.file, d.span.start, d.span.end, d.code)))

    @property
    def has_errors(self) -> bool:
        return any(map(is_error, self._found))


def is_error(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR
