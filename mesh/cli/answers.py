"""Answers of the commands of `meshctl` to programs: the keys of each, with their schemas."""

from typing import Final

from mesh.cli.reports.answers import REPORTS
from mesh.core.jobs.job import Phase
from runtime.execution.execution import OutcomeKind
from runtime.terminal.answers.answer import Answers, Fields, Schema
from runtime.terminal.answers.schema import (
    ANY,
    CID,
    COUNT,
    FLAG,
    INTEGER,
    OBJECT,
    TEXT,
    TEXTS,
    array,
    mapping,
    maybe,
    one_of,
    optional,
    record,
)

CIDS: Final = array(CID)
PHASE: Final = one_of(*(each.value for each in Phase))
OUTCOME_KIND: Final = one_of(*(each.value for each in OutcomeKind))
OUTCOME: Final = record(
    {
        "kind": OUTCOME_KIND,
        "reason": TEXT,
        "detail": TEXT,
        "place": optional(TEXT),
        "article": optional(TEXT),
    }
)
METRICS: Final = record({"wall_ms": COUNT, "memory_peak_bytes": COUNT, "host_calls": COUNT})
BID: Final = record(
    {
        "node_id": TEXT,
        "price": COUNT,
        "units": COUNT,
        "estimated_seconds": COUNT,
        "reputation": COUNT,
        "has_evidence": FLAG,
        "location": TEXT,
        "expires_at": COUNT,
        "is_expired": FLAG,
        "score_ppm": optional(INTEGER),
    }
)
AWARD: Final = record(
    {
        "node_id": TEXT,
        "price": COUNT,
        "attempt": COUNT,
        "fuel_limit": COUNT,
        "ends_at": COUNT,
    }
)
JOB: Final[Fields] = {
    "job_id": TEXT,
    "state": PHASE,
    "description": TEXT,
    "reason": TEXT,
    "manifest": CID,
    "module": CID,
    "input": optional(CID),
    "entry": TEXT,
    "resource_type": TEXT,
    "resource_amount": COUNT,
    "budget": COUNT,
    "priority": TEXT,
    "submitted_at": COUNT,
    "changed_at": COUNT,
    "missing": CIDS,
    "bids": array(BID),
    "declines": array(record({"node_id": TEXT, "reason": TEXT, "detail": TEXT})),
    "award": optional(AWARD),
    "receipt": optional(CID),
    "anchor": optional(CID),
    "attestations": array(record({"verifier": TEXT, "verdict": TEXT, "cid": CID})),
    "output": optional(CID),
    "outcome": optional(OUTCOME),
    "trace": TEXTS,
    "fuel_used": optional(COUNT),
    "metrics": optional(METRICS),
    "settlement": optional(CID),
    "not_applied": TEXTS,
    "waiting_for": optional(record({"code": TEXT, "message": TEXT})),
    "next": optional(TEXT),
    "checked": optional(
        record(
            {
                "anchored": FLAG,
                "verified": FLAG,
                "confirmed": COUNT,
                "drawn": COUNT,
                "findings": TEXTS,
            }
        )
    ),
}
QUOTES: Final[Fields] = {
    "submitted": FLAG,
    "prices": record({"least": optional(COUNT), "greatest": optional(COUNT)}),
    "nodes": array(
        record(
            {
                "node_id": TEXT,
                "price": optional(COUNT),
                "estimated_seconds": optional(COUNT),
                "location": TEXT,
                "declined": optional(TEXT),
            }
        )
    ),
    "allowed": FLAG,
    "verdict": TEXT,
}
LISTED: Final = record(
    {
        "job_id": TEXT,
        "state": optional(PHASE),
        "outcome": optional(OUTCOME_KIND),
        "node_id": optional(TEXT),
        "price": optional(COUNT),
        "description": optional(TEXT),
        "submitted_at": optional(COUNT),
        "receipt": optional(CID),
        "reason": optional(TEXT),
    }
)
NODE: Final = record(
    {
        "node_id": optional(TEXT),
        "did": TEXT,
        "role": TEXT,
        "rate_micro": optional(COUNT),
        "surcharge_ppm": optional(INTEGER),
        "load_ppm": optional(COUNT),
        "share_ppm": optional(COUNT),
        "fuel_per_second": optional(COUNT),
        "executions": optional(COUNT),
        "running": optional(COUNT),
        "reputation": optional(COUNT),
        "has_evidence": optional(FLAG),
        "location": optional(TEXT),
        "capabilities": TEXTS,
        "memory_bytes": optional(COUNT),
        "cpu_cores": optional(COUNT),
    }
)
HANDED_ON: Final[Fields] = {
    "token": CID,
    "parent": TEXT,
    "resource_type": TEXT,
    "amount": COUNT,
    "scope": TEXT,
    "audience": TEXT,
    "expires_at": COUNT,
}
ASSESSED: Final = record(
    {
        "policy": CID,
        "scope": TEXT,
        "version": COUNT,
        "part": TEXT,
        "text": TEXT,
        "allowed": FLAG,
        "available": optional(COUNT),
        "counted": optional(COUNT),
        "reason": optional(TEXT),
        "retry_after_seconds": optional(COUNT),
    }
)
"""A rule of a policy, and what it says of an amount."""
SIGNED: Final[Schema] = {**OBJECT, "required": ["type", "version", "mesh", "signer", "sig"]}
"""A record as DAG-JSON: a link is {"/": CID}, bytes are {"/": {"bytes": base64}}."""
WRITTEN: Final[Fields] = {"written": optional(record({"path": TEXT, "bytes": COUNT}))}
"""Where --output has put the bytes."""

