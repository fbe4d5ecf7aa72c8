"""Checks of a module before it is compiled, on the bytes alone.

Compilation has no budget of its own and a hundred kilobytes can take half a minute, so the causes
of slow compilation are counted first. A check returns the facts of the module or a rejection, the
same on every machine. The engine decides whether the code is valid.
Source: WebAssembly core specification 2.0, section 5 (binary format).
"""

from typing import Final

from msgspec import Struct

from ccl.abi.host_calls import IMPORT_MODULE
from ccl.abi.limits import MODULE_LIMITS, ModuleLimits
from ccl.abi.sections import ABI_SECTION, SITES_SECTION, WASM_MAGIC, Abi, sites_from_value
from ccl.abi.test_calls import ALL_CALLS, TEST_MODULE, import_module
from ccl.abi.text.suggest import nearest_beginning
from runtime.content.codec import CodecError, decode
from runtime.content.heads import CONTAINER_WEIGHT, weighed_items
from runtime.host.wasi.calls import WASI_FUNCTIONS, WASI_MODULE
from runtime.module.cost import (
    SEGMENT,
    TRAMPOLINE,
    VALUE,
    VALUES_FREE,
    Costing,
    TooCostly,
    UnknownInstruction,
)
from runtime.module.headers import Export, FunctionType, Import, Reading
from runtime.module.reader import MalformedError, read_module
from runtime.module.startup_cost import startup

PAGE_BYTES: Final = 65_536


class ModuleFacts(Struct, frozen=True, kw_only=True):
    """Facts of an accepted module.

    entries: exported functions with their WebAssembly types. memory_pages: initial size of its
    memory; memory_pages_max: its declared maximum, if any. grows_memory: some function has the
    instruction. abi, sites: content of the CCL sections, None where the module has none.
    is_rehearsal: it has calls that only tests have.
    """

    entries: dict[str, FunctionType]
    exports_memory: bool
    memory_pages: int
    memory_pages_max: int | None
    grows_memory: bool
    uses_wasi: bool
    is_rehearsal: bool
    abi: bytes | None
    sites: bytes | None


class Rejection(Struct, frozen=True, kw_only=True):
    """The reason why a module is not compiled. `reason` names the error, `detail` the place or next
    step.

    functions_after: where one function is the cause, how many follow it in the module.
    """

    reason: str
    detail: str = ""
    functions_after: int | None = None

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


def check_module(module: bytes, limits: ModuleLimits = MODULE_LIMITS) -> ModuleFacts | Rejection:
    """Reads the headers of a module and checks them against the limits."""
    refused = _not_a_module(module, limits)
    if refused is not None:
        return refused
    try:
        reading = read_module(module, limits, custom=(ABI_SECTION, SITES_SECTION))
    except MalformedError as error:
        return Rejection(reason=error.reason, detail=error.detail)
    refused = (
        _imports_refused(reading)
        or _sizes_refused(reading, limits)
        or _sections_refused(reading, limits)
    )
    if refused is not None:
        return refused
    grows = _growing(module, reading, limits)
    return grows if isinstance(grows, Rejection) else _facts(reading, grows_memory=grows)


def _not_a_module(module: bytes, limits: ModuleLimits) -> Rejection | None:
    if not module:
        return Rejection(reason="the module is empty", detail="expected a WebAssembly binary")
    if len(module) > limits.module_bytes:
        return Rejection(
            reason=f"a module of {len(module)} bytes, at most {limits.module_bytes} are compiled"
        )
    if module[:4] == WASM_MAGIC[: len(module)]:
        return _wrong_version(module)
    if module.lstrip()[:1] == b"(" or module.lstrip()[:2] == b";;":
        return Rejection(
            reason="WebAssembly text, not a binary",
            detail="assemble it first, for example with `wat2wasm FILE.wat`",
        )
    return Rejection(
        reason="not a WebAssembly module",
        detail=f"it starts with the bytes {module[:4].hex(' ')}, a module with 00 61 73 6d",
    )


def _wrong_version(module: bytes) -> Rejection | None:
    match module[4:8]:
        case b"\1\0\0\0":
            return None
        case b"\x0d\0\1\0" | b"\x0a\0\1\0":
            return Rejection(
                reason="a WebAssembly component, not a core module",
                detail="build for wasm32-wasip1 or wasm32-unknown-unknown instead",
            )
        case short if len(short) < 4:
            return Rejection(
                reason="the module is cut off", detail=f"it ends at byte {len(module)}"
            )
        case version:
            return Rejection(
                reason=f"WebAssembly version {int.from_bytes(version, 'little')}, expected 1"
            )


def _imports_refused(reading: Reading) -> Rejection | None:
    for imported in reading.imports:
        refused = _import_refused(imported)
        if refused is not None:
            return refused
    return None


