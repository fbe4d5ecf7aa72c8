"""What the commands of `ccl` and `cclc` answer to programs: the keys of each with their schemas."""

from typing import Final

from ccl.render.plain import JSON_VERSION
from mesh.cli.answers import OUTCOME, WRITTEN
from runtime.terminal.answer import Answers, Fields
from runtime.terminal.schema import (
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
    mapping,
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
                    "safe": FLAG,
                    "edits": array(record({"file": TEXT, "span": SPAN, "replacement": TEXT})),
                }
            )
        ),
    }
)
FOUND: Final[Fields] = {
    "version": {"const": JSON_VERSION},
    "diagnostics": array(DIAGNOSTIC),
    "summary": record({"errors": COUNT, "warnings": COUNT}),
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
EFFECTS: Final = array(OBJECT)
RUN: Final[Fields] = {
    **FOUND,
    "value": ANY,
    "value_origin": TEXT,
    "outcome": OUTCOME,
    "fuel": COUNT,
    "module": CID,
    "logs": TEXTS,
    "effects": EFFECTS,
    "applied": FLAG,
    "continued": FLAG,
    "run": TEXT,
    "jobs": array(
        record(
            {
                "job_id": TEXT,
                "state": TEXT,
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
                        "custody": TEXT,
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
            {"job_id": TEXT, "event": TEXT, "value": ANY, "logs": TEXTS, "effects": EFFECTS},
            outcome=OUTCOME,
            refusal=TEXT,
        )
    ),
    "charter": array(OBJECT),
    **WRITTEN,
    "seed": TEXT,
}

CCL: Final[Answers] = {
    "run": RUN,
    "runs": {
        **RUN,
        "runs": array(
            record(
                {
                    "run": TEXT,
                    "file": TEXT,
                    "entry": TEXT,
                    "started_at": COUNT,
                    "jobs": array(record({"job_id": TEXT, "state": TEXT})),
                }
            )
        ),
    },
    "charter": {**FOUND, "charter": OBJECT, "undecided": array(OBJECT)},
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
                    "tests": array(
                        record(
                            {
                                "name": TEXT,
                                "outcome": TEXT,
                                "milliseconds": COUNT,
                                "executions": COUNT,
                                "fuel": optional(COUNT),
                                "logs": TEXTS,
                                "failure": optional(
                                    record(
                                        {"kind": TEXT, "reason": TEXT, "article": optional(TEXT)},
                                        expected=TEXT,
                                        path=TEXT,
                                        line=COUNT,
                                        column=COUNT,
                                        left=TEXT,
                                        right=TEXT,
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
        "path": TEXT,
        "cid": CID,
        "size_bytes": COUNT,
        "packed": array(MODULE),
        "emitted": ANY,
    },
    "check": {**FOUND, "fixed": COUNT},
    "fmt": {**FOUND, "changed": TEXTS, "unchanged": TEXTS, "not_formatted": TEXTS, "text": TEXT},
    "inspect": {
        "path": TEXT,
        "cid": CID,
        "size_bytes": COUNT,
        "functions": COUNT,
        "memory_pages": record({"initial": COUNT, "maximum": optional(COUNT)}),
        "exports": array(
            record(
                {
                    "name": TEXT,
                    "kind": TEXT,
                    "signature": TEXT,
                    "ccl": optional(OBJECT),
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
        "trap_sites": COUNT,
        "compiler": TEXT,
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
    "bounds": {**FOUND, "path": TEXT, "exports": array(record({"name": TEXT, **BOUND}))},
}
