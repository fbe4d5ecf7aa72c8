"""`list-jobs` and `list-nodes`."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from ccl.abi.text.suggest import nearest_beginning
from mesh.actors.submitter.rows import SummaryRow
from mesh.cli.arguments.session import found_mesh, make_output, open_mesh
from mesh.cli.arguments.values import moment, one_of, positive
from mesh.cli.output.describing import reputation_text
from mesh.cli.output.formats import Column, field
from mesh.core.fields import MICRO
from mesh.core.jobs.job import Phase
from mesh.queries.jobs.listing import JobQuery, Order, listed
from mesh.queries.nodes.view import node_views
from runtime.execution.execution import OutcomeKind
from runtime.terminal.errors import CommandError, ExitCode


def _speed(row: Any) -> str:
    if not row["fuel_per_second"]:
        return "not measured"
    return f"{row['fuel_per_second'] / MICRO:.0f} Mfuel/s"


def _state(row: Any) -> str:
    """The state of a job, and how its program ended if not well."""
    outcome = row["outcome"]
    if outcome in {None, OutcomeKind.SUCCEEDED.value}:
        return str(row["state"])
    return f"{row['state']} ({outcome.replace('-', ' ')})"


_JOBS = (
    Column(title="Job ID", text=field("job_id"), width=40),
    Column(title="State", text=_state, width=12),
    Column(title="Node", text=field("node_id"), width=14),
    Column(title="Price", text=field("price"), width=8),
    Column(title="Description", text=field("description")),
)
_NODES = (
    Column(title="Node ID", text=field("node_id"), width=16),
    Column(title="Rate", text=lambda row: f"{row['rate_micro'] / MICRO:.3f}", width=9),
    Column(title="Load", text=lambda row: f"{row['load_ppm'] / MICRO:.2f}", width=8),
    Column(title="Surcharge", text=lambda row: f"{row['surcharge_ppm'] / 10_000:.0f}%", width=12),
    Column(title="Speed", text=_speed, width=16),
    Column(title="Running", text=field("running"), width=10),
    Column(title="Reputation", text=reputation_text, width=14),
    Column(title="Location", text=field("location")),
)


class Listing(Struct, frozen=True, kw_only=True):
    """The options of `list-jobs` as they were typed."""

    states: tuple[str, ...]
    since: str | None
    sort: str
    limit: int | None


def jobs(listing: Listing, *, output: str | None, quiet: bool, home: Path | None) -> None:
    """`list-jobs`."""
    out = make_output(home, output, quiet=quiet)
    phases = frozenset(_phase(text) for text in listing.states)
    order = one_of(Order, listing.sort, "--sort")
    limit = None if listing.limit is None else positive("--limit", listing.limit)
    with open_mesh(home) as mesh:
        since = None if listing.since is None else moment("--since", listing.since, mesh.now)
        query = JobQuery(phases=phases, since=since, order=order, limit=limit)
        with mesh.read() as reader:
            row = _whole_row if out.for_machines else _row
            rows = [row(each) for each in listed(reader, query)]
    out.rows("jobs", rows, _JOBS, quiet="job_id", empty="No jobs")


def _row(job: SummaryRow) -> dict[str, Any]:
    """A job as the table shows it."""
    return {
        "job_id": job.job_id,
        "state": job.phase.value,
        "outcome": None if job.outcome is None else job.outcome.value,
        "node_id": job.node_id,
        "price": job.price,
        "description": job.description,
    }


def _whole_row(job: SummaryRow) -> dict[str, Any]:
    return _row(job) | {
        "submitted_at": job.created_at,
        "receipt": None if job.receipt is None else str(job.receipt),
        "reason": job.reason,
    }


def _phase(text: str) -> Phase:
    names = {phase.value.lower(): phase for phase in Phase}
    if text.lower() in names:
        return names[text.lower()]
    close = nearest_beginning(text.lower(), list(names))
    meant = f"did you mean {names[close].value}? " if close else ""
    raise CommandError(
        ExitCode.USAGE,
        "unknown-state",
        f"'{text}' is not a state of a job",
        hint=f"{meant}the states are {', '.join(phase.value for phase in Phase)}",
    )


def nodes(*, output: str | None, quiet: bool, home: Path | None) -> None:
    """`list-nodes`; founds the mesh on first use."""
    out = make_output(home, output, quiet=quiet)
    with found_mesh(home) as mesh:
        measured = mesh.fuel_per_second
        with mesh.read() as reader:
            views = node_views(reader, machine=mesh.machine_name, measured=measured)
        rows = [
            {
                "node_id": each.node_id,
                "did": each.did,
                "role": each.role,
                "rate_micro": each.rate_micro,
                "surcharge_ppm": each.surcharge_ppm,
                "load_ppm": each.load_ppm,
                "share_ppm": each.share_ppm,
                "fuel_per_second": each.fuel_per_second,
                "executions": each.executions,
                "running": each.running,
                "reputation": each.reputation.score,
                "has_evidence": each.reputation.is_evident,
                "location": each.location,
                "capabilities": list(each.capabilities),
                "memory_bytes": each.memory_bytes,
                "cpu_cores": each.cpu_cores,
            }
            for each in views
        ]
    out.rows("nodes", rows, _NODES, quiet="node_id", empty="No nodes")
