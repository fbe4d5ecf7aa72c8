"""Symbolic links that point to nothing, distinguished from missing files."""

from pathlib import Path

from runtime.terminal.errors import CommandError, ExitCode


def dangling_link(path: Path) -> CommandError | None:
    """Makes the error of a path that is missing because a link on its way points to nothing."""
    for link in (path, *path.parents):
        if link.is_symlink():
            if link.exists():
                return None
            target = link.readlink()
            return CommandError(
                ExitCode.NOT_FOUND,
                "dangling-link",
                f"the link {link} points to {target}, which does not exist",
                hint="recreate the link, or name the file itself",
                details={"path": str(path), "link": str(link), "target": str(target)},
            )
    return None
