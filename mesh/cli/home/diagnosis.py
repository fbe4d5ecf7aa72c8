"""`meshctl doctor` and `meshctl prune`: whether a home is sound, and what it can spare."""

from typing import Annotated

import typer

from mesh.cli.arguments.options import FormatOption, HomeOption, QuietOption


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("prune")(prune)


def doctor(
    execute: Annotated[
        bool, typer.Option("--execute/--no-execute", help="Start workers and test them.")
    ] = True,
    repair: Annotated[
        bool, typer.Option("--repair", help="First write anew what signed records lead to.")
    ] = False,
    retry: Annotated[
        int | None,
        typer.Option(
            "--retry", metavar="NUMBER", help="First deliver a message again that was set aside."
        ),
    ] = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Check the store, the books, the keys, and how confined the workers are.

    \b
    Examples:
      meshctl doctor
      meshctl doctor --repair
    """
    from mesh.cli.arguments.session import found_mesh, make_output
    from mesh.cli.arguments.values import positive
    from mesh.cli.output.formats import Column, field
    from mesh.embedded.commands import upkeep
    from runtime.terminal.errors import CommandError, ExitCode

    out = make_output(mesh_home, output, quiet=quiet)
    rows: list[dict[str, str]] = []
    with found_mesh(mesh_home, as_it_is=True) as mesh:
        if retry is not None:
            upkeep.retry(mesh, positive("--retry", retry))
        if repair:
            done = upkeep.repair(mesh).repaired
            rows += [{"check": "repair", "state": "repaired", "text": each.text} for each in done]
        checks = upkeep.examine_home(mesh, execute=execute)
    rows += [{"check": each.name, "state": each.state.value, "text": each.text} for each in checks]
    columns = (
        Column(title="Check", text=field("check"), width=24),
        Column(title="State", text=field("state"), width=8),
        Column(title="", text=field("text")),
    )
    out.rows("checks", rows, columns, quiet="check", empty="")
    wrong = [each for each in checks if each.state.value == "wrong"]
    if wrong:
        raise CommandError(
            ExitCode.FAILED,
            "unsound",
            f"{len(wrong)} of {len(checks)} checks found something wrong",
            hint=wrong[0].remedy,
            details={"reasons": [f"{each.name}: {each.text}" for each in wrong]},
        )


def prune(
    before: Annotated[
        str,
        typer.Option("--before", metavar="TIME", help="Ended then or earlier: 30d ago, or a day."),
    ] = "30d",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would go, and keep it.")
    ] = False,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Remove of ended jobs what no proof and no audit needs.

    Their states, results, receipts, proofs and payments stay; bids that were not accepted, and
    progress, go. All that is left is packed, and the file shrinks to it: for that the disk needs
    as much free space again.

    \b
    Example:
      meshctl prune --before 90d --dry-run
    """
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.cli.arguments.values import moment
    from mesh.cli.output.describing import local_time
    from mesh.embedded.commands.upkeep import prune_home
    from runtime.terminal.streams import counted

    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        at = moment("--before", before, mesh.now)
        pruned = prune_home(mesh, before=at, is_tried=dry_run)
    verb = "would be removed" if dry_run else "removed"
    jobs, rows = counted(len(pruned.jobs), "job"), counted(pruned.rows, "row")
    blocks = counted(pruned.blocks, "block")
    out.record(
        {
            "jobs": list(pruned.jobs),
            "rows": pruned.rows,
            "blocks": pruned.blocks,
            "bytes": pruned.bytes,
            "before": at,
            "is_dry_run": dry_run,
        },
        lines=(
            f"Ended before {local_time(at)}: {jobs}; {verb}: {rows} and {blocks} "
            f"of {pruned.bytes} bytes",
        ),
        quiet=str(len(pruned.jobs)),
    )
