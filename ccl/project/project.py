"""The project of a program: the folder that contains its imports and packed modules.

Rule: the root file of a compilation determines it once, for imports, `module("…")` and the imports
of packed modules; a program from elsewhere reads no other files of the machine. Paths outside are
neither opened nor examined, so that no message reveals whether they exist.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Final

from ccl.diagnostics.model import Diagnostic
from ccl.project.configuration import Level, read_levels
from ccl.source.spans import Span
from ccl.support.node import Node, field

CONFIGURATION_NAME: Final = "ccl.toml"
STANDARD_INPUT: Final = "<stdin>"
STREAM_PATHS: Final = frozenset({STANDARD_INPUT, "-"})
"""The placeholder for the path of a root file that has none."""
_LINKS_MAX: Final = 40
"""As many as the operating system follows."""


class Outside(Node, frozen=True, kw_only=True):
    """A path outside of the project. `target`: its target, as far as links inside show it."""

    target: Path


class Project(Node, frozen=True, kw_only=True):
    """The folders whose files a program may import, all without links.

    `configuration`: the `ccl.toml` that makes `folder` the project, if any; `foreign`: those
    skipped because they belong to another user.
    """

    folder: Path
    allowed: tuple[Path, ...] = ()
    configuration: Path | None = None
    foreign: tuple[Path, ...] = ()
    levels: Mapping[str, Level] = field(default_factory=dict)
    """Levels of warnings, by code."""

    def contains(self, path: Path) -> bool:
        """Reports whether a path without links is inside."""
        return any(path.is_relative_to(folder) for folder in (self.folder, *self.allowed))

    def resolve(self, folder: Path, written: str) -> Path | Outside:
        """Resolves `written` in a file of `folder` to a path without links."""
        target = without_links(folder / written)
        return target if self.contains(target) else Outside(target=self._exit(folder, written))

    def is_dangling(self, folder: Path, written: str) -> bool:
        """Reports whether `written` is a link of the project to a missing target."""
        path = folder / written
        link = without_links(path.parent) / path.name
        return self.contains(link) and link.is_symlink()

    def _exit(self, folder: Path, written: str) -> Path:
        """Follows links from `folder` until the path is outside; the rest counts as written."""
        here, links = folder, 0
        parts = [*reversed(Path(written).parts)]
        while parts:
            part = parts.pop()
            step = here.parent if part == ".." else here / part
            if self.contains(here) and links < _LINKS_MAX and step.is_symlink():
                links += 1
                parts += reversed(step.readlink().parts)
            else:
                here = step
        return here


def without_links(path: Path) -> Path:
    """Resolves all links of the path; missing parts are kept as written."""
    real = os.path.realpath(path)
    # Two slashes at the beginning are kept by the rules for paths, and mean one.
    return Path(real[1:] if real.startswith("//") else real)


def project_of(path: str, allowed: Iterable[Path] = ()) -> Project:
    """Finds the project of the program at `path`, and the additional allowed folders.

    It is the nearest parent folder with a `ccl.toml` of the user's own, not beyond the home
    directory and not on another file system; otherwise the folder of the file itself. Raises
    ConfigurationError for an invalid `ccl.toml`.
    """
    start = Path.cwd() if path in STREAM_PATHS else without_links(Path(path)).parent
    real = tuple(map(without_links, allowed))
    foreign: list[Path] = []
    for folder in _upwards(start):
        candidate = folder / CONFIGURATION_NAME
        owned = _is_own(candidate)
        if owned:
            return Project(
                folder=folder,
                allowed=real,
                configuration=candidate,
                foreign=tuple(foreign),
                levels=read_levels(candidate),
            )
        if owned is False:
            foreign.append(candidate)
    return Project(folder=start, allowed=real, foreign=tuple(foreign))


def _upwards(start: Path) -> Iterator[Path]:
    """Yields the folders from `start` that can be its project."""
    home, device = _home(), _device(start)
    for folder in (start, *start.parents):
        if device is None or _device(folder) != device:
            return
        yield folder
        if folder == home:
            return


def outside(project: Project, what: str, written: str, found: Outside, span: Span) -> Diagnostic:
    """Builds the diagnostic of an `import` or a module (`what`) outside of the project."""
    facts = {
        "what": what,
        "path": written,
        "target": str(found.target),
        "allow": quote(str(found.target.parent)),
    }
    reason = "its `ccl.toml` makes it the project"
    if project.configuration is None:
        reason = "the program's own folder, as no `ccl.toml` above it is yours"
        around = _common_folder(project.folder, found.target.parent)
        if around is not None:
            facts |= {"advice": "around", "around": quote(str(around))}
    notes = [f"it leads to {found.target}", f"the project is {project.folder}: {reason}"]
    notes += [f"{each} does not count: it belongs to another user" for each in project.foreign]
    return Diagnostic("CCL0229", span, facts, notes=tuple(notes))


def _common_folder(folder: Path, target: Path) -> Path | None:
    """Finds the folder around both, if it can be a project."""
    around = (each for each in _upwards(folder) if target.is_relative_to(each))
    found = next(around, None)
    return None if found is None or found == found.parent else found


def _home() -> Path | None:
    try:
        return without_links(Path.home())
    except RuntimeError:
        # Neither the environment nor the list of users contains it.
        return None


def _is_own(path: Path) -> bool | None:
    """Reports whether a file and its links belong to the user; None if there is no file."""
    try:
        found = [path.lstat()]
    except OSError:
        return None
    # Of a link that leads nowhere, its own owner decides.
    with suppress(OSError):
        found.append(path.stat())
    if not hasattr(os, "geteuid"):
        return True
    return all(each.st_uid == os.geteuid() for each in found)


def _device(folder: Path) -> int | None:
    try:
        return folder.stat().st_dev
    except OSError:
        return None
