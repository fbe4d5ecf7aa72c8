"""Parameters of `ccl run` on the command line: the entry with its arguments, and its
surroundings."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

FUEL_DEFAULT = 10_000_000_000
FUEL_MAX = 2**63 - 1
"""The most that a context can hold."""
MEMORY_MIB_DEFAULT = 64
MEMORY_MIB_MAX = 256
"""As `runtime.execution.context` has them, in MiB."""

ProgramFile: TypeAlias = Annotated[
    Path, typer.Argument(readable=False, metavar="FILE", help="The program; - reads stdin.")
]
EntryArguments: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ARGUMENT]...",
        help="Arguments of the entry: texts as they are, other types as JSON. "
        "Put -- before a negative number.",
    ),
]
EntryName: TypeAlias = Annotated[
    str, typer.Option(metavar="NAME", help="The function or handler (`on:EVENT`) to call.")
]
InputFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--input", readable=False, metavar="FILE", help="The value of `input()`; - reads stdin."
    ),
]
ContextFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        readable=False,
        metavar="FILE",
        help="Host records of the program: a file with a JSON object, a record for each "
        'name, as {"member": {"age": 40}, "roles": ["treasurer"]}; - reads stdin. Its roles '
        "are given to the caller.",
    ),
]
DryRun: TypeAlias = Annotated[
    bool,
    typer.Option("--dry-run", help="Show what would be applied and submitted; do nothing."),
]
FuelCeiling: TypeAlias = Annotated[
    int, typer.Option(min=1, max=FUEL_MAX, help="Fuel limit of the local execution.")
]
MemoryCeiling: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="MIB",
        min=1,
        max=MEMORY_MIB_MAX,
        help="Memory limit of the local execution.",
    ),
]
Seed: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="HEX",
        help="Seed of `random()`, at most 64 hexadecimal digits. By default it follows from "
        "the program and its input, and is the same everywhere.",
    ),
]
