"""The tree of a job: what its program has submitted, and what those have."""

from msgspec import Struct

from mesh.actors.submitter.rows import JOBS, JobRow
from mesh.core.fields import JobId
from mesh.queries.job_view import find_job_row
from mesh.queries.reader import Reader


class TreeNode(Struct, frozen=True, kw_only=True):
    """A job and its children, the oldest first."""

    job: JobRow
    children: tuple["TreeNode", ...]


def job_tree(reader: Reader, job_id: JobId) -> TreeNode:
    """The whole tree that a job belongs to, from its root. Raises CommandError `unknown-job`."""
    row = find_job_row(reader, job_id)
    rows = reader.rows(JOBS)
    while row.cause is not None:
        above = rows.select(manifest=row.cause)
        if not above:
            break
        row = above[0]
    return _below(reader, row)


def _below(reader: Reader, row: JobRow) -> TreeNode:
    # Depth is bounded by the manifests: a child is of a greater depth than its parent.
    children = reader.rows(JOBS).select(cause=row.manifest, order="created_at")
    return TreeNode(job=row, children=tuple(_below(reader, each) for each in children))
