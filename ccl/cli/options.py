"""Options that several commands share, and their valid values."""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from runtime.terminal.errors import CommandError, ExitCode


class View(Enum):
    """Formats of a command without diagnostics."""

    TABLE = "table"
    JSON = "json"


ViewOption: TypeAlias = Annotated[
    View, typer.Option("-o", "--format", help="Format of the output.")
]
AllowPath: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--allow-path",
        metavar="DIR",
        readable=False,
        help="A folder outside of the project that imports and modules may be in; repeatable.",
    ),
]
Quiet: TypeAlias = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print the program's value alone.")
]
ResultFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", readable=False, metavar="FILE", help="Write the result to a file."),
]
Yes: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--yes",
        "-y",
        help="Spend tokens without a prompt. Off a terminal there is none: "
        "--max-spend is the limit there.",
    ),
]
MaxSpend: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="UNITS",
        min=0,
        help="Refuse a program that could spend more; the only limit without a prompt.",
    ),
]
Verbose: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="With --version: print build details.")
]
MaxErrors: TypeAlias = Annotated[
    int,
    typer.Option(
        "--max-errors",
        metavar="N",
        min=0,
        help="Show the first N errors; all are counted, and 0 shows all.",
    ),
]
DenyWarnings: TypeAlias = Annotated[
    bool, typer.Option("--deny-warnings", help="Exit code 1 also for warnings.")
]


def allowed_folders(folders: Iterable[Path] | None) -> tuple[Path, ...]:
    """Checks the folders. Raises CommandError for a path that is no folder: it would allow
    nothing."""
    found = tuple(folders or ())
    for folder in found:
        what = _problem(folder)
        if what is not None:
            raise CommandError(
                ExitCode.USAGE,
                "not-a-folder",
                f"--allow-path {folder}: {what}",
                hint="name the folder that the imported files are in",
                details={"path": str(folder)},
            )
    return found


def _problem(folder: Path) -> str | None:
    try:
        if folder.is_dir():
            return None
        return "is not a folder" if folder.exists() else "does not exist"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
