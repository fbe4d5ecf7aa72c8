"""`ccl runs`: unfinished runs, and the continuation of one of them."""

import os
from pathlib import Path
from typing import Any, Final

from ccl.cli.columns import columns
from ccl.cli.running.call_blocks import stored_call
from ccl.cli.running.destination import check_output
from ccl.cli.running.jobs.earlier_runs import EarlierRun, earlier_runs
from ccl.cli.running.options import Options
from ccl.cli.running.session import resume, waiting
from mesh.cli.arguments.naming import resolve
from mesh.cli.output.describing import local_time
from mesh.embedded.commands.runs import finish_run, only_this_run, unfinished_run
from mesh.embedded.mesh import EmbeddedMesh
from mesh.home.home import has_mesh, locate_home
from runtime.terminal.answers.answer import give
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import note, say_text

HEADS: Final = ("Run", "Program", "Entry", "Started", "Jobs")


def list_runs(home: Path | None, *, as_json: bool) -> int:
    """Prints unfinished runs; a home without a mesh has none."""
    found: list[dict[str, Any]] = []
    if has_mesh(locate_home(home, os.environ)):
        with EmbeddedMesh.open(home) as mesh:
            found = [_to_json(mesh, each) for each in earlier_runs(mesh)]
    if as_json:
        give({"runs": found})
    elif not found:
        note("No run is unfinished")
    else:
        rows = [HEADS, *(_row(each) for each in found)]
        say_text(columns(rows).removesuffix("\n"))
        note(f"`ccl runs {found[0]['run']}` continues one; --forget drops it from this list")
    return ExitCode.OK


def continue_run(
    text: str,
    *,
    as_json: bool,
    output: Path | None,
    quiet: bool,
    yes: bool,
    max_spend: int | None,
    timeout_seconds: float | None,
    home: Path | None,
) -> int:
    """Follows a run's jobs to their ends, with the program as it was when it was run.

    Raises CommandError `unknown-run`.
    """
    with EmbeddedMesh.open(home) as mesh:
        found = _named(mesh, text)
        with only_this_run(mesh, found.key, waiting):
            record = unfinished_run(mesh, found.key)
            if record is None:
                note(f"run {found.id} was finished by another process meanwhile")
                return ExitCode.OK
            options = Options(
                file=Path(record.origin.file),
                entry=found.entry,
                arguments=(),
                input=None,
                context=None,
                output=output,
                as_json=as_json,
                quiet=quiet,
                dry_run=False,
                yes=yes,
                max_spend=max_spend,
                fuel=record.origin.fuel,
                memory_bytes=record.origin.memory_bytes,
                seed=None,
                timeout_seconds=timeout_seconds,
                mesh_home=home,
                allowed=(),
            )
            check_output(options)
            return resume(mesh, found.key, stored_call(mesh, found.key, record), record, options)


def forget_run(text: str, home: Path | None) -> int:
    """Drops a run from the list; its jobs are not cancelled, but nothing reacts to them."""
    with EmbeddedMesh.open(home) as mesh:
        found = _named(mesh, text)
        finish_run(mesh, found.key)
        note(f"forgot run {found.id} of {found.run.origin.file}")
        for job in found.run.jobs:
            if not mesh.job(job.job_id).is_final:
                note(f"  its job goes on; to end it: meshctl cancel-job {job.job_id}")
    return ExitCode.OK


def _named(mesh: EmbeddedMesh, text: str) -> EarlierRun:
    known = {each.id: each for each in earlier_runs(mesh)}
    if not known:
        raise CommandError(
            ExitCode.NOT_FOUND,
            "unknown-run",
            f"there is no run '{text}': no run is unfinished",
            hint="`ccl run FILE` begins one",
        )
    return known[resolve(text, tuple(known), noun="run", where="ccl runs")]


def _to_json(mesh: EmbeddedMesh, run: EarlierRun) -> dict[str, Any]:
    origin = run.run.origin
    return {
        "run": run.id,
        "file": origin.file,
        "entry": run.entry,
        "started_at": origin.started_at,
        "jobs": [
            {"job_id": job.job_id, "state": mesh.job(job.job_id).phase.value}
            for job in run.run.jobs
        ],
    }


def _row(run: dict[str, Any]) -> tuple[str, ...]:
    states = [job["state"] for job in run["jobs"]]
    counted = ", ".join(f"{states.count(each)} {each}" for each in dict.fromkeys(states))
    started = local_time(run["started_at"])
    return run["run"], run["file"], run["entry"], started, counted or "none"
