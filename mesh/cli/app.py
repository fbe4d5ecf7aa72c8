"""The commands of `meshctl` by name.

Rule: no module of a command is loaded before the command is named.
"""

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Annotated, Final

import typer

from runtime.terminal.answers.answer import Answers, fail
from runtime.terminal.boundary.run import run_app
from runtime.terminal.command_line import Load
from runtime.terminal.errors import ExitCode, no_command
from runtime.terminal.help import CONTEXT_SETTINGS, EXIT_CODES
from runtime.terminal.streams import note_text, say

HELP: Final = f"""Submit work to the mesh, award it, follow it, and check what was done.

Without a running daemon: the commands that submit, award or wait drive the mesh on this
machine; those that read change nothing.

\b
Examples:
  meshctl submit-job --wasm count.wasm --input ward.csv --resource-amount 500
  meshctl get-bids --job-id e2b4cf1af332
  meshctl accept-bid --job-id e2b4cf1af332 --node-id mesh-node-2
  meshctl results e2b4cf1af332
  meshctl verify e2b4cf1af332

{EXIT_CODES}"""


MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "jobs.submitting": ("submit-job", "validate"),
    "jobs.commands": (
        "get-bids",
        "accept-bid",
        "job-status",
        "list-jobs",
        "cancel-job",
        "rerun",
        "list-nodes",
    ),
    "jobs.results": ("results", "logs"),
    "reports.commands": ("history", "job-tree", "reputation", "usage"),
    "proofs.commands": ("receipt", "verify"),
    "home.state": ("state",),
    "home.diagnosis": ("doctor", "prune"),
    "blocks.commands": ("block",),
    "tokens.commands": ("tokens",),
    "policies.commands": ("policy",),
    "home.identity": ("identity",),
}
"""The commands and groups that each module registers, in the order of a job's life."""


def _load(module: str) -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    import_module(f"mesh.cli.{module}").register(app)
    return app


COMMANDS: Final[Mapping[str, Load]] = {
    name: partial(_load, module) for module, names in MODULES.items() for name in names
}
"""Each command or group, loaded when it is named."""


def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With --version: print build details.")
    ] = False,
) -> None:
    if version or (verbose and context.invoked_subcommand is None):
        from importlib import metadata

        say(f"meshctl {metadata.version('icn-ccl')}")
        if verbose:
            from runtime.sandbox.engine import engine_text
            from runtime.terminal.build_facts import say_facts

            say_facts(engine_text, {})
        raise typer.Exit
    if context.invoked_subcommand is None:
        note_text(context.get_help())
        fail(no_command("meshctl"))
        raise typer.Exit(ExitCode.USAGE)


def _answers() -> Answers:
    from mesh.cli.answers import ANSWERS

    return ANSWERS


def root() -> typer.Typer:
    """`meshctl` without its commands."""
    app = typer.Typer(
        name="meshctl",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=CONTEXT_SETTINGS,
    )
    app.callback(invoke_without_command=True)(_options)
    return app


def run(arguments: list[str]) -> int:
    """One command; its exit code."""
    return run_app(root(), "meshctl", arguments, elsewhere=COMMANDS, answers=_answers)
