"""The first level of `ccl` and `cclc`: the version, and an error where no command is named."""

from typing import Annotated

import typer

from ccl.cli.options import Verbose
from ccl.version import VERSION
from runtime.terminal.answers.answer import fail
from runtime.terminal.errors import ExitCode, no_command
from runtime.terminal.streams import note_text, say


def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    if context.invoked_subcommand is not None and not version:
        return
    name = str(context.info_name)
    if version or verbose:
        _print_version(name, verbose=verbose)
        raise typer.Exit
    note_text(context.get_help())
    fail(no_command(name))
    raise typer.Exit(ExitCode.USAGE)


def _print_version(name: str, *, verbose: bool) -> None:
    """Prints the version, with `verbose` also what the command is built from."""
    say(f"{name} {VERSION}")
    if verbose:
        from hashlib import sha256

        from ccl.syntax.tables import GRAMMAR
        from runtime.sandbox.engine import engine_text
        from runtime.terminal.build_facts import say_facts

        say_facts(engine_text, {"grammar": f"sha256 {sha256(GRAMMAR.read_bytes()).hexdigest()}"})
