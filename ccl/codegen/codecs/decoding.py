"""Canonical DAG-CBOR to values: one checked routine per type; bad data traps with its reason."""

from typing import assert_never

from ccl.codegen.codecs.comparison import is_word_key, put_routine
from ccl.codegen.codecs.encoding import canonical_order, is_nullable
from ccl.codegen.codecs.routines import is_key_text, is_recursive, parts, release
from ccl.codegen.module_builder import ModuleBuilder
from ccl.ir.layout import field_offset, payload_offset, store, value_type
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
    is_reference,
)

MALFORMED = "not canonical DAG-CBOR"
DECODE = "decode"
"""The verb of the routines that read values of any length."""
AFTER_INTEGERS = 0x40
"""The first byte of an Integer is below: major types 0 and 1."""
_LIST, _MAP = 4, 5


def begin(module: ModuleBuilder) -> str:
    """Returns the folded address of the text for malformed input."""
    return f"(i32.const {module.constants.text(MALFORMED)})"


def decode(module: ModuleBuilder, kind: Type) -> str:
    """Returns folded text that reads a value of a type and pushes it (nothing for Unit)."""
    expected = _text(module, f"expected {kind}")
    match kind:
        case Prim.UNIT | Prim.NEVER:
            return _call(module, "take_null", expected)
        case Prim.BOOL:
            return _call(module, "take_bool", expected)
        case Prim.STRING:
            return _call(module, "take_text", expected)
        case Prim.DID:
            return _call(module, "take_did", expected)
        case Prim.CID:
            return _call(module, "take_cid", expected)
        case Prim.DATA:
            return _call(module, "take_data")
        case Prim.DECIMAL:
            return _call(module, "take_decimal", expected)
        case Prim() | Token():
            return _call(module, "take_integer", expected)
        case Array() | Map() | Struct() | Option() | Result() | Enumeration():
            return f"(call ${module.routine(DECODE, kind, _decode)})"
        case ErrorType():
            raise AssertionError("a program with errors has no module")
        case _:
            assert_never(kind)


def _call(module: ModuleBuilder, name: str, argument: str = "") -> str:
    module.called.add(name)
    return f"(call ${name} {argument})" if argument else f"(call ${name})"


def _text(module: ModuleBuilder, text: str) -> str:
    return f"(i32.const {module.constants.text(text)})"


def _set(module: ModuleBuilder, kind: Type, address: str, offset: int) -> str:
    """Returns folded text that reads a part into memory."""
    if value_type(kind) is None:
        return decode(module, kind)
    return f"({store(kind, offset)} {address} {decode(module, kind)})"


def _decode(module: ModuleBuilder, kind: Type, name: str) -> str:
    lines = [f"(func ${name} (result i32)"]
    match kind:
        case Struct(id=struct_id):
            lines += _struct(module, kind, module.struct(struct_id).fields)
        case Array(element=element):
            lines += _array(module, kind, element)
        case Map():
            lines += _map(module, kind)
        case Option() | Result() | Enumeration():
            lines += _variants(module, kind)
        case Prim() | Token() | ErrorType():
            raise AssertionError(f"{kind} has no parts")
        case _:
            assert_never(kind)
    if is_recursive(module, kind):
        lines.insert(2, "  (call $in_deeper)")
        lines.insert(len(lines) - 1, "  (call $in_higher)")
    return "\n".join(lines) + ")"


def _new(size: int) -> str:
    return f"  (local.set $value (call $new (i32.const {size}) (global.get $in_site)))"


def _struct(module: ModuleBuilder, kind: Type, fields: tuple[tuple[str, Type], ...]) -> list[str]:
    """Reads a struct: keys in canonical order, None for a missing Option; unknown keys trap."""
    expected = _text(module, f"expected {kind}")
    lines = [
        "  (local $value i32) (local $left i32)",
        _new(field_offset(len(fields))),
        f"  (local.set $left (call $take_count (i32.const {_MAP}) {expected}))",
    ]
    unknown = _text(module, f"unknown field in {kind}")
    numbered = [(name, part, index) for index, (name, part) in enumerate(fields)]
    for name, part, index in sorted(numbered, key=lambda entry: canonical_order(entry[0])):
        offset = field_offset(index)
        missing = (
            f"(call $refuse_key {_text(module, name)} (local.get $left)"
            f" {_text(module, f'missing field `{name}` of {kind}')} {unknown})"
        )
        if isinstance(part, Option):
            none = f"(i32.const {module.constants.variant(0)})"
            missing = f"({store(part, offset)} (local.get $value) {none})"
        lines += [
            # no key is read after the last entry
            "  (if (if (result i32) (local.get $left)"
            f" (then (call $take_if_text {_text(module, name)})) (else (i32.const 0)))",
            "    (then",
            "      (local.set $left (i32.sub (local.get $left) (i32.const 1)))",
            f"      {_set(module, part, '(local.get $value)', offset)})",
            f"    (else {missing}))",
        ]
    lines += [
        f"  (if (local.get $left) (then (call $in_fail {unknown})))",
        "  (local.get $value)",
    ]
    return lines


