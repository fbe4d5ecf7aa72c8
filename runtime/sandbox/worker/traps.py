"""Causes of traps: the site of a compiled check, or a fault that the engine raised itself."""

from functools import lru_cache
from typing import Final

import wasmtime
from msgspec import Struct
from msgspec.structs import replace
from wasmtime import TrapCode

from ccl.abi.layout import DETAIL_LENGTH_GLOBAL, DETAIL_POINTER_GLOBAL, SITE_GLOBAL
from ccl.abi.limits import MODULE_LIMITS
from ccl.abi.sections import ENTRY_ERR_REASON, LIMIT_REASONS, Site, sites_from_value
from runtime.content.codec import decode
from runtime.execution.execution import FRAMES_MAX, Outcome, OutcomeKind
from runtime.host.memory import OutOfBoundsError
from runtime.module.check import PAGE_BYTES, ModuleFacts
from runtime.sandbox.worker.calling_conventions import Guest

_DETAIL_BYTES_MAX: Final = 4096
_OUT_OF_MEMORY: Final = "out of memory"
_UNREACHABLE: Final = "unreachable code was reached"
_U32: Final = 0xFFFF_FFFF

_ENGINE_REASONS: Final = {
    TrapCode.MEMORY_OUT_OF_BOUNDS: "memory access out of bounds",
    TrapCode.TABLE_OUT_OF_BOUNDS: "table access out of bounds",
    TrapCode.INDIRECT_CALL_TO_NULL: "indirect call to a null table entry",
    TrapCode.BAD_SIGNATURE: "indirect call with the wrong signature",
    TrapCode.INTEGER_OVERFLOW: "integer overflow",
    TrapCode.INTEGER_DIVISION_BY_ZERO: "integer division by zero",
    TrapCode.BAD_CONVERSION_TO_INTEGER: "a float that does not fit the integer",
    TrapCode.NULL_REFERENCE: "use of a null reference",
}


class Ending(Struct, frozen=True):
    """outcome; fuel_used is None where the engine's count is not to be trusted.

    output: (bytes, whether they are an encoded value), kept only on success. frames: of a trap at a
    site, as `runtime.execution.execution.Metrics` has them.
    """

    outcome: Outcome
    fuel_used: int | None
    output: tuple[bytes | None, bool] = (None, False)
    frames: tuple[int, ...] = ()


def ending_of_trap(
    raised: wasmtime.Trap, guest: Guest | None, facts: ModuleFacts, fuel_used: int
) -> Ending:
    """Determines the ending. The engine saves its fuel count before an explicit `unreachable`, and
    before no other trap."""
    match raised.trap_code:
        case TrapCode.UNREACHABLE:
            site = _site(guest, facts)
            if guest is not None and site is not None:
                frames = tuple(each.module_offset for each in raised.frames[:FRAMES_MAX])
                return Ending(_outcome_at(site, guest), fuel_used, frames=frames)
            return Ending(_trapped(_UNREACHABLE, raised), fuel_used)
        case TrapCode.STACK_OVERFLOW:
            return Ending(Outcome(kind=OutcomeKind.LIMIT, reason="the stack is used up"), None)
        case TrapCode() as code:
            return Ending(_trapped(_ENGINE_REASONS.get(code, code.name.lower()), raised), None)
        case None:
            return Ending(_trapped(raised.message.partition("\n")[0], raised), None)


def with_memory(outcome: Outcome, facts: ModuleFacts, memory_bytes: int, limit: int) -> Outcome:
    """Adds the memory's size and limit where a refused `memory.grow` may be the cause: a program
    that gets no memory gives up by `unreachable` or an exit code.

    A refused growth is recorded for compiled CCL alone; for other modules the size is added if the
    module can grow its memory at all, and is not called the cause. limit: of the execution, in
    bytes.
    """
    of_memory = outcome.reason.startswith(_OUT_OF_MEMORY)
    if not facts.grows_memory or not memory_bytes:
        return outcome
    if not (of_memory or outcome.reason == _UNREACHABLE or _is_exit(outcome)):
        return outcome
    declared = facts.memory_pages_max
    size = f"its memory had {memory_bytes} bytes, the limit is {limit}"
    if declared is not None and declared * PAGE_BYTES < limit:
        size = f"its memory had {memory_bytes} bytes, the module's own limit is "
        size += f"{declared * PAGE_BYTES}"
    return replace(outcome, detail=f"{outcome.detail}; {size}" if outcome.detail else size)


def _is_exit(outcome: Outcome) -> bool:
    """Returns whether an outcome is an exit code; an entry's own Err has a place."""
    return outcome.kind is OutcomeKind.FAILED and not outcome.place


def _outcome_at(site: Site, guest: Guest) -> Outcome:
    kind = OutcomeKind.TRAPPED
    if site.reason == ENTRY_ERR_REASON:
        kind = OutcomeKind.FAILED
    elif site.reason in LIMIT_REASONS:
        kind = OutcomeKind.LIMIT
    return Outcome(
        kind=kind,
        reason=site.reason,
        detail=_detail(guest),
        place=f"{site.file}:{site.line}:{site.column}",
        article=site.article,
    )


def _site(guest: Guest | None, facts: ModuleFacts) -> Site | None:
    if guest is None or facts.sites is None:
        return None
    number = guest.global_value(SITE_GLOBAL)
    sites = _sites(facts.sites)
    return sites[number - 1] if number is not None and 0 < number <= len(sites) else None


@lru_cache(maxsize=16)
def _sites(section: bytes) -> tuple[Site, ...]:
    return sites_from_value(decode(section, bytes_max=MODULE_LIMITS.section_bytes))


def _detail(guest: Guest) -> str:
    pointer = guest.global_value(DETAIL_POINTER_GLOBAL)
    length = guest.global_value(DETAIL_LENGTH_GLOBAL)
    if pointer is None or not length:
        return ""
    try:
        raw = guest.memory.peek(pointer & _U32, min(length & _U32, _DETAIL_BYTES_MAX))
    except OutOfBoundsError:
        return ""
    return raw.decode("utf-8", "replace")


def _trapped(reason: str, raised: wasmtime.Trap) -> Outcome:
    frames = raised.frames
    if not frames:
        return Outcome(kind=OutcomeKind.TRAPPED, reason=reason)
    top = frames[0]
    name = top.func_name or f"number {top.func_index}"
    detail = f"in function {name}, at byte {top.module_offset} of the module"
    return Outcome(kind=OutcomeKind.TRAPPED, reason=reason, detail=detail)
