"""Diagnostics as one JSON object."""

import json
from typing import Any

from ccl.diagnostics.model import Diagnostic
from ccl.diagnostics.render.prose import prose
from ccl.diagnostics.render.report import Report
from ccl.diagnostics.render.shown import Shown
from ccl.source.spans import SourceMap, Span

JSON_VERSION = 1


def render(report: Report) -> str:
    value = json_value(report.shown, report.sources)
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def json_value(shown: Shown, sources: SourceMap) -> dict[str, Any]:
    """Builds one object: `version`, `diagnostics`, `summary`. Offsets count code points from 0."""
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
