"""Keys of maps: arguments of the routines that search, and places of entries."""

from ccl.codegen.codecs import comparison
from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.operations.trap_details import trap_with_keys, trap_with_scalar
from ccl.ir.layout import value_type
from ccl.ir.types import Map, Prim, Type
from ccl.source.spans import Span

KEY_NOT_FOUND = "key not found"


def find(f: FunctionBuilder, base: Map, span: Span) -> int:
    """Emits the search: (map, key) to the address of the entry and the offset of its value; traps
    if it is absent."""
    shape = value_type(base.key)
    assert shape is not None, "a key is a value"
    if base == Map(Prim.STRING, Prim.STRING):
        _find_in_record(f, base, span)
        return 16
    with f.temporary(shape) as key, f.temporary("i32") as at:
        f.emit(f"local.tee ${key}")
        find_key(f, base.key, span)
        f.emit(f"local.tee ${at}", "i32.eqz", "if")
        trap_with_scalar(f, base.key, key, span, KEY_NOT_FOUND)
        f.emit("end", f"local.get ${at}")
    return 16


def _find_in_record(f: FunctionBuilder, base: Map, span: Span) -> None:
    """Emits the search: (map, key) to the address of the entry; a trap names the keys that exist,
    as columns of a row."""
    with f.temporary("i32") as key, f.temporary("i32") as record, f.temporary("i32") as at:
        f.emit(f"local.set ${key}", f"local.tee ${record}", f"local.get ${key}")
        find_key(f, base.key, span)
        f.emit(f"local.tee ${at}", "i32.eqz", "if")
        trap_with_keys(f, record, key, span, KEY_NOT_FOUND)
        f.emit("end", f"local.get ${at}")


def find_key(f: FunctionBuilder, key: Type, span: Span) -> None:
    """Emits the search: (map, key) to the address of the entry, or 0."""
    f.prepare_comparison(key, span)
    if comparison.is_word_key(f.module, key):
        to_word(f, key)
    f.call(comparison.find_routine(f.module, key))


def put_key(f: FunctionBuilder, key: Type, span: Span) -> None:
    """Emits the search: (map, key) to the address of the entry, which is added if it is absent."""
    f.prepare_comparison(key, span)
    if comparison.is_word_key(f.module, key):
        to_word(f, key)
    f.memory_site(span)
    f.call(comparison.put_routine(f.module, key))


def to_word(f: FunctionBuilder, kind: Type) -> None:
    """Converts the value on the stack to an i64, as it is stored in a slot."""
    if value_type(kind) == "i32":
        f.emit("i64.extend_i32_u")