def _import_refused(imported: Import) -> Rejection | None:
    shown = f"{_shown(imported.module)}.{_shown(imported.name)}"
    if imported.type is None:
        return Rejection(
            reason=f"the import {shown} is a {imported.kind}",
            detail="only functions of the host are supplied",
        )
    match imported.module:
        case module if module in (IMPORT_MODULE, TEST_MODULE):
            known = {
                name: FunctionType(
                    parameters=call.wasm_parameters,
                    results=() if call.wasm_result is None else (call.wasm_result,),
                )
                for name, call in ALL_CALLS.items()
                if import_module(call) == module
            }
        case module if module == WASI_MODULE:
            known = {
                name: FunctionType(
                    parameters=function.parameters,
                    results=("i32",) if function.returns_errno else (),
                )
                for name, function in WASI_FUNCTIONS.items()
            }
        case other:
            return Rejection(
                reason=f"unknown import {shown}",
                detail=f"imports come from {IMPORT_MODULE} or {WASI_MODULE}"
                + _suggestion(other, (IMPORT_MODULE, WASI_MODULE)),
            )
    if imported.name not in known:
        return Rejection(
            reason=f"unknown import {shown}",
            detail=f"{imported.module} has no such function"
            + _suggestion(imported.name, tuple(known)),
        )
    if imported.type != known[imported.name]:
        return Rejection(
            reason=f"the import {shown} has the wrong type",
            detail=f"declared {imported.type}, supplied {known[imported.name]}",
        )
    return None


def _sizes_refused(reading: Reading, limits: ModuleLimits) -> Rejection | None:
    elements = sum(reading.tables)
    if elements > limits.table_elements:
        return Rejection(
            reason=f"tables of {elements} elements, at most {limits.table_elements} are allowed"
        )
    return None


def _sections_refused(reading: Reading, limits: ModuleLimits) -> Rejection | None:
    """Refuses CCL sections that cannot be read: otherwise the error would occur in the middle of an
    execution. Reading is not paid for, so the items are counted before any is built."""
    for name, data in reading.custom.items():
        if weighed_items(data, items_max=limits.section_items) > limits.section_items:
            return Rejection(
                reason=f"the section {name} has too many items",
                detail=f"lists counted as {CONTAINER_WEIGHT}, at most {limits.section_items}",
            )
        try:
            value = decode(data, bytes_max=limits.section_bytes)
            if name == ABI_SECTION:
                Abi.from_value(value)
            else:
                sites_from_value(value)
        except (CodecError, ValueError) as error:
            return Rejection(reason=f"the section {name} cannot be read", detail=str(error))
    return None


def _growing(module: bytes, reading: Reading, limits: ModuleLimits) -> Rejection | bool:
    """Returns whether the code grows the memory; or why it is not compiled: it would take too long,
    or too much memory. One reading of every instruction finds both."""
    grows_memory = False
    types = [(len(each.parameters), len(each.results)) for each in reading.types]
    callees = [types[index] if index < len(types) else (0, 0) for index in reading.signatures]
    try:
        start = startup(
            module, reading, elements_max=limits.table_elements, cost_max=limits.module_cost
        )
    except MalformedError as error:
        return Rejection(reason=error.reason, detail=error.detail)
    if start.cost > limits.module_cost:
        return Rejection(
            reason="a module whose start would take too long to compile",
            detail="elements that are expressions, passive, or outside their table, "
            "or globals that are references: use fewer",
        )
    escaped = len(reading.exports) + min(start.references, len(callees))
    widest = max(map(sum, types), default=0)
    total = TRAMPOLINE * (len(types) + escaped) + VALUE * sum(map(sum, types))
    total += VALUE * max(0, widest - VALUES_FREE) * escaped
    total += SEGMENT * reading.segments + start.cost
    costing = Costing(types, callees, limits.function_cost, limits.br_table_targets)
    imported = len(callees) - len(reading.bodies)
    for number, body in enumerate(reading.bodies):
        index = imported + number
        taken = callees[index][0] if 0 <= index < len(callees) else 0
        where = f"function {index} at byte {body.start}"
        if body.end - body.start > limits.function_bytes:
            return Rejection(
                reason=f"a function of {body.end - body.start} bytes, "
                f"at most {limits.function_bytes} are compiled",
                detail=where,
                functions_after=len(reading.bodies) - number - 1,
            )
        try:
            cost, grows = costing.of(module[body.start : body.end], body.locals + taken)
        except TooCostly as costly:
            return Rejection(
                reason="a function that would take too long to compile",
                detail=f"{where}: {costly.why}; split it into smaller ones",
                functions_after=len(reading.bodies) - number - 1,
            )
        except UnknownInstruction as unknown:
            at = body.start + unknown.offset
            return Rejection(reason=unknown.reason, detail=f"{unknown.detail} at byte {at}")
        total, grows_memory = total + cost, grows_memory or grows
        if total > limits.module_cost:
            return Rejection(
                reason="a module that would take too long to compile",
                detail=f"{len(reading.bodies)} functions, {body.end} bytes of "
                f"{len(module)} are as much as is allowed; split it, or optimise it for size",
            )
    return grows_memory


def _facts(reading: Reading, *, grows_memory: bool) -> ModuleFacts:
    pages, pages_max = reading.memories[0] if reading.memories else (0, None)
    return ModuleFacts(
        entries={export.name: export.type for export in reading.exports if export.type is not None},
        exports_memory=any(_is_memory(export) for export in reading.exports),
        memory_pages=pages,
        memory_pages_max=pages_max,
        grows_memory=grows_memory,
        uses_wasi=any(imported.module == WASI_MODULE for imported in reading.imports),
        is_rehearsal=any(imported.module == TEST_MODULE for imported in reading.imports),
        abi=reading.custom.get(ABI_SECTION),
        sites=reading.custom.get(SITES_SECTION),
    )


def _is_memory(export: Export) -> bool:
    return export.kind == "memory" and export.name == "memory"


def _suggestion(name: str, known: tuple[str, ...]) -> str:
    near = nearest_beginning(name[:64], known)
    return f"; did you mean {near}?" if near else ""


def _shown(text: str) -> str:
    return text if text.isprintable() and len(text) <= 80 else ascii(text[:80])
