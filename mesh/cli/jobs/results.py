"""`meshctl results` and `logs`: what a verified job gave, from the blocks its receipt names."""

from pathlib import Path
from typing import Annotated, Any

import typer

from mesh.cli.arguments.options import (
    FileOption,
    FormatOption,
    HomeOption,
    JobArgument,
    JobOption,
    QuietOption,
    TimeoutOption,
)


def register(app: typer.Typer) -> None:
    app.command("results")(results)
    app.command("logs")(logs)


def results(
    job: JobArgument = None,
    job_id: JobOption = None,
    format_: FormatOption = None,
    output: FileOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show what a verified job gave: bytes as they are, a value as JSON.

    The receipt and its attestations are verified anew before anything is shown.

    \b
    Examples:
      meshctl results e2b4cf1af332
      meshctl results e2b4cf1af332 --output result.bin
      meshctl results e2b4cf1af332 -o json
    """
    from mesh.cli.arguments.naming import find_job, one_job
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.cli.jobs.errors import ended_badly, has_failed
    from mesh.queries.jobs.outputs import output_of

    wanted = one_job(job, job_id)
    out = make_output(mesh_home, format_, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        name = find_job(mesh, wanted)
        ended = mesh.job(name)
        if has_failed(ended):
            raise ended_badly(ended)
        with mesh.read() as reader:
            found = output_of(reader, name)
    value = {
        "job_id": name,
        "output": str(found.cid),
        "codec": found.codec,
        "bytes": len(found.data),
        "value": found.value,
    }
    _show(found.data, found.value, found.is_value, value, out=out, path=output)


def _show(
    data: bytes, shown: Any, is_value: bool, value: dict[str, Any], *, out: Any, path: Path | None
) -> None:
    import json

    from mesh.cli.output.writing import write_bytes, write_stdout
    from runtime.terminal.streams import say_text

    if path is not None:
        text = json.dumps(shown, indent=2, ensure_ascii=False) + "\n"
        body = text.encode() if is_value else data
        write_bytes(path, body)
        out.record({"written": {"path": str(path), "bytes": len(body)}}, lines=(), quiet="")
        out.remark(f"{len(body)} bytes written to {path}")
    elif out.for_machines:
        out.record(value, lines=(), quiet="")
    elif is_value:
        say_text(json.dumps(shown, indent=None if out.quiet else 2, ensure_ascii=False))
    else:
        write_stdout(data)


def logs(
    job: JobArgument = None,
    job_id: JobOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for the end of the job, and drive it.")
    ] = False,
    timeout: TimeoutOption = None,
    output: FormatOption = None,
    quiet: QuietOption = False,
    mesh_home: HomeOption = None,
) -> None:
    """Show what the program logged, also when it failed.

    The log is a part of the program's result, which every verifier has to come to by itself: it is
    known when the execution has ended, and not line by line before. With --follow the job is driven
    to its end first, as by `meshctl job-status --wait`; how far it is goes to stderr.

    \b
    Examples:
      meshctl logs e2b4cf1af332
      meshctl logs e2b4cf1af332 --follow --timeout 60
    """
    from mesh.cli.arguments.naming import find_job, one_job
    from mesh.cli.arguments.session import make_output, open_mesh
    from mesh.cli.output.describing import describe
    from mesh.cli.reports.log_following import await_log
    from mesh.queries.jobs.outputs import logs_of
    from runtime.execution.execution import OutcomeKind
    from runtime.terminal.streams import note, say

    wanted = one_job(job, job_id)
    out = make_output(mesh_home, output, quiet=quiet)
    with open_mesh(mesh_home) as mesh:
        name = find_job(mesh, wanted)
        if follow:
            await_log(mesh, name, timeout=timeout, quiet=quiet)
        with mesh.read() as reader:
            lines = logs_of(reader, name)
        found = mesh.job(name)
        outcome = found.deterministic
    if out.for_machines:
        value: dict[str, Any] = {"job_id": name, "logs": list(lines)}
        if outcome is not None:
            value["outcome"] = outcome.outcome.to_value()
        out.record(value, lines=(), quiet="")
        return
    for line in lines:
        say(line.removesuffix("\n"))
    if quiet or outcome is None:
        return
    if outcome.outcome.kind is not OutcomeKind.SUCCEEDED:
        note(f"the program {describe(outcome.outcome, found.trace)}")
    elif not lines:
        note("The program logged nothing")
