"""Bounds on what is compiled at all. They are part of the engine's configuration."""

from typing import Final

from msgspec import Struct


class ModuleLimits(Struct, frozen=True, kw_only=True):
    """Counts, and bytes where the name says so. elements: initial size of each table."""

    module_bytes: int = 16 << 20
    functions: int = 50_000
    locals_total: int = 1_000_000
    imports: int = 256
    exports: int = 10_000
    types: int = 10_000
    parameters: int = 64
    table_elements: int = 1_000_000
    section_bytes: int = 8 << 20


MODULE_LIMITS: Final = ModuleLimits()
COMPILE_SECONDS: Final = 10
"""Processor time to compile one module."""
COMPILE_BYTES: Final = 1 << 30
"""Address space of the process that compiles it."""
