"""`meshctl` for the life of a job: bids, accept, status, list, cancel, nodes."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

from mesh.cli.arguments.completion import complete_node, words
from mesh.cli.arguments.options import (
    DryRunOption,
    FollowOption,
    FormatOption,
    HomeOption,
    JobArgument,
    JobOption,
    QuietOption,
    ReasonOption,
    TimeoutOption,
    WaitOption,
)

if TYPE_CHECKING:  # the commands load the mesh only when they run
    from mesh.core.jobs.request import JobRequest
    from mesh.embedded.mesh import EmbeddedMesh

ORDERS: Final = ("submitted", "changed", "state")


def register(app: typer.Typer) -> None:
    for name, command in (
        ("get-bids", get_bids),
        ("accept-bid", accept_bid),
        ("job-status", job_status),
        ("list-jobs", list_jobs),
        ("cancel-job", cancel_job),
        ("rerun", rerun),
        ("list-nodes", list_nodes),
    ):
        app.command(name)(command)


def get_bids(
    job: JobArgument = None,
    job_id: JobOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show the bids for a job, best first.

    \b
    Example:
      meshctl get-bids e2b4cf1af332
    """
    from mesh.cli.arguments.naming import one_job
    from mesh.cli.jobs.bids import show_bids

    show_bids(one_job(job, job_id), output=output, quiet=quiet, home=mesh_home)


def accept_bid(
    node_id: Annotated[
        str,
        typer.Option(
            "--node-id",
            metavar="NODE",
            help="Whose bid to accept.",
            autocompletion=complete_node,
        ),
    ],
    job: JobArgument = None,
    job_id: JobOption = None,
    timeout: TimeoutOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Accept a bid and follow the job until its receipt is verified.

    \b
    Example:
      meshctl accept-bid e2b4cf1af332 --node-id mesh-node-2
    """
    from mesh.cli.arguments.naming import one_job
    from mesh.cli.jobs.bids import accept

    accept(
        one_job(job, job_id), node_id, timeout=timeout, output=output, quiet=quiet, home=mesh_home
    )


def job_status(
    job: JobArgument = None,
    job_id: JobOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Drive the job until it has ended.")] = False,
    follow: FollowOption = False,
    auto_award: Annotated[
        bool, typer.Option("--auto-award", help="While waiting, accept the best bid.")
    ] = False,
    timeout: TimeoutOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show the state of a job; with --wait continue it.

    \b
    Examples:
      meshctl job-status e2b4cf1af332
      meshctl job-status e2b4cf1af332 --wait --timeout 60
    """
    from mesh.cli.arguments.naming import one_job
    from mesh.cli.jobs.status import status

    status(
        one_job(job, job_id),
        wait=wait or follow or auto_award,
        follow=follow,
        auto_award=auto_award,
        timeout=timeout,
        output=output,
        quiet=quiet,
        home=mesh_home,
    )


def list_jobs(
    state: Annotated[
        list[str] | None,
        typer.Option("--state", metavar="STATE", help="Only these states; may be repeated."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Submitted then or later: 90m or 7d ago, or a day."
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option(
            "--sort",
            metavar="|".join(ORDERS),
            help="The order; the last one is last.",
            autocompletion=words(ORDERS),
        ),
    ] = "submitted",
    limit: Annotated[
        int | None,
        typer.Option("--limit", metavar="N", help="Only the last N of the order."),
    ] = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """List the jobs, newest last.

    \b
    Examples:
      meshctl list-jobs
      meshctl list-jobs --state Verified -o jsonl
      meshctl list-jobs --since 7d --limit 20
    """
    from mesh.cli.jobs.listing import Listing, jobs

    jobs(
        Listing(states=tuple(state or ()), since=since, sort=sort, limit=limit),
        output=output,
        quiet=quiet,
        home=mesh_home,
    )


def cancel_job(
    job: JobArgument = None,
    job_id: JobOption = None,
    reason: ReasonOption = "withdrawn by the submitter",
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Withdraw a job that has no receipt yet.

    A node that has begun is paid for its time; the rest of what is held is given back.

    \b
    Example:
      meshctl cancel-job e2b4cf1af332 --reason "wrong input"
    """
    from mesh.cli.arguments.naming import find_job, one_job
    from mesh.cli.arguments.session import make_output, open_mesh

    wanted = one_job(job, job_id)
    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        found = find_job(mesh, wanted)
        mesh.cancel(found, reason)
        paid = mesh.job(found).paid
    lines = [f"Job {found} cancelled"]
    if paid:
        lines.append(f"Paid for the time until then: {paid} tokens")
    out.record(
        {"job_id": found, "state": "Cancelled", "reason": reason, "paid": paid},
        lines=lines,
        quiet=found,
    )


def rerun(
    job: JobArgument = None,
    job_id: JobOption = None,
    wait: WaitOption = False,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    dry_run: DryRunOption = False,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Submit a job again as a new one: the same module, input, arguments and terms.

    \b
    Example:
      meshctl rerun e2b4cf1af332 --wait
    """
    from mesh.cli.arguments.naming import one_job
    from mesh.cli.jobs.submission import run_submission

    wanted = one_job(job, job_id)
    run_submission(
        lambda mesh: (_again(mesh, wanted), ()),
        wait=wait or follow,
        follow=follow,
        timeout=timeout,
        dry_run=dry_run,
        output=output,
        quiet=quiet,
        home=mesh_home,
    )


def list_nodes(
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """List the nodes: rate, load, surcharge, speed (measured, times the promised share), place.

    \b
    Example:
      meshctl list-nodes
    """
    from mesh.cli.jobs.listing import nodes

    nodes(output=output, quiet=quiet, home=mesh_home)


def _again(mesh: "EmbeddedMesh", wanted: str) -> "JobRequest":
    """The request of a job that part of an id names."""
    from mesh.cli.arguments.naming import find_job
    from mesh.queries.jobs.listing import request_again

    job_id = find_job(mesh, wanted)
    with mesh.read() as reader:
        return request_again(reader, job_id)
