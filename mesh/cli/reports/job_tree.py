"""`meshctl job-tree`: a job with those that its program has submitted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from mesh.cli.arguments.naming import find_job
from mesh.cli.arguments.session import make_output, open_mesh
from mesh.cli.output.formats import Column, field
from mesh.queries.jobs.tree import TreeNode, job_tree, preorder
from mesh.queries.reader import Reader

_BRANCH, _LAST, _LINE, _GAP = "├─ ", "└─ ", "│  ", "   "


def _asked_by(row: Any) -> str:
    if row["effect_position"] is None:
        return str(row["asked_by"])
    return f"{row['asked_by']}, effect {row['effect_position']}"


_COLUMNS: Final = (
    Column(title="Job ID", text=lambda row: f"{row['branch']}{row['job_id']}", width=40),
    Column(title="State", text=field("state"), width=12),
    Column(title="Price", text=field("price"), width=8),
    Column(title="Asked for by", text=_asked_by),
    Column(title="Signed by", text=field("signer")),
    Column(title="Description", text=field("description")),
)


def show_tree(text: str, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """`job-tree`."""
    out = make_output(home, output, quiet=quiet)
    with open_mesh(home) as mesh:
        job_id = find_job(mesh, text)
        with mesh.read() as reader:
            rows = list(_rows(reader, job_tree(reader, job_id)))
    if out.for_machines:
        rows = [{name: value for name, value in row.items() if name != "branch"} for row in rows]
    out.rows("jobs", rows, _COLUMNS, quiet="job_id", empty="No jobs")


def _rows(reader: Reader, tree: TreeNode) -> Iterator[dict[str, Any]]:
    """Each job; branch: what is drawn before its id; indent: before those of its children."""
    indents = {tree.job.job_id: ""}
    depths = {tree.job.job_id: 0}
    for node, parent in preorder(tree):
        job, branch = node.job, ""
        if parent is not None:
            above = indents[parent.job.job_id]
            is_last = parent.children[-1] is node
            branch = above + (_LAST if is_last else _BRANCH)
            indents[job.job_id] = above + (_GAP if is_last else _LINE)
            depths[job.job_id] = depths[parent.job.job_id] + 1
        signer = reader.members.name(node.signer)
        yield {
            "branch": branch,
            "job_id": job.job_id,
            "depth": depths[job.job_id],
            "parent_job": None if parent is None else parent.job.job_id,
            "effect_position": node.position,
            "state": job.phase.value,
            "price": node.held if node.paid is None else node.paid,
            "is_paid": node.paid is not None,
            "asked_by": signer if parent is None else f"…{parent.job.job_id[-12:]}",
            "signer": signer,
            "did": node.signer,
            "description": job.description,
            "submitted_at": job.created_at,
        }
