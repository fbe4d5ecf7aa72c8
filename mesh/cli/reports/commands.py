"""`meshctl history`, `job-tree`, `reputation` and `usage`: what has happened, and who did it."""

from typing import Annotated

import typer

from mesh.cli.arguments.completion import complete_node, words
from mesh.cli.arguments.options import (
    FormatOption,
    HomeOption,
    JobArgument,
    JobOption,
    QuietOption,
)
from mesh.cli.reports.usage_formats import UsageFormatOption

PERIODS = ("day", "month", "year", "all")


def register(app: typer.Typer) -> None:
    app.command("history")(history)
    app.command("job-tree")(job_tree)
    app.command("reputation")(reputation)
    app.command("usage")(usage)


def history(
    job: JobArgument = None,
    job_id: JobOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show all that has happened to a job: each event with its time, and the record that proves it
    with its signer.

    An event without a record is the submitter's own decision. `meshctl block get CID` shows a
    record.

    \b
    Examples:
      meshctl history e2b4cf1af332
      meshctl history e2b4cf1af332 -o jsonl
    """
    from mesh.cli.arguments.naming import one_job
    from mesh.cli.reports.history import show_history

    show_history(one_job(job, job_id), output=output, quiet=quiet, home=mesh_home)


def job_tree(
    job: JobArgument = None,
    job_id: JobOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show the jobs that a job's program has submitted, those that theirs have, and so on.

    The whole tree is shown, from the job that nobody's program has submitted. A price is what was
    paid, or what is held as long as the job is open.

    \b
    Examples:
      meshctl job-tree e2b4cf1af332
      meshctl job-tree e2b4cf1af332 -o json
    """
    from mesh.cli.arguments.naming import one_job
    from mesh.cli.reports.job_tree import show_tree

    show_tree(one_job(job, job_id), output=output, quiet=quiet, home=mesh_home)


def reputation(
    member: Annotated[
        str,
        typer.Argument(
            metavar="NODE",
            help="The node or verifier: its name or its DID.",
            autocompletion=complete_node,
        ),
    ],
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Show each settlement that counts.")
    ] = False,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show how well the work of a node or verifier went, from 0 to 100.

    Only settlements count that this identity has read, each by the price of its work, and only
    between different owners. Who is new has 50.

    \b
    Examples:
      meshctl reputation mesh-node-2
      meshctl reputation mesh-node-2 --evidence
    """
    from mesh.cli.reports.reputation import show_reputation

    show_reputation(member, evidence=evidence, output=output, quiet=quiet, home=mesh_home)


def usage(
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="|".join(PERIODS),
            help="The period of each row, by UTC.",
            autocompletion=words(PERIODS),
        ),
    ] = "month",
    member: Annotated[
        str | None, typer.Option("--member", metavar="MEMBER", help="Of one: its name or DID.")
    ] = None,
    resource_type: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Of one resource.")
    ] = None,
    scope: Annotated[
        str | None,
        typer.Option("--scope", metavar="SCOPE", help="For this work, and for what is within it."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="From then on: 7d, 12h, or a day in UTC."),
    ] = None,
    output: UsageFormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Report the units that members were issued, have paid and earned, by period and scope.

    The sums are those of the issuer's ledger, to the unit: before anything is shown, its entries
    are added up and compared with the balance of each account. Units that are only held do not
    count yet. Units set aside for a scope are sent by their owner and received under the scope.
    In CSV, a text that a spreadsheet would take for a formula begins with an apostrophe.

    \b
    Examples:
      meshctl usage
      meshctl usage --by day --since 7d --member mesh-node-2
      meshctl usage --by year -o csv
    """
    from mesh.cli.reports.usage import Asked, report_usage

    asked = Asked(by=by, member=member, resource_type=resource_type, scope=scope, since=since)
    report_usage(asked, output=output, quiet=quiet, home=mesh_home)
