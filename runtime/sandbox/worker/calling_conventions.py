"""Calling conventions: how arguments reach an entry and its value comes back.

`runtime.module.entry_plan` decides whether and how an entry can be called; here it is called.
"""

from contextlib import AbstractContextManager
from typing import Any, Final, Protocol, TypeAlias, assert_never

from ccl.abi.fuel import RUN_PRICES, Price
from ccl.abi.layout import ALLOCATE_EXPORT
from runtime.content.codec import CodecError, encode
from runtime.host.fuel_meter import FuelMeter
from runtime.host.invocation import Invocation
from runtime.host.memory import OutOfBoundsError
from runtime.host.stop import limit, trap
from runtime.module.entry_plan import MILLION, Command, Direct, Packed, Plain, Plan

_U32: Final = 0xFFFF_FFFF

Output: TypeAlias = tuple[bytes | None, bool]
"""The bytes, and whether they are the entry's encoded value rather than the program's own."""


class GuestBytes(Protocol):
    """The guest's memory for the host itself: checked; metered where the meter holds fuel."""

    def peek(self, pointer: int, length: int) -> bytes:
        """Reads, not metered. Raises OutOfBoundsError."""
        ...

    def read(self, pointer: int, length: int) -> bytes:
        """Reads, metered. Raises OutOfBoundsError and Stop."""
        ...

    def poke(self, pointer: int, data: bytes) -> None:
        """Writes, not metered. Raises OutOfBoundsError."""
        ...


class Guest(Protocol):
    @property
    def memory(self) -> GuestBytes: ...

    def working(self, price: Price) -> AbstractContextManager[FuelMeter]:
        """Puts the guest's fuel into the meter while the host works at this price."""
        ...

    def call(self, name: str, *parameters: int) -> Any:
        """Calls an exported function that exists by the module's types."""
        ...

    def global_value(self, name: str) -> int | None:
        """Reads an exported integer global; None if there is none of that name."""
        ...


def call_entry(plan: Plan, guest: Guest, invocation: Invocation) -> Output:
    """Calls an entry. Raises Stop, and every exception of the engine for a trap."""
    value: bytes | None
    match plan:
        case Direct(name=name, parameters=parameters, result=result):
            value = _scalar_value(result, guest.call(name, *parameters))
        case Packed():
            value = _call_packed(plan, guest, invocation.context.limits.output_bytes)
        case Plain(name=name, parameters=parameters):
            number = guest.call(name, *parameters)
            value = None if number is None else encode(number)
        case Command(name=name):
            guest.call(name)
            value = None
        case _:
            assert_never(plan)
    if not invocation.charter_is_closed:
        raise trap("host_begin_section: a section was left open")
    if invocation.output is not None:
        return bytes(invocation.output), False
    return value, True


def _call_packed(plan: Packed, guest: Guest, bytes_max: int) -> bytes | None:
    try:
        pointer = guest.call(ALLOCATE_EXPORT, len(plan.arguments)) & _U32
        guest.memory.poke(pointer, plan.arguments)
        packed = guest.call(plan.name, _signed32(pointer), len(plan.arguments))
        length = packed & _U32
        if length > bytes_max:
            raise limit(f"a value of {length} bytes, the output limit is {bytes_max}")
        with guest.working(RUN_PRICES["value"]) as meter:
            value = guest.memory.read((packed >> 32) & _U32, length)
            meter.decode(value, bytes_max=bytes_max)
    except OutOfBoundsError as error:
        raise trap("the entry's arguments or value are outside memory", str(error)) from None
    except CodecError as error:
        raise trap("the entry's value is not canonical DAG-CBOR", str(error)) from None
    return None if plan.result == "Unit" else value


def _scalar_value(kind: str, raw: int | None) -> bytes | None:
    if raw is None:
        return None
    if kind == "Bool":
        return encode(raw != 0)
    if kind == "Decimal":
        whole, fraction = divmod(abs(raw), MILLION)
        sign = "-" if raw < 0 else ""
        digits = f"{fraction:06d}".rstrip("0")
        return encode(f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}")
    return encode(raw)


def _signed32(value: int) -> int:
    return value - (1 << 32) if value >= 1 << 31 else value
