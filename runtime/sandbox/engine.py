"""The engine: its name and its configuration.

Every setting that can change a result is in `SETTINGS` and hashed into the name, together with the
prices of host calls and the limits of modules: two machines whose engine text is equal must agree
on outcome, output, effects, logs and fuel. This module is imported everywhere; the engine itself
only where `build_engine` is called, in worker processes.
"""

import platform
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import asdict

from ccl.abi.features import WASM_FEATURES
from ccl.abi.fuel import CONTEXT_ITEMS_FREE, PRICES
from ccl.abi.limits import MODULE_LIMITS
from runtime.content.cid import Codec, cid_of
from runtime.content.codec import encode
from runtime.execution.context import MEMORY_BYTES_MAX
from runtime.module.cost import WEIGHTS_VERSION

if TYPE_CHECKING:
    import wasmtime

MIB: Final = 1 << 20
WASM_STACK_BYTES: Final = 4 * MIB
"""Holds the 1 000 frames that compiled CCL may nest, at 4 KiB each."""
SEMANTICS_VERSION: Final = 3
"""Incremented when host calls or entries change the result of an execution."""

_SWITCHED_OFF: Final = (
    "parallel_compilation",
    "debug_info",
    # Needs a file in memory for each module, which a confined worker cannot make.
    "memory_init_cow",
)
SETTINGS: Final[Mapping[str, bool | int | str]] = {
    **WASM_FEATURES,
    **dict.fromkeys(_SWITCHED_OFF, False),
    "consume_fuel": True,
    "cranelift_nan_canonicalization": True,
    "cranelift_opt_level": "speed",
    "max_wasm_stack": WASM_STACK_BYTES,
    # All of it at once: memory never moves, and grows until the guest's own limit.
    "memory_reservation": MEMORY_BYTES_MAX,
    "memory_reservation_for_growth": 0,
    "memory_guard_size": 65_536,
    "memory_may_move": False,
}


class Engine(Struct, frozen=True, kw_only=True):
    """config: a short hash of everything that decides results."""

    name: str
    version: str
    config: str
    arch: str

    @property
    def text(self) -> str:
        return f"{self.name} {self.version} {self.config} {self.arch}"


def _wasmtime_version() -> str:
    """Reads the name of the installed distribution: importing it would cost 50 ms."""
    spec = find_spec("wasmtime")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "the package wasmtime is not installed; run `pip install 'wasmtime>=50,<51'`"
        )
    for found in Path(spec.origin).parent.parent.glob("wasmtime-*.dist-info"):
        return found.name.removeprefix("wasmtime-").removesuffix(".dist-info")
    from importlib.metadata import version

    return version("wasmtime")


def _config_hash() -> str:
    described = {
        "settings": dict(SETTINGS),
        "semantics": SEMANTICS_VERSION,
        "prices": {
            name: [row.call, row.byte, row.item, row.suggestion] for name, row in PRICES.items()
        },
        "context_items_free": CONTEXT_ITEMS_FREE,
        "module_limits": asdict(MODULE_LIMITS),
        "module_weights": WEIGHTS_VERSION,
    }
    return cid_of(encode(described), Codec.DAG_CBOR).digest.hex()[:16]


def _arch() -> str:
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


@lru_cache(maxsize=1)
def engine() -> Engine:
    """Describes the engine of this installation."""
    return Engine(name="wasmtime", version=_wasmtime_version(), config=_config_hash(), arch=_arch())


def engine_text() -> str:
    """Names the engine as a context does: name, version, configuration, architecture."""
    return engine().text


@lru_cache(maxsize=1)
def cpu_features() -> str:
    """Lists what the compiler may use of this CPU: machine code is not shared beyond it."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n"):
            if line.startswith(("flags", "Features")):
                return " ".join(sorted(line.partition(":")[2].split()))
    return f"{platform.machine()} {platform.version()}"


def build_engine() -> "wasmtime.Engine":
    """Builds the configured engine. Imports wasmtime."""
    import wasmtime

    return wasmtime.Engine(engine_config())


def engine_config() -> "wasmtime.Config":
    """Builds the configuration of the engine. Imports wasmtime."""
    import ctypes

    import wasmtime

    config = wasmtime.Config()
    # The engine wants this at least as large as max_wasm_stack, although nothing here is
    # asynchronous; the library has the setter and its Python wrapper has not.
    library: ctypes.CDLL = wasmtime._ffi.dll
    setter = library.wasmtime_config_async_stack_size_set
    setter.restype = None
    setter(config.ptr(), ctypes.c_uint64(WASM_STACK_BYTES))
    for name, value in SETTINGS.items():
        setattr(config, name, value)
    return config
