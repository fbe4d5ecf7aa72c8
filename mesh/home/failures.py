"""Homes that cannot be used as they are, as errors: the place, the reason, and the next step."""

import os
import shlex
import stat
from errno import EACCES, EPERM, EROFS
from pathlib import Path
from typing import Final

from runtime.platform.private_files import WeakFileError, Weakness
from runtime.terminal.errors import CommandError, ExitCode

NOT_WRITABLE: Final = frozenset({EROFS, EACCES, EPERM})
"""How a system refuses to write at a place that can be read."""


_KINDS: Final = {
    stat.S_IFDIR: "a directory",
    stat.S_IFREG: "a file",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def read_only(home: Path, reason: str = "", *, has_mesh: bool = True) -> CommandError:
    """The error of a command that has to write in a home that can only be read."""
    return CommandError(
        ExitCode.USAGE,
        "home-read-only",
        f"{home} can only be read{reason and ': '}{reason}, and this command has to write there",
        hint="name another home with --mesh-home, or have this one made writable"
        + ("; commands that only read work here" if has_mesh else ""),
        details={"home": str(home)},
    )


def weak_file(error: WeakFileError, home: Path) -> CommandError:
    """The error of a file or folder of the home that is not its owner's alone."""
    path, status = error.path, error.status
    match error.weakness:
        case Weakness.LINK:
            return _refused(
                "home-linked",
                path,
                f"{path} is a symbolic link, to {_target(path)}",
                f"put what it points to in its place: rm {_word(path)}, then mv it there",
            )
        case Weakness.KIND:
            found = _KINDS.get(stat.S_IFMT(status.st_mode), "a device")
            return _refused(
                "home-unusable",
                path,
                f"{path} is {found}, which does not belong there",
                "move it away, or name another directory with --mesh-home",
            )
        case Weakness.FOREIGN:
            owner, own = _user(status.st_uid), _user(os.geteuid())
            return _refused(
                "home-foreign",
                path,
                f"{path} belongs to {owner}, this process runs as {own}",
                f"run the command as {owner}, or have the home given to you: "
                f"sudo chown -R {os.geteuid()} {_word(home)}",
            )
        case Weakness.EXPOSED:
            return _refused(
                "home-exposed",
                path,
                f"{path} is open to other users (mode {status.st_mode & 0o7777:04o})",
                f"chmod -R go-rwx {_word(home)}",
            )


def no_home(path: Path) -> CommandError:
    """The error of a directory with other things in it, which others may read."""
    return CommandError(
        ExitCode.USAGE,
        "home-unusable",
        f"{path} is not the home of a mesh, and not empty",
        hint="name the home of a mesh, or a new or empty directory, with --mesh-home",
        details={"path": str(path)},
    )


def _refused(code: str, path: Path, message: str, hint: str) -> CommandError:
    kind = ExitCode.USAGE if code == "home-unusable" else ExitCode.IDENTITY
    return CommandError(kind, code, message, hint=hint, details={"path": str(path)})


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return "another place"


def _word(path: Path) -> str:
    """The path as a shell reads it."""
    return shlex.quote(str(path))


def _user(uid: int) -> str:
    import pwd  # only where files have owners

    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"
