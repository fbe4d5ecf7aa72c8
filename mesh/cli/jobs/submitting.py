"""`meshctl submit-job` and `validate`: a job from options or a file."""

from pathlib import Path
from typing import Annotated, Final

import typer

from mesh.cli.arguments.completion import complete_type, words
from mesh.cli.arguments.options import (
    DryRunOption,
    FollowOption,
    FormatOption,
    HomeOption,
    QuietOption,
    TimeoutOption,
    WaitOption,
)

PRIORITIES: Final = ("low", "medium", "high", "critical")


def register(app: typer.Typer) -> None:
    app.command("submit-job")(submit_job)
    app.command("validate")(validate)


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
        str | None, typer.Option("--token", metavar="TOKEN", help="The token that pays.")
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
        int, typer.Option("--max-seconds", metavar="N", help="Wall clock of one attempt.")
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
    wait: WaitOption = False,
    follow: FollowOption = False,
    timeout: TimeoutOption = None,
    dry_run: DryRunOption = False,
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
    from mesh.cli.jobs.documents.options import from_file, needed
    from mesh.cli.jobs.submission import Submission, from_options, run_submission

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
    from mesh.cli.jobs.documents.jobs import run_validate

    run_validate(file, output=output, quiet=quiet, home=mesh_home)
