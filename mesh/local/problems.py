"""A problem that several steps tell: time that ran out."""

from mesh.problem import Kind, MeshProblem


def timed_out() -> MeshProblem:
    """The time that the caller gave is over; nothing is lost."""
    return MeshProblem(
        Kind.TIMEOUT,
        "timed-out",
        "the time to wait is over; the job goes on with the next command that waits for it",
        hint="meshctl job-status --wait JOB",
    )
