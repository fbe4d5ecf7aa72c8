"""The `ccl` command: run programs here, and begin new ones.

Only the shape of the commands is here; their parts are imported when they run.
"""

from enum import Enum
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from ccl.cli.options import (
    AllowPath,
    MaxSpend,
    Quiet,
    ResultFile,
    View,
    ViewOption,
    Yes,
    allowed_folders,
)
from ccl.cli.root import root
from ccl.cli.running.parameters import (
    FUEL_DEFAULT,
    FUEL_MAX,
    MEMORY_MIB_DEFAULT,
    ContextFile,
    DryRun,
    EntryArguments,
    EntryName,
    FuelCeiling,
    InputFile,
    MemoryCeiling,
    ProgramFile,
    Seed,
)
from mesh.cli.arguments.options import HomeOption, TimeoutOption
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.help import CONTEXT_SETTINGS, EXIT_CODES
from runtime.terminal.streams import note

HELP = f"""Run programs in CCL, the Cooperative Constitutional Language.

\b
Examples:
  ccl new my-coop
  ccl run bylaws.ccl

{EXIT_CODES}"""

app = typer.Typer(
    name="ccl",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=CONTEXT_SETTINGS,
    help=HELP,
)

TEST_FUEL_DEFAULT = 1_000_000_000


class TestView(Enum):
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


class CharterView(Enum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


app.callback(invoke_without_command=True)(root)


@app.command()
def run(
    file: ProgramFile,
    arguments: EntryArguments = None,
    entry: EntryName = "run",
    input_: InputFile = None,
    context: ContextFile = None,
    format_: ViewOption = View.TABLE,
    output: ResultFile = None,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    max_spend: MaxSpend = None,
    fuel: FuelCeiling = FUEL_DEFAULT,
    memory: MemoryCeiling = MEMORY_MIB_DEFAULT,
    seed: Seed = None,
    timeout: TimeoutOption = None,
    mesh_home: HomeOption = None,
    allow_path: AllowPath = None,
) -> None:
    """Run a program on this machine, apply its effects, and follow the jobs it submits.

    Prints the program's own value (local), and each job's output, decoded from the block
    that its verified receipt names. State, events and tokens are applied at once or not at all.

    \b
    Examples:
      ccl run election.ccl --input ward.csv
      ccl run bylaws.ccl --entry quorum 120
      ccl run count.ccl --input - -o json
    """
    from ccl.cli.running.options import Options
    from ccl.cli.running.session import run_program

    code = run_program(
        Options(
            file=file,
            entry=entry,
            arguments=tuple(arguments or ()),
            input=input_,
            context=context,
            output=output,
            as_json=format_ is View.JSON,
            quiet=quiet,
            dry_run=dry_run,
            yes=yes,
            max_spend=max_spend,
            fuel=fuel,
            memory_bytes=memory * 1024 * 1024,
            seed=seed,
            timeout_seconds=timeout,
            mesh_home=mesh_home,
            allowed=allowed_folders(allow_path),
        )
    )
    raise typer.Exit(code)


@app.command()
def runs(
    run_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="The run to continue: its id, or at least 4 digits of one end of it. Without it, "
            "all unfinished runs are listed.",
        ),
    ] = None,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Remove it from the list: its jobs go on without handlers."),
    ] = False,
    format_: ViewOption = View.TABLE,
    output: ResultFile = None,
    quiet: Quiet = False,
    yes: Yes = False,
    max_spend: MaxSpend = None,
    timeout: TimeoutOption = None,
    mesh_home: HomeOption = None,
) -> None:
    """List the runs that were stopped before their results, or continue one with its handlers.

    A run is continued with the program as it was when it was run, whatever has become of its
    file since.

    \b
    Examples:
      ccl runs
      ccl runs 3a9f2b8cd147
      ccl runs 3a9f2b8cd147 --forget
    """
    from ccl.cli.running.jobs.unfinished import continue_run, forget_run, list_runs

    if run_id is None:
        if forget:
            raise CommandError(
                ExitCode.USAGE, "usage", "--forget needs a run", hint="`ccl runs` lists them"
            )
        raise typer.Exit(list_runs(mesh_home, as_json=format_ is View.JSON))
    if forget:
        raise typer.Exit(forget_run(run_id, mesh_home))
    raise typer.Exit(
        continue_run(
            run_id,
            as_json=format_ is View.JSON,
            output=output,
            quiet=quiet,
            yes=yes,
            max_spend=max_spend,
            timeout_seconds=timeout,
            home=mesh_home,
        )
    )


