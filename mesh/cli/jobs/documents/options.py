"""The options of `submit-job` where a document says all of the job."""

from pathlib import Path
from typing import Final, TypeVar

import typer

from mesh.cli.jobs.submission import MakeRequest
from runtime.terminal.errors import CommandError, ExitCode

T = TypeVar("T")

_BESIDE_A_FILE: Final = frozenset(
    {"file", "wait", "follow", "timeout", "dry_run", "output", "quiet", "mesh_home"}
)
"""The options that say nothing of the job itself."""


def from_file(context: typer.Context, file: Path) -> MakeRequest:
    """Makes a request of a document. Raises CommandError, also for options that it replaces."""
    from mesh.cli.jobs.documents.jobs import load, request_of

    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name is not None and parameter.name not in _BESIDE_A_FILE
        if _is_typed(context, parameter.name)
    ]
    if given:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"--file says all of the job, and {', '.join(given)} would say it again",
            hint="write it into the document",
        )
    document = load(file)
    return lambda mesh: request_of(mesh, document, file)


def needed(option: str, value: T | None) -> T:
    """An option that only a document replaces. Raises CommandError."""
    if value is None:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"Missing option '{option}'",
            hint="`meshctl submit-job --help` shows its usage",
        )
    return value


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
