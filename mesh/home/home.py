"""The home of a mesh: where its files are, and which mesh it is the home of.

Rule: flag > environment > the user's data directory.
"""

import os
from collections.abc import Mapping
from errno import EACCES
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from mesh.home.failures import read_only, weak_file
from mesh.home.permissions import (
    CACHE_NAME,
    CONFIG_NAME,
    DATABASE_NAME,
    KEYS_NAME,
    LOCKS_NAME,
    MARK_NAME,
    check_home,
    resolved,
)
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.platform.private_files import (
    ACCESS_OF_OTHERS,
    FOLDER_MODE,
    WRITES_OF_OTHERS,
    WeakFileError,
    make_folder,
    may_write,
    read_file,
    write_whole,
)
from runtime.terminal.errors import CommandError, ExitCode
from runtime.terminal.files.full_disk import disk_full_error

HOME_VARIABLE: Final = "MESH_HOME"
APPLICATION_NAME: Final = "icn-mesh"
MARK_BYTES_MAX: Final = 4096


class Home(Struct, frozen=True):
    """The paths under one `MESH_HOME`. is_read_only: the system refuses to write there."""

    path: Path
    is_read_only: bool = False

    @property
    def database(self) -> Path:
        return self.path / DATABASE_NAME

    @property
    def keys(self) -> Path:
        return self.path / KEYS_NAME

    @property
    def locks(self) -> Path:
        return self.path / LOCKS_NAME

    @property
    def cache(self) -> Path:
        return self.path / CACHE_NAME

    @property
    def mark(self) -> Path:
        """The file that says which mesh lives here, whatever becomes of the others."""
        return self.path / MARK_NAME

    @property
    def config_file(self) -> Path:
        return self.path / CONFIG_NAME


def locate_home(flag: Path | None, environment: Mapping[str, str]) -> Home:
    """The home named by the flag, else by `MESH_HOME`, else the user's data directory.

    It need not exist; if it does, it is its owner's alone. Raises CommandError `home-…`.
    """
    path = flag or _from_environment(environment) or _user_data_directory()
    try:
        path = path.absolute()
    except FileNotFoundError:
        raise CommandError(
            ExitCode.USAGE,
            "home-unusable",
            f"{path} is relative to a current directory that is gone",
            hint="change to one that exists, with cd",
        ) from None
    try:
        home = Home(resolved(path))
        check_home(home.path)
    except OSError as error:
        raise unusable(Home(path), error) from None
    return home


def find_home(flag: Path | None, environment: Mapping[str, str]) -> Home:
    """As `locate_home`; makes the directory, private to its owner, if there is none.

    Where a mesh is and nothing can be written, it is `is_read_only`. Raises CommandError `home-…`.
    """
    home = locate_home(flag, environment)
    try:
        if home.path.is_dir() and not _is_writable(home):
            if not has_mesh(home):
                raise read_only(home.path, has_mesh=False)
            home = replace(home, is_read_only=True)
        else:
            make_folder(home.path)
            if home.path.stat().st_mode & ACCESS_OF_OTHERS:
                # It is empty, or it would not have been located.
                home.path.chmod(FOLDER_MODE)
            for folder in (home.keys, home.locks, home.cache):
                make_folder(folder)
        for folder in (home.path, home.keys):
            if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
                raise PermissionError(EACCES, os.strerror(EACCES), str(folder))
    except OSError as error:
        raise disk_full_error(error, home.path) or unusable(home, error) from None
    return home


def _is_writable(home: Home) -> bool:
    return may_write(home.path) and (not home.database.exists() or may_write(home.database))


def has_mesh(home: Home) -> bool:
    """Whether a mesh was founded here, even if it cannot be read now.

    Raises CommandError `home-unusable`.
    """
    try:
        if home.mark.exists():
            return True
        return home.database.exists() and home.database.stat().st_size > 0
    except OSError as error:
        raise unusable(home, error) from None


def unusable(home: Home, error: OSError) -> CommandError:
    """The error of a home whose files the system does not let be read or written."""
    place = f" ({error.filename})" if error.filename not in {None, str(home.path)} else ""
    return CommandError(
        ExitCode.USAGE,
        "home-unusable",
        f"{home.path} cannot be used as the mesh's home: {error.strerror}{place}",
        hint="name a directory that you can read and write with --mesh-home or "
        f"{HOME_VARIABLE}, or have its permissions restored",
    )


def remember_mesh(home: Home, mesh: Cid) -> None:
    """Mark the home as that of a mesh.

    Raises CommandError `mesh-replaced`, `disk-full`, `home-unusable`.
    """
    known = remembered_mesh(home)
    if known == mesh:
        return
    if known is not None:
        raise CommandError(
            ExitCode.IDENTITY,
            "mesh-replaced",
            f"{home.database} holds mesh {mesh}, but {home.path} is the home of mesh {known}",
            hint=f"put the database of {known} back, or give the other one a home of its own",
        )
    if home.is_read_only:
        return
    try:
        write_whole(home.mark, f"{mesh}\n".encode("ascii")).replace(home.mark)
    except OSError as error:
        raise disk_full_error(error, home.mark) or unusable(home, error) from None


def remembered_mesh(home: Home) -> Cid | None:
    """The mesh that was founded here. Raises CommandError `home-unusable`, `mark-malformed`."""
    try:
        data = read_file(home.mark, bytes_max=MARK_BYTES_MAX, refused=WRITES_OF_OTHERS)
        return parse_cid(data.decode("ascii").strip())
    except FileNotFoundError:
        return None
    except WeakFileError as error:
        raise weak_file(error, home.path) from None
    except OSError as error:
        raise unusable(home, error) from None
    except (CidError, UnicodeDecodeError):
        raise CommandError(
            ExitCode.IDENTITY,
            "mark-malformed",
            f"{home.mark} does not hold the CID of a mesh",
            hint="remove that file if the database and the keys beside it are the true ones",
        ) from None


def _from_environment(environment: Mapping[str, str]) -> Path | None:
    text = environment.get(HOME_VARIABLE)
    return Path(text) if text else None


def _user_data_directory() -> Path:
    import platformdirs

    return platformdirs.user_data_path(APPLICATION_NAME, appauthor=False)
