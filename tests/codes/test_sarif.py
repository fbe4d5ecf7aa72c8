"""SARIF output has the shape of SARIF 2.1.0 (the parts of its schema that we write)."""

import json
from typing import Any

import jsonschema
import pytest

from ccl.diagnostics.codes import TEMPLATES
from ccl.diagnostics.codes.template import Severity, Template
from ccl.diagnostics.model import Diagnostic, Edit, Fix, Label
from ccl.diagnostics.render import SARIF, render
from ccl.source.spans import SourceMap, Span


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


TEXT = {"type": "string", "minLength": 1}
FROM_ONE = {"type": "integer", "minimum": 1}
FROM_ZERO = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = _object("text", text=TEXT)
ARTIFACT = _object("uri", uri={"type": "string", "pattern": r"^[A-Za-z0-9._~/:%-]+$"})
REGION = _object(
    "startLine startColumn endLine endColumn charOffset charLength",
    startLine=FROM_ONE,
    startColumn=FROM_ONE,
    endLine=FROM_ONE,
    endColumn=FROM_ONE,
    charOffset=FROM_ZERO,
    charLength=FROM_ZERO,
)
PHYSICAL = _object("artifactLocation region", artifactLocation=ARTIFACT, region=REGION)
RULE = _object(
    "id",
    id=TEXT,
    defaultConfiguration=_object("level", level=LEVEL),
    shortDescription=MESSAGE,
    help=_object("text", text=TEXT, markdown=TEXT),
)
REPLACEMENT = _object(
    "deletedRegion insertedContent",
    deletedRegion=REGION,
    insertedContent=_object("text", text={"type": "string"}),
)
FIX = _object(
    "artifactChanges properties",
    description=MESSAGE,
    properties=_object("applicability", applicability={"enum": ["safe", "unsafe"]}),
    artifactChanges=_list(
        _object(
            "artifactLocation replacements",
            artifactLocation=ARTIFACT,
            replacements=_list(REPLACEMENT, 1),
        ),
        1,
    ),
)
RESULT = _object(
    "ruleId ruleIndex level message locations",
    ruleId=TEXT,
    ruleIndex=FROM_ZERO,
    level=LEVEL,
    message=MESSAGE,
    locations=_list(_object("physicalLocation", physicalLocation=PHYSICAL), 1),
    relatedLocations=_list(
        _object(
            "id physicalLocation message", id=FROM_ZERO, physicalLocation=PHYSICAL, message=MESSAGE
        )
    ),
    fixes=_list(FIX, 1),
)
DRIVER = _object("name", name=TEXT, semanticVersion=TEXT, rules=_list(RULE))
NOTIFICATION = _object(
    "message",
    level={"enum": ["none", "note", "warning", "error"]},
    message=_object("text", text=TEXT),
)
INVOCATION = _object(
    "executionSuccessful",
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=_list(NOTIFICATION),
)
SCHEMA = _object(
    "version runs",
    **{"$schema": TEXT},
    version={"const": "2.1.0"},
    runs=_list(
        _object(
            "tool results",
            tool=_object("driver", driver=DRIVER),
            invocations=_list(INVOCATION, 1),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            results=_list(RESULT),
            properties={"type": "object"},
        ),
        1,
    ),
)


@pytest.fixture(autouse=True)
def _templates(monkeypatch: pytest.MonkeyPatch) -> None:
    for code, severity in (("CCL0998", Severity.ERROR), ("CCL0999", Severity.WARNING)):
        template = Template(code=code, title="found {it}", label="here", severity=severity)
        monkeypatch.setitem(TEMPLATES, code, template)


def test_shape() -> None:
    sources = SourceMap()
    first = sources.add("a folder/α.ccl", "let x = 1;\nlet y = 2;\n")
    second = sources.add("/abs/b.ccl", "")
    found = [
        Diagnostic(
            "CCL0998",
            Span(first.file, 4, 15),
            {"it": "this"},
            (Label(Span(second.file, 0, 0), "there"),),
            ("a note",),
            (
                Fix(
                    "change", (Edit(Span(first.file, 4, 5), ""), Edit(Span(second.file, 0, 0), "z"))
                ),
            ),
        ),
        Diagnostic("CCL0999", Span(second.file, 0, 0), {"it": "that"}),
    ]
    log = json.loads(render(found, sources, SARIF, color=False, width=80))
    jsonschema.validate(log, SCHEMA)

    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == ["CCL0998", "CCL0999"]
    assert [r["level"] for r in run["results"]] == ["error", "warning"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20folder/%CE%B1.ccl"
    assert place["region"] == {
        "startLine": 1,
        "startColumn": 5,
        "endLine": 2,
        "endColumn": 5,
        "charOffset": 4,
        "charLength": 11,
    }
    changes = run["results"][0]["fixes"][0]["artifactChanges"]
    assert [c["artifactLocation"]["uri"] for c in changes] == [
        "a%20folder/%CE%B1.ccl",
        "file:///abs/b.ccl",
    ]


def test_nothing_found_is_an_empty_run() -> None:
    log = json.loads(render([], SourceMap(), SARIF, color=False, width=80))
    jsonschema.validate(log, SCHEMA)
    assert log["runs"][0]["results"] == []
