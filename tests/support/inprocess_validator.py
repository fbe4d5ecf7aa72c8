"""The validator's own steps in this process, for many modules."""

import ctypes

from ccl.abi.features import WASM_FEATURES
from runtime.sandbox.compilation import validation, validator


class Validated:
    """Gives the reason why the engine rejects a module; None if it accepts it."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(str(validation.library()))
        self._engine = validator.make_engine(
            self._library, [f"{name}={value:d}" for name, value in WASM_FEATURES.items()]
        )

    def __call__(self, module: bytes) -> str | None:
        said = validator.verdict(self._library, self._engine, module)
        return None if said == validator.VALID else said.decode()
