"""Options that several commands share, and the session that a command opens from them."""

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from mesh.cli.arguments.completion import complete_job, complete_type
from mesh.cli.output.formats import FORMAT_NAMES
from mesh.core.fields import REASON_BYTES_MAX

FORMAT_WORDS: Final = "|".join(FORMAT_NAMES)


def _formats(incomplete: str) -> list[str]:
    return [name for name in FORMAT_NAMES if name.startswith(incomplete)]


FormatOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "-o", "--format", metavar=FORMAT_WORDS, help="Format of stdout.", autocompletion=_formats
    ),
]
FileOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", readable=False, help="Write the bytes to a file."),
]
JobArgument: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="JOB",
        help="The job: its id, or the first or last 4 or more characters of it.",
        autocompletion=complete_job,
    ),
]
JobOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--job-id", metavar="JOB", help="The same as JOB.", autocompletion=complete_job),
]
"""Every command that takes a job takes it both ways; `naming.one_job` is the one that is meant."""
QuietOption: TypeAlias = Annotated[
    bool, typer.Option("-q", "--quiet", help="Print the essential value alone.")
]
HomeOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--mesh-home",
        metavar="DIR",
        readable=False,  # whoever opens it says by name what is wrong with it
        help="Directory of the mesh. Default: $MESH_HOME, else the user's data directory.",
    ),
]
TypeOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--type",
        metavar="TYPE",
        help="Which resource, of those that nodes of the mesh sell.",
        autocompletion=complete_type,
    ),
]
WaitOption: TypeAlias = Annotated[
    bool, typer.Option("--wait", help="Award the best bid and wait until it is verified.")
]
FollowOption: TypeAlias = Annotated[
    bool, typer.Option("--follow", help="As --wait, printing each step as it happens.")
]
DryRunOption: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Show prices and the policy's verdict; submit nothing.")
]


def _reason(text: str) -> str:
    """A reason that fits a record. Raises BadParameter."""
    found = len(text.encode("utf-8"))
    if found > REASON_BYTES_MAX:
        raise typer.BadParameter(f"it has {found} bytes, a record at most {REASON_BYTES_MAX}")
    return text


ReasonOption: TypeAlias = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="Why, for the record.", parser=_reason),
]
ScopeOption: TypeAlias = Annotated[
    str, typer.Option("--scope", metavar="SCOPE", help="For which work; empty for any.")
]
YEAR_SECONDS: Final = 366 * 24 * 3600
YearOption: TypeAlias = Annotated[
    int,
    typer.Option(
        "--expires-in", metavar="SECONDS", help="From now. [default: a year]", show_default=False
    ),
]


def _seconds(text: str) -> float:
    """A time to wait. Raises BadParameter for what is none."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= YEAR_SECONDS:
        raise typer.BadParameter(
            f"'{text}' is no time to wait; expected seconds from 0 to {YEAR_SECONDS}, "
            "for example 60"
        )
    return seconds


TimeoutOption: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="Stop waiting after this time, with exit code 7.",
        parser=_seconds,
    ),
]
