"""Bounds on modules and on names in them: one table for the compiler, which refuses what is over
them, and the runtime, which takes nothing that is. Those of modules are part of the engine's
configuration."""

from typing import Final

from msgspec import Struct


class ModuleLimits(Struct, frozen=True, kw_only=True):
    """Counts, and bytes where the name says so. elements: initial size of each table.

    cost: what compiling is estimated to take, in nanoseconds of the machine that the weights of
    `runtime.module.cost` were measured on; of one function, and of all of a module.
    """

    module_bytes: int = 16 << 20
    functions: int = 50_000
    locals_total: int = 1_000_000
    imports: int = 256
    exports: int = 10_000
    types: int = 10_000
    parameters: int = 64
    table_elements: int = 1_000_000
    globals: int = 50_000
    segments: int = 4_000
    br_table_targets: int = 50_000
    function_bytes: int = 512 << 10
    function_cost: int = 2_000_000_000
    module_cost: int = 8_000_000_000
    section_bytes: int = 8 << 20
    section_items: int = 1_500_000


MODULE_LIMITS: Final = ModuleLimits()

NAME_BYTES_MAX: Final = 256
"""Of a state variable, of its home, and of an event."""
SHAPE_BYTES_MAX: Final = 64 * 1024
"""Of the type of a state variable, spelled out."""
SCHEMA_BYTES_MAX: Final = 256 * 1024
"""Of all variables of a home, with their shapes."""
