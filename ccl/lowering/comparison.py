"""Structural equality: one routine per type, and the search for an equal element."""

from ccl.abi.layout import SLOT_BYTES
from ccl.lowering.routines import each_entry, is_key_text, is_recursive
from ccl.lowering.shapes import field_offset, is_flat, load, payload_offset, value_type
from ccl.lowering.unit import Unit
from ccl.types import Array, Map, Struct, Type, is_reference


def equal(unit: Unit, kind: Type) -> str:
    """The instruction that compares two values of a type: `(a, b) -> i32`."""
    shape = value_type(kind)
    if not is_reference(kind):
        return f"{shape}.eq"
    if is_flat(kind):
        unit.called.add("text_equal")
        return "call $text_equal"
    if is_recursive(unit, kind):
        return f"call ${unit.routine('equal', kind, _equal_counted)}"
    return f"call ${unit.routine('equal', kind, _equal)}"


def _equal_counted(unit: Unit, kind: Type, name: str) -> str:
    """For types that nest without end: the comparison gives up in good order."""
    return f"""(func ${name} (param $a i32) (param $b i32) (result i32)
  (call $compare_deeper)
  (call ${unit.routine("same", kind, _equal)} (local.get $a) (local.get $b))
  (call $compare_higher))"""


def _equal(unit: Unit, kind: Type, name: str) -> str:
    head = f"(func ${name} (param $a i32) (param $b i32) (result i32)"
    same = "  (if (i32.eq (local.get $a) (local.get $b)) (then (return (i32.const 1))))"
    match kind:
        case Struct(id=struct_id):
            fields = [part for _, part in unit.struct(struct_id).fields]
            lines = [same, *_equal_fields(unit, fields, field_offset(0)), "  (i32.const 1))"]
        case Array(element=element):
            return _equal_arrays(unit, element, head)
        case Map():
            return _equal_maps(unit, kind, head)
        case _:
            lines = [
                same,
                "  (if (i64.ne (i64.load offset=8 (local.get $a))"
                " (i64.load offset=8 (local.get $b)))",
                "    (then (return (i32.const 0))))",
            ]
            for tag, (_, payload) in enumerate(unit.variants(kind)):
                inner = _equal_fields(unit, payload, payload_offset(0))
                if inner:
                    lines.append(
                        f"  (if (i64.eq (i64.load offset=8 (local.get $a)) (i64.const {tag}))\n"
                        "    (then\n" + "\n".join("    " + line for line in inner) + "))"
                    )
            lines.append("  (i32.const 1))")
    return "\n".join([head, *lines])


def _equal_fields(unit: Unit, kinds: "list[Type] | tuple[Type, ...]", start: int) -> list[str]:
    lines = []
    for index, kind in enumerate(kinds):
        if value_type(kind) is None:
            continue
        part = load(kind, start + SLOT_BYTES * index)
        lines.append(
            f"  (if (i32.eqz ({equal(unit, kind)} ({part} (local.get $a)) ({part} (local.get $b))))"
            " (then (return (i32.const 0))))"
        )
    return lines


def _equal_arrays(unit: Unit, element: Type, head: str) -> str:
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
      (if (i32.eqz ({equal(unit, element)} ({part} (local.get $a)) ({part} (local.get $b))))
        (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 8)))
      (local.set $b (i32.add (local.get $b) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
  (i32.const 1))"""


def _equal_maps(unit: Unit, kind: Map, head: str) -> str:
    """The same keys with equal values, in whatever order."""
    if is_key_text(kind.key):
        find = "(call $map_find_text (local.get $b) (i32.load offset=8 (local.get $entry)))"
    else:
        find = "(call $map_find_word (local.get $b) (i64.load offset=8 (local.get $entry)))"
    part = load(kind.value, 16)
    same = f"({equal(unit, kind.value)} ({part} (local.get $entry)) ({part} (local.get $other)))"
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


def contains(unit: Unit, element: Type) -> str:
    """The instruction that searches an array: `(array, element) -> i32`."""
    return f"call ${unit.routine('contains', element, _contains)}"


def _contains(unit: Unit, element: Type, name: str) -> str:
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
      (if ({equal(unit, element)} ({load(element)} (local.get $slot)) (local.get $item))
        (then (return (i32.const 1))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 8)))
      (br $next)))
  (i32.const 0))"""
