"""One `ccl run`: compile, execute here, apply the effects, follow the jobs, show the results."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import typer

from ccl.abi.layout import CHARTER_EXPORT
from ccl.cli.boundary import CommandError, ExitCode, has_color, width_of
from ccl.cli.files import STANDARD_STREAM
from ccl.cli.running.advice import Attempt, missing_input, next_step
from ccl.cli.running.arguments import argument_block
from ccl.cli.running.jobs import Followed, follow_jobs, submit_jobs
from ccl.cli.running.journal import RunJournal
from ccl.cli.running.program import (
    Program,
    build_context,
    compile_program,
    entry_signature,
    output_to_json,
    read_input,
)
from ccl.cli.running.requests import requests_of, spending
from ccl.cli.running.traps import outcome_lines
from ccl.cli.show import charter_lines, charter_value, number_text, value_lines
from ccl.cli.tables import columns
from ccl.render.paint import Ink, Paint
from mesh.local import JobRequest, LocalMesh
from mesh.local.awarding import surroundings
from mesh.problem import MeshProblem
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode
from runtime.effects import AnchorData, Effect, RecordUsage, effects_from_block
from runtime.execution import Execution, OutcomeKind
from runtime.sandbox import Fault, Request, engine_text
from runtime.streams import say

LOCAL: Final = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The command line of `ccl run`."""

    file: Path
    entry: str
    arguments: tuple[str, ...]
    input: Path | None
    as_json: bool
    yes: bool
    max_spend: int | None
    fuel: int
    timeout_seconds: float | None
    mesh_home: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the local execution gave. value: JSON, None for none."""

    program: Program
    execution: Execution
    value: Any
    logs: tuple[str, ...]
    effects: tuple[Effect, ...]


def run_program(options: Options) -> int:
    """Run the command; its exit code. Raises CommandError and typer.Exit."""
    if str(options.file) == str(options.input) == STANDARD_STREAM:
        raise CommandError(
            "usage",
            "standard input cannot be both the program and its input",
            hint="name a file for one of them",
            exit_code=ExitCode.USAGE,
        )
    program = compile_program(options.file, options.entry)
    if options.entry == CHARTER_EXPORT:
        arguments = None
    else:
        signature = entry_signature(program, options.entry)
        arguments = argument_block(
            signature, options.arguments, program.abi, options.file.as_posix()
        )
    data = read_input(options.input)
    attempt = Attempt(
        file=options.file,
        input_path=options.input,
        input=None if data is None else data[1],
        fuel=options.fuel,
        calls=program.calls,
    )
    with mesh_problems(), LocalMesh.open(options.mesh_home) as mesh:
        run = _execute(mesh, program, arguments, data, options)
        _show_modules(run, options)
        if run.execution.deterministic.outcome.kind is not OutcomeKind.SUCCEEDED:
            return _failed(run, attempt, as_json=options.as_json)
        if attempt.lacks_input and not options.as_json:
            sys.stderr.write(f"note: {missing_input(attempt)}\n")
        journal = RunJournal.of(
            mesh.home.path,
            program=program.root.cid,
            entry=options.entry,
            arguments=arguments,
            input_cid=data[0] if data else None,
        )
        followed = _apply(mesh, run, data, journal, options)
        _show_result(run, followed, options)
        if all(each.view.is_final for each in followed):
            journal.finish()
        return max((each.exit_code for each in followed), default=ExitCode.OK)


@contextmanager
def mesh_problems() -> Iterator[None]:
    """Problems of the mesh as errors of this command: the same code, text and exit code."""
    try:
        yield
    except MeshProblem as problem:
        raise CommandError(
            problem.code,
            problem.message,
            hint=problem.hint or "`meshctl doctor` looks for what is wrong",
            exit_code=ExitCode(problem.kind.value),
            **problem.details,
        ) from None


def _execute(
    mesh: LocalMesh,
    program: Program,
    arguments: bytes | None,
    data: tuple[Cid, bytes] | None,
    options: Options,
) -> Run:
    input_cid, input_bytes = data or (None, None)
    with mesh.store.read() as tx:
        around = surroundings(tx, mesh.reading, now=mesh.now)
    context = build_context(
        entry=options.entry,
        arguments=arguments,
        caller=mesh.submitter.did,
        now=mesh.now,
        program=program,
        input_cid=input_cid,
        balances=around.balances,
        policies=around.policies,
        engine=engine_text(),
        fuel=options.fuel,
    )
    result = mesh.sandbox.execute(
        Request(
            module=program.root.wasm,
            module_cid=program.root.cid,
            context=context,
            input=input_bytes,
        )
    )
    if isinstance(result, Fault):
        raise CommandError(
            "machine-fault",
            f"this machine could not execute {program.root.path}: {result}",
            hint="this says nothing about the program; `meshctl doctor` looks at the machine",
            exit_code=ExitCode.FINDINGS,
        )
    found = result.deterministic
    value = None
    if found.output is not None:
        value = output_to_json(
            found.output, result.blocks[found.output], program.abi, options.entry
        )
    logs = () if found.logs is None else tuple(decode(result.blocks[found.logs]))
    effects = () if found.effects is None else effects_from_block(result.blocks[found.effects])
    return Run(program=program, execution=result, value=value, logs=logs, effects=effects)


def _failed(run: Run, attempt: Attempt, *, as_json: bool) -> int:
    """Say what ended the local execution and what to do; its effects are discarded."""
    outcome = run.execution.deterministic.outcome
    hint, code = next_step(outcome, attempt)
    if as_json:
        _print_json(run, (), {**outcome.to_value(), "next": hint})
    paint = Paint(has_color(sys.stderr))
    for line in outcome_lines(outcome, run.program, paint, width_of(sys.stderr)):
        sys.stderr.write(line + "\n")
    if hint is not None:
        sys.stderr.write(f" {paint('=', Ink.GUTTER)} {paint('help', Ink.HELP)}: {hint}\n")
    return code


def _apply(
    mesh: LocalMesh,
    run: Run,
    data: tuple[Cid, bytes] | None,
    journal: RunJournal,
    options: Options,
) -> tuple[Followed, ...]:
    """Apply the effects under the local identity and follow the jobs."""
    for effect in run.effects:
        match effect:
            case AnchorData(data=text):
                cid = mesh.put_block(text.encode("utf-8"))
                _say(options, f"Stored     {cid}  ({len(text)} characters that it asked to anchor)")
            case RecordUsage(resource_type=kind, amount=amount):
                _say(options, f"Usage      {amount} {kind}, by its own account; not billed")
            case _:
                pass
    source = run.program.names.sources[0].text.encode("utf-8")
    requests = requests_of(run.effects, cid_of(source, Codec.RAW))
    if not requests:
        return ()
    ids = journal.unfinished(len(requests))
    if ids is None:
        _consent(requests, options)
        ids = journal.begin([mesh.new_job_id() for _ in requests])
    modules = (run.program.root, *run.program.packed)
    blocks = [(each.cid, each.wasm) for each in modules] + ([data] if data else [])
    mesh.put_blocks([*blocks, (cid_of(source, Codec.RAW), source)])
    identified = [replace(each, job_id=job_id) for each, job_id in zip(requests, ids, strict=True)]
    return follow_jobs(
        mesh,
        submit_jobs(mesh, identified, lambda line: _say(options, line)),
        {each.cid: each.path for each in modules},
        lambda line: _say(options, line),
        timeout_seconds=options.timeout_seconds,
    )


def _consent(requests: Sequence[JobRequest], options: Options) -> None:
    """Ask before tokens are spent, where there is somebody to ask. Raises CommandError."""
    amounts = spending(requests)
    total = ", ".join(f"{amount} {kind} units" for kind, amount in amounts.items())
    if options.max_spend is not None and sum(amounts.values()) > options.max_spend:
        raise CommandError(
            "over-max-spend",
            f"the program could spend {total}, more than --max-spend {options.max_spend}",
            hint="nothing was submitted; raise --max-spend, or lower the program's amounts",
            exit_code=ExitCode.DENIED,
            **amounts,
        )
    count = len(requests)
    question = f"Submit {count} job{'' if count == 1 else 's'}, for at most {total}?"
    if options.yes or options.as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    if not typer.confirm(question, default=True, err=True):
        raise CommandError(
            "declined",
            "nothing was submitted",
            hint="run it again when the submission is wanted",
            exit_code=ExitCode.DENIED,
        )


# --- showing


def _say(options: Options, line: str) -> None:
    if not options.as_json:
        say(line)


def _show_modules(run: Run, options: Options) -> None:
    if options.as_json:
        return
    rows = [
        ("Compiled", module.path, f"{number_text(len(module.wasm))} bytes", str(module.cid))
        for module in (run.program.root, *run.program.packed)
    ]
    fuel = run.execution.deterministic.fuel_used
    spent = "" if fuel is None else f"{number_text(fuel)} fuel"
    rows.append(("Executed", run.program.root.path, spent, "on this machine"))
    say(columns(rows).removesuffix("\n"))
    for line in run.logs:
        say(columns([("Logged", line)]).removesuffix("\n"))


def _show_result(run: Run, followed: Sequence[Followed], options: Options) -> None:
    if options.as_json:
        _print_json(run, followed, None)
        return
    if run.value is not None:
        say(f"\nValue of {run.program.root.path} (local):")
        for line in value_lines(run.value, "  "):
            say(line)
    if options.entry == CHARTER_EXPORT:
        say(f"\nCharter of {run.program.root.path}:")
        for line in charter_lines(run.execution.charter, "  "):
            say(line)
    for each in followed:
        if each.output_cid is not None:
            say(f"\nResult of {each.label}, from block {each.output_cid}:")
            for line in value_lines(each.output, "  "):
                say(line)


def _print_json(run: Run, followed: Sequence[Followed], outcome: Any) -> None:
    value: dict[str, Any] = {
        "value": run.value,
        "value_origin": LOCAL,
        "fuel": run.execution.deterministic.fuel_used,
        "module": str(run.program.root.cid),
        "logs": list(run.logs),
        "jobs": [each.to_json() for each in followed],
    }
    if run.execution.charter:
        value["charter"] = charter_value(run.execution.charter)
    if outcome is not None:
        value["outcome"] = outcome
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()
