"""Traps with the rejected value as their detail."""

from ccl.codegen.function_builder import FunctionBuilder
from ccl.codegen.module_builder import ModuleBuilder
from ccl.codegen.operations.conversions import TO_TEXT
from ccl.ir.layout import is_text
from ccl.ir.types import Enumeration, Prim, Type
from ccl.source.spans import Span


def trap_with_scalar(f: FunctionBuilder, kind: Type, local: str, span: Span, reason: str) -> None:
    """Traps with the value of a local that has the type of a key, converted to text only then."""
    site = f.site(span, reason)
    f.emit(f"local.get ${local}")
    if isinstance(kind, Enumeration):
        f.emit(f"call ${f.module.routine('named', kind, _variant_name)}")
    elif kind is Prim.BOOL:
        yes, no = map(f.module.constants.text, ("true", "false"))
        f.emit("if (result i32)", f"i32.const {yes}", "else", f"i32.const {no}", "end")
    elif not is_text(kind):
        f.constant(site)
        if kind is Prim.TIMESTAMP:
            # (beyond the years that are written it traps with its seconds, at the same site)
            f.constant(site)
        f.call(TO_TEXT.get(kind, "integer_to_text"))
    f.constant(site)
    f.call("trap_with")
    f.emit("unreachable")


def trap_with_keys(f: FunctionBuilder, record: str, key: str, span: Span, reason: str) -> None:
    """Traps with a text that is no key of a record such as a row of a table, and with its keys."""
    f.emit(f"local.get ${record}", f"local.get ${key}")
    for text in ("; there are ", ", ", ", …"):
        f.emit(f"i32.const {f.module.constants.text(text)}")
    f.constant(f.site(span, reason))
    f.call("trap_without_key")
    f.emit("unreachable")


def _variant_name(module: ModuleBuilder, kind: Type, name: str) -> str:
    variants = [variant for variant, _ in module.variants(kind)]
    lines = [
        f"  (if (i64.eq (i64.load offset=8 (local.get $value)) (i64.const {tag}))"
        f" (then (return (i32.const {module.constants.text(variant)}))))"
        for tag, variant in enumerate(variants[:-1])
    ]
    return "\n".join(
        [
            f"(func ${name} (param $value i32) (result i32)",
            *lines,
            f"  (i32.const {module.constants.text(variants[-1])}))",
        ]
    )
