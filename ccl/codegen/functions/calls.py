"""Calls of functions and of the host."""

from collections.abc import Callable, Sequence
from functools import partial

from ccl.abi.call_forms import ABSENT, Answer, HostCall, Wire
from ccl.abi.host_calls import HOST_CALLS
from ccl.abi.test_calls import ALL_CALLS
from ccl.codegen.call_sites import Call
from ccl.codegen.codecs import routines
from ccl.codegen.function_builder import Callee, FunctionBuilder, Owned, Ownership
from ccl.codegen.functions import lvalues
from ccl.codegen.functions.lvalues import Key
from ccl.ir.layout import is_text, payload_offset, store, value_type
from ccl.ir.typed import (
    CallFunction,
    CallHost,
    Expr,
    Function,
    Local,
    LocalGet,
    ScalarConst,
    StateGet,
    Step,
    TextConst,
)
from ccl.ir.types import Option, Prim, Result, Type, is_reference
from ccl.ir.visit import path_of, place_root
from ccl.source.spans import Span
from ccl.wasm.model import ValueType

NOT_UTF8 = "the host's answer is not UTF-8"
TEXT_OFFSET = 16
"""Offset of the bytes of a text."""
READ_BYTES = 512
"""Buffer of the first attempt of a call that answers with bytes."""
ABSENT_MEANS_EMPTY = frozenset({"host_read_input"})


# --- functions --------------------------------------------------------------------------


def function(f: FunctionBuilder, node: CallFunction) -> Ownership:
    callee = f.module.program.functions[node.function]
    values = [argument.value for argument in node.arguments]
    sizes = f.analyses.sizes.of_arguments(callee, values)
    f.callees.append(Callee(f.module.function_name(callee), sizes, node.span))
    if any(argument.mutated for argument in node.arguments):
        _call_changing(f, node)
    else:
        escaping = f.module.analyses.escaping[node.function]
        spilled = _borrow_arguments(f, node, escaping)
        f.emit(_instruction(f, callee, node))
        f.release_spilled(spilled)
    if node.type is Prim.NEVER:
        f.emit("unreachable")
    return Ownership.OWNED if is_reference(node.type) else Ownership.PLAIN


def _instruction(f: FunctionBuilder, callee: Function, node: CallFunction) -> str:
    """Returns the call, with its place if the source has it; a call that the compiler adds, around
    a function or for a proposal, has the place of that.
    """
    name = f.module.function_name(callee)
    is_made = node.span in (callee.span, f.analyses.function.span)
    return f"call ${name}" if is_made else Call.of(name, node.span)


def _borrow_arguments(
    f: FunctionBuilder, call: CallFunction, escaping: frozenset[int]
) -> list[Owned]:
    """Lowers arguments of a callee that changes none; one that may escape must stay unchanged."""
    nodes = [argument.value for argument in call.arguments]
    spilled: list[Owned] = []
    for number, node in enumerate(nodes):
        copied = isinstance(node, LocalGet) and f.in_place(node.local) and number in escaping
        disturbed = any(f.analyses.behaviour.clobbers(later) for later in nodes[number + 1 :])
        disturbed = disturbed or f.analyses.behaviour.invalidates(call.function, node)
        if is_reference(node.type) and (copied or disturbed):
            f.own(node)
            ownership = Ownership.OWNED
        else:
            ownership = f.expr(node)
        if ownership is Ownership.OWNED:
            spilled.append(f.spill(node.type))
            f.emit(f"local.get ${spilled[-1].name}")
    return spilled


def _call_changing(f: FunctionBuilder, node: CallFunction) -> None:
    """Spills all arguments in order, then makes the places unique.

    An argument that is only read is retained during the call, so that a change of a place does not
    reach it.
    """
    callee = f.module.program.functions[node.function]
    changed = {place_root(a.value) for a in node.arguments if a.mutated}
    owned: list[Owned] = []
    plain: list[tuple[str, ValueType]] = []
    paths: list[tuple[tuple[Step, ...], list[Key]]] = []
    pushes: list[Callable[[], None]] = []
    for number, argument in enumerate(node.arguments):
        value = argument.value
        path = path_of(value) if argument.mutated else None
        shape = value_type(value.type)
        if path is not None:
            keys = lvalues.spill_keys(f, path[1])
            paths.append((path[1], keys))
            pushes.append(partial(push_unique, f, value, path, keys))
        elif shape is None:
            f.own(value)
        elif is_reference(value.type) and not _stays_unchanged(f, node, number, changed):
            f.own(value)
            if argument.mutated:
                f.memory_site(value.span)
                f.call(routines.unique(f.module, value.type))
            owned.append(f.spill(value.type))
            pushes.append(partial(f.emit, f"local.get ${owned[-1].name}"))
        else:
            f.expr(value)
            plain.append((f.new_temporary(shape), shape))
            f.emit(f"local.set ${plain[-1][0]}")
            pushes.append(partial(f.emit, f"local.get ${plain[-1][0]}"))
    for push in pushes:
        push()
    f.emit(_instruction(f, callee, node))
    f.release_spilled(owned)
    for steps, keys in reversed(paths):
        lvalues.free_keys(f, steps, keys)
    for name, shape in plain:
        f.free_temporary(name, shape)


