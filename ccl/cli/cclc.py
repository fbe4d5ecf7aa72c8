"""The `cclc` command: the compiler on the command line.

Only the shape of the commands is here; their parts are imported when they run, so that `--help` and
shell completion stay quick.
"""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from typer._types import TyperChoice

from ccl.cli.options import AllowPath, DenyWarnings, MaxErrors, View, ViewOption, allowed_folders
from ccl.cli.root import root
from ccl.diagnostics.render import FORMATS, FULL, Format
from ccl.diagnostics.render.shown import ERRORS_SHOWN_MAX
from runtime.terminal.answers.answer import give
from runtime.terminal.help import CONTEXT_SETTINGS, EXIT_CODES
from runtime.terminal.streams import SEAL, has_color

HELP = f"""Compile and check programs in CCL, the Cooperative Constitutional Language.

\b
Examples:
  cclc check bylaws.ccl
  cclc compile bylaws.ccl

{EXIT_CODES}"""

app = typer.Typer(
    name="cclc",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=CONTEXT_SETTINGS,
    help=HELP,
)


class Emit(Enum):
    WASM = "wasm"
    WAT = "wat"
    AST = "ast"
    CHARTER = "charter"
    ABI = "abi"


_FORMAT = TyperChoice(FORMATS.values())
FormatOption = Annotated[
    Format,
    typer.Option("-o", "--format", click_type=_FORMAT, help="Format of the diagnostics."),
]
CompileFormatOption = Annotated[
    Format,
    typer.Option(
        "--format", click_type=_FORMAT, help="Format of the diagnostics; -o is the file here."
    ),
]


app.callback(invoke_without_command=True)(root)


@app.command()
def compile(  # noqa: A001
    file: Annotated[
        Path, typer.Argument(readable=False, metavar="FILE", help="The program; - reads stdin.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="Output file. By default FILE with .wasm or .wat; else standard output.",
        ),
    ] = None,
    emit: Annotated[
        Emit,
        typer.Option(
            help="Binary module or its text, the syntax tree, or charter or signatures as JSON."
        ),
    ] = Emit.WASM,
    deny_warnings: DenyWarnings = False,
    max_errors: MaxErrors = ERRORS_SHOWN_MAX,
    allow_path: AllowPath = None,
    format: CompileFormatOption = FULL,  # noqa: A002
) -> None:
    """Compile a program to a WebAssembly module.

    \b
    Examples:
      cclc compile bylaws.ccl -o b.wasm
      cclc compile bylaws.ccl --emit abi
    """
    if emit not in (Emit.WASM, Emit.WAT):
        from ccl.cli.compiling.emitting import View as Emitted
        from ccl.cli.compiling.emitting import emit_view

        allowed = allowed_folders(allow_path)
        emit_view(
            file,
            output,
            Emitted(emit.value),
            form=format,
            deny_warnings=deny_warnings,
            max_errors=max_errors,
            allowed=allowed,
        )
        return
    from ccl.cli.compiling.compiling import compile_to_file

    allowed = allowed_folders(allow_path)
    compile_to_file(
        file,
        output,
        as_text=emit is Emit.WAT,
        form=format,
        deny_warnings=deny_warnings,
        max_errors=max_errors,
        allowed=allowed,
    )


