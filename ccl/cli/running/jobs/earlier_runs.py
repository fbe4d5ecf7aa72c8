"""Unfinished runs: their names, and how they are found again.

Rule: a program that was changed is another run; the jobs of the earlier one are paid for, and so
the next run is preceded by a warning before it pays again.
"""

from pathlib import Path
from shlex import quote

from msgspec import Struct

from mesh.core.jobs.runs import LocalRun
from mesh.embedded.commands.runs import unfinished_runs
from mesh.embedded.mesh import EmbeddedMesh
from runtime.content.cid import Cid
from runtime.content.codec import decode
from runtime.terminal.streams import note

ID_DIGITS = 12


class EarlierRun(Struct, frozen=True, kw_only=True):
    """An unfinished run. entry, arguments: of its call."""

    key: Cid
    run: LocalRun
    entry: str
    arguments: bytes | None

    @property
    def id(self) -> str:
        return run_id(self.key)


def run_id(key: Cid) -> str:
    """Names a run: the first digits of its call's hash."""
    return key.digest.hex()[:ID_DIGITS]


def continuing(key: Cid, mesh_home: Path | None) -> str:
    """Gives the command that continues a run."""
    home = "" if mesh_home is None else f" --mesh-home {quote(str(mesh_home))}"
    return f"ccl runs {run_id(key)}{home}"


def earlier_runs(mesh: EmbeddedMesh) -> tuple[EarlierRun, ...]:
    """Lists all unfinished runs of a home, the oldest first. Raises CommandError
    `block-missing`."""
    found = []
    for key, run in unfinished_runs(mesh).items():
        _, entry, arguments, *_ = decode(mesh.get_block(key))
        found.append(EarlierRun(key=key, run=run, entry=entry, arguments=arguments))
    return tuple(found)


def runs_of_file(
    mesh: EmbeddedMesh, file: str, entry: str, arguments: bytes | None, key: Cid
) -> tuple[EarlierRun, ...]:
    """Lists unfinished runs with jobs of the same command, with other contents of its files."""
    return tuple(
        each
        for each in earlier_runs(mesh)
        if each.key != key
        and each.run.jobs
        and (each.run.origin.file, each.entry, each.arguments) == (file, entry, arguments)
    )


def warn_of(runs: tuple[EarlierRun, ...], mesh_home: Path | None) -> None:
    """Warns of the jobs of earlier runs, before the new one submits its own."""
    for each in runs:
        count = len(each.run.jobs)
        jobs = "a job that is" if count == 1 else f"{count} jobs that are"
        note(
            f"warning: {each.run.origin.file} or its input has changed since an unfinished run, "
            f"which has submitted {jobs} paid for; this run submits and pays again"
        )
        note(f"  the earlier one is continued by: {continuing(each.key, mesh_home)}")