def _stays_unchanged(
    f: FunctionBuilder, node: CallFunction, number: int, changed: set[Local | None]
) -> bool:
    """Returns whether the argument is a parameter changed in place elsewhere, which this call
    neither changes nor lets escape."""
    value = node.arguments[number].value
    return (
        isinstance(value, LocalGet)
        and f.in_place(value.local)
        and value.local not in changed
        and number not in f.module.analyses.escaping[node.function]
    )


def push_unique(
    f: FunctionBuilder, node: Expr, path: tuple[Local | StateGet, tuple[Step, ...]], keys: list[Key]
) -> None:
    """Pushes the object of a place, unique along its path."""
    root, steps = path
    lvalues.unique_root(f, root, node.span)
    lvalues.unique_path(f, root, steps, keys, node.type, node.span)


# --- the host ---------------------------------------------------------------------------


def host(f: FunctionBuilder, node: CallHost) -> Ownership:
    """Spills values in order; constants, which nothing can change, are pushed in place."""
    call = ALL_CALLS[node.call]
    f.callees.append(Callee(call.name, f.analyses.sizes.crossing(node), node.span))
    spilled: list[Owned] = []
    plain: list[tuple[str, ValueType]] = []
    pushes: list[tuple[str, ...]] = []
    for argument, parameter in zip(node.arguments, call.parameters, strict=True):
        if isinstance(argument, ScalarConst):
            pushes.append((f"i64.const {argument.value}",))
        elif isinstance(argument, TextConst):
            address = f.module.constants.text(argument.value) + TEXT_OFFSET
            pushes.append((f"i32.const {address}", f"i32.const {len(argument.value.encode())}"))
        else:
            name = spill_value(f, argument, spilled, plain)
            pushes.append(_crossing(name, parameter.wire))
    if call.answer is Answer.BUFFER:
        ownership = _buffer(f, call, node, [line for push in pushes for line in push])
    else:
        for push in pushes:
            f.emit(*push)
        f.call(call.name)
        ownership = answer(f, call.answer, node.type, node.span)
    f.release_spilled(spilled)
    for name, shape in plain:
        f.free_temporary(name, shape)
    return ownership


def spill_value(
    f: FunctionBuilder, value: Expr, spilled: list[Owned], plain: list[tuple[str, ValueType]]
) -> str:
    """Evaluates into a temporary: one to release (`spilled`) or one to free (`plain`)."""
    shape = value_type(value.type)
    assert shape is not None
    f.own(value)
    if is_reference(value.type):
        spilled.append(f.spill(value.type))
        return spilled[-1].name
    plain.append((f.new_temporary(shape), shape))
    f.emit(f"local.set ${plain[-1][0]}")
    return plain[-1][0]


def _crossing(name: str, wire: Wire) -> tuple[str, ...]:
    """Returns the instructions that pass a value; a text is passed as address and length."""
    get = f"local.get ${name}"
    if wire is Wire.INTEGER:
        return (get,)
    return (get, f"i32.const {TEXT_OFFSET}", "i32.add", get, "i32.load offset=8")


