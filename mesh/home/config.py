"""The configuration of a mesh: what an operator can change, and within which ranges.

Rule: environment > file > default.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from ccl.abi.host_calls import DESCRIPTION_BYTES_MAX
from ccl.abi.limits import MODULE_LIMITS
from ccl.abi.text.suggest import nearest_beginning
from mesh.core.jobs.job import BIDS_MAX
from mesh.home.failures import weak_file
from mesh.home.home import Home
from runtime.content.codec import INTEGER_MAX
from runtime.execution.context import (
    EFFECTS_MAX,
    INPUT_BYTES_MAX,
    LOG_BYTES_MAX,
    MEMORY_BYTES_MAX,
    MIB,
    OUTPUT_BYTES_MAX,
)
from runtime.module.limits import COMPILE_BYTES, COMPILE_SECONDS
from runtime.platform.private_files import WRITES_OF_EVERYBODY, WeakFileError, read_file
from runtime.terminal.errors import CommandError, ExitCode
from runtime.tokens.token import CHAIN_MAX

CONFIG_BYTES_MAX: Final = MIB
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