def _array(module: ModuleBuilder, kind: Type, element: Type) -> list[str]:
    expected = _text(module, f"expected {kind}")
    return [
        "  (local $value i32) (local $left i32) (local $slot i32)",
        f"  (local.set $left (call $take_count (i32.const {_LIST}) {expected}))",
        "  (local.set $value (call $array_new (local.get $left) (global.get $in_site)))",
        "  (i32.store offset=8 (local.get $value) (local.get $left))",
        "  (local.set $slot (i32.load offset=16 (local.get $value)))",
        "  (block $done",
        "    (loop $next",
        "      (br_if $done (i32.eqz (local.get $left)))",
        f"      {_set(module, element, '(local.get $slot)', 0)}",
        "      (local.set $slot (i32.add (local.get $slot) (i32.const 8)))",
        "      (local.set $left (i32.sub (local.get $left) (i32.const 1)))",
        "      (br $next)))",
        "  (local.get $value)",
    ]


def _map(module: ModuleBuilder, kind: Map) -> list[str]:
    """Reads a list of pairs, or a map where keys are texts. A repeated key traps."""
    expected = _text(module, f"expected {kind}")
    pair = f"(call $take_exactly (i32.const {_LIST}) (i32.const 2) {expected})"
    put = put_routine(module, kind.key)
    module.called.add(put)
    key_type = value_type(kind.key) or "i64"
    key, is_map = "(local.get $key)", "(i32.const 0)"
    if is_key_text(kind.key):
        is_map = "(i32.eq (i32.shr_u (call $in_peek) (i32.const 5)) (i32.const 5))"
        pair = f"(if (i32.eqz (local.get $as_map)) (then {pair}))"
    if key_type == "i32" and is_word_key(module, kind.key):
        key = f"(i64.extend_i32_u {key})"
    lines = [
        f"  (local $value i32) (local $left i32) (local $as_map i32) (local $key {key_type})"
        " (local $entry i32) (local $size i32)",
        f"  (local.set $as_map {is_map})",
        f"  (local.set $left (call $take_count"
        f" (i32.add (i32.const {_LIST}) (local.get $as_map)) {expected}))",
        "  (local.set $value (call $map_new (global.get $in_site)))",
        "  (block $done",
        "    (loop $next",
        "      (br_if $done (i32.eqz (local.get $left)))",
        f"      {pair}",
        f"      (local.set $key {decode(module, kind.key)})",
        f"      (local.set $entry (call ${put} (local.get $value) {key} (global.get $in_site)))",
        "      (if (i32.eq (local.get $size) (i32.load offset=8 (local.get $value)))"
        f" (then (call $in_fail {_text(module, f'a key twice in {kind}')})))",
        "      (local.set $size (i32.load offset=8 (local.get $value)))",
        f"      {_set(module, kind.value, '(local.get $entry)', 16)}",
        "      (local.set $left (i32.sub (local.get $left) (i32.const 1)))",
        "      (br $next)))",
        "  (local.get $value)",
    ]
    if is_reference(kind.key):
        # the map counts the key itself
        place = next(i for i, line in enumerate(lines) if "local.set $entry" in line) + 1
        lines.insert(place, f"      (call ${release(module, kind.key)} (local.get $key))")
    return lines


def _variants(module: ModuleBuilder, kind: Type) -> list[str]:
    if isinstance(kind, Option):
        return _option(module, kind)
    expected = _text(module, f"expected {kind}")
    lines = ["  (local $value i32)"]
    variants = module.variants(kind)
    bare = [(tag, name) for tag, (name, payload) in enumerate(variants) if not payload]
    full = [(tag, name, payload) for tag, (name, payload) in enumerate(variants) if payload]
    if bare:
        lines.append("  (if (i32.eq (i32.shr_u (call $in_peek) (i32.const 5)) (i32.const 3))")
        lines.append("    (then")
        for tag, name in bare:
            lines.append(
                f"      (if (call $take_if_text {_text(module, name)})"
                f" (then (return (i32.const {module.constants.variant(tag)}))))"
            )
        lines.append(f"      (call $in_fail {expected})))")
    lines.append(f"  (call $take_exactly (i32.const {_MAP}) (i32.const 1) {expected})")
    lines.append("  (block $found")
    for tag, name, payload in full:
        lines.append(f"    (if (call $take_if_text {_text(module, name)})")
        lines.append("      (then")
        lines += ["      " + line for line in _payload(module, tag, payload, expected)]
        lines.append("        (br $found)))")
    lines.append(f"    (call $in_fail {expected}))")
    lines.append("  (local.get $value)")
    return lines


def _payload(
    module: ModuleBuilder, tag: int, payload: tuple[Type, ...], expected: str
) -> list[str]:
    lines = [
        _new(payload_offset(len(payload))),
        f"  (i64.store offset=8 (local.get $value) (i64.const {tag}))",
    ]
    if len(payload) > 1:
        lines.append(
            f"  (call $take_exactly (i32.const {_LIST}) (i32.const {len(payload)}) {expected})"
        )
    for index, part in enumerate(payload):
        lines.append("  " + _set(module, part, "(local.get $value)", payload_offset(index)))
    return lines


def _option(module: ModuleBuilder, kind: Option) -> list[str]:
    expected = _text(module, f"expected {kind}")
    lines = [
        "  (local $value i32)",
        "  (if (i32.eq (call $in_peek) (i32.const 0xF6))",
        "    (then",
        f"      (call $take_null {expected})",
        f"      (return (i32.const {module.constants.variant(0)}))))",
    ]
    if is_nullable(kind.value):
        lines.append(f"  (call $take_exactly (i32.const {_LIST}) (i32.const 1) {expected})")
    (part,) = parts(module, kind)
    lines += [
        _new(payload_offset(1)),
        "  (i64.store offset=8 (local.get $value) (i64.const 1))",
        "  " + _set(module, part, "(local.get $value)", payload_offset(0)),
        "  (local.get $value)",
    ]
    return lines
