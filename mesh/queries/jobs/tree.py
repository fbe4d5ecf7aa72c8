"""The tree of a job: what its program has submitted, and what those have."""

from collections.abc import Iterator

from msgspec import Struct

from mesh.actors.submitter.rows import JOBS, JobRow
from mesh.core.fields import JobId
from mesh.core.records.jobs import JobManifest
from mesh.core.records.settlement import Settlement
from mesh.core.records.work import Hold
from mesh.queries.jobs.view import find_job_row
from mesh.queries.reader import Reader
from runtime.content.did import Did


class TreeNode(Struct, frozen=True, kw_only=True):
    """A job and its children, in the order in which its program asked for them.

    signer: of its manifest. position: of the effect of its parent's program that asked for it,
    None where the signer did. held: units of its last hold, None before one; paid: of those, what
    a settlement has paid.
    """

    job: JobRow
    signer: Did
    position: int | None
    held: int | None
    paid: int | None
    children: tuple["TreeNode", ...]


def job_tree(reader: Reader, job_id: JobId) -> TreeNode:
    """The whole tree that a job belongs to, from its root.

    Raises CommandError `unknown-job`, `block-…`, `record-invalid`.
    """
    row = find_job_row(reader, job_id)
    rows = reader.rows(JOBS)
    while row.cause is not None:
        above = rows.select(manifest=row.cause)
        if not above:
            break
        row = above[0]
    return _below(reader, row)


def child_count(reader: Reader, row: JobRow) -> int:
    """How many jobs a job's program has submitted."""
    return len(reader.rows(JOBS).select(cause=row.manifest))


def preorder(tree: TreeNode) -> Iterator[tuple[TreeNode, TreeNode | None]]:
    """Each job with its parent in the tree, parents before their children."""
    pending: list[tuple[TreeNode, TreeNode | None]] = [(tree, None)]
    while pending:
        node, parent = pending.pop()
        yield node, parent
        pending += ((each, node) for each in reversed(node.children))


def _below(reader: Reader, row: JobRow) -> TreeNode:
    # Depth is bounded by the manifests: a child is of a greater depth than its parent.
    children = [_below(reader, each) for each in reader.rows(JOBS).select(cause=row.manifest)]
    manifest = reader.record(JobManifest, row.manifest)
    parent = manifest.body.parent
    held, paid = _units(reader, row)
    return TreeNode(
        job=row,
        signer=manifest.signer,
        position=None if parent is None else parent.position,
        held=held,
        paid=paid,
        children=tuple(sorted(children, key=lambda each: each.position or 0)),
    )


def _units(reader: Reader, row: JobRow) -> tuple[int | None, int | None]:
    """The units of the last hold, and what was paid of them."""
    if row.job.settlement is not None:
        settlement = reader.record(Settlement, row.job.settlement).body
        paid = sum(each.amount for each in settlement.payments)
        return paid + settlement.refunded, paid
    if row.hold is None:
        return None, None
    return reader.record(Hold, row.hold).body.amount, None
