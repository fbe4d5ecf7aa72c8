"""`meshctl` for the life of a job: submit, bids, accept, status, list, cancel, nodes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mesh.cli.completion import complete_node, complete_type, words
from mesh.cli.options import (
    FormatOption,
    HomeOption,
    JobArgument,
    JobOption,
    QuietOption,
    TimeoutOption,
)

if TYPE_CHECKING:  # the commands load the mesh only when they run
    from mesh.core.jobs.request import JobRequest
    from mesh.embedded.mesh import EmbeddedMesh

ORDERS: Final = ("submitted", "changed", "state")
PRIORITIES: Final = ("low", "medium", "high", "critical")


def register(app: typer.Typer) -> None:
    for name, command in (
        ("submit-job", submit_job),
        ("validate", validate),
        ("get-bids", get_bids),
        ("accept-bid", accept_bid),
        ("job-status", job_status),
        ("list-jobs", list_jobs),
        ("cancel-job", cancel_job),
        ("rerun", rerun),
        ("list-nodes", list_nodes),
    ):
        app.command(name)(command)


def submit_job(
    context: typer.Context,
    wasm: Annotated[
        str | None,
        typer.Option(
            "--wasm", metavar="PATH|CID", help="The module: a file, or a CID. Required, or --file."
        ),
    ] = None,
    resource_amount: Annotated[
        int | None,
        typer.Option(
            "--resource-amount",
            metavar="UNITS",
            help="Ceiling of work; 1 unit = 1 000 000 fuel. Required, or --file.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            metavar="FILE",
            readable=False,
            help="The whole job as YAML or JSON, - for stdin; see docs/schemas/job.md.",
        ),
    ] = None,
    description: Annotated[
        str, typer.Option("--description", metavar="TEXT", help="What the job is for.")
    ] = "",
    resource_type: Annotated[
        str,
        typer.Option(
            "--resource-type",
            metavar="TYPE",
            help="The resource that the job buys; a node of the mesh has to sell it.",
            autocompletion=complete_type,
        ),
    ] = "compute",
    priority: Annotated[
        str,
        typer.Option(
            "--priority",
            metavar="|".join(PRIORITIES),
            help="How urgent it is.",
            autocompletion=words(PRIORITIES),
        ),
    ] = "medium",
    input_: Annotated[
        str | None,
        typer.Option("--input", metavar="FILE|CID", help="What the module reads as its input."),
    ] = None,
    entry: Annotated[
        str, typer.Option("--entry", metavar="NAME", help="The export to call.")
    ] = "run",
    arguments: Annotated[
        str | None,
        typer.Option("--arguments", metavar="JSON", help="A JSON list of the entry's arguments."),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option("--budget", metavar="TOKENS", help="Highest price. [default: the amount]"),
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token", metavar="CID", help="The token that pays.")
    ] = None,
    scope: Annotated[
        str,
        typer.Option(
            "--scope", metavar="SCOPE", help="The work it belongs to, whose tokens pay first."
        ),
    ] = "",
    verifiers: Annotated[
        int, typer.Option("--verifiers", metavar="N", help="Federation nodes that execute again.")
    ] = 3,
    quorum: Annotated[
        int, typer.Option("--quorum", metavar="N", help="How many of them must agree.")
    ] = 2,
    max_seconds: Annotated[
        int, typer.Option("--max-seconds", metavar="N", help="Lease of one attempt.")
    ] = 3600,
    memory_mib: Annotated[
        int, typer.Option("--memory", metavar="MIB", help="Memory that the module may use.")
    ] = 64,
    location: Annotated[
        list[str] | None,
        typer.Option("--location", metavar="NAME", help="Only there; may be repeated."),
    ] = None,
    feature: Annotated[
        list[str] | None,
        typer.Option("--feature", metavar="NAME", help="What the node must have; may be repeated."),
    ] = None,
    min_reputation: Annotated[
        int, typer.Option("--min-reputation", metavar="0-100", help="Least reputation of a node.")
    ] = 0,
    id_: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="UUID", help="Your own id: repeating the command is harmless."
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Award the best bid and wait until it is verified.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="As --wait, printing each step as it happens.")
    ] = False,
    timeout: TimeoutOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show prices and the policy's verdict; submit nothing."),
    ] = False,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Submit a job: any module that exports `run`, or a WASI program (`_start`).

    \b
    Examples:
      meshctl submit-job --wasm example.wasm --description "Data analysis" --resource-amount 500
      meshctl submit-job --wasm count.wasm --input ward.csv --resource-amount 500 --wait
      meshctl submit-job --wasm bafkr4i… --resource-amount 500 --dry-run
      meshctl submit-job --file job.yaml --wait
    """
    from mesh.cli.documents.options import from_file, needed
    from mesh.cli.submission import Submission, from_options, run_submission

    if file is not None:
        make = from_file(context, file)
    else:
        given = Submission(
            wasm=needed("--wasm", wasm),
            resource_amount=needed("--resource-amount", resource_amount),
            description=description,
            resource_type=resource_type,
            priority=priority,
            input=input_,
            entry=entry,
            arguments=arguments,
            budget=budget,
            token=token,
            scope=scope,
            verifiers=verifiers,
            quorum=quorum,
            max_seconds=max_seconds,
            memory_mib=memory_mib,
            locations=tuple(location or ()),
            features=tuple(feature or ()),
            min_reputation=min_reputation,
            job_id=id_,
        )
        make = from_options(given)
    run_submission(
        make,
        wait=wait or follow,
        follow=follow,
        timeout=timeout,
        dry_run=dry_run,
        output=output,
        quiet=quiet,
        home=mesh_home,
    )


