"""One `ccl run`: compile, execute here, apply the effects, follow the jobs, show the results."""

import sys

from ccl.abi.layout import CHARTER_EXPORT
from ccl.cli.running.call_blocks import call_block, origin_of
from ccl.cli.running.destination import check_output
from ccl.cli.running.execution import Call, Run, done_before, execute, state_without_program
from ccl.cli.running.inputs.arguments import argument_block
from ccl.cli.running.inputs.records import given_roles, read_records
from ccl.cli.running.jobs.earlier_runs import EarlierRun, continuing, run_id, runs_of_file
from ccl.cli.running.jobs.run_state import RunState
from ccl.cli.running.options import Options
from ccl.cli.running.program import (
    Program,
    compile_program,
    entry_signature,
    has_charter,
    read_input,
)
from ccl.cli.running.results.next_steps import Attempt, missing_input, next_step
from ccl.cli.running.results.result_output import give_run, show_dry_run, show_modules, show_result
from ccl.cli.running.results.traps import outcome_error, outcome_lines
from ccl.cli.running.seed import chosen_seed
from ccl.diagnostics.render.colour import Ink, Paint
from mesh.core.jobs.runs import LocalRun, Origin
from mesh.embedded.commands.runs import finish_run, only_this_run, unfinished_run
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid
from runtime.execution.context import Limits
from runtime.terminal.answers.answer import fail, give
from runtime.terminal.boundary.report import show_error
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.escaping import printable
from runtime.terminal.files.writing import STANDARD_STREAM
from runtime.terminal.streams import SEAL, has_color, note, width_of


def run_program(options: Options) -> int:
    """Runs the command; returns its exit code. Raises CommandError and typer.Exit."""
    _one_standard_input(options)
    check_output(options)
    program = compile_program(options.file, options.entry, options.allowed)
    call = _call(program, options)
    if not options.as_json:
        _note_roles(given_roles(call.records))
    with EmbeddedMesh.open(options.mesh_home) as mesh:
        key = call_block(call)[0]
        if options.dry_run:
            # A dry run writes nothing, so it may run beside others, and on a read-only home.
            return _begin(mesh, key, call, options)
        with only_this_run(mesh, key, waiting):
            record = unfinished_run(mesh, key)
            if record is not None:
                return resume(mesh, key, call, record, options)
            return _begin(mesh, key, call, options)


def _begin(mesh: EmbeddedMesh, key: Cid, call: Call, options: Options) -> int:
    """Executes the program, applies its effects, and follows it to its results."""
    give({"continued": False})
    attempt = _attempt(call, options)
    file = str(options.file.absolute()) if str(options.file) != STANDARD_STREAM else STANDARD_STREAM
    earlier = runs_of_file(mesh, file, call.entry, call.arguments, key)
    origin = origin_of(call, file, now=mesh.now)
    state = _run_state(mesh, key, call, options, origin, earlier)
    _note_lost_state(mesh, call.program)
    run = execute(mesh, call)
    show_modules(run, options)
    if run.execution.deterministic.outcome.succeeded and not options.dry_run:
        run = state.begin(run, lambda: execute(mesh, call))
    if not run.execution.deterministic.outcome.succeeded:
        return _refused(run, attempt, options)
    if attempt.lacks_input(call.entry):
        options.remark(f"note: {missing_input(attempt)}")
    if options.dry_run:
        show_dry_run(run, options)
        return ExitCode.OK
    return _follow(run, state)


def resume(mesh: EmbeddedMesh, key: Cid, call: Call, record: LocalRun, options: Options) -> int:
    """Follows a run that an earlier command has applied to its results."""
    state = _run_state(mesh, key, call, options, record.origin, ())
    give({"continued": True})
    if options.quiet:
        note(f"note: this is the result of the unfinished run {run_id(key)}; nothing is done twice")
    run = done_before(mesh, call.program, call.entry, record.execution)
    show_modules(run, options, is_continued=True)
    state.resume(record)
    return _follow(run, state)


def _run_state(
    mesh: EmbeddedMesh,
    key: Cid,
    call: Call,
    options: Options,
    origin: Origin,
    earlier: tuple[EarlierRun, ...],
) -> RunState:
    attempt = _attempt(call, options)
    return RunState(
        mesh=mesh,
        options=options,
        call=call,
        key=key,
        origin=origin,
        earlier=earlier,
        show_failure=lambda run: _failed(run, attempt),
    )


