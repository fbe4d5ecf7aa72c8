"""Plans of a call: whether a module's entry can be called with given arguments, and how.

Compiled CCL states in `ccl:abi` how each export is called (`direct` or `packed`). Of any other
module, an export whose parameters and result are integers can be called, and a WASI program's
`_start`, which takes texts. Rule: submission, nodes and workers make the same plan from the same
bytes, so that every submitted call can be made.
"""

import re
from functools import lru_cache
from typing import Any, Final, TypeAlias

from msgspec import Struct

from ccl.abi.layout import ALLOCATE_EXPORT, CHARTER_EXPORT, RUN_EXPORT
from ccl.abi.limits import MODULE_LIMITS
from ccl.abi.sections import Abi, ExportSignature
from ccl.abi.text.suggest import nearest_beginning
from ccl.abi.text.values import ValueMismatch, check_wire, parse_type
from runtime.content.codec import INTEGER_MAX, INTEGER_MIN, CodecError, decode, encode
from runtime.execution.execution import Outcome, OutcomeKind
from runtime.module.check import PAGE_BYTES, ModuleFacts
from runtime.module.headers import FunctionType

WASI_ENTRY: Final = "_start"
NO_ENTRY: Final = "the module has no entry"
MISFIT: Final = "the arguments do not fit the entry"
MILLION: Final = 1_000_000
_DECIMAL: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,6}))?")
_SCALAR_INTEGERS: Final = frozenset(
    {"Integer", "Timestamp", "Duration", "Mana", "Job"},
)
_EXPORTS_SHOWN_MAX: Final = 12
_EXPORTS_COMPARED_MAX: Final = 64
"""Names that a wrong one is compared with: ten thousand would take seconds."""


class Direct(Struct, frozen=True):
    """Scalars in, a scalar of the CCL type `result` out."""

    name: str
    parameters: tuple[int, ...]
    result: str


class Packed(Struct, frozen=True):
    """One block of arguments in, one block out."""

    name: str
    arguments: bytes
    result: str


class Plain(Struct, frozen=True):
    """An export of a module that is not CCL; its integer result, if any, is the output."""

    name: str
    parameters: tuple[int, ...]


class Command(Struct, frozen=True):
    """A WASI program: its stdout is the output. arguments: of its command line."""

    name: str
    arguments: tuple[str, ...]


Plan: TypeAlias = Direct | Packed | Plain | Command


def plan_entry(facts: ModuleFacts, name: str, given: bytes | None) -> Plan | Outcome:
    """Plans the call of an entry with a DAG-CBOR list of arguments, or gives the reason why it
    cannot be called."""
    if name == RUN_EXPORT and name not in facts.entries and _is_program(facts):
        name = WASI_ENTRY
    if name not in facts.entries:
        return _no_entry(name, facts)
    arguments = _arguments(given)
    if isinstance(arguments, Outcome):
        return arguments
    if name == WASI_ENTRY and _is_program(facts):
        return _command(facts.entries[name], arguments)
    if facts.abi is not None:
        signature = _signature(facts.abi, name)
        if signature is not None:
            return _planned(signature, facts, arguments)
        if name != CHARTER_EXPORT:
            return _no_entry(name, facts)
    return _plain(name, facts.entries[name], arguments)


def start_refusal(facts: ModuleFacts, memory_bytes: int) -> Outcome | None:
    """Gives the reason why a module cannot even start with so much memory."""
    first = facts.memory_pages * PAGE_BYTES
    if first <= memory_bytes:
        return None
    reason = f"the module starts with {first} bytes of memory, the limit is {memory_bytes}"
    return Outcome(kind=OutcomeKind.LIMIT, reason=reason)


def refusal_of(
    facts: ModuleFacts, name: str, given: bytes | None, memory_bytes: int
) -> Outcome | None:
    """Gives the reason why a call is not worth paying for: it cannot be made, or the program itself
    would refuse the arguments. They are checked as deep as `ccl:abi` describes them."""
    plan = plan_entry(facts, name, given)
    if isinstance(plan, Outcome):
        return plan
    too_large = start_refusal(facts, memory_bytes)
    if too_large is not None or not isinstance(plan, Packed) or facts.abi is None:
        return too_large
    abi = _abi(facts.abi)
    parameters = next(each.parameters for each in abi.exports if each.name == name)
    arguments = decode(plan.arguments)
    for position, (argument, (label, kind)) in enumerate(
        zip(arguments, parameters, strict=True), 1
    ):
        try:
            check_wire(parse_type(kind), argument, abi)
        except ValueMismatch as error:
            return _misfit(f"argument {position}, {label}: {error}")
        except (ValueError, IndexError, RecursionError):
            return _malformed_abi(name)
    return None


# --- making the plan


def _planned(
    signature: ExportSignature, facts: ModuleFacts, arguments: list[Any]
) -> Plan | Outcome:
    name = signature.name
    if len(arguments) != len(signature.parameters):
        expected = ", ".join(f"{n}: {t}" for n, t in signature.parameters) or "none"
        return _misfit(f"{len(arguments)} arguments given, `{name}` takes {expected}")
    if signature.convention == "packed":
        if facts.entries[name] != _PACKED_TYPE or facts.entries.get(ALLOCATE_EXPORT) != _ALLOCATE:
            return _malformed_abi(name)
        return Packed(name, encode(arguments), signature.result)
    shape = FunctionType(
        parameters=tuple(_wasm_type(kind) for _, kind in signature.parameters),
        results=() if signature.result in ("Unit", "Never") else (_wasm_type(signature.result),),
    )
    if facts.entries[name] != shape:
        return _malformed_abi(name)
    scalars: list[int] = []
    for position, (argument, (label, kind)) in enumerate(
        zip(arguments, signature.parameters, strict=True), 1
    ):
        scalar = _scalar(argument, kind)
        if scalar is None:
            return _misfit(f"argument {position}, {label}: expected {kind}, found {argument!r}")
        scalars.append(scalar)
    return Direct(name, tuple(scalars), signature.result)


