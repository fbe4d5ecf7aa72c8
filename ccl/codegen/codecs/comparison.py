"""Structural equality and hashes: one routine per type; the search for elements and keys."""

from collections.abc import Callable
from typing import assert_never

from ccl.abi.layout import SLOT_BYTES
from ccl.codegen.codecs.routines import each_entry, is_bare, is_key_text, is_recursive
from ccl.codegen.module_builder import ModuleBuilder
from ccl.ir.layout import field_offset, is_flat, load, payload_offset, value_type
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


def equal(module: ModuleBuilder, kind: Type) -> str:
    """Returns the instruction that compares two values of a type: `(a, b) -> i32`."""
    shape = value_type(kind)
    if not is_reference(kind):
        return f"{shape}.eq"
    if is_flat(kind):
        module.called.add("text_equal")
        return "call $text_equal"
    if is_recursive(module, kind):
        return f"call ${module.routine('equal', kind, _equal_counted)}"
    return f"call ${module.routine('equal', kind, _equal)}"


def _equal_counted(module: ModuleBuilder, kind: Type, name: str) -> str:
    """Writes the comparison of a recursive type, which traps beyond a depth."""
    return f"""(func ${name} (param $a i32) (param $b i32) (result i32)
  (call $compare_deeper)
  (call ${module.routine("same", kind, _equal)} (local.get $a) (local.get $b))
  (call $compare_higher))"""


def _equal(module: ModuleBuilder, kind: Type, name: str) -> str:
    head = f"(func ${name} (param $a i32) (param $b i32) (result i32)"
    same = "  (if (i32.eq (local.get $a) (local.get $b)) (then (return (i32.const 1))))"
    match kind:
        case Struct(id=struct_id):
            fields = [part for _, part in module.struct(struct_id).fields]
            lines = [same, *_equal_fields(module, fields, field_offset(0)), "  (i32.const 1))"]
        case Array(element=element):
            return _equal_arrays(module, element, head)
        case Map():
            return _equal_maps(module, kind, head)
        case Option() | Result() | Enumeration():
            lines = [
                same,
                "  (if (i64.ne (i64.load offset=8 (local.get $a))"
                " (i64.load offset=8 (local.get $b)))",
                "    (then (return (i32.const 0))))",
            ]
            for tag, (_, payload) in enumerate(module.variants(kind)):
                inner = _equal_fields(module, payload, payload_offset(0))
                if inner:
                    lines.append(
                        f"  (if (i64.eq (i64.load offset=8 (local.get $a)) (i64.const {tag}))\n"
                        "    (then\n" + "\n".join("    " + line for line in inner) + "))"
                    )
            lines.append("  (i32.const 1))")
        case Prim() | Token() | ErrorType():
            raise AssertionError(f"{kind} has no parts")
        case _:
            assert_never(kind)
    return "\n".join([head, *lines])


def _equal_fields(
    module: ModuleBuilder, kinds: "list[Type] | tuple[Type, ...]", start: int
) -> list[str]:
    lines = []
    for index, kind in enumerate(kinds):
        if value_type(kind) is None:
            continue
        part = load(kind, start + SLOT_BYTES * index)
        both = f"({part} (local.get $a)) ({part} (local.get $b))"
        lines.append(
            f"  (if (i32.eqz ({equal(module, kind)} {both})) (then (return (i32.const 0))))"
        )
    return lines


def _equal_arrays(module: ModuleBuilder, element: Type, head: str) -> str:
    if value_type(element) is None:
        return (
            f"{head}\n  (i32.eq (i32.load offset=8 (local.get $a))"
            " (i32.load offset=8 (local.get $b))))"
        )
    part = load(element)
    return f"""{head}
  (local $left i32)
  (local.set $left (i32.load offset=8 (local.get $a)))
  (if (i32.ne (local.get $left) (i32.load offset=8 (local.get $b)))
    (then (return (i32.const 0))))
  (local.set $a (i32.load offset=16 (local.get $a)))
  (local.set $b (i32.load offset=16 (local.get $b)))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (if (i32.eqz ({equal(module, element)} ({part} (local.get $a)) ({part} (local.get $b))))
        (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 8)))
      (local.set $b (i32.add (local.get $b) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
  (i32.const 1))"""