@app.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            readable=False, metavar="PATH...", help="Programs, or folders of them; - reads stdin."
        ),
    ],
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply the fixes that cannot change the meaning.")
    ] = False,
    unsafe_fixes: Annotated[
        bool,
        typer.Option(
            "--unsafe-fixes", help="With --fix: also apply fixes that may change the meaning."
        ),
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever a file changes, until Ctrl-C.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="With --fix: write nothing, show what would change.")
    ] = False,
    deny_warnings: DenyWarnings = False,
    max_errors: MaxErrors = ERRORS_SHOWN_MAX,
    allow_path: AllowPath = None,
    format: FormatOption = FULL,  # noqa: A002
) -> None:
    """Check programs without compiling them. Exit code 1 if there are errors.

    \b
    Examples:
      cclc check bylaws.ccl
      cclc check --fix --diff .
      cclc check --watch a.ccl
    """
    from ccl.cli.compiling.check_options import CheckOptions, refuse_contradictions

    options = CheckOptions(
        form=format,
        watch=watch,
        fix=fix,
        unsafe=unsafe_fixes,
        diff=diff,
        deny_warnings=deny_warnings,
        max_errors=max_errors,
        allowed=allowed_folders(allow_path),
    )
    refuse_contradictions(options)
    if watch:
        from ccl.cli.compiling.watching import watch_files

        watch_files(files, form=format, allowed=options.allowed, max_errors=max_errors)
        return
    from ccl.cli.compiling.checking import check_files

    check_files(files, options)


@app.command()
def fmt(
    files: Annotated[
        list[Path],
        typer.Argument(
            readable=False, metavar="PATH...", help="Programs, or folders of them; - reads stdin."
        ),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 if a file would change.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing; show what would change, as --check.")
    ] = False,
    format: FormatOption = FULL,  # noqa: A002
) -> None:
    """Format programs, keeping comments and meaning.

    \b
    Examples:
      cclc fmt .
      cclc fmt --diff bylaws.ccl
      cclc fmt - < a.ccl
    """
    from ccl.cli.compiling.formatting import format_files

    format_files(files, check=check, diff=diff, form=format)


@app.command()
def explain(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="Without a code, all are listed.")
    ] = None,
) -> None:
    """Explain a diagnostic code with a wrong and a right example.

    \b
    Examples:
      cclc explain CCL0401
      cclc explain 401
    """
    from ccl.cli.explain import explain_code

    explain_code(code)


@app.command()
def inspect(
    file: Annotated[
        Path, typer.Argument(readable=False, metavar="FILE.wasm", help="Any WebAssembly module.")
    ],
    view: ViewOption = View.TABLE,
) -> None:
    """Show what a module imports, exports and contains.

    \b
    Examples:
      cclc inspect bylaws.wasm
      cclc inspect bylaws.wasm -o json
    """
    from ccl.cli.modules import inspection
    from ccl.diagnostics.render.colour import Paint

    module = inspection.inspect_file(file)
    if view is View.JSON:
        give(inspection.as_value(file, module))
    else:
        sys.stdout.write(inspection.as_table(file, module, Paint(has_color(sys.stdout), SEAL)))


@app.command()
def verify(
    module: Annotated[
        Path, typer.Argument(readable=False, metavar="MODULE.wasm", help="The module to verify.")
    ],
    source: Annotated[
        Path, typer.Argument(readable=False, metavar="SOURCE.ccl", help="Its supposed source.")
    ],
    view: ViewOption = View.TABLE,
    allow_path: AllowPath = None,
) -> None:
    """Rebuild a module from its source and compare. Exit code 8 if they differ.

    \b
    Example:
      cclc verify bylaws.wasm bylaws.ccl
    """
    from ccl.cli.modules.verification import verify_module

    allowed = allowed_folders(allow_path)
    verify_module(module, source, as_json=view is View.JSON, allowed=allowed)


@app.command()
def bounds(
    file: Annotated[
        Path,
        typer.Argument(
            readable=False, metavar="FILE", help="A program, or a module that cclc compiled."
        ),
    ],
    view: ViewOption = View.TABLE,
    allow_path: AllowPath = None,
) -> None:
    """Show the most fuel that each export can use, or what prevents a bound.

    \b
    Examples:
      cclc bounds bylaws.ccl
      cclc bounds bylaws.wasm -o json
    """
    from ccl.cli.modules.bounds import show_bounds

    allowed = allowed_folders(allow_path)
    show_bounds(file, as_json=view is View.JSON, allowed=allowed)
