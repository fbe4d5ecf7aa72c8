"""Values to canonical DAG-CBOR: one routine per type, as `ccl.abi.layout` describes.

The encoder writes into one buffer that `out_begin` empties; routines take the value alone.
"""

from typing import assert_never

from ccl.codegen.codecs.routines import is_recursive
from ccl.codegen.module_builder import ModuleBuilder
from ccl.ir.layout import field_offset, load, payload_offset, value_type
from ccl.ir.types import (
    Array,
    Enumeration,
    ErrorType,
    Map,
    Option,
    Prim,
    Result,
    Struct,
    Token,
    Type,
)

TEXT, LIST, MAP = 0x60, 0x80, 0xA0
NULL = 0xF6


def canonical_order(key: str) -> tuple[int, bytes]:
    """Returns the sort key of map keys: shorter first, then by bytes."""
    encoded = key.encode()
    return (len(encoded), encoded)


def key(module: ModuleBuilder, text: str) -> tuple[str, ...]:
    module.called.add("put_text")
    return (f"i32.const {module.constants.text(text)}", "call $put_text")


def encode(module: ModuleBuilder, kind: Type) -> str:
    """Returns the instruction that writes a value of a type, which it pops (a reference is
    borrowed).
    """
    match kind:
        case Prim.STRING | Prim.DID | Prim.CID:
            name = "put_text"
        case Prim.DATA:
            name = "put_data"
        case Prim.BOOL:
            name = "put_bool"
        case Prim.DECIMAL:
            name = "put_decimal"
        case Prim() | Token():
            name = "put_integer"
        case Array() | Map() | Struct() | Option() | Result() | Enumeration():
            return f"call ${module.routine('encode', kind, _encode)}"
        case ErrorType():
            raise AssertionError("a program with errors has no module")
        case _:
            assert_never(kind)
    module.called.add(name)
    return f"call ${name}"


def _value(module: ModuleBuilder, kind: Type, address: str, offset: int) -> str:
    """Returns folded text that writes the part of a type at an address."""
    if value_type(kind) is None:
        return f"  (call $put_byte (i32.const {NULL}))"
    return f"  ({encode(module, kind)} ({load(kind, offset)} {address}))"


def _encode(module: ModuleBuilder, kind: Type, name: str) -> str:
    lines = [f"(func ${name} (param $value i32)"]
    match kind:
        case Struct(id=struct_id):
            lines += _struct(module, module.struct(struct_id).fields)
        case Array(element=element):
            lines += _array(module, element)
        case Map():
            lines += _map(module, kind)
        case Option() | Result() | Enumeration():
            lines += _variants(module, kind)
        case Prim() | Token() | ErrorType():
            raise AssertionError(f"{kind} has no parts")
        case _:
            assert_never(kind)
    if is_recursive(module, kind):
        # a value nested too deeply for readers traps when it is written
        lines.insert(2 if lines[1].startswith("  (local $") else 1, "  (call $out_deeper)")
        lines.append("  (call $out_higher)")
    return "\n".join(lines) + ")"


def _head(major: int, count: int) -> str:
    return f"  (call $put_head (i32.const {major}) (i64.const {count}))"


def _key(module: ModuleBuilder, text: str) -> str:
    return f"  (call $put_text (i32.const {module.constants.text(text)}))"


def _struct(module: ModuleBuilder, fields: tuple[tuple[str, Type], ...]) -> list[str]:
    lines = [_head(MAP, len(fields))]
    numbered = [(name, kind, index) for index, (name, kind) in enumerate(fields)]
    for name, kind, index in sorted(numbered, key=lambda entry: canonical_order(entry[0])):
        lines.append(_key(module, name))
        lines.append(_value(module, kind, "(local.get $value)", field_offset(index)))
    return lines


def _array(module: ModuleBuilder, element: Type) -> list[str]:
    return [
        "  (local $slot i32) (local $left i32)",
        "  (local.set $left (i32.load offset=8 (local.get $value)))",
        "  (local.set $slot (i32.load offset=16 (local.get $value)))",
        f"  (call $put_head (i32.const {LIST}) (i64.extend_i32_u (local.get $left)))",
        "  (block $done",
        "    (loop $next",
        "      (br_if $done (i32.eqz (local.get $left)))",
        "    " + _value(module, element, "(local.get $slot)", 0),
        "      (local.set $slot (i32.add (local.get $slot) (i32.const 8)))",
        "      (local.set $left (i32.sub (local.get $left) (i32.const 1)))",
        "      (br $next)))",
    ]


def _map(module: ModuleBuilder, kind: Map) -> list[str]:
    """Pairs in the order of insertion."""
    return [
        "  (local $entry i32) (local $end i32)",
        "  (local.set $end (call $map_end (local.get $value)))",
        f"  (call $put_head (i32.const {LIST}) (i64.load32_u offset=8 (local.get $value)))",
        "  (local.set $entry (i32.load offset=20 (local.get $value)))",
        "  (block $done",
        "    (loop $next",
        "      (local.set $entry (call $map_live (local.get $value) (local.get $entry)))",
        "      (br_if $done (i32.ge_u (local.get $entry) (local.get $end)))",
        "    " + _head(LIST, 2),
        "    " + _value(module, kind.key, "(local.get $entry)", 8),
        "    " + _value(module, kind.value, "(local.get $entry)", 16),
        "      (local.set $entry (i32.add (local.get $entry) (i32.const 24)))",
        "      (br $next)))",
    ]


def _variants(module: ModuleBuilder, kind: Type) -> list[str]:
    lines: list[str] = []
    for tag, (name, payload) in enumerate(module.variants(kind)):
        test = f"  (if (i64.eq (i64.load offset=8 (local.get $value)) (i64.const {tag}))"
        inner = _variant(module, kind, name, payload)
        lines.append(test + "\n    (then\n" + "\n".join("    " + i for i in inner) + "))")
    return lines


def _variant(module: ModuleBuilder, kind: Type, name: str, payload: tuple[Type, ...]) -> list[str]:
    def parts() -> list[str]:
        return [
            _value(module, part, "(local.get $value)", payload_offset(index))
            for index, part in enumerate(payload)
        ]

    match kind:
        case Option() if not payload:
            return [f"  (call $put_byte (i32.const {NULL}))"]
        case Option(value=inner):
            # Some(None) must not read as None
            return [_head(LIST, 1), *parts()] if is_nullable(inner) else parts()
        case Result():
            return [_head(MAP, 1), _key(module, name), *parts()]
        case _ if not payload:
            return [_key(module, name)]
        case _ if len(payload) == 1:
            return [_head(MAP, 1), _key(module, name), *parts()]
        case _:
            return [_head(MAP, 1), _key(module, name), _head(LIST, len(payload)), *parts()]


def is_nullable(kind: Type) -> bool:
    """Returns whether the type has a value that is written as null."""
    return isinstance(kind, Option) or kind in (Prim.UNIT, Prim.DATA)
