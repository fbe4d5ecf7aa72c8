"""Diagnostics as facts: a code, places, and the values that the prose will need.

Stages report facts to a `Sink`; `ccl.diagnostics.codes` holds the wording and
`ccl.diagnostics.render` the formats.
A diagnostic is a value: nothing here prints, raises or looks at a terminal.
"""

from collections.abc import Callable, Iterable

from ccl.diagnostics.codes import severity_of
from ccl.diagnostics.codes.template import Severity
from ccl.source.spans import Span
from ccl.support.node import Node, field


class Label(Node, frozen=True):
    """A secondary place and what is to be seen there (a short phrase, no full stop)."""

    span: Span
    text: str


class Edit(Node, frozen=True):
    """Replace the text of `span` (an empty span inserts)."""

    span: Span
    replacement: str


class Fix(Node, frozen=True):
    """A change that mends the error. A `safe` one cannot change what the program says, and may be
    applied unasked; any other is a guess (docs/fixes.md says which are safe, and why)."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False

    @property
    def applicability(self) -> str:
        return "safe" if self.safe else "unsafe"


class Diagnostic(Node, frozen=True):
    """`code` names a template in `ccl.diagnostics.codes`; `facts` fill it in. `denied`: a warning
    that the project makes an error."""

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
    """Collects the diagnostics of one compilation."""

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
        """Add one diagnostic. The same code at the same span is kept once; a fact None is left out.

        A name that is empty was put in by the parser, which has reported that it is missing:
        an error about it is a consequence, and left out too.
        """
        if facts.get("name") == "":
            return
        known = {name: value for name, value in facts.items() if value is not None}
        self.add(Diagnostic(code, span, known, tuple(labels), tuple(notes), tuple(fixes)))

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic that is complete."""
        place = (diagnostic.code, diagnostic.span)
        if place not in self._places:
            self._places.add(place)
            self._found.append(diagnostic)

    def take(self, other: "Sink") -> None:
        """Add all that another sink has collected."""
        for diagnostic in other._found:
            self.add(diagnostic)

    def leave_out(self, is_consequence: Callable[[Diagnostic], bool]) -> None:
        """Remove the consequences of other errors."""
        self.revise(lambda each: None if is_consequence(each) else each)

    def revise(self, revised: Callable[[Diagnostic], Diagnostic | None]) -> None:
        """Put what `revised` makes of it in place of each diagnostic, or nothing for None."""
        found = [revised(each) for each in self._found]
        self._found = [new for new in found if new is not None]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, in the order of files and places."""
        found = self._found
        return tuple(sorted(found, key=lambda d: (d.span.file, d.span.start, d.span.end, d.code)))

    @property
    def has_errors(self) -> bool:
        return any(map(is_error, self._found))


def is_error(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR
