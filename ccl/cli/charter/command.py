"""`ccl charter`: the declarations as the module itself replays them in a given context.

They depend on the program, the context, the time and the caller: no mesh is opened for them.
"""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import Any, Final

import typer

from ccl.abi.layout import CHARTER_EXPORT, RUN_EXPORT
from ccl.abi.sections import WASM_MAGIC
from ccl.cli.charter.forms import answer_entries, charter_value
from ccl.cli.charter.view import Undecided, charter_text, undecided
from ccl.cli.compiling.report import NOTHING_FOUND, answer_findings, shown
from ccl.cli.files import read_bytes, source_text
from ccl.cli.modules.inspection import inspect_bytes
from ccl.cli.running.inputs.records import read_records
from ccl.cli.running.program import Module, Program, compile_text_of, has_charter
from ccl.cli.running.results.traps import outcome_error, outcome_lines
from ccl.cli.running.standalone import CALLER, standalone_sandbox
from ccl.diagnostics.render.colour import Paint
from ccl.source.spans import SourceMap
from ccl.wasm.inspect import MODULE_BYTES_MAX
from runtime.content.cid import Codec, cid_of
from runtime.content.did import Did, DidError, parse_did
from runtime.execution.context import SEED_BYTES, Context, Limits
from runtime.execution.execution import Execution, OutcomeKind
from runtime.sandbox.engine import engine_text
from runtime.sandbox.request import Fault, Request
from runtime.terminal.answers.answer import current, give
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.writing import STANDARD_STREAM
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
    """Runs the command. Raises CommandError and typer.Exit."""
    if str(file) == str(context) == STANDARD_STREAM:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            "standard input cannot be both the program and its context",
            hint="name a file for one of them",
        )
    data = read_bytes(file, limit=MODULE_BYTES_MAX, what="module")
    if data.lstrip()[:1] == b"{" and b"\0" not in data:  # UTF-16 has zeros, JSON as UTF-8 none
        for option, given in (("--context", context), ("--caller", caller)):
            if given is not None:
                raise CommandError(
                    ExitCode.USAGE,
                    "usage",
                    f"{option}: {shown(file)} is an answer, whose conditions are not decided again",
                    hint=f"give the program or its module with {option}",
                )
        answer_findings(NOTHING_FOUND)
        _show(_answer_entries(data, file), file, view, strict=strict)
        return
    asking = CALLER if caller is None else _did(caller)
    records = read_records(context)
    program = _program(data, file, allowed)
    if not has_charter(program):
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-charter",
            f"{shown(file)} declares nothing",
            hint='write an entry or a section outside of code, as `title: "Bylaws";`',
            details={"path": str(file)},
        )
    execution = _execute(program, asking, records)
    outcome = execution.deterministic.outcome
    if outcome.kind is not OutcomeKind.SUCCEEDED:
        if current().is_wanted:
            raise outcome_error(outcome, "`ccl charter` without -o shows the place in the source")
        for line in outcome_lines(
            execution, program, Paint(has_color(sys.stderr), SEAL), width_of(sys.stderr)
        ):
            note(line)
        raise typer.Exit(ExitCode.FAILED)
    _show(execution.charter, file, view, strict=strict)


def _show(entries: Sequence[Any], file: Path, view: str, *, strict: bool) -> None:
    try:
        open_conditions = tuple(undecided(entries))
        lines = tuple(charter_text(entries))
        value = charter_value(entries)
        json.dumps(value)
    except (AssertionError, LookupError, OverflowError, TypeError, ValueError) as error:
        # Any module can be given, and its charter is data of its author.
        raise _malformed(
            file,
            f"has a charter that cannot be read: {error}",
            hint="`cclc compile` did not write it; compile its source again",
        ) from None
    if strict and open_conditions:
        raise _refusal(file, open_conditions)
    if view == "table":
        for line in lines:
            say(line)
    else:
        give({"charter": value, "undecided": [each.to_json() for each in open_conditions]})


def _answer_entries(data: bytes, file: Path) -> list[Any]:
    """Gives the entries that an answer of `ccl charter -o json` shows."""
    try:
        answer = json.loads(data)
        if "charter" not in answer or "undecided" not in answer:
            raise ValueError("it lacks `charter` or `undecided`")
        if answer.get("error") is not None:
            raise ValueError("the command failed, its `error` says why")
        return answer_entries(answer)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise _malformed(
            file,
            f"is JSON, but no answer of `ccl charter -o json`: {error}",
            hint="give a program, a module, or such an answer as it was",
        ) from None


def _malformed(file: Path, problem: str, *, hint: str) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "charter-malformed",
        f"{shown(file)} {problem}",
        hint=hint,
        details={"path": str(file)},
    )


def _program(data: bytes, file: Path, allowed: tuple[Path, ...]) -> Program:
    """Compiles a source, or reads a module as it is."""
    if data.startswith(WASM_MAGIC):
        return _of_module(data, file)
    return compile_text_of(source_text(data, file), file, RUN_EXPORT, allowed)


def _of_module(wasm: bytes, file: Path) -> Program:
    abi = inspect_bytes(wasm, file).abi
    if abi is None:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-charter",
            f"{shown(file)} has no charter: it was not compiled from CCL",
            hint=f"`cclc inspect {quote(str(file))}` shows what it contains",
            details={"path": str(file)},
        )
    answer_findings(NOTHING_FOUND)
    root = Module(path=file.name, cid=cid_of(wasm, Codec.RAW), wasm=wasm)
    return Program(
        root=root,
        packed=(),
        nested=(),
        abi=abi,
        readers=frozenset(),
        names=SourceMap(),
        functions=(),
        proposals=(),
        stateless=(),
    )


def _did(text: str) -> Did:
    try:
        return parse_did(text)
    except DidError as error:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"--caller {text} is not a DID: {error}",
            hint="`meshctl identity show` prints yours",
        ) from None


def _execute(program: Program, caller: Did, records: dict[str, Any]) -> Execution:
    now = int(time.time())
    context = Context(
        entry=CHARTER_EXPORT,
        owner=caller,
        caller=caller,
        now=now,
        received_at=now,
        seed=bytes(SEED_BYTES),
        limits=Limits(fuel=FUEL),
        engine=engine_text(),
        records=records,
    )
    with standalone_sandbox(workers=1) as sandbox:
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
            hint="the program may be correct; `meshctl doctor` checks this machine",
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
        hint=f"add the missing fields to the context: {missing}",
        details={"undecided": [each.to_json() for each in found]},
    )
