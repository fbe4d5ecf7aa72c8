"""Schemas of diagnostics, modules and bounds."""

from typing import Final

from ccl.diagnostics.render.formats.json import JSON_VERSION
from runtime.terminal.answers.answer import Fields
from runtime.terminal.answers.schema import (
    CID,
    COUNT,
    INTEGER,
    TEXT,
    TEXTS,
    array,
    one_of,
    optional,
    record,
)

PLACE: Final = record({"line": COUNT, "column": COUNT, "offset": COUNT})

SPAN: Final = record({"start": PLACE, "end": PLACE})

DIAGNOSTIC: Final = record(
    {
        "code": TEXT,
        "severity": {"enum": ["error", "warning"]},
        "message": TEXT,
        "file": TEXT,
        "span": SPAN,
        "label": optional(TEXT),
        "labels": array(record({"file": TEXT, "span": SPAN, "text": TEXT})),
        "notes": TEXTS,
        "help": optional(TEXT),
        "fixes": array(
            record(
                {
                    "title": TEXT,
                    "applicability": one_of("safe", "unsafe"),
                    "edits": array(record({"file": TEXT, "span": SPAN, "replacement": TEXT})),
                }
            )
        ),
    }
)

SUMMARY: Final = record({"errors": COUNT, "errors_shown": COUNT, "warnings": COUNT})

FOUND: Final[Fields] = {
    "version": {"const": JSON_VERSION},
    "diagnostics": array(DIAGNOSTIC),
    "summary": SUMMARY,
}
"""Diagnostics of the sources."""

BOUND: Final[Fields] = {
    "fuel": optional(
        record(
            {
                "text": TEXT,
                "terms": array(record({"coefficient": INTEGER, "symbols": TEXTS})),
            }
        )
    ),
    "obstacle": optional(
        record(
            {
                "file": optional(TEXT),
                "line": optional(COUNT),
                "column": optional(COUNT),
                "reason": TEXT,
            }
        )
    ),
}

MODULE: Final = record({"path": TEXT, "cid": CID, "size_bytes": COUNT})
