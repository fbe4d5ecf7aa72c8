"""The error of a full disk: the same wherever it occurs."""

from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import Path
from typing import Final

from runtime.terminal.errors import CommandError, ExitCode

_NO_ROOM: Final = {
    ENOSPC: "free some space, then repeat the command",
    EDQUOT: "remove files of yours or have your quota raised, then repeat the command",
    EFBIG: "raise the limit of a file's size (`ulimit -f`), then repeat the command",
}


def disk_full_error(error: OSError, place: Path | str) -> CommandError | None:
    """Makes the error of a full disk, if that is the reason of an OSError. place: the path, or its
    description."""
    hint = _NO_ROOM.get(error.errno or 0)
    if hint is None:
        return None
    return CommandError(
        ExitCode.FAILED,
        "disk-full",
        f"{place} cannot be written: {error.strerror}",
        hint=hint,
        details={"path": str(place)} if isinstance(place, Path) else {},
    )