def answer(f: FunctionBuilder, how: Answer, kind: Type, span: Span) -> Ownership:
    """Converts the result of a host call to a value of the call's type."""
    if how is Answer.NONE or how is Answer.INTEGER:
        return Ownership.PLAIN
    if not isinstance(kind, Result):
        if how is Answer.HANDLE:
            f.emit("i64.extend_i32_u")
        return Ownership.PLAIN
    handle = f.new_temporary("i32")
    f.emit(f"local.tee ${handle}", "if (result i32)")
    ok_bytes = payload_offset(1 if value_type(kind.ok) is not None else 0)
    f.constant(ok_bytes)
    f.memory_site(span)
    f.call("new")
    with f.temporary("i32") as made:
        f.emit(f"local.tee ${made}", "i64.const 0", "i64.store offset=8")
        if value_type(kind.ok) is not None:
            f.emit(f"local.get ${made}", f"local.get ${handle}", "i64.extend_i32_u")
            f.emit(store(kind.ok, payload_offset(0)))
        f.emit(f"local.get ${made}", "else")
        f.constant(payload_offset(1))
        f.memory_site(span)
        f.call("new")
        f.emit(f"local.tee ${made}", "i64.const 1", "i64.store offset=8")
        f.emit(f"local.get ${made}")
        _read(f, HOST_CALLS["host_last_refusal"], (), span, text=True, absent=None)
        f.emit(store(kind.err, payload_offset(0)), f"local.get ${made}", "end")
    f.free_temporary(handle)
    return Ownership.OWNED


def _buffer(
    f: FunctionBuilder, call: HostCall, node: CallHost, arguments: Sequence[str]
) -> Ownership:
    optional = isinstance(node.type, Option)
    kind = node.type.value if isinstance(node.type, Option) else node.type
    reason = None if call.name in ABSENT_MEANS_EMPTY or optional else f"{call.name}: no answer"
    _read(
        f,
        call,
        arguments,
        node.span,
        text=is_text(kind),
        absent=reason,
        bytes_max=node.bytes_max,
    )
    if optional:
        _wrap_option(f, node.span)
    return Ownership.OWNED


def _read(
    f: FunctionBuilder,
    call: HostCall,
    arguments: Sequence[str],
    span: Span,
    *,
    text: bool,
    absent: str | None,
    bytes_max: int | None = None,
) -> None:
    """Pushes the answer of a call as a text or Data; null if it is absent and may be.

    The first attempt has room for a short answer; a longer one, if possible, is requested again. An
    answer over `bytes_max` is read as empty.
    """
    most = call.answer_bytes_max if bytes_max is None else bytes_max
    room_bytes = READ_BYTES if most is None else max(READ_BYTES, most)
    with f.temporary("i32") as room, f.temporary("i32") as length:

        def ask(capacity: str) -> None:
            f.emit(capacity)
            f.memory_site(span)
            f.call("text_new")
            f.emit(f"local.set ${room}", *arguments)
            f.emit(f"local.get ${room}", f"i32.const {TEXT_OFFSET}", "i32.add", capacity)
            f.call(call.name)
            f.emit(f"local.set ${length}")

        ask(f"i32.const {room_bytes}")
        if bytes_max is not None:
            f.emit(f"local.get ${length}", f"i32.const {bytes_max}", "i32.gt_s", "if")
            f.emit("i32.const 0", f"local.set ${length}", "end")
        elif most is None:
            f.emit(f"local.get ${length}", f"i32.const {READ_BYTES}", "i32.gt_s", "if")
            f.emit(f"local.get ${room}")
            f.call("release")
            ask(f"local.get ${length}")
            f.emit("end")
        f.emit(f"local.get ${length}", f"i32.const {ABSENT}", "i32.eq")
        if absent is not None:
            f.trap_if(span, absent)
        else:
            f.emit("if", f"local.get ${room}")
            f.call("release")
            f.emit("i32.const 0", f"local.set ${room}", "i32.const 0", f"local.set ${length}")
            f.emit("end")
        f.emit(f"local.get ${room}", f"local.get ${length}")
        if text:
            f.constant(f.site(span, NOT_UTF8))
            f.call("text_received")
        else:
            f.call("data_received")


def _wrap_option(f: FunctionBuilder, span: Span) -> None:
    """Pushes None for the null object, Some of it otherwise."""
    with f.temporary("i32") as value, f.temporary("i32") as made:
        f.emit(f"local.tee ${value}", "if (result i32)")
        f.constant(payload_offset(1))
        f.memory_site(span)
        f.call("new")
        f.emit(f"local.tee ${made}", "i64.const 1", "i64.store offset=8")
        f.emit(f"local.get ${made}", f"local.get ${value}")
        f.emit(f"i32.store offset={payload_offset(0)}", f"local.get ${made}", "else")
        f.constant(f.module.constants.variant(0))
        f.emit("end")