def _equal_maps(module: ModuleBuilder, kind: Map, head: str) -> str:
    """Compares maps: the same keys with equal values, in any order."""
    key = "i64.load" if is_word_key(module, kind.key) else "i32.load"
    name = find_routine(module, kind.key)
    module.called.add(name)
    find = f"(call ${name} (local.get $b) ({key} offset=8 (local.get $entry)))"
    part = load(kind.value, 16)
    same = f"({equal(module, kind.value)} ({part} (local.get $entry)) ({part} (local.get $other)))"
    loop = each_entry(
        "$a",
        [
            f"      (local.set $other {find})",
            "      (if (i32.eqz (local.get $other)) (then (return (i32.const 0))))",
            f"      (if (i32.eqz {same}) (then (return (i32.const 0))))",
        ],
    )
    declarations, rest = loop.split("\n", 1)
    return "\n".join(
        [
            head,
            declarations + " (local $other i32)",
            "  (if (i32.ne (i32.load offset=8 (local.get $a)) (i32.load offset=8 (local.get $b)))",
            "    (then (return (i32.const 0))))",
            rest,
            "  (i32.const 1))",
        ]
    )


def contains(module: ModuleBuilder, element: Type) -> str:
    """Returns the instruction that searches an array: `(array, element) -> i32`."""
    return f"call ${module.routine('contains', element, _contains)}"


def _contains(module: ModuleBuilder, element: Type, name: str) -> str:
    shape = value_type(element)
    if shape is None:
        return (
            f"(func ${name} (param $array i32) (result i32)\n"
            "  (i32.ne (i32.const 0) (i32.load offset=8 (local.get $array))))"
        )
    return f"""(func ${name} (param $array i32) (param $item {shape}) (result i32)
  (local $slot i32) (local $end i32)
  (local.set $slot (i32.load offset=16 (local.get $array)))
  (local.set $end (i32.add
    (local.get $slot) (i32.shl (i32.load offset=8 (local.get $array)) (i32.const 3))))
  (block $absent
    (loop $next
      (br_if $absent (i32.eq (local.get $slot) (local.get $end)))
      (if ({equal(module, element)} ({load(element)} (local.get $slot)) (local.get $item))
        (then (return (i32.const 1))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 8)))
      (br $next)))
  (i32.const 0))"""


# --- keys of maps ----------------------------------------------------------------------


def is_structured(module: ModuleBuilder, key: Type) -> bool:
    return isinstance(key, Enumeration) and not is_bare(module, key)


def find_routine(module: ModuleBuilder, key: Type) -> str:
    """Returns the routine `(map, key) -> entry or 0`; a key of one word is an i64."""
    if is_structured(module, key):
        return module.routine("find", key, _find)
    return "map_find_text" if is_key_text(key) else "map_find_word"


def put_routine(module: ModuleBuilder, key: Type) -> str:
    """Returns the routine `(map, key, site) -> entry`; the map counts a new key itself."""
    if is_structured(module, key):
        return module.routine("put", key, _put)
    return "map_put_text" if is_key_text(key) else "map_put_word"


def is_word_key(module: ModuleBuilder, key: Type) -> bool:
    """Returns whether the routines take the key as an i64."""
    return not is_key_text(key) and not is_structured(module, key)


