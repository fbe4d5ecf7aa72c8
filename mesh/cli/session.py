"""The mesh that a command works on, opened where and how its options say."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mesh.cli.output import FORMAT_NAMES, Format, Output, parse_format

if TYPE_CHECKING:
    from mesh.local import LocalMesh


@contextmanager
def open_mesh(home: Path | None) -> Iterator[LocalMesh]:
    """The embedded mesh under `home`, created on first use."""
    from mesh.local import LocalMesh

    with LocalMesh.open(home) as mesh:
        yield mesh


def make_output(home: Path | None, format_: str | None, *, quiet: bool) -> Output:
    """Flag, else $MESH_OUTPUT, else config.toml, else a table."""
    from mesh.home import find_home, load_config

    if format_ is None:
        format_ = load_config(find_home(home, os.environ), os.environ).output
    return Output(format=parse_format(format_), quiet=quiet)


def file_or_format(
    home: Path | None, word: str | None, *, quiet: bool
) -> tuple[Output, Path | None]:
    """What `-o` means where it may name a file: a format word is a format, else a path."""
    if word is None or word in FORMAT_NAMES:
        return make_output(home, word, quiet=quiet), None
    return Output(format=Format.TABLE, quiet=quiet), Path(word)
