"""Marshalling of one host call: parameters out of the guest's memory, the call, its answer back."""

from typing import Any

from ccl.abi.call_forms import ABSENT, Answer, HostCall, Wire
from runtime.host.calls import Implementation
from runtime.host.invocation import Invocation
from runtime.host.memory import OutOfBoundsError
from runtime.host.stop import trap
from runtime.sandbox.worker.guest_memory import GuestMemory


class _TextError(Exception):
    """A TEXT parameter that is not UTF-8."""


def answer_call(
    call: HostCall,
    implementation: Implementation,
    invocation: Invocation,
    memory: GuestMemory,
    raw: tuple[int, ...],
) -> int | None:
    """Makes a host call. raw: i32 unsigned, i64 signed, in the order of the table. Raises Stop."""
    refusable = call.answer in (Answer.STATUS, Answer.HANDLE)
    try:
        parameters = _parameters(call, memory, raw)
    except (OutOfBoundsError, _TextError) as error:
        if not refusable:
            raise trap(f"{call.name}: {error}") from None
        invocation.refuse(str(error))
        return 0
    answer = implementation(invocation, *parameters)
    match call.answer:
        case Answer.NONE:
            return None
        case Answer.INTEGER:
            assert isinstance(answer, int), "an INTEGER call gives a number"
            return answer
        case Answer.STATUS | Answer.HANDLE:
            if isinstance(answer, str):
                invocation.refuse(answer)
                return 0
            assert isinstance(answer, int), "a STATUS is a number or a reason"
            return answer
        case Answer.BUFFER:
            if answer is None:
                return ABSENT
            assert isinstance(answer, bytes), "a BUFFER call gives bytes"
            most = call.answer_bytes_max
            assert most is None or len(answer) <= most, "bounds of fuel count on it"
            pointer, capacity = raw[-2], raw[-1]
            if len(answer) <= capacity:
                try:
                    memory.write(pointer, answer)
                except OutOfBoundsError as error:
                    raise trap(f"{call.name}: {error}") from None
            return len(answer)


def _parameters(call: HostCall, memory: GuestMemory, raw: tuple[int, ...]) -> list[Any]:
    values: list[Any] = []
    at = 0
    for parameter in call.parameters:
        if parameter.wire is Wire.INTEGER:
            values.append(raw[at])
            at += 1
            continue
        data = memory.read(raw[at], raw[at + 1])
        at += 2
        if parameter.wire is Wire.BYTES:
            values.append(data)
            continue
        try:
            values.append(data.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise _TextError(
                f"{parameter.name} is not UTF-8 (byte {error.start} of {len(data)})"
            ) from None
    return values
