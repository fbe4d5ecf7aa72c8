"""Answers of the reports to programs."""

from typing import Final

from mesh.core.jobs.job import Phase
from mesh.core.market.reputation import Evidence
from runtime.terminal.answers.answer import Answers
from runtime.terminal.answers.schema import (
    CID,
    COUNT,
    FLAG,
    INTEGER,
    TEXT,
    array,
    mapping,
    one_of,
    optional,
    record,
)

_EVENT: Final = record(
    {
        "number": COUNT,
        "at": COUNT,
        "event": TEXT,
        "signer": optional(TEXT),
        "did": optional(TEXT),
        "record": optional(CID),
        "facts": mapping(TEXT),
    }
)
_JOB: Final = record(
    {
        "job_id": TEXT,
        "depth": COUNT,
        "parent_job": optional(TEXT),
        "effect_position": optional(COUNT),
        "state": one_of(*(each.value for each in Phase)),
        "price": optional(COUNT),
        "is_paid": FLAG,
        "asked_by": TEXT,
        "signer": TEXT,
        "did": TEXT,
        "description": TEXT,
        "submitted_at": COUNT,
    }
)
_EVIDENCE: Final = record(
    {
        "kind": one_of(*(each.value for each in Evidence)),
        "price": COUNT,
        "at": COUNT,
        "settlement": CID,
    }
)
_USAGE: Final = record(
    {
        "period": TEXT,
        "member": TEXT,
        "did": TEXT,
        "resource_type": TEXT,
        "scope": TEXT,
        "issued": COUNT,
        "paid": COUNT,
        "earned": COUNT,
        "received": COUNT,
        "sent": COUNT,
        "net": INTEGER,
    }
)

REPORTS: Final[Answers] = {
    "history": {"events": array(_EVENT)},
    "job-tree": {"jobs": array(_JOB)},
    "reputation": {
        "member": TEXT,
        "did": TEXT,
        "reputation": COUNT,
        "has_evidence": FLAG,
        "evidence": optional(array(_EVIDENCE)),
        "faults": optional(array(record({"record": CID, "at": COUNT}))),
        "counted_up_to": optional(record({"settlement": CID, "at": COUNT})),
    },
    "usage": {"usage": array(_USAGE)},
}
