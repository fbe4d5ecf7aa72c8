"""Diagnostics as facts: a code, places, and the values that the prose will need.

Stages report facts to a `Sink`; `ccl.codes` holds the wording, `ccl.render` the formats.
A diagnostic is a value: nothing here prints, raises or looks at a terminal.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ccl.codes import severity_of
from ccl.codes.template import Severity
from ccl.source import Span


@dataclass(frozen=True, slots=True)
class Label:
    """A secondary place and what is to be seen there (a short phrase, no full stop)."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` (an empty span inserts)."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends the fault. `safe` fixes keep the meaning and may be applied unasked."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """`code` names a template in `ccl.codes`; `facts` fill it in."""

    code: str
    span: Span
    facts: dict[str, str] = field(default_factory=dict)
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


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
        """Add one fault. The same code at the same span is kept once; a fact None is left out.

        A name that is empty was put in by the parser, which has reported that it is missing:
        what is said of it is a consequence, and left out too.
        """
        if facts.get("name") == "":
            return
        known = {name: value for name, value in facts.items() if value is not None}
        self.add(Diagnostic(code, span, known, tuple(labels), tuple(notes), tuple(fixes)))

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a fault that another sink has collected."""
        place = (diagnostic.code, diagnostic.span)
        if place not in self._places:
            self._places.add(place)
            self._found.append(diagnostic)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, in the order of files and places."""
        return tuple(
            sorted(self._found, key=lambda d: (d.span.file, d.span.start, d.span.end, d.code))
        )

    @property
    def has_errors(self) -> bool:
        return any(severity_of(d.code) is Severity.ERROR for d in self._found)
