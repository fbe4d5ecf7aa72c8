"""The WebAssembly proposals that modules may use: one table for compiler, validator and sandbox.

Named as the engine names them. Every tool reads this table and nothing else, so that a module which
one of them accepts is a module for all.
"""

from collections.abc import Mapping
from typing import Final

_ON: Final = (
    "wasm_simd",
    "wasm_bulk_memory",
    "wasm_reference_types",
    "wasm_multi_value",
)
_OFF: Final = (
    "wasm_threads",
    "shared_memory",
    "wasm_tail_call",
    "wasm_relaxed_simd",
    "wasm_multi_memory",
    "wasm_memory64",
    "wasm_gc",
    "gc_support",
    "wasm_function_references",
    "wasm_exceptions",
    "wasm_component_model",
    "wasm_stack_switching",
    "wasm_wide_arithmetic",
    "wasm_custom_page_sizes",
)
WASM_FEATURES: Final[Mapping[str, bool]] = {
    **dict.fromkeys(_ON, True),
    **dict.fromkeys(_OFF, False),
}
