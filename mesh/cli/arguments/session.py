"""The mesh that a command works on, opened where and how its options say.

Rule: a command that only reads never makes a mesh, except those that say what is here before
anything was done: `list-nodes`, `identity show`, `doctor`. For the others a home without a mesh
was mistyped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.cli.output.formats import Output, parse_format
from runtime.terminal.answers.answer import current
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.streams import note

if TYPE_CHECKING:
    from mesh.embedded.mesh import EmbeddedMesh


@contextmanager
def open_mesh(home: Path | None) -> Iterator[EmbeddedMesh]:
    """The mesh under `home`. Raises CommandError `no-mesh` where none was founded."""
    if not is_founded(home):
        from mesh.home.home import HOME_VARIABLE, locate_home

        path = locate_home(home, os.environ).path
        raise CommandError(
            ExitCode.NOT_FOUND,
            "no-mesh",
            f"there is no mesh in {path} yet",
            hint=f"check --mesh-home and {HOME_VARIABLE}; `meshctl list-nodes` founds a mesh there",
            details={"home": str(path)},
        )
    with found_mesh(home) as mesh:
        yield mesh


@contextmanager
def found_mesh(home: Path | None, *, as_it_is: bool = False) -> Iterator[EmbeddedMesh]:
    """The mesh under `home`, founded on first use; what time has decided is settled before.

    as_it_is: leave even that, to whoever examines what is stored.
    """
    from mesh.embedded.mesh import EmbeddedMesh

    with EmbeddedMesh.open(home) as mesh:
        if not as_it_is:
            _settle_overdue(mesh)
        yield mesh


def _settle_overdue(mesh: EmbeddedMesh) -> None:
    """Say what became of jobs while nobody drove them, or why that cannot be settled now: a command
    that only reads goes on."""
    from mesh.embedded.commands.overdue import settle_overdue

    try:
        settled = settle_overdue(mesh)
    except CommandError as error:
        note(f"jobs that are overdue are not settled yet: {error.message}")
        return
    for row in settled:
        because = f": {row.job.reason}" if row.job.reason else ""
        note(f"meanwhile: job {row.job_id} is {row.phase.value}{because}")


def is_founded(home: Path | None) -> bool:
    """Whether there is a mesh. Raises CommandError `home-unusable`."""
    from mesh.home.home import has_mesh, locate_home

    return has_mesh(locate_home(home, os.environ))


def make_output(home: Path | None, format_: str | None, *, quiet: bool) -> Output:
    """Flag, else $MESH_OUTPUT, else config.toml, else a table."""
    from mesh.home.config import load_config
    from mesh.home.home import locate_home

    if format_ is None:
        format_ = load_config(locate_home(home, os.environ), os.environ).output
    output = Output(format=parse_format(format_), quiet=quiet)
    # (it may have come from the environment or a file)
    current().form = output.format.value if output.for_machines else None
    return output
