"""Diagnostics as text: one table of formats, with a renderer for each.

Rule: a format is added by its module in `formats/` and its row in `FORMATS`; command lines, errors
of usage and the documentation read the table. A renderer is pure: terminal, files and environment
are arguments.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Final

from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.report import Report
from ccl.diagnostics.render.shown import ERRORS_SHOWN_MAX, shown_of
from ccl.source.spans import SourceMap
from ccl.support.node import Node


class Format(Node, frozen=True, kw_only=True):
    """A format of diagnostics.

    for_machines: it is the output of a command; the others are remarks about it. module: has
    `render(report: Report) -> str`; loaded when it is used, so that start-up does not pay for it.
    """

    name: str
    for_machines: bool
    module: str
    summary: str

    def __str__(self) -> str:
        """Returns its name on command lines."""
        return self.name


FULL: Final = Format(
    name="full",
    for_machines=False,
    module="ccl.diagnostics.render.formats.full",
    summary="the source with its errors marked, notes, the next step and fixes",
)
CONCISE: Final = Format(
    name="concise",
    for_machines=False,
    module="ccl.diagnostics.render.formats.concise",
    summary="a line for each diagnostic",
)
JSON: Final = Format(
    name="json",
    for_machines=True,
    module="ccl.diagnostics.render.formats.json",
    summary="one object, described by a JSON Schema",
)
SARIF: Final = Format(
    name="sarif",
    for_machines=True,
    module="ccl.diagnostics.render.formats.sarif",
    summary="SARIF 2.1.0, for code hosts and editors",
)
GITHUB: Final = Format(
    name="github",
    for_machines=True,
    module="ccl.diagnostics.render.formats.github",
    summary="annotations of a GitHub workflow",
)

FORMATS: Final = {each.name: each for each in (FULL, CONCISE, JSON, SARIF, GITHUB)}


def machine_formats() -> frozenset[str]:
    """Lists the names of the formats that are the output of a command."""
    return frozenset(each.name for each in FORMATS.values() if each.for_machines)


def render(
    diagnostics: Sequence[Diagnostic],
    sources: SourceMap,
    format: Format,  # noqa: A002
    *,
    color: bool,
    width: int,
    seal: str = "",
    max_errors: int = ERRORS_SHOWN_MAX,
) -> str:
    """Renders diagnostics in the order given, ending with a line break (or empty).

    The errors are the first `max_errors`; formats for machines say how many there are.
    """
    shown = shown_of(diagnostics, max_errors)
    report = Report(shown=shown, sources=sources, color=color, width=width, seal=seal)
    text: str = import_module(format.module).render(report)
    return text
