"""The commands of `meshctl` by name."""

from typing import Annotated, Final

import typer

from mesh.cli import blocks, diagnosis, identity, jobs, proofs, results, state, tokens
from runtime.terminal.boundary import run_app
from runtime.terminal.streams import say

HELP: Final = """Submit work to the mesh, award it, follow it, and check what was done.

Without a running daemon: the commands that submit, award or wait drive the mesh on this
machine; those that read change nothing.

\b
Examples:
  meshctl submit-job --wasm count.wasm --input ward.csv --resource-amount 500
  meshctl get-bids --job-id e2b4cf1af332
  meshctl accept-bid --job-id e2b4cf1af332 --node-id mesh-node-2
  meshctl results e2b4cf1af332
  meshctl verify e2b4cf1af332

\b
Exit codes: 0 ok, 1 findings or failed job, 2 usage, 3 not found, 4 identity or
signature, 5 denied by policy, 6 no bids, 7 timeout, 8 verification failed,
101 a bug of ours, 130 interrupted."""


def build() -> typer.Typer:
    """The commands, in the order of a job's life."""
    app = typer.Typer(
        name="meshctl",
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_options)
    for module in (jobs, results, proofs, blocks, tokens, state, identity, diagnosis):
        module.register(app)
    return app


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        say(f"meshctl {version('icn-ccl')}")
        raise typer.Exit


def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            help="Print the version and stop.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """What is asked of `meshctl` itself."""


def run(arguments: list[str]) -> int:
    """One command; its exit code."""
    return run_app(build(), "meshctl", arguments)
