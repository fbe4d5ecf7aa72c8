"""Problems of the mesh as errors of `ccl`: the same code, text and exit code."""

from collections.abc import Iterator
from contextlib import contextmanager

from ccl.cli.boundary import CommandError, ExitCode
from mesh.problem import MeshProblem


@contextmanager
def mesh_problems() -> Iterator[None]:
    """Raises CommandError for each MeshProblem inside."""
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
