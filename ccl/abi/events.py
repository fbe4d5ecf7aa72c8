"""The events for which the host calls a program's handlers, and the fields of their `ctx`.

A program may have handlers of other events, which are called by their entry.
"""

from typing import Final

JOB_COMPLETED: Final = "job.completed"
JOB_FAILED: Final = "job.failed"
JOB_EVENTS: Final = (JOB_COMPLETED, JOB_FAILED)
JOB_PREFIX: Final = "job."
JOB_FIELDS: Final = (
    "job_id",
    "handle",
    "state",
    "outcome",
    "reason",
    "output",
    "output_cid",
    "receipt",
    "node_id",
    "price",
    "module",
    "description",
)
"""Of `ctx` in the handlers of JOB_EVENTS; a field without a value is left out."""
