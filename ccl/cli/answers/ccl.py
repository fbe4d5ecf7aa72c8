"""Schemas of the answers of `ccl`."""

from typing import Final

from ccl.cli.answers.effects import EFFECTS, ENTRIES
from ccl.cli.answers.findings import DIAGNOSTIC, FOUND, SUMMARY
from ccl.cli.charter.schema import CHARTER
from mesh.cli.answers import OUTCOME, OUTCOME_KIND, PHASE, WRITTEN
from runtime.terminal.answers.answer import Answers, Fields
from runtime.terminal.answers.schema import (
    ANY,
    CID,
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TEXTS,
    array,
    maybe,
    one_of,
    optional,
    record,
)

LOCAL: Final = "local"

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