def validate(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", readable=False, help="The job as YAML or JSON, - for stdin."
        ),
    ],
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Check a job document as `submit-job --file` would, and submit nothing.

    \b
    Example:
      meshctl validate job.yaml
    """
    from mesh.cli.documents.jobs import run_validate

    run_validate(file, output=output, quiet=quiet, home=mesh_home)


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
    from mesh.cli.bids import show_bids
    from mesh.cli.naming import one_job

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
    from mesh.cli.bids import accept
    from mesh.cli.naming import one_job

    accept(
        one_job(job, job_id), node_id, timeout=timeout, output=output, quiet=quiet, home=mesh_home
    )


def job_status(
    job: JobArgument = None,
    job_id: JobOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Drive the job until it has ended.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="As --wait, printing each step as it happens.")
    ] = False,
    auto_award: Annotated[
        bool, typer.Option("--auto-award", help="While waiting, accept the best bid.")
    ] = False,
    timeout: TimeoutOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show where a job stands; with --wait continue it.

    \b
    Examples:
      meshctl job-status e2b4cf1af332
      meshctl job-status e2b4cf1af332 --wait --timeout 60
    """
    from mesh.cli.job_status import status
    from mesh.cli.naming import one_job

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
    from mesh.cli.listing import Listing, jobs

    jobs(
        Listing(states=tuple(state or ()), since=since, sort=sort, limit=limit),
        output=output,
        quiet=quiet,
        home=mesh_home,
    )


def cancel_job(
    job: JobArgument = None,
    job_id: JobOption = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")
    ] = "withdrawn by the submitter",
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Withdraw a job that has no receipt yet; what is held for it is given back.

    \b
    Example:
      meshctl cancel-job e2b4cf1af332 --reason "wrong input"
    """
    from mesh.cli.naming import find_job, one_job
    from mesh.cli.session import make_output, open_mesh

    wanted = one_job(job, job_id)
    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        found = find_job(mesh, wanted)
        mesh.cancel(found, reason)
    out.record(
        {"job_id": found, "state": "Cancelled", "reason": reason},
        lines=[f"Job {found} cancelled"],
        quiet=found,
    )


def rerun(
    job: JobArgument = None,
    job_id: JobOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Award the best bid and wait until it is verified.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="As --wait, printing each step as it happens.")
    ] = False,
    timeout: TimeoutOption = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show prices and the policy's verdict; submit nothing."),
    ] = False,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Submit a job again as a new one: the same module, input, arguments and terms.

    \b
    Example:
      meshctl rerun e2b4cf1af332 --wait
    """
    from mesh.cli.naming import one_job
    from mesh.cli.submission import run_submission

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
    from mesh.cli.listing import nodes

    nodes(output=output, quiet=quiet, home=mesh_home)


def _again(mesh: "EmbeddedMesh", wanted: str) -> "JobRequest":
    """The request of a job that part of an id names."""
    from mesh.cli.naming import find_job
    from mesh.queries.job_list import request_again

    job_id = find_job(mesh, wanted)
    with mesh.read() as reader:
        return request_again(reader, job_id)
