"""Diagnostics as workflow commands of GitHub: `::error file=…,line=…::message`."""

from ccl.diagnostics.render.prose import prose
from ccl.diagnostics.render.report import Report


def render(report: Report) -> str:
    out: list[str] = []
    for diagnostic in report.shown.diagnostics:
        words = prose(diagnostic)
        source = report.sources.of(diagnostic.span)
        start = source.position(diagnostic.span.start)
        end = source.position(diagnostic.span.end)
        properties = {
            "file": source.path,
            "line": str(start.line),
            "endLine": str(end.line),
            "col": str(start.column),
            "endColumn": str(end.column),
            "title": f"{diagnostic.code}: {words.title}",
        }
        if end.line != start.line:
            # GitHub refuses columns on an annotation over several lines.
            del properties["col"], properties["endColumn"]
        listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        fixes = (f"fix ({fix.applicability}): {fix.title}" for fix in diagnostic.fixes)
        message = "\n".join(filter(None, (words.title, words.label, words.help, *fixes)))
        out.append(f"::{words.severity.value} {listed}::{_message(message)}\n")
    if report.shown.remark is not None:
        out.append(f"::notice::{_message(report.shown.remark)}\n")
    return "".join(out)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
