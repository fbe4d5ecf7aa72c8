"""Records with keys from the source: job manifests, and `{ a: 1 }` as Data.

Values are evaluated as written and spilled; then the map is written in canonical order.
"""

from collections.abc import Sequence

from ccl.abi.call_forms import Answer
from ccl.codegen.codecs import encoding
from ccl.codegen.function_builder import Callee, FunctionBuilder, Owned, Ownership
from ccl.codegen.functions.calls import answer, spill_value
from ccl.ir.layout import load, payload_offset
from ccl.ir.typed import DataNew, Expr, SubmitManifest
from ccl.ir.types import Option, Type
from ccl.source.spans import Span
from ccl.support.node import Node, field
from ccl.wasm.model import ValueType


class _Spilled(Node, frozen=True):
    """Temporaries with the values: references to release, and others."""

    owned: list[Owned] = field(default_factory=list)
    plain: list[tuple[str, ValueType]] = field(default_factory=list)

    def release(self, f: FunctionBuilder) -> None:
        f.release_spilled(self.owned)
        for name, shape in self.plain:
            f.free_temporary(name, shape)


def manifest(f: FunctionBuilder, node: SubmitManifest) -> Ownership:
    f.callees.append(Callee("host_submit_manifest", f.analyses.sizes.of_manifest(node), node.span))
    spilled = _written(f, node.fields, frozenset(), node.span)
    f.call("out_address")
    f.call("out_size")
    f.call("host_submit_manifest")
    ownership = answer(f, Answer.HANDLE, node.type, node.span)
    spilled.release(f)
    return ownership


def data(f: FunctionBuilder, node: DataNew) -> Ownership:
    spilled = _written(f, node.fields, node.optional, node.span)
    f.memory_site(node.span)
    f.call("out_data")
    spilled.release(f)
    return Ownership.OWNED


def _written(
    f: FunctionBuilder, fields: Sequence[tuple[str, Expr]], optional: frozenset[str], span: Span
) -> _Spilled:
    """Writes the map into the buffer."""
    spilled = _Spilled()
    values: dict[str, tuple[str, Type]] = {}
    for key, value in fields:
        values[key] = (spill_value(f, value, spilled.owned, spilled.plain), value.type)
    f.memory_site(span)
    f.call("out_begin")
    f.emit(f"i32.const {encoding.MAP}", f"i64.const {len(values) - len(optional)}")
    for key in sorted(optional):
        f.emit(f"local.get ${values[key][0]}", *_IS_SOME, "i64.extend_i32_u", "i64.add")
    f.call("put_head")
    for key in sorted(values, key=encoding.canonical_order):
        name, kind = values[key]
        if key in optional:
            assert isinstance(kind, Option), "what may be left out is an Option"
            f.emit(f"local.get ${name}", *_IS_SOME, "if", *encoding.key(f.module, key))
            f.emit(f"local.get ${name}", load(kind.value, payload_offset(0)))
            f.emit(encoding.encode(f.module, kind.value), "end")
        else:
            f.emit(*encoding.key(f.module, key))
            f.emit(f"local.get ${name}", encoding.encode(f.module, kind))
    return spilled


_IS_SOME = ("i64.load offset=8", "i64.const 0", "i64.ne")
"""Of an Option on the stack."""
