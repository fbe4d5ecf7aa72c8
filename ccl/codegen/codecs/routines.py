"""One routine per type: release, clone. Written as text, once, on demand."""

from typing import assert_never

from ccl.abi.layout import SLOT_BYTES
from ccl.codegen.module_builder import ModuleBuilder
from ccl.ir.layout import field_offset, is_flat, payload_offset
from ccl.ir.typed import Program
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

# --- release ----------------------------------------------------------------------------


def release(module: ModuleBuilder, kind: Type) -> str:
    """Returns the routine that drops one reference, and frees what has no other."""
    if is_flat(kind) or (isinstance(kind, Enumeration) and is_bare(module, kind)):
        return "release"
    return module.routine("release", kind, _release)


def _release(module: ModuleBuilder, kind: Type, name: str) -> str:
    if is_recursive(module, kind):
        return _release_later(module, kind, name)
    return (
        f"(func ${name} (param $object i32)\n"
        f"  (if (call $let_go (local.get $object))\n"
        f"    (then (call ${module.routine('drop', kind, _drop)} (local.get $object)))))"
    )


def _release_later(module: ModuleBuilder, kind: Type, name: str) -> str:
    grave = module.grave(module.routine("drop", kind, _drop))
    return (
        f"(func ${name} (param $object i32)\n"
        f"  (if (call $let_go (local.get $object))\n"
        f"    (then (call $bury (local.get $object) (i32.const {grave})))))"
    )


def _drop(module: ModuleBuilder, kind: Type, name: str) -> str:
    """Writes the routine that releases the parts of a dead object, then frees it."""
    match kind:
        case Struct(id=struct_id):
            fields = [k for _, k in module.struct(struct_id).fields]
            lines = _release_fields(module, fields, field_offset(0))
        case Array(element=element):
            return _drop_array(module, element, name)
        case Map():
            return _drop_map(module, kind, name)
        case Option() | Result() | Enumeration():
            lines = []
            for tag, (_, payload) in enumerate(module.variants(kind)):
                inner = _release_fields(module, payload, payload_offset(0))
                if inner:
                    lines.append(
                        f"  (if (i64.eq (i64.load offset=8 (local.get $object))"
                        f" (i64.const {tag}))\n    (then\n"
                        + "\n".join("    " + line for line in inner)
                        + "))"
                    )
        case Prim() | Token() | ErrorType():
            raise AssertionError(f"{kind} has no parts")
        case _:
            assert_never(kind)
    return "\n".join(
        [f"(func ${name} (param $object i32)", *lines, "  (call $free (local.get $object)))"]
    )


def _release_fields(
    module: ModuleBuilder, kinds: "list[Type] | tuple[Type, ...]", start: int
) -> list[str]:
    return [
        f"  (call ${release(module, kind)} (i32.load offset={start + SLOT_BYTES * index}"
        " (local.get $object)))"
        for index, kind in enumerate(kinds)
        if is_reference(kind)
    ]


def _drop_array(module: ModuleBuilder, element: Type, name: str) -> str:
    if not is_reference(element):
        return f"(func ${name} (param $object i32)\n  (call $array_free (local.get $object)))"
    return f"""(func ${name} (param $object i32)
  (local $slot i32) (local $end i32)
  (local.set $slot (i32.load offset=16 (local.get $object)))
  (local.set $end (i32.add
    (local.get $slot) (i32.shl (i32.load offset=8 (local.get $object)) (i32.const 3))))
  (block $done
    (loop $next
      (br_if $done (i32.eq (local.get $slot) (local.get $end)))
      (call ${release(module, element)} (i32.load (local.get $slot)))
      (local.set $slot (i32.add (local.get $slot) (i32.const 8)))
      (br $next)))
  (call $array_free (local.get $object)))"""


def _drop_map(module: ModuleBuilder, kind: Map, name: str) -> str:
    inner = [
        f"      (call ${release(module, part)} (i32.load offset={offset} (local.get $entry)))"
        for part, offset in ((kind.key, 8), (kind.value, 16))
        if is_reference(part)
    ]
    if not inner:
        return f"(func ${name} (param $object i32)\n  (call $map_free (local.get $object)))"
    return "\n".join(
        [
            f"(func ${name} (param $object i32)",
            each_entry("$object", inner),
            "  (call $map_free (local.get $object)))",
        ]
    )


