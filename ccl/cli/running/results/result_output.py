"""Output of the result of `ccl run`: for people values under their names, alone under -q, one JSON
value for programs.

Rule: stdout is the result, everything else goes to stderr. A program that calls `output` has
written the result itself, and its bytes alone are on stdout.
"""

import json
import sys
from typing import Any, Final

from ccl.abi.layout import CHARTER_EXPORT
from ccl.cli.columns import columns
from ccl.cli.running.execution import Run
from ccl.cli.running.jobs.run_state import RunState
from ccl.cli.running.options import Options
from ccl.cli.running.program import has_charter
from ccl.cli.running.results.effects_output import effect_lines, effects_to_json
from ccl.cli.running.results.traps import backtrace_of
from ccl.cli.value_text import charter_lines, charter_value, value_lines
from runtime.content.cid import Codec
from runtime.execution.effects import SubmitJob
from runtime.terminal.answers.answer import give
from runtime.terminal.files.writing import STANDARD_STREAM, write_atomically
from runtime.terminal.streams import note, number_text, say, say_text, write_raw, write_result

LOCAL: Final = "local"


def show_modules(run: Run, options: Options, *, is_continued: bool = False) -> None:
    """Shows the modules that were compiled and executed, and the program's log."""
    if options.as_json:
        give_run(run, None, options)
    rows = [
        (
            "Compiled",
            module.path,
            f"{number_text(len(module.wasm), sys.stderr)} bytes",
            str(module.cid),
        )
        for module in (run.program.root, *run.program.packed)
    ]
    fuel = run.execution.deterministic.fuel_used
    spent = "" if fuel is None else f"{number_text(fuel, sys.stderr)} fuel"
    where = "by the unfinished run of this command" if is_continued else "on this machine"
    rows.append(("Executed", run.program.root.path, spent, where))
    for line in columns(rows).splitlines():
        options.remark(line)
    if options.seed is not None:
        options.remark(f"Seed  {options.seed}, chosen with --seed")
    for line in run.logs:
        options.remark(f"Logged  {line}")


def show_dry_run(run: Run, options: Options) -> None:
    """Shows the effects that would be applied, and that none was."""
    submitted = [each for each in run.effects if isinstance(each, SubmitJob)]
    if options.as_json:
        give_run(run, None, options)
        _write_file(run, options)
        return
    for line in effect_lines(run.effects):
        options.remark(line)
    for each in submitted:
        options.remark(
            f"Job        {each.committed_units} {each.resource_type} units at most: {each.wasm_cid}"
        )
    _show_own(run, options)
    options.remark("")
    options.remark("Dry run: nothing of this was applied")


def show_result(run: Run, state: RunState, options: Options) -> None:
    """Shows the program's value, its charter, and the results of its jobs and handlers."""
    if options.as_json:
        give_run(run, state, options)
        _write_file(run, options)
        return
    has_own = _show_own(run, options)
    if options.quiet:
        return
    # Beside a result that the program wrote itself, the others are remarks.
    is_alone = written(run) is not None or options.output is not None
    show = options.remark if is_alone else say
    results = [
        (f"Result of {each.label}, from block {each.output_cid}:", each.output)
        for each in state.followed.values()
        if each.output_cid is not None
    ]
    results += [
        (f"Value of {each.event} for job {each.job_id} (local):", each.run.value)
        for each in state.handlings
        if each.run.value is not None
    ]
    for number, (title, value) in enumerate(results):
        between = show if has_own or number else options.remark
        between("")
        show(title)
        for line in value_lines(value, "  "):
            show(line)


def written(run: Run) -> bytes | None:
    """Gives the bytes that the program wrote in place of a value; None without any."""
    cid = run.execution.deterministic.output
    if cid is None or cid.codec is not Codec.RAW:
        return None
    return run.execution.blocks[cid]


def _show_own(run: Run, options: Options) -> bool:
    """Shows the result of the program's own execution; returns whether there was any."""
    data = written(run)
    has_value = run.value is not None or _gives_none(run)
    is_charter = run.entry == CHARTER_EXPORT and has_charter(run.program)
    if (has_value or is_charter) and data is None:
        options.remark("")
    if options.output is not None:
        _write_file(run, options)
    elif data is not None:
        _write(data)
    elif options.quiet:
        if has_value:
            say_text(run.value if isinstance(run.value, str) else _json_text(run.value))
    else:
        if has_value:
            say(f"Value of {run.program.root.path} (local):")
            for line in value_lines(run.value, "  "):
                say(line)
        if is_charter:
            say(f"Charter of {run.program.root.path}:")
            for line in charter_lines(run.execution.charter, "  "):
                say(line)
    return has_value or is_charter


def _write_file(run: Run, options: Options) -> None:
    """Writes the result to the file of `--output`, `-` for stdout: the program's bytes, or its
    value, a text as it is and all else as JSON. Raises CommandError."""
    path = options.output
    if path is None:
        return
    body = written(run)
    if body is None and (run.value is not None or _gives_none(run)):
        value = run.value
        body = (value if isinstance(value, str) else f"{_json_text(value)}\n").encode()
    body = body or b""
    if str(path) == STANDARD_STREAM:
        _write(body)
        return
    write_atomically(path, body)
    give({"written": {"path": str(path), "bytes": len(body)}})
    options.remark(f"Written  {path} ({len(body)} bytes)")


def _write(data: bytes) -> None:
    """Writes bytes as they are; on a terminal text is escaped, and other bytes are not shown."""
    if not sys.stdout.isatty():
        write_raw(data)
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        note(f"the output of {len(data)} bytes is not text; --output FILE writes it to a file")
        return
    write_result(text)
    if text and not text.endswith("\n"):
        # (so that the prompt of a shell begins on a line of its own)
        say_text("")


def _json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _gives_none(run: Run) -> bool:
    """Returns whether the value is an absent one, which is an answer, and not a missing value."""
    signature = next((each for each in run.program.abi.exports if each.name == run.entry), None)
    return signature is not None and signature.result.startswith("Option<")


def give_run(run: Run, state: RunState | None, options: Options) -> None:
    """Gives the parts of the answer about a run. state: None where nothing was applied."""
    followed = () if state is None else state.followed.values()
    handlings = () if state is None else state.handlings
    found = run.execution.deterministic
    give(
        {
            "value": run.value,
            "value_origin": LOCAL,
            "outcome": found.outcome.to_value(),
            "trace": backtrace_of(run.execution, run.program.root.wasm),
            "fuel": found.fuel_used,
            "fuel_limit": options.fuel,
            "memory_limit_bytes": options.memory_bytes,
            "module": str(run.program.root.cid),
            "logs": list(run.logs),
            "effects": effects_to_json(run.effects),
            "applied": state is not None,
            "jobs": [each.to_json() for each in followed],
            "handlers": [each.to_json() for each in handlings],
            "charter": charter_value(run.execution.charter),
            "seed": options.seed,
        }
    )
