"""The command line of `ccl run`, and saying something under it."""

from pathlib import Path

from msgspec import Struct

from runtime.terminal.streams import say as say_line


class Options(Struct, frozen=True, kw_only=True):
    """The command line of `ccl run`. context: a file of host records, as of `ccl charter`.
    seed: as it was written, None for the program's own."""

    file: Path
    entry: str
    arguments: tuple[str, ...]
    input: Path | None
    context: Path | None
    as_json: bool
    dry_run: bool
    yes: bool
    max_spend: int | None
    fuel: int
    seed: str | None
    timeout_seconds: float | None
    mesh_home: Path | None
    allowed: tuple[Path, ...]
    """Folders outside of the project that the program may take files from."""

    def say(self, line: str) -> None:
        """A line for people; machines get one value at the end."""
        if not self.as_json:
            say_line(line)