@app.command()
def charter(
    file: Annotated[
        Path,
        typer.Argument(
            readable=False,
            metavar="FILE",
            help="The program, its module, or an answer of -o json; - reads stdin.",
        ),
    ],
    context: Annotated[
        Path | None,
        typer.Option(
            readable=False,
            metavar="FILE",
            help="Host records that conditions read: a file with a JSON object, a record for each "
            'name, as {"proposal": {"type": "budget"}}; - reads stdin.',
        ),
    ] = None,
    caller: Annotated[
        str | None,
        typer.Option(
            metavar="DID",
            help="The value of `caller()` in conditions; an unknown DID if left out.",
        ),
    ] = None,
    format_: Annotated[
        CharterView, typer.Option("-o", "--format", help="Format of the output.")
    ] = CharterView.TABLE,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a charter with undecided conditions.")
    ] = False,
    allow_path: AllowPath = None,
) -> None:
    """Show what a program's declarations say, its conditions decided by a context.

    The program's own module decides them, in the sandbox. Conditions on a field that the
    context does not have are listed as undecided; neither of their branches counts.

    \b
    Examples:
      ccl charter bylaws.ccl
      ccl charter bylaws.ccl --context ctx.json -o yaml
      ccl charter bylaws.wasm --context ctx.json --strict
    """
    from ccl.cli.charter.command import show_charter

    allowed = allowed_folders(allow_path)
    show_charter(file, context, caller, format_.value, strict=strict, allowed=allowed)


@app.command()
def test(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            readable=False,
            metavar="[PATH]...",
            help="Files, or folders with all .ccl in them; without any, the current folder.",
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "-k",
            "--only",
            metavar="PATTERN",
            help="Run only tests with this in FILE:NAME; * matches anything.",
        ),
    ] = None,
    format_: Annotated[
        TestView, typer.Option("-o", "--format", help="Format of the output.")
    ] = TestView.TEXT,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only failures.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="A line for every test.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, max=64, help="Worker processes; one a core."),
    ] = None,
    fuel: Annotated[
        int, typer.Option(min=1, max=FUEL_MAX, help="Fuel limit of each execution.")
    ] = TEST_FUEL_DEFAULT,
    allow_path: AllowPath = None,
) -> None:
    """Run the tests (`test fn`) of files, each by itself in the sandbox.

    Every test begins with empty state, the same caller, time and random sequence.

    \b
    Examples:
      ccl test
      ccl test stdlib -v
      ccl test bylaws.ccl -k quorum
      ccl test -o json
    """
    from ccl.cli.testing.command import Options, Output, run_tests

    raise typer.Exit(
        run_tests(
            Options(
                paths=tuple(paths or ()),
                pattern=pattern,
                output=Output(format_.value),
                quiet=quiet,
                verbose=verbose,
                workers=jobs,
                fuel=fuel,
                allowed=allowed_folders(allow_path),
            )
        )
    )


@app.command()
def new(
    directory: Annotated[
        Path, typer.Argument(metavar="NAME", help="The folder to make, in the current one.")
    ],
) -> None:
    """Begin a project: a first charter that runs, and how to run it.

    \b
    Example:
      ccl new my-coop
    """
    from ccl.cli.new import create_project, program_path

    for path in create_project(directory):
        note(f"Created {path}")
    program = str(program_path(directory))
    # A path that begins with - would be read as an option.
    note(f"Next: ccl run {quote(f'./{program}' if program.startswith('-') else program)}")