def each_entry(of: str, inner: list[str]) -> str:
    """Writes a loop over the live entries of a map; declares $entry and $end."""
    return "\n".join(
        [
            "  (local $entry i32) (local $end i32)",
            f"  (local.set $end (call $map_end (local.get {of})))",
            f"  (local.set $entry (call $map_begin (local.get {of})))",
            "  (block $done",
            "    (loop $next",
            "      (br_if $done (i32.ge_u (local.get $entry) (local.get $end)))",
            *inner,
            "      (local.set $entry",
            f"        (call $map_live (local.get {of})"
            " (i32.add (local.get $entry) (i32.const 24))))",
            "      (br $next)))",
        ]
    )


# --- clone ------------------------------------------------------------------------------


def clone(module: ModuleBuilder, kind: Type) -> str:
    """Returns `(object, site) -> object`: a new object of the same parts, each retained."""
    return module.routine("clone", kind, _clone)


def unique(module: ModuleBuilder, kind: Type) -> str:
    """Returns `(object, site) -> object`: the object if it has one reference, else a clone."""
    return module.routine("unique", kind, _unique)


def _unique(module: ModuleBuilder, kind: Type, name: str) -> str:
    return f"""(func ${name} (param $object i32) (param $site i32) (result i32)
  (local $clone i32)
  (if (i32.eq (i32.load (local.get $object)) (i32.const 1))
    (then (return (local.get $object))))
  (local.set $clone (call ${clone(module, kind)} (local.get $object) (local.get $site)))
  (call $release (local.get $object))
  (local.get $clone))"""


def _clone(module: ModuleBuilder, kind: Type, name: str) -> str:
    head = f"(func ${name} (param $object i32) (param $site i32) (result i32)\n  (local $clone i32)"
    size = ""
    match kind:
        case Struct(id=struct_id):
            fields = module.struct(struct_id).fields
            made, size = "copy_object", f" (i32.const {field_offset(len(fields))})"
            count = [
                f"  (drop (call $retain (i32.load offset={field_offset(i)} (local.get $object))))"
                for i, (_, part) in enumerate(fields)
                if is_reference(part)
            ]
        case Array(element=element):
            made = "array_copy"
            count = [RETAIN_ELEMENTS] if is_reference(element) else []
        case Map(key=key, value=value):
            made = "map_copy"
            count = [
                f"  (call $map_retain (local.get $clone) (i32.const {offset}))"
                for part, offset in ((key, 8), (value, 16))
                if is_reference(part)
            ]
        case Prim() | Token() | Option() | Result() | Enumeration() | ErrorType():
            raise AssertionError(f"{kind} is never changed in place")
        case _:
            assert_never(kind)
    make = f"  (local.set $clone (call ${made} (local.get $object){size} (local.get $site)))"
    return "\n".join([head, make, *count, "  (local.get $clone))"])


RETAIN_ELEMENTS = (
    "  (call $retain_slots (i32.load offset=16 (local.get $clone))"
    " (i32.load offset=8 (local.get $clone)))"
)


# --- properties of types ----------------------------------------------------------------


def is_key_text(kind: Type) -> bool:
    """Returns whether keys are compared by their text; all others are one word."""
    return kind in (Prim.STRING, Prim.DID, Prim.CID)


def is_bare(module: ModuleBuilder, kind: Enumeration) -> bool:
    """Returns whether an enum has no payloads, so that all its values are constants."""
    return all(not payload for _, payload in module.variants(kind))


def parts(module: ModuleBuilder, kind: Type) -> tuple[Type, ...]:
    """Returns the types that a value of a type is made of, one level down."""
    return parts_of(module.program, kind)


def parts_of(program: Program, kind: Type) -> tuple[Type, ...]:
    """Returns the same without a module."""
    match kind:
        case Struct(id=struct_id):
            return tuple(part for _, part in program.structs[struct_id].fields)
        case Array(element=element) | Option(value=element):
            return (element,)
        case Map(key=key, value=value) | Result(ok=key, err=value):
            return (key, value)
        case Enumeration(id=enum_id):
            return tuple(p for _, payload in program.enums[enum_id].variants for p in payload)
        case Prim() | Token() | ErrorType():
            return ()
        case _:
            assert_never(kind)


def is_recursive(module: ModuleBuilder, kind: Type) -> bool:
    """Returns whether a value of the type can hold another of the same type, at any depth."""
    seen: set[Type] = set()
    pending = list(parts(module, kind))
    while pending:
        part = pending.pop()
        if part == kind:
            return True
        if part not in seen:
            seen.add(part)
            pending.extend(parts(module, part))
    return False


def holds_recursive(module: ModuleBuilder, kind: Type) -> bool:
    """Returns whether the type or one of its parts, at any depth, is recursive."""
    seen: set[Type] = set()
    pending = [kind]
    while pending:
        part = pending.pop()
        if part not in seen:
            if is_recursive(module, part):
                return True
            seen.add(part)
            pending.extend(parts(module, part))
    return False
