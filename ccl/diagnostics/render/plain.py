"""Diagnostics for other programs: one line each, JSON, and GitHub's workflow commands."""

import json
from collections.abc import Sequence
from typing import Any

from ccl.diagnostics.codes.template import Severity
from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.cells import safe_text
from ccl.diagnostics.render.colour import Ink, Paint
from ccl.diagnostics.render.prose import prose
from ccl.diagnostics.render.shown import Shown
from ccl.source.spans import SourceMap, Span

JSON_VERSION = 1


def render_concise(
    diagnostics: Sequence[Diagnostic], sources: SourceMap, *, color: bool, seal: str = ""
) -> str:
    """`path:line:col: error[CODE] title`, one line each."""
    paint = Paint(color, seal)
    out: list[str] = []
    for diagnostic in diagnostics:
        words = prose(diagnostic)
        source = sources.of(diagnostic.span)
        place = source.position(diagnostic.span.start)
        ink = Ink.ERROR if words.severity is Severity.ERROR else Ink.WARNING
        head = paint(f"{words.severity.value}[{diagnostic.code}]", ink)
        title = safe_text(words.title.replace("\n", " "))
        path = safe_text(source.path)
        out.append(f"{path}:{place.line}:{place.column}: {head} {title}\n")
    return "".join(out)


def render_json(shown: Shown, sources: SourceMap) -> str:
    """The value of `json_value` as text."""
    return json.dumps(json_value(shown, sources), indent=2, ensure_ascii=False) + "\n"


def json_value(shown: Shown, sources: SourceMap) -> dict[str, Any]:
    """One object: `version`, `diagnostics`, `summary`. Offsets count code points from 0."""
    return {
        "version": JSON_VERSION,
        "diagnostics": [_json_diagnostic(each, sources) for each in shown.diagnostics],
        "summary": {
            "errors": shown.errors,
            "errors_shown": shown.errors_shown,
            "warnings": shown.warnings,
        },
    }


def _json_diagnostic(diagnostic: Diagnostic, sources: SourceMap) -> dict[str, Any]:
    words = prose(diagnostic)
    return {
        "code": diagnostic.code,
        "severity": words.severity.value,
        "message": words.title,
        **_json_place(diagnostic.span, sources),
        "label": words.label,
        "labels": [
            {**_json_place(label.span, sources), "text": label.text} for label in diagnostic.labels
        ],
        "notes": list(diagnostic.notes),
        "help": words.help,
        "fixes": [
            {
                "title": fix.title,
                "applicability": fix.applicability,
                "edits": [
                    {**_json_place(edit.span, sources), "replacement": edit.replacement}
                    for edit in fix.edits
                ],
            }
            for fix in diagnostic.fixes
        ],
    }


def _json_place(span: Span, sources: SourceMap) -> dict[str, Any]:
    source = sources.of(span)
    ends = {}
    for name, offset in (("start", span.start), ("end", span.end)):
        place = source.position(offset)
        ends[name] = {"line": place.line, "column": place.column, "offset": offset}
    return {"file": source.path, "span": ends}


def render_github(shown: Shown, sources: SourceMap) -> str:
    """`::error file=…,line=…::message`, as the log of a GitHub workflow reads it."""
    out: list[str] = []
    for diagnostic in shown.diagnostics:
        words = prose(diagnostic)
        source = sources.of(diagnostic.span)
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
    if shown.remark is not None:
        out.append(f"::notice::{_message(shown.remark)}\n")
    return "".join(out)


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
