"""Submissions of a program, as requests to the mesh under the local identity."""

from collections.abc import Iterable, Mapping

from ccl.cli.running.program import Program
from mesh.core.jobs.request import MalformedSubmission, request_of
from mesh.embedded.commands.runs import Submission, delegating
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid
from runtime.execution.effects import Effect, SubmitJob
from runtime.terminal.errors import CommandError, ExitCode


def submissions_of(
    mesh: EmbeddedMesh, effects: Iterable[Effect], source: Cid | None, program: Program, depth: int
) -> tuple[Submission, ...]:
    """Lists the submissions among the effects, each under a new id, with what its own program may
    submit. Raises CommandError for one without a form in the mesh.

    source: CID of the CCL source that submits. depth: of the jobs in their run.
    """
    modules = _modules_of(program)
    found = []
    for position, effect in enumerate(effects):
        if not isinstance(effect, SubmitJob):
            continue
        try:
            request = delegating(mesh, request_of(effect, source), depth, modules)
        except MalformedSubmission as error:
            raise _malformed(error) from None
        found.append(Submission(position=position, request=request, job_id=mesh.new_job_id()))
    return tuple(found)


def _modules_of(program: Program) -> Mapping[Cid, bytes]:
    """Gives the modules that travel with a program."""
    return {each.cid: each.wasm for each in (program.root, *program.packed, *program.nested)}


def _malformed(error: MalformedSubmission) -> CommandError:
    return CommandError(
        ExitCode.FAILED,
        "submission-refused",
        str(error),
        hint="correct them in the charter or in the call of submit_job",
    )
