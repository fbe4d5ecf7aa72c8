"""What the commands of `ccl` and `cclc` answer to programs: the keys of each with their schemas."""

from typing import Final

from ccl.cli.charter.schema import CHARTER
from ccl.diagnostics.render.formats.json import JSON_VERSION
from mesh.cli.answers import OUTCOME, OUTCOME_KIND, PHASE, WRITTEN
from runtime.terminal.answers.answer import Answers, Fields, Schema
from runtime.terminal.answers.schema import (
    ANY,
    CID,
    COUNT,
    FLAG,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TEXTS,
    array,
    either,
    mapping,
    maybe,
    one_of,
    optional,
    record,
)

LOCAL: Final = "local"
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
"""What the compiler found in the sources."""
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


def _said(schema: Schema, description: str) -> Schema:
    """With a description of its own."""
    return {**schema, "description": description}


_AMOUNT: Final = {"amount": COUNT}
EFFECTS: Final = array(
    either(
        record(
            {
                "submit_job": _said(CID, "the CID of the module of a job"),
                "resource_type": TEXT,
                **_AMOUNT,
            }
        ),
        record(
            {
                "event": TEXT,
                "data": ANY,
                "article": optional(TEXT),
            }
        ),
        record(
            {
                "state": _said(TEXT, "a variable, after the name of its home"),
                "value": _said(CID, "the CID of its new value"),
            }
        ),
        record({"forgotten_state": _said(TEXT, "a variable, after the name of its home")}),
        record({"mint": _said(TEXT, "a token class"), **_AMOUNT, "to": TEXT}),
        record({"burn": _said(TEXT, "a token class"), **_AMOUNT, "from": TEXT}),
        record({"transfer": _said(TEXT, "a token class"), **_AMOUNT, "from": TEXT, "to": TEXT}),
        record({"anchor": _said(CID, "the CID of the text that is anchored")}),
        record({"usage": _said(TEXT, "a resource type"), **_AMOUNT}),
        record({"put": _said(CID, "the CID of a block that is stored")}),
        record({"pin": _said(CID, "the CID of a block that is kept")}),
        record({"unpin": _said(CID, "the CID of a block that is no longer kept")}),
    )
)
ENTRIES: Final = array(
    either(
        record({"property": TEXT, "value": ANY}),
        record(
            {
                "section": TEXT,
                "label": _said(ANY, "the text after the word; null if there is none"),
                "entries": array(OBJECT),
            }
        ),
        record(
            {
                "undecided": _said(TEXT, "a condition that the context does not decide"),
                "missing_field": TEXT,
                "place": TEXT,
            }
        ),
    )
)
"""A charter in the order of its source; those of a section are of the same forms."""
RUN: Final[Fields] = {
    **FOUND,
    "value": ANY,
    "value_origin": one_of(LOCAL),
    "outcome": OUTCOME,
    "fuel": optional(COUNT),
    "module": CID,
    "logs": TEXTS,
    "effects": EFFECTS,
    "applied": FLAG,
    "continued": FLAG,
    "run": optional(TEXT),
    "jobs": array(
        record(
            {
                "job_id": TEXT,
                "state": PHASE,
                "module": CID,
                "node_id": optional(TEXT),
                "price": optional(COUNT),
                "outcome": optional(OUTCOME),
                "receipt": optional(CID),
                "verification": record(
                    {
                        "verified": FLAG,
                        "confirmed": COUNT,
                        "verifiers": COUNT,
                        "custody": one_of(LOCAL),
                        "findings": TEXTS,
                    }
                ),
                "output_cid": optional(CID),
                "output": ANY,
                "effects": EFFECTS,
                "not_applied": TEXTS,
                "missing": array(CID),
                "problem": optional(TEXT),
                "next": optional(TEXT),
            }
        )
    ),
    "handlers": array(
        record(
            {
                "job_id": TEXT,
                "event": TEXT,
                "outcome": OUTCOME,
                "value": ANY,
                "logs": TEXTS,
                "effects": EFFECTS,
                "refusal": optional(TEXT),
            }
        )
    ),
    "charter": ENTRIES,
    **WRITTEN,
    "seed": optional(TEXT),
    "trace": TEXTS,
    "fuel_limit": COUNT,
    "memory_limit_bytes": COUNT,
}

