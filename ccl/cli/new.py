"""Files of `ccl new NAME`: a first charter that runs, and instructions to run it."""

import contextlib
import errno
import os
import re
import shutil
import unicodedata
from pathlib import Path
from typing import Final

from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.full_disk import disk_full_error

_PROGRAM: Final = """\
// {title}: rules that members can read, and what then happens.

title: "{title}";
version "0.1.0";

spending {{
  limit: 500;
}}

/// Whether the board may approve `amount` without asking the members.
fn board_may_approve(amount: Integer) -> Bool {{
  amount <= spending.limit
}}

execution {{
  require(board_may_approve(300), "300 is over the board's limit");
  log("The board may approve 300.");
  spending.limit
}}

test fn the_board_approves_up_to_the_limit() {{
  assert(board_may_approve(spending.limit));
  assert(!board_may_approve(spending.limit + 1), "more needs the members");
}}
"""

_README: Final = """\
# {title}

    # find mistakes
    cclc check {stem}.ccl
    # run the execution on this machine
    ccl run {stem}.ccl
    # call one function
    ccl run {stem}.ccl --entry board_may_approve 700
    # check the rules against their tests
    ccl test
    # {stem}.wasm and its CID
    cclc compile {stem}.ccl

State is kept under the name of its file: `{stem}`. Another file of that name would share it.
"""

_NO_STEM: Final = re.compile(r"[^\w.-]+")

_FORBIDDEN: Final = frozenset('/\\"')


def _refused(message: str, hint: str) -> CommandError:
    return CommandError(
        ExitCode.USAGE,
        "cannot-create",
        message,
        hint=hint,
    )


def program_path(directory: Path) -> Path:
    """Names the program of a project like the project, because the name of a file is the home of
    its state: projects that share a name share state."""
    stem = _NO_STEM.sub("-", directory.name).strip(".-")
    return directory / f"{stem or 'charter'}.ccl"


def create_project(directory: Path) -> tuple[Path, ...]:
    """Makes `directory`, which must be missing or empty, with all of its files or not at all.

    Returns the paths written. Raises CommandError.
    """
    name = directory.name
    if not name or any(c in _FORBIDDEN or unicodedata.category(c)[0] == "C" for c in name):
        raise _refused(f"{str(directory)!r} cannot be a project's name", "use letters and digits")
    program = program_path(directory)
    files = {
        program: _PROGRAM.format(title=name),
        directory / "README.md": _README.format(title=name, stem=program.stem),
    }
    try:
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise _not_empty(directory)
        _make(Path(os.path.realpath(directory)), {path.name: text for path, text in files.items()})
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _not_empty(directory) from None
        raise disk_full_error(error, directory) or _refused(
            f"{directory} cannot be written: {error.strerror}; nothing was made",
            "check its permissions and its name",
        ) from None
    return tuple(files)


def _not_empty(directory: Path) -> CommandError:
    return _refused(
        f"{directory} exists and is not empty", "choose another name; nothing was changed"
    )


def _make(folder: Path, files: dict[str, str]) -> None:
    """Gives the folder its name when it is whole; the remains of a failed attempt are removed."""
    missing = [each for each in folder.parents if not each.exists()]
    draft = folder.parent / f".ccl-new-{os.getpid()}"
    try:
        for each in reversed(missing):
            each.mkdir()
        draft.mkdir()
        for name, text in files.items():
            with (draft / name).open("x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        draft.replace(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        for each in missing:
            with contextlib.suppress(OSError):
                each.rmdir()
        raise
