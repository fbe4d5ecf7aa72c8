"""What `ccl run` prints of its result: tables for people, one JSON value for machines."""

import json
import sys
from typing import Any, Final

from ccl.abi.layout import CHARTER_EXPORT
from ccl.cli.running.carried import effect_lines, effects_to_json
from ccl.cli.running.local import Run
from ccl.cli.running.options import Options
from ccl.cli.running.under_way import UnderWay
from ccl.cli.show import charter_lines, charter_value, number_text, value_lines
from ccl.cli.tables import columns
from runtime.effects import SubmitJob
from runtime.terminal.streams import say

LOCAL: Final = "local"


def show_modules(run: Run, options: Options, *, is_continued: bool = False) -> None:
    """What was compiled and executed, and what the program logged."""
    if options.as_json:
        return
    rows = [
        ("Compiled", module.path, f"{number_text(len(module.wasm))} bytes", str(module.cid))
        for module in (run.program.root, *run.program.packed)
    ]
    fuel = run.execution.deterministic.fuel_used
    spent = "" if fuel is None else f"{number_text(fuel)} fuel"
    where = "by the unfinished run of this command" if is_continued else "on this machine"
    rows.append(("Executed", run.program.root.path, spent, where))
    say(columns(rows).removesuffix("\n"))
    if options.seed is not None:
        say(columns([("Seed", f"{options.seed}, chosen with --seed")]).removesuffix("\n"))
    for line in run.logs:
        say(columns([("Logged", line)]).removesuffix("\n"))


def show_dry_run(run: Run, options: Options) -> None:
    """What would be applied, and that nothing was."""
    submitted = [each for each in run.effects if isinstance(each, SubmitJob)]
    if options.as_json:
        print_json(run, None, None, options)
        return
    for line in effect_lines(run.effects):
        say(line)
    for each in submitted:
        say(
            f"Job        {each.committed_units} {each.resource_type} units at most: {each.wasm_cid}"
        )
    _show_value(run)
    say("\nDry run: nothing of this was applied")


def show_result(run: Run, under_way: UnderWay, options: Options) -> None:
    """The program's value, its charter, and the results of its jobs and handlers."""
    if options.as_json:
        print_json(run, under_way, None, options)
        return
    _show_value(run)
    for followed in under_way.followed.values():
        if followed.output_cid is not None:
            say(f"\nResult of {followed.label}, from block {followed.output_cid}:")
            for line in value_lines(followed.output, "  "):
                say(line)
    for handling in under_way.handlings:
        if handling.run.value is not None:
            say(f"\nValue of {handling.event} for job {handling.job_id} (local):")
            for line in value_lines(handling.run.value, "  "):
                say(line)


def _show_value(run: Run) -> None:
    if run.value is not None or _gives_none(run):
        say(f"\nValue of {run.program.root.path} (local):")
        for line in value_lines(run.value, "  "):
            say(line)
    if run.entry == CHARTER_EXPORT:
        say(f"\nCharter of {run.program.root.path}:")
        for line in charter_lines(run.execution.charter, "  "):
            say(line)


def _gives_none(run: Run) -> bool:
    """Whether the value is an absent one, which is an answer, and not that there is no value."""
    signature = next((each for each in run.program.abi.exports if each.name == run.entry), None)
    return signature is not None and signature.result.startswith("Option<")


def print_json(run: Run, under_way: UnderWay | None, outcome: Any, options: Options) -> None:
    """One object. under_way: None where nothing was applied; outcome: of a failed execution."""
    followed = () if under_way is None else under_way.followed.values()
    value: dict[str, Any] = {
        "value": run.value,
        "value_origin": LOCAL,
        "fuel": run.execution.deterministic.fuel_used,
        "module": str(run.program.root.cid),
        "logs": list(run.logs),
        "effects": effects_to_json(run.effects),
        "applied": under_way is not None,
        "jobs": [each.to_json() for each in followed],
    }
    if options.seed is not None:
        value["seed"] = options.seed
    if under_way is not None and under_way.handlings:
        value["handlers"] = [each.to_json() for each in under_way.handlings]
    if run.execution.charter:
        value["charter"] = charter_value(run.execution.charter)
    if outcome is not None:
        value["outcome"] = outcome
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()