def _find(module: ModuleBuilder, key: Type, name: str) -> str:
    same = equal(module, key)
    return f"""(func ${name} (param $map i32) (param $key i32) (result i32)
  (local $hash i64) (local $mask i32) (local $at i32) (local $entry i32)
  (if (i32.eqz (i32.load offset=8 (local.get $map))) (then (return (i32.const 0))))
  (local.set $hash (call ${_hash(module, key)} (local.get $key)))
  (local.set $mask (i32.sub (i32.load offset=28 (local.get $map)) (i32.const 1)))
  (local.set $at (i32.and (i32.wrap_i64 (local.get $hash)) (local.get $mask)))
  (loop $next
    (local.set $entry (i32.load (i32.add
      (i32.load offset=24 (local.get $map)) (i32.shl (local.get $at) (i32.const 2)))))
    (if (i32.eqz (local.get $entry)) (then (return (i32.const 0))))
    (local.set $entry (call $map_entry (local.get $map) (local.get $entry)))
    (if (i64.eq (i64.load (local.get $entry)) (local.get $hash))
      (then
        (if ({same} (i32.load offset=8 (local.get $entry)) (local.get $key))
          (then (return (local.get $entry))))))
    (local.set $at (i32.and (i32.add (local.get $at) (i32.const 1)) (local.get $mask)))
    (br $next))
  (unreachable))"""


def _put(module: ModuleBuilder, key: Type, name: str) -> str:
    return f"""(func ${name} (param $map i32) (param $key i32) (param $site i32) (result i32)
  (local $entry i32)
  (local.set $entry (call ${find_routine(module, key)} (local.get $map) (local.get $key)))
  (if (local.get $entry) (then (return (local.get $entry))))
  (call $map_add
    (local.get $map)
    (i64.extend_i32_u (call $retain (local.get $key)))
    (call ${_hash(module, key)} (local.get $key))
    (local.get $site)))"""


# --- hashes -----------------------------------------------------------------------------


def _hash(module: ModuleBuilder, kind: Type) -> str:
    """Returns the routine of hashes: equal values have equal ones, none is negative."""
    return "hash_text" if is_flat(kind) else module.routine("hash", kind, _write_hash)


def _write_hash(module: ModuleBuilder, kind: Type, name: str) -> str:
    head = f"(func ${name} (param $value i32) (result i64)\n  (local $hash i64)"
    lines: list[str]
    match kind:
        case Struct(id=struct_id):
            parts = tuple(part for _, part in module.struct(struct_id).fields)
            lines = _mixed(module, parts, field_offset)
        case Array() | Map():
            # the length alone: a list inside a key is rare, and may be of any depth
            lines = ["  (local.set $hash (i64.load32_u offset=8 (local.get $value)))"]
        case Option() | Result() | Enumeration():
            lines = ["  (local.set $hash (i64.load offset=8 (local.get $value)))"]
            for tag, (_, payload) in enumerate(module.variants(kind)):
                inner = _mixed(module, payload, payload_offset)
                if inner:
                    lines.append(
                        "  (if (i64.eq (i64.load offset=8 (local.get $value))"
                        f" (i64.const {tag}))\n    (then\n  " + "\n  ".join(inner) + "))"
                    )
        case Prim() | Token() | ErrorType():
            raise AssertionError(f"{kind} has no parts")
        case _:
            assert_never(kind)
    return "\n".join([head, *lines, "  (call $hash_mix (local.get $hash)))"])


def _mixed(
    module: ModuleBuilder, kinds: tuple[Type, ...], offset: Callable[[int], int]
) -> list[str]:
    """Mixes each part into the hash of those before it."""
    lines: list[str] = []
    for index, kind in enumerate(kinds):
        shape = value_type(kind)
        if shape is None or is_recursive(module, kind):
            continue
        word = f"({load(kind, offset(index))} (local.get $value))"
        if is_reference(kind):
            word = f"(call ${_hash(module, kind)} {word})"
        elif shape == "i32":
            word = f"(i64.extend_i32_u {word})"
        lines.append(
            "  (local.set $hash (i64.xor (call $hash_mix (i64.add (local.get $hash)"
            f" (i64.const 1))) {word}))"
        )
    return lines