_COMMAND_TYPE: Final = FunctionType(parameters=(), results=())
_PACKED_TYPE: Final = FunctionType(parameters=("i32", "i32"), results=("i64",))
_ALLOCATE: Final = FunctionType(parameters=("i32",), results=("i32",))


def _is_program(facts: ModuleFacts) -> bool:
    """Returns whether `_start` is meant as a program's start; one of the wrong type cannot be
    called."""
    shape = facts.entries.get(WASI_ENTRY)
    return shape is not None and (facts.uses_wasi or shape == _COMMAND_TYPE)


def _command(shape: FunctionType, arguments: list[Any]) -> Command | Outcome:
    if shape != _COMMAND_TYPE:
        return _uncallable(WASI_ENTRY, shape, f"that of a WASI program is {_COMMAND_TYPE}")
    texts = tuple(each for each in arguments if isinstance(each, str) and "\0" not in each)
    if len(texts) != len(arguments):
        return _misfit("a WASI program takes a list of texts without NUL characters")
    return Command(WASI_ENTRY, texts)


def _plain(name: str, shape: FunctionType, arguments: list[Any]) -> Plan | Outcome:
    integers = ("i32", "i64")
    if len(shape.results) > 1 or not all(kind in integers for kind in shape.results):
        return _uncallable(name, shape, "a result is one i32 or i64, or nothing")
    if len(arguments) != len(shape.parameters):
        return _misfit(f"{len(arguments)} arguments given, `{name}` is {shape}")
    for position, (argument, kind) in enumerate(zip(arguments, shape.parameters, strict=True), 1):
        bits = {"i32": 32, "i64": 64}.get(kind)
        if bits is None:
            return _misfit(f"argument {position}: {kind} parameters are not supported")
        if not _is_int(argument) or not -(1 << (bits - 1)) <= argument < 1 << (bits - 1):
            return _misfit(f"argument {position}: expected an {kind}, found {argument!r}")
    return Plain(name, tuple(arguments))


def _arguments(given: bytes | None) -> list[Any] | Outcome:
    if given is None:
        return []
    try:
        value = decode(given)
    except CodecError as error:
        return _misfit(f"not canonical DAG-CBOR: {error}")
    return value if isinstance(value, list) else _misfit("expected a list of arguments")


@lru_cache(maxsize=64)
def _abi(section: bytes) -> Abi:
    return Abi.from_value(decode(section, bytes_max=MODULE_LIMITS.section_bytes))


@lru_cache(maxsize=64)
def _signatures(section: bytes) -> dict[str, ExportSignature]:
    return {export.name: export for export in _abi(section).exports}


def _signature(section: bytes, name: str) -> ExportSignature | None:
    return _signatures(section).get(name)


# --- scalars


def _wasm_type(kind: str) -> str:
    return "i32" if kind == "Bool" else "i64"


def _scalar(argument: Any, kind: str) -> int | None:
    """Converts an argument to its WebAssembly value, None if it is not of the type."""
    if kind == "Bool":
        return int(argument) if isinstance(argument, bool) else None
    if kind == "Decimal":
        return _millionths(argument)
    if kind in _SCALAR_INTEGERS or kind.startswith("Token<"):
        return argument if _is_int(argument) else None
    return None


def _millionths(argument: Any) -> int | None:
    if _is_int(argument):
        number = argument * MILLION
    else:
        found = _DECIMAL.fullmatch(argument) if isinstance(argument, str) else None
        if found is None or len(argument) > 24:
            return None
        sign, whole, fraction = found.groups()
        number = int(whole) * MILLION + int((fraction or "").ljust(6, "0"))
        number = -number if sign else number
    return number if INTEGER_MIN <= number <= INTEGER_MAX else None


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# --- refusals


def _misfit(detail: str) -> Outcome:
    return Outcome(kind=OutcomeKind.REJECTED, reason=MISFIT, detail=detail)


def _uncallable(name: str, shape: FunctionType, expected: str) -> Outcome:
    return Outcome(
        kind=OutcomeKind.REJECTED,
        reason=f"the entry `{name}` cannot be called",
        detail=f"its type is {shape}; {expected}",
    )


def _malformed_abi(name: str) -> Outcome:
    reason = f"the module's ccl:abi does not describe its export `{name}`"
    return Outcome(kind=OutcomeKind.REJECTED, reason=reason)


def _no_entry(name: str, facts: ModuleFacts) -> Outcome:
    exports = sorted(facts.entries)
    if facts.abi is not None:
        exports = [export for export in exports if _signature(facts.abi, export) is not None]
    near = nearest_beginning(name[:64], exports[:_EXPORTS_COMPARED_MAX])
    shown = ", ".join(exports[:_EXPORTS_SHOWN_MAX]) or "no functions"
    more = ", …" if len(exports) > _EXPORTS_SHOWN_MAX else ""
    hint = f"; did you mean {near}?" if near else ""
    return Outcome(
        kind=OutcomeKind.REJECTED,
        reason=f"{NO_ENTRY} `{name}`",
        detail=f"it exports {shown}{more}{hint}",
    )
