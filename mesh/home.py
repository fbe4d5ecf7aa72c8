"""The home of a mesh: where its files are, its configuration, and the locks of its actors.

Rule: flag > environment > file > default. A lock is held by the operating system for a
process, so it is free again the moment that process is dead, however it died.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EACCES
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from ccl.abi.hostcalls import DESCRIPTION_BYTES_MAX
from ccl.abi.limits import MODULE_LIMITS
from ccl.abi.suggest import nearest_beginning
from mesh.failures import NOT_WRITABLE, read_only, weak_file
from mesh.job import BIDS_MAX
from mesh.permissions import (
    CACHE_NAME,
    CONFIG_NAME,
    DATABASE_NAME,
    KEYS_NAME,
    LOCKS_NAME,
    MARK_NAME,
    check_home,
    resolved,
)
from runtime.compilelimits import COMPILE_BYTES, COMPILE_SECONDS
from runtime.content.cid import Cid, CidError, parse_cid
from runtime.content.codec import INTEGER_MAX
from runtime.context import (
    EFFECTS_MAX,
    INPUT_BYTES_MAX,
    LOG_BYTES_MAX,
    MEMORY_BYTES_MAX,
    OUTPUT_BYTES_MAX,
)
from runtime.private import (
    ACCESS_OF_OTHERS,
    FOLDER_MODE,
    WRITES_OF_EVERYBODY,
    WRITES_OF_OTHERS,
    WeakFileError,
    Weakness,
    make_folder,
    may_write,
    open_or_create,
    read_file,
    write_whole,
)
from runtime.system import require
from runtime.terminal.disk import no_room
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import CHAIN_MAX

HOME_VARIABLE: Final = "MESH_HOME"
APPLICATION_NAME: Final = "icn-mesh"
MIB: Final = 1 << 20
CONFIG_BYTES_MAX: Final = MIB
MARK_BYTES_MAX: Final = 4096
PAGE_BYTES: Final = 64 * 1024
"""WebAssembly counts memory in pages of so many bytes."""


class Config(Struct, frozen=True, kw_only=True):
    """What an operator can change; each field is a key of `config.toml` and `MESH_<FIELD>`.

    workers: processes that execute modules. block_store_bytes: disk quota of the block
    store. bid_window_seconds: how long a job collects bids. job_seconds: after so long a job
    that nobody was awarded expires. output: format of the commands. The others are limits of
    what jobs may be and use; RANGES has the least and the most of each, docs/operating.md
    what happens there.
    """

    workers: int = 0
    """0: as many as the machine has cores."""
    block_store_bytes: int = 8192 * MIB
    bid_window_seconds: int = 24 * 3600
    job_seconds: int = 24 * 3600
    output: str = "table"
    module_bytes: int = MODULE_LIMITS.module_bytes
    memory_bytes: int = MEMORY_BYTES_MAX
    input_bytes: int = INPUT_BYTES_MAX
    output_bytes: int = OUTPUT_BYTES_MAX
    log_bytes: int = LOG_BYTES_MAX
    effects: int = EFFECTS_MAX
    compile_seconds: int = COMPILE_SECONDS
    compile_bytes: int = COMPILE_BYTES
    bids_per_job: int = BIDS_MAX
    description_bytes: int = DESCRIPTION_BYTES_MAX
    token_chain: int = CHAIN_MAX

    @property
    def worker_count(self) -> int:
        return self.workers or os.cpu_count() or 1


RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "workers": (0, 1024),
    "block_store_bytes": (MIB, INTEGER_MAX),
    "bid_window_seconds": (0, 366 * 24 * 3600),
    "job_seconds": (1, 366 * 24 * 3600),
    "module_bytes": (8, MODULE_LIMITS.module_bytes),
    "memory_bytes": (PAGE_BYTES, MEMORY_BYTES_MAX),
    "input_bytes": (0, INPUT_BYTES_MAX),
    "output_bytes": (1, OUTPUT_BYTES_MAX),
    "log_bytes": (0, LOG_BYTES_MAX),
    "effects": (0, EFFECTS_MAX),
    "compile_seconds": (1, 600),
    "compile_bytes": (256 * MIB, 64 * 1024 * MIB),
    "bids_per_job": (1, BIDS_MAX),
    "description_bytes": (0, DESCRIPTION_BYTES_MAX),
    "token_chain": (1, CHAIN_MAX),
}
"""The least and the most that an operator may choose."""


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
        raise _unusable(Home(path), error) from None
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
        raise no_room(error, home.path) or _unusable(home, error) from None
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
        raise _unusable(home, error) from None


def _unusable(home: Home, error: OSError) -> CommandError:
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
        raise no_room(error, home.mark) or _unusable(home, error) from None


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
        raise _unusable(home, error) from None
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


def load_config(home: Home, environment: Mapping[str, str]) -> Config:
    """Defaults, overlaid by the file, overlaid by the environment.

    Raises CommandError `config-unreadable` or `config-value` with the key and its place.
    """
    config = _overlay(Config(), _file_values(home.config_file), str(home.config_file))
    given = {
        key: _number_or_text(environment[name])
        for key in Config.__struct_fields__
        if (name := f"MESH_{key.upper()}") in environment
    }
    return _overlay(config, given, "the environment")


def _file_values(path: Path) -> dict[str, Any]:
    try:
        data = read_file(path, bytes_max=CONFIG_BYTES_MAX, refused=WRITES_OF_EVERYBODY)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except WeakFileError as error:
        raise weak_file(error, path.parent) from None
    except OSError as error:
        raise CommandError(
            ExitCode.USAGE,
            "config-unreadable",
            f"{path} cannot be read: {error.strerror or error}",
            hint="have its permissions and those of its directory restored",
        ) from None
    import tomllib  # few homes have such a file

    try:
        return tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CommandError(
            ExitCode.USAGE,
            "config-unreadable",
            f"{path} cannot be read: {error}",
            hint="correct the file, or remove it to use the defaults",
        ) from None


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _overlay(config: Config, values: Mapping[str, Any], place: str) -> Config:
    known = {name: type(getattr(config, name)) for name in Config.__struct_fields__}
    for name, value in values.items():
        if name not in known:
            close = nearest_beginning(name, known)
            meant = f"did you mean {close}? " if close else ""
            raise CommandError(
                ExitCode.USAGE,
                "config-value",
                f"{place}: there is no setting '{name}'",
                hint=f"{meant}the settings are {', '.join(known)}",
            )
        wanted = _expected(name, value, known[name])
        if wanted is not None:
            raise CommandError(
                ExitCode.USAGE,
                "config-value",
                f"{place}: '{name}' is {value!r}, expected {wanted}",
                hint=f"for example: {name} = {getattr(config, name)!r}",
            )
    return replace(config, **values)


def _expected(name: str, value: object, kind: type[Any]) -> str | None:
    """What the setting takes, if the value is not that."""
    if kind is not int:
        return None if type(value) is kind else "a text"
    least, most = RANGES[name]
    if type(value) is int and least <= value <= most:
        return None
    return f"a whole number from {least} to {most}"


class LockBusy(Exception):
    """Another process holds the lock. `holder` is its process id, if it wrote one."""

    def __init__(self, name: str, holder: str) -> None:
        super().__init__(f"{name} is held by process {holder or 'unknown'}")
        self.name = name
        self.holder = holder


@contextmanager
def passing_lock(home: Home, name: str, *, wait: bool) -> Iterator[None]:
    """As `actor_lock`, for names without number: no file of it is left behind."""
    path = home.locks / f"{name}.lock"
    while True:
        with _lock(home, name, wait=wait) as descriptor:
            if not _is_at(descriptor, path):
                # Its last holder has removed the file that we waited for: begin anew.
                continue
            try:
                yield
            finally:
                # A file that is left behind locks nobody out, and must not hide an error.
                with suppress(OSError):
                    path.unlink()
            return


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the file that is open is the one at the path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


@contextmanager
def actor_lock(home: Home, name: str, *, wait: bool) -> Iterator[None]:
    """Hold the lock of one actor (a key). Only its holder may drive that actor.

    With `wait`, blocks until it is free (Ctrl-C interrupts); else raises LockBusy. Raises
    CommandError `home-read-only`, `home-linked`, `disk-full`, `home-unusable`.
    """
    with _lock(home, name, wait=wait):
        yield


@contextmanager
def _lock(home: Home, name: str, *, wait: bool) -> Iterator[int]:
    """The descriptor by which the lock is held."""
    require("fcntl", "a lock of a mesh")
    import fcntl

    descriptor = _open_lock(home, home.locks / f"{name}.lock")
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise LockBusy(name, holder) from None
        os.ftruncate(descriptor, 0)
        # The number is for those who wait to read; on a full disk they read none.
        with suppress(OSError):
            os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _open_lock(home: Home, path: Path) -> int:
    try:
        return open_or_create(path)
    except OSError as error:
        if path.is_symlink():
            raise weak_file(WeakFileError(path, Weakness.LINK, path.lstat()), home.path) from None
        if error.errno in NOT_WRITABLE:
            raise read_only(home.path, error.strerror or "") from None
        raise no_room(error, path) or _unusable(home, error) from None
