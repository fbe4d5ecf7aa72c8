"""Problems that several steps tell: time that ran out, and blocks that cannot be used."""

from mesh.ports import BlockError
from mesh.problem import Kind, MeshProblem


def timed_out() -> MeshProblem:
    """The time that the caller gave is over; nothing is lost."""
    return MeshProblem(
        Kind.TIMEOUT,
        "timed-out",
        "the time to wait is over; the job goes on with the next command that waits for it",
        hint="meshctl job-status --wait JOB",
    )


def as_problem(error: MeshProblem | BlockError) -> MeshProblem:
    """A block that cannot be used, as a named problem."""
    if isinstance(error, MeshProblem):
        return error
    return MeshProblem(
        Kind.VERIFICATION if error.fault.name == "TAMPERED" else Kind.FAILED,
        f"block-{error.fault.name.lower()}",
        str(error),
        hint=(
            "raise block_store_bytes in config.toml, or remove blocks with `meshctl block rm`"
            if error.fault.name == "QUOTA"
            else f"meshctl block rm {error.cid}, then `meshctl block put` the true bytes"
        ),
        details={"cid": str(error.cid)},
    )
