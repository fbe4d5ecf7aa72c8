"""Diagnostics as SARIF 2.1.0, the format that code hosts and editors import."""

import json
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.explain import load_page
from ccl.diagnostics.model import Diagnostic, Fix
from ccl.diagnostics.render.prose import prose
from ccl.diagnostics.render.report import Report
from ccl.diagnostics.render.shown import Shown
from ccl.source.spans import Source, SourceMap, Span
from ccl.version import VERSION

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def render(report: Report) -> str:
    shown, sources = report.shown, report.sources
    codes = sorted({diagnostic.code for diagnostic in shown.diagnostics})
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "cclc",
                        "semanticVersion": VERSION,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "invocations": [_invocation(shown)],
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(diagnostic, codes.index(diagnostic.code), sources)
                    for diagnostic in shown.diagnostics
                ],
                "properties": {"errors": shown.errors, "errorsShown": shown.errors_shown},
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _invocation(shown: Shown) -> dict[str, Any]:
    """Builds the notification of SARIF that results are omitted."""
    invocation: dict[str, Any] = {"executionSuccessful": True}
    if shown.remark is not None:
        invocation["toolExecutionNotifications"] = [
            {"level": "note", "message": {"text": shown.remark}}
        ]
    return invocation


def _rule(code: str) -> dict[str, Any]:
    page = load_page(code)
    rule: dict[str, Any] = {
        "id": code,
        "defaultConfiguration": {"level": TEMPLATES[code].severity.value},
    }
    if page is not None:
        rule["shortDescription"] = {"text": page.title}
        rule["help"] = {"text": page.text, "markdown": page.text}
    return rule


def _result(diagnostic: Diagnostic, rule_index: int, sources: SourceMap) -> dict[str, Any]:
    words = prose(diagnostic)
    parts = (words.title, words.label, *diagnostic.notes, words.help)
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": words.severity.value,
        "message": {"text": "\n".join(filter(None, parts))},
        "locations": [{"physicalLocation": _location(diagnostic.span, sources)}],
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _location(label.span, sources),
                "message": {"text": label.text},
            }
            for number, label in enumerate(diagnostic.labels, start=1)
        ]
    fixes = [_fix(fix, sources) for fix in diagnostic.fixes if fix.edits]
    if fixes:
        result["fixes"] = fixes
    return result


def _fix(fix: Fix, sources: SourceMap) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement = {
            "deletedRegion": _region(edit.span, sources.of(edit.span)),
            "insertedContent": {"text": edit.replacement},
        }
        changes.setdefault(_uri(sources.of(edit.span).path), []).append(replacement)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri}, "replacements": replacements}
            for uri, replacements in changes.items()
        ],
        "properties": {"applicability": fix.applicability},
    }


def _location(span: Span, sources: SourceMap) -> dict[str, Any]:
    source = sources.of(span)
    return {
        "artifactLocation": {"uri": _uri(source.path)},
        "region": _region(span, source),
    }


def _region(span: Span, source: Source) -> dict[str, Any]:
    start, end = source.position(span.start), source.position(span.end)
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
        "charOffset": span.start,
        "charLength": span.end - span.start,
    }


def _uri(path: str) -> str:
    quoted = quote(path)
    return f"file://{quoted}" if PurePosixPath(path).is_absolute() else quoted
