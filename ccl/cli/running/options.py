"""The command line of `ccl run` as a value, and remarks on stderr."""

from pathlib import Path

from msgspec import Struct

from runtime.terminal.streams import note


class Options(Struct, frozen=True, kw_only=True):
    """The command line of `ccl run`. context: a file of host records, as of `ccl charter`.
    seed: as it was written, None for the program's own. output: the file that gets the result."""

    file: Path
    entry: str
    arguments: tuple[str, ...]
    input: Path | None
    context: Path | None
    output: Path | None
    as_json: bool
    quiet: bool
    dry_run: bool
    yes: bool
    max_spend: int | None
    fuel: int
    memory_bytes: int
    seed: str | None
    timeout_seconds: float | None
    mesh_home: Path | None
    allowed: tuple[Path, ...]
    """Folders outside of the project that the program may take files from."""

    def remark(self, line: str) -> None:
        """Prints a line about the progress for people: on stderr, for stdout is the result."""
        if not self.as_json and not self.quiet:
            note(line)