def _follow(run: Run, state: RunState) -> int:
    options = state.options
    give({"applied": True})
    if state.record is not None:
        give({"run": run_id(state.key)})
    state.follow()
    try:
        show_result(run, state, options)
    except CommandError as error:
        if state.record is not None:
            again = continuing(state.key, options.mesh_home)
            error.hint += f"; what the run did is applied, and `{again}` gives its result again"
        raise
    if state.record is not None and state.is_over:
        finish_run(state.mesh, state.key)
    if state.code != ExitCode.OK:
        failure = CommandError(
            ExitCode(state.code),
            "job-not-done",
            "a job, or a handler for one, has no result",
            hint="see `jobs` and `handlers`, or run `meshctl job-status JOB`",
        )
        # People have seen the reason, but not under -q.
        if options.quiet or options.as_json:
            show_error(failure)
    return state.code


def _attempt(call: Call, options: Options) -> Attempt:
    return Attempt(
        file=options.file,
        input_path=options.input,
        input=None if call.input is None else call.input[1],
        limits=call.limits,
        readers=call.program.readers,
    )


def _one_standard_input(options: Options) -> None:
    named = {
        "the program": options.file,
        "its input": options.input,
        "its context": options.context,
    }
    found = [what for what, path in named.items() if str(path) == STANDARD_STREAM]
    if len(found) > 1:
        raise CommandError(
            ExitCode.USAGE,
            "usage",
            f"standard input cannot be both {found[0]} and {found[1]}",
            hint="name a file for one of them",
        )


def _call(program: Program, options: Options) -> Call:
    """Builds the call of the command line. Raises CommandError."""
    arguments = None
    if options.entry != CHARTER_EXPORT or not has_charter(program):
        signature = entry_signature(program, options.entry)
        arguments = argument_block(
            signature, options.arguments, program.abi, options.file.as_posix()
        )
    return Call(
        program=program,
        entry=options.entry,
        arguments=arguments,
        input=read_input(options.input),
        records=read_records(options.context),
        limits=Limits(fuel=options.fuel, memory_bytes=options.memory_bytes),
        results={},
        seed=None if options.seed is None else chosen_seed(options.seed),
    )


def _note_roles(roles: tuple[str, ...]) -> None:
    """Notes the roles of a run that were not granted."""
    if not roles:
        return
    named, verb = ("role", "comes") if len(roles) == 1 else ("roles", "come")
    shown = ", ".join(map(printable, roles))
    note(f"note: {named} {shown} {verb} from --context, not from credentials")


def _note_lost_state(mesh: EmbeddedMesh, program: Program) -> None:
    """Notes stored state that the program no longer declares, which nothing else shows."""
    for home, variables in state_without_program(mesh, program).items():
        named = ", ".join(map(printable, variables))
        note(
            f"note: this program declares no state in `{printable(home)}`, where an earlier one "
            f"has stored {named}; all of it is kept: `meshctl state` shows it"
        )


def waiting(holder: str) -> None:
    """Notes that another process executes this run."""
    note(f"note: process {holder} is executing the same command; waiting for it")


def _refused(run: Run, attempt: Attempt, options: Options) -> int:
    """Reports an execution of the program of which nothing was applied; returns the exit code."""
    if not options.as_json:
        return _failed(run, attempt)
    outcome = run.execution.deterministic.outcome
    hint, code = next_step(outcome, run.entry, attempt)
    give_run(run, None, options)
    fail(outcome_error(outcome, hint or "`outcome` names the place in the source", code))
    return code


def _failed(run: Run, attempt: Attempt) -> int:
    """Shows the reason of a failed execution and the next step; its effects are discarded."""
    outcome = run.execution.deterministic.outcome
    hint, code = next_step(outcome, run.entry, attempt)
    paint = Paint(has_color(sys.stderr), SEAL)
    for line in outcome_lines(run.execution, run.program, paint, width_of(sys.stderr)):
        note(line)
    if hint is not None:
        note(f" {paint('=', Ink.GUTTER)} {paint('help', Ink.HELP)}: {hint}")
    return code