ANSWERS: Final[Answers] = {
    "submit-job": {**maybe(JOB), **maybe(QUOTES), "submitted": FLAG},
    "validate": {
        "valid": FLAG,
        "module": CID,
        "entry": TEXT,
        "resource_type": TEXT,
        "resource_amount": COUNT,
        "budget": COUNT,
    },
    "get-bids": {"bids": array(BID)},
    "accept-bid": JOB,
    "job-status": JOB,
    "list-jobs": {"jobs": array(LISTED)},
    "cancel-job": {"job_id": TEXT, "state": TEXT, "reason": TEXT, "paid": COUNT},
    "rerun": {**maybe(JOB), **maybe(QUOTES), "submitted": FLAG},
    "list-nodes": {"nodes": array(NODE)},
    "results": {
        "job_id": TEXT,
        "output": CID,
        "codec": TEXT,
        "bytes": COUNT,
        "value": ANY,
        **WRITTEN,
    },
    "logs": {"job_id": TEXT, "logs": TEXTS, "outcome": optional(OUTCOME)},
    **REPORTS,
    "receipt": {
        "cid": CID,
        "receipt": optional(SIGNED),
        "award": optional(SIGNED),
        "anchor": optional(SIGNED),
        "attestations": array(SIGNED),
        "hold": optional(SIGNED),
        "deterministic": optional(OBJECT),
        "settlement": optional(SIGNED),
        **WRITTEN,
    },
    "verify": {
        "verified": FLAG,
        "trusted": FLAG,
        "reexecuted": optional(FLAG),
        "not_reexecuted": TEXT,
        "receipt": CID,
        "mesh": CID,
        "job_id": TEXT,
        "outcome": OUTCOME,
        "findings": array(record({"fault": TEXT, "subject": TEXT, "detail": TEXT})),
        "missing_blocks": array(record({"subject": TEXT, "cid": CID, "needed_to_execute": FLAG})),
        "ignored": array(record({"cid": CID, "reason": TEXT})),
    },
    "state": {
        "root": optional(CID),
        "variables": array(
            record({"home": TEXT, "variable": TEXT, "shape": TEXT, "value": ANY, "cid": CID})
        ),
        "pins": CIDS,
    },
    "doctor": {"checks": array(record({"check": TEXT, "state": TEXT, "text": TEXT}))},
    "prune": {
        "jobs": array(TEXT),
        "rows": COUNT,
        "blocks": COUNT,
        "bytes": COUNT,
        "before": COUNT,
        "is_dry_run": FLAG,
    },
    "block put": {"cids": CIDS, "absent_roots": CIDS, "blocks": COUNT, "bytes": COUNT},
    "block get": {"cid": CID, "base64": optional(TEXT), "value": ANY, **WRITTEN},
    "block rm": {"removed": CID},
    "tokens issue": {
        "token": CID,
        "resource_type": TEXT,
        "amount": COUNT,
        "audience": TEXT,
        "issuer": TEXT,
        "expires_at": COUNT,
    },
    "tokens balance": {
        "did": TEXT,
        "accounts": array(
            record({"resource_type": TEXT, "available": COUNT, "held": COUNT, "issuer": TEXT})
        ),
        "tokens": array(
            record(
                {
                    "token": CID,
                    "resource_type": TEXT,
                    "amount": COUNT,
                    "remaining": COUNT,
                    "state": TEXT,
                    "audience": TEXT,
                    "scope": TEXT,
                    "expires_at": COUNT,
                }
            )
        ),
    },
    "tokens delegate": HANDED_ON,
    "tokens allocate": HANDED_ON,
    "tokens receive": HANDED_ON,
    "tokens revoke": {"token": CID, "revocation": CID, "reason": TEXT},
    "tokens history": {
        "draws": array(
            record(
                {
                    "hold": TEXT,
                    "job_id": optional(TEXT),
                    "at": COUNT,
                    "amount": COUNT,
                    "paid": COUNT,
                    "state": TEXT,
                }
            )
        )
    },
    "tokens classes": {"classes": array(record({"class": TEXT, "holder": TEXT, "units": COUNT}))},
    "policy set": {"policy": CID, "resource_type": TEXT, "scope": TEXT, "text": TEXT},
    "policy show": {
        "policies": array(
            record(
                {
                    "resource_type": TEXT,
                    "scope": TEXT,
                    "kind": TEXT,
                    "rule": mapping(ANY),
                    "text": TEXT,
                    "committed": COUNT,
                    "policy": CID,
                }
            )
        )
    },
    "policy explain": {
        "allowed": FLAG,
        "subject": TEXT,
        "resource_type": TEXT,
        "scope": TEXT,
        "amount": COUNT,
        "deciding": optional(ASSESSED),
        "rules": array(ASSESSED),
    },
    "identity grant": {"role": TEXT, "subject": TEXT, "credential": CID, "expires_at": COUNT},
    "identity withdraw": {"role": TEXT, "subject": TEXT, "revoked": CIDS},
    "identity roles": {
        "roles": array(
            record(
                {
                    "role": TEXT,
                    "subject": TEXT,
                    "state": TEXT,
                    "expires_at": COUNT,
                    "credential": CID,
                }
            )
        )
    },
    "identity show": {
        "did": TEXT,
        "mesh": CID,
        "home": TEXT,
        "keys": array(record({"name": TEXT, "did": TEXT})),
    },
}
