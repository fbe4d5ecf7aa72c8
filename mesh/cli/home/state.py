"""`meshctl state`: what programs have stored for this identity."""

from typing import Annotated, Any

import typer

from mesh.cli.arguments.options import FormatOption, HomeOption, QuietOption

SHOWN_CHARS_MAX = 60


def register(app: typer.Typer) -> None:
    app.command("state")(state)


def state(
    home: Annotated[
        str | None,
        typer.Argument(metavar="[HOME]", help="A contract's or a file's name. [default: all]"),
    ] = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show the stored state of this identity: homes, variables and their values.

    \b
    Examples:
      meshctl state
      meshctl state register -o json
    """
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.cli.output.formats import Column, field
    from mesh.queries.accounts.owner_view import state_view
    from runtime.terminal.answers.answer import one_line
    from runtime.terminal.errors import CommandError, ExitCode

    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh, mesh.read() as reader:
        view = state_view(reader)
    homes = sorted({each.home for each in view.variables})
    if home is not None and home not in homes:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "unknown-home",
            f"nothing is stored under '{home}'",
            hint=f"there is state of {', '.join(homes)}" if homes else "`ccl run` stores state",
        )
    rows = [
        {
            "home": each.home,
            "variable": each.name,
            "shape": each.shape,
            "value": _plain(each.shape, each.value),
            "cid": str(each.cid),
        }
        for each in view.variables
        if home in (None, each.home)
    ]
    if out.for_machines:
        pins = [str(cid) for cid in view.pins]
        root = None if view.root is None else str(view.root)
        out.record({"root": root, "variables": rows, "pins": pins}, lines=(), quiet="")
        return
    columns = (
        Column(title="Home", text=field("home"), width=16),
        Column(title="Variable", text=field("variable"), width=16),
        Column(title="Value", text=lambda row: _cut(one_line(row["value"]))),
    )
    out.rows("variables", rows, columns, quiet="variable", empty="Nothing is stored")


def _plain(shape: str, value: Any) -> Any:
    """The value as its type is written everywhere, where the shape alone says so; types that a
    program declares are spelled out in it, and their values stand as they are stored."""
    from ccl.abi.sections import Abi
    from ccl.abi.text.values import ValueMismatch, parse_type, to_json, untyped_to_json

    try:
        return to_json(parse_type(shape), value, Abi(exports=(), structs={}, enums={}))
    except (ValueMismatch, LookupError, TypeError, ValueError):
        return untyped_to_json(value)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…"
