"""The commands of `meshctl` by name, and problems to exit codes.

Rule: a user sees a named problem or a result, never a stack trace; a bug of ours is exit
code 101 and a report in a file.
"""

import os
import re
import sys
import tempfile
import traceback
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final

import typer
from typer._click.exceptions import NoArgsIsHelpError
from typer.exceptions import TyperException

from mesh.cli import blocks, diagnosis, identity, jobs, proofs, results, state, tokens
from mesh.cli.output import Format, note, say, show_problem
from mesh.problem import Kind, MeshProblem
from runtime.streams import discard

BUG: Final = 101
_NO_NUMBER: Final = re.compile(r"'[^']*' is not a valid (int|float)$")
"""The words of the library that reads the command line for what we call no number."""
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
    format_ = _format_of(arguments)
    try:
        command = typer.main.get_command(build())
        code = command.main(args=arguments, prog_name="meshctl", standalone_mode=False)
        sys.stdout.flush()
    except MeshProblem as problem:
        show_problem(problem, format_)
        return int(problem.kind)
    except NoArgsIsHelpError as error:
        note(error.format_message())
        return int(Kind.USAGE)
    except TyperException as error:
        show_problem(_misuse(error), format_)
        return int(Kind.USAGE)
    except (KeyboardInterrupt, typer.Abort):
        return int(Kind.INTERRUPTED)
    except OSError as error:
        if error.filename is not None:
            raise
        # Of all that a command opens only its output has no name.
        discard(sys.stdout)
        if isinstance(error, BrokenPipeError):
            return 0
        show_problem(_unwritable(error), format_)
        return int(Kind.FAILED)
    return code if isinstance(code, int) else 0


def _unwritable(error: OSError) -> MeshProblem:
    return MeshProblem(
        Kind.FAILED,
        "output-unwritable",
        f"the output cannot be written: {error.strerror or error}",
        hint="free some space, or send it elsewhere; what was done is not undone: "
        "`meshctl list-jobs` shows the jobs",
    )


def _misuse(error: TyperException) -> MeshProblem:
    """What is wrong with the words on the command line, in words of ours."""
    context = getattr(error, "ctx", None)
    command = "meshctl" if context is None else context.command_path
    message = _NO_NUMBER.sub("expected a number", error.format_message().rstrip("."))
    return MeshProblem(
        Kind.USAGE, "usage", message, hint=f"`{command} --help` shows how it is used"
    )


def _format_of(arguments: list[str]) -> Format:
    """The output format on the command line, for problems that arise before it is parsed."""
    for before, word in zip(["", *arguments], arguments, strict=False):
        value = word if before in {"-o", "--output"} else word.removeprefix("--output=")
        if value in {"json", "jsonl"} and (value != word or before in {"-o", "--output"}):
            return Format(value)
    return Format.TABLE


def report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What happens to an exception that nobody foresaw: a file with the trace, exit 101."""
    if issubclass(kind, KeyboardInterrupt):
        os._exit(int(Kind.INTERRUPTED))
    text = "".join(traceback.format_exception(kind, error, trace))
    handle, name = tempfile.mkstemp(prefix="meshctl-bug-", suffix=".txt")
    os.close(handle)
    Path(name).write_text(text, encoding="utf-8")
    note(f"error[internal]: a bug of ours: {kind.__name__}: {error}")
    note(f"  next: please report it with {name}, which says where it happened")
    sys.stdout.flush()
    os._exit(BUG)
