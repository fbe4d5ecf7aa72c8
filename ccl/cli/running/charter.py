"""`ccl charter`: the declarations as the module itself replays them in a given context.

They depend on the program, the context, the time and who asks: no mesh is opened for them.
"""

import sys
import time
from pathlib import Path
from typing import Any, Final

import typer

from ccl.abi.layout import CHARTER_EXPORT, RUN_EXPORT
from ccl.cli.apart import CALLER, sandbox_apart
from ccl.cli.charterview import Undecided, charter_text, charter_value, undecided
from ccl.cli.files import STANDARD_STREAM
from ccl.cli.running.program import Program, compile_program
from ccl.cli.running.records import read_records
from ccl.cli.running.traps import outcome_error, outcome_lines
from ccl.render.paint import Paint
from runtime.content.did import Did, DidError, parse_did
from runtime.context import SEED_BYTES, Context, Limits
from runtime.execution import Execution, OutcomeKind
from runtime.sandbox.engine import engine_text
from runtime.sandbox.request import Fault, Request
from runtime.terminal.answer import current, give
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import SEAL, has_color, note, say, width_of

FUEL: Final = 1_000_000_000


def show_charter(
    file: Path,
    context: Path | None,
    caller: str | None,
    view: str,
    *,
    strict: bool,
    allowed: tuple[Path, ...],
) -> None:
    """Run the command. Raises CommandError and typer.Exit."""
    if str(file) == str(context) == STANDARD_STREAM:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "standard input cannot be both the program and its context",
            hint="name a file for one of them",
        )
    asking = CALLER if caller is None else _did(caller)
    records = read_records(context)
    program = compile_program(file, RUN_EXPORT, allowed)
    if all(export.name != CHARTER_EXPORT for export in program.abi.exports):
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-charter",
            f"{file} declares nothing",
            hint='write an entry or a section outside of code, as `title: "Bylaws";`',
            details={"path": str(file)},
        )
    execution = _execute(program, asking, records)
    outcome = execution.deterministic.outcome
    if outcome.kind is not OutcomeKind.SUCCEEDED:
        if current().is_wanted:
            raise outcome_error(outcome, "`ccl charter` without -o shows the place in the source")
        for line in outcome_lines(
            outcome, program, Paint(has_color(sys.stderr), SEAL), width_of(sys.stderr)
        ):
            note(line)
        raise typer.Exit(ExitCode.FAILED)
    open_conditions = tuple(undecided(execution.charter))
    if strict and open_conditions:
        raise _refusal(file, open_conditions)
    _show(execution.charter, open_conditions, view)


def _did(text: str) -> Did:
    try:
        return parse_did(text)
    except DidError as error:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"--caller {text} is no DID: {error}",
            hint="`meshctl identity show` prints yours",
        ) from None


def _execute(program: Program, caller: Did, records: dict[str, Any]) -> Execution:
    context = Context(
        entry=CHARTER_EXPORT,
        caller=caller,
        now=int(time.time()),
        seed=bytes(SEED_BYTES),
        limits=Limits(fuel=FUEL),
        engine=engine_text(),
        records=records,
    )
    with sandbox_apart(workers=1) as sandbox:
        result = sandbox.execute(
            Request(
                module=program.root.wasm,
                module_cid=program.root.cid,
                context=context,
                input=None,
            )
        )
    if isinstance(result, Fault):
        raise CommandError(
            ExitCode.FAILED,
            "machine-fault",
            f"this machine could not execute {program.root.path}: {result}",
            hint="this says nothing about the program; `meshctl doctor` looks at the machine",
        )
    return result


def _refusal(file: Path, found: tuple[Undecided, ...]) -> CommandError:
    count = len(found)
    listed = "; ".join(f"{each.place}: {each.condition} ({each.missing})" for each in found)
    missing = ", ".join(dict.fromkeys(each.missing for each in found))
    return CommandError(
        ExitCode.FAILED,
        "undecided",
        f"{file} has {count} undecided condition{'' if count == 1 else 's'}: {listed}",
        hint=f"give the context what is missing: {missing}",
        details={"undecided": [each.to_json() for each in found]},
    )


def _show(charter: tuple[Any, ...], found: tuple[Undecided, ...], view: str) -> None:
    if view == "table":
        for line in charter_text(charter):
            say(line)
        return
    value = {
        "charter": charter_value(charter),
        "undecided": [each.to_json() for each in found],
    }
    give(value)
