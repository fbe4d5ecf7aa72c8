"""`meshctl doctor`: whether this machine and this store are sound, said in findings."""

from typing import Annotated

import typer

from mesh.cli.options import FormatOption, HomeOption, QuietOption


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    execute: Annotated[
        bool, typer.Option("--execute/--no-execute", help="Start workers and test them.")
    ] = True,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Check the store, the books, the keys, and how confined the workers are.

    \b
    Example:
      meshctl doctor
    """
    from mesh.cli.output import Column, field
    from mesh.cli.session import found_mesh, make_output
    from mesh.embedded.doctor import Check, examine
    from runtime.terminal.errors import CommandError, ExitCode

    out = make_output(mesh_home, output, quiet=quiet)
    checks: tuple[Check, ...]
    with found_mesh(mesh_home) as mesh:
        checks = examine(mesh, execute=execute)
    rows = [{"check": each.name, "state": each.state.value, "text": each.text} for each in checks]
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
