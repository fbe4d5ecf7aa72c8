"""The prose of a diagnostic: its template with its facts."""

from dataclasses import dataclass

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """`label` is empty and `help` None where the template has none or a fact is missing."""

    severity: Severity
    title: str
    label: str
    help: str | None


def prose(diagnostic: Diagnostic) -> Prose:
    """Raises KeyError for an unknown code or a title without its facts: a bug of ours."""
    template = TEMPLATES[diagnostic.code]
    kind = diagnostic.facts.get("advice")
    help_text = template.help if kind is None else template.advice[kind]
    return Prose(
        severity=diagnostic.severity,
        title=template.title.format_map(diagnostic.facts),
        label=_filled(template.label, diagnostic.facts) or "",
        help=None if help_text is None else _filled(help_text, diagnostic.facts),
    )


def _filled(text: str, facts: dict[str, str]) -> str | None:
    try:
        return text.format_map(facts)
    except KeyError:
        return None