CCL: Final[Answers] = {
    "run": RUN,
    "runs": {
        **maybe(RUN),
        "runs": array(
            record(
                {
                    "run": TEXT,
                    "file": TEXT,
                    "entry": TEXT,
                    "started_at": COUNT,
                    "jobs": array(record({"job_id": TEXT, "state": PHASE})),
                }
            )
        ),
    },
    "charter": {
        **FOUND,
        "charter": CHARTER,
        "undecided": array(
            record(
                {
                    "condition": TEXT,
                    "missing_field": TEXT,
                    "place": TEXT,
                    "section": TEXT,
                    "pointer": TEXT,
                    "position": COUNT,
                }
            )
        ),
    },
    "test": {
        "passed": COUNT,
        "failed": COUNT,
        "not_compiled": COUNT,
        "unread": array(record({"code": TEXT, "message": TEXT})),
        "seconds": NUMBER,
        "files": array(
            record(
                {
                    "path": TEXT,
                    "diagnostics": array(DIAGNOSTIC),
                    "summary": SUMMARY,
                    "tests": array(
                        record(
                            {
                                "name": TEXT,
                                "outcome": one_of("passed", "failed"),
                                "milliseconds": COUNT,
                                "executions": COUNT,
                                "fuel": optional(COUNT),
                                "logs": TEXTS,
                                "trace": TEXTS,
                                "failure": optional(
                                    record(
                                        {
                                            "kind": OUTCOME_KIND,
                                            "reason": TEXT,
                                            "article": optional(TEXT),
                                            "expected": optional(TEXT),
                                            "path": optional(TEXT),
                                            "line": optional(COUNT),
                                            "column": optional(COUNT),
                                            "left": optional(TEXT),
                                            "right": optional(TEXT),
                                        }
                                    )
                                ),
                            }
                        )
                    ),
                }
            )
        ),
    },
}

CCLC: Final[Answers] = {
    "compile": {
        **FOUND,
        "path": optional(TEXT),
        "cid": optional(CID),
        "size_bytes": optional(COUNT),
        "packed": array(MODULE),
        "emitted": ANY,
    },
    "check": {**FOUND, "fixed": optional(COUNT)},
    "fmt": {
        **FOUND,
        "changed": TEXTS,
        "unchanged": TEXTS,
        "not_formatted": TEXTS,
        "text": optional(TEXT),
    },
    "inspect": {
        "path": TEXT,
        "cid": CID,
        "size_bytes": COUNT,
        "functions": COUNT,
        "memory_pages": optional(record({"initial": COUNT, "maximum": optional(COUNT)})),
        "exports": array(
            record(
                {
                    "name": TEXT,
                    "kind": TEXT,
                    "signature": TEXT,
                    "ccl": optional(
                        record(
                            {
                                "name": TEXT,
                                "convention": TEXT,
                                "parameters": array(TEXTS),
                                "result": TEXT,
                                "doc": optional(TEXT),
                            }
                        )
                    ),
                    "bound": optional(record(BOUND)),
                }
            )
        ),
        "imports": array(
            record({"module": TEXT, "name": TEXT, "kind": TEXT, "signature": TEXT, "known": FLAG})
        ),
        "states": array(record({"home": TEXT, "name": TEXT, "type": TEXT, "shape": TEXT})),
        "articles": array(record({"number": TEXT, "place": TEXT, "cited": TEXTS})),
        "sections": array(record({"name": TEXT, "offset": COUNT, "size_bytes": COUNT})),
        "trap_sites": optional(COUNT),
        "compiler": optional(TEXT),
        "sources": mapping(CID),
        "packed": array(record({"cid": CID, "size_bytes": COUNT})),
        "problems": TEXTS,
    },
    "verify": {
        **FOUND,
        "verified": FLAG,
        "module": MODULE,
        "rebuilt": MODULE,
        "differences": array(
            record(
                {
                    "part": TEXT,
                    "name": TEXT,
                    "module": optional(TEXT),
                    "rebuilt": optional(TEXT),
                }
            )
        ),
    },
    "bounds": {
        **FOUND,
        "path": TEXT,
        "exports": array(record({"name": TEXT, **BOUND})),
    },
}
