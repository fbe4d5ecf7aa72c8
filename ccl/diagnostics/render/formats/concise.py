"""Diagnostics as one line each: `path:line:col: error[CODE] title`."""

from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.render.cells import safe_text
from ccl.diagnostics.render.colour import Ink, Paint
from ccl.diagnostics.render.prose import prose
from ccl.diagnostics.render.report import Report


def render(report: Report) -> str:
    paint = Paint(report.color, report.seal)
    out: list[str] = []
    for diagnostic in report.shown.diagnostics:
        words = prose(diagnostic)
        source = report.sources.of(diagnostic.span)
        place = source.position(diagnostic.span.start)
        ink = Ink.ERROR if words.severity is Severity.ERROR else Ink.WARNING
        head = paint(f"{words.severity.value}[{diagnostic.code}]", ink)
        title = safe_text(words.title.replace("\n", " "))
        path = safe_text(source.path)
        out.append(f"{path}:{place.line}:{place.column}: {head} {title}\n")
    return "".join(out)
