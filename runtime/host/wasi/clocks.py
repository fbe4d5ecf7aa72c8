"""Clocks and waiting of WASI preview 1: time passes only where a program waits for it.

All clocks show the job's time. Waiting takes no time: `poll_oneoff` returns at once, and the clocks
are where the wait would have ended. The monotonic clock is a nanosecond further each time it is
read, so that no two readings are the same.
Source: the witx files of WASI snapshot_preview1.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from runtime.host.memory import Memory

if TYPE_CHECKING:
    from runtime.host.invocation import Invocation

SUCCESS, BADF, INVAL = 0, 8, 28
REALTIME, MONOTONIC = 0, 1
_CLOCKS: Final = range(4)
_U64_MAX: Final = (1 << 64) - 1
_NANOSECONDS: Final = 1_000_000_000
_FD_READ, _FD_WRITE = 1, 2
_ABSOLUTE: Final = 1
_HANGUP: Final = 1
_STDIN: Final = 0
_SUBSCRIPTION: Final = struct.Struct("<QB7xI4xQQH6x")
"""userdata, the type, then a clock's id, timeout, precision and flags; or a descriptor."""
_EVENT: Final = struct.Struct("<QHB5xQH6x")


class _Event(Struct, frozen=True):
    userdata: int
    kind: int
    error: int = SUCCESS
    ready_bytes: int = 0
    flags: int = 0

    @property
    def written(self) -> bytes:
        return _EVENT.pack(self.userdata, self.error, self.kind, self.ready_bytes, self.flags)


class _Alarm(Struct, frozen=True):
    """A subscription to a clock: nanoseconds until it is due."""

    event: _Event
    wait: int


def clock_time_get(
    invocation: Invocation, memory: Memory, clock: int, precision: int, result: int
) -> int:
    if clock not in _CLOCKS:
        return INVAL
    memory.write(result, struct.pack("<Q", _read(invocation, clock)))
    return SUCCESS


def clock_res_get(invocation: Invocation, memory: Memory, clock: int, result: int) -> int:
    if clock not in _CLOCKS:
        return INVAL
    memory.write(result, struct.pack("<Q", 1 if clock == MONOTONIC else _NANOSECONDS))
    return SUCCESS


def poll_oneoff(
    invocation: Invocation, memory: Memory, subscriptions: int, events: int, count: int, stored: int
) -> int:
    """Reports the ready subscriptions, or else the clocks that are due first."""
    if count == 0:
        return INVAL
    invocation.meter.charge_items(count)
    raw = memory.read(subscriptions, count * _SUBSCRIPTION.size)
    ready: list[_Event] = []
    alarms: list[_Alarm] = []
    for fields in _SUBSCRIPTION.iter_unpack(raw):
        match _read_subscription(invocation, *fields):
            case None:
                return INVAL
            case _Event() as event:
                ready.append(event)
            case _Alarm() as alarm:
                alarms.append(alarm)
    wait = 0 if ready else min(alarm.wait for alarm in alarms)
    ready += [alarm.event for alarm in alarms if alarm.wait <= wait]
    memory.write(events, b"".join(event.written for event in ready))
    memory.write(stored, struct.pack("<I", len(ready)))
    invocation.waited += wait
    return SUCCESS


def _read_subscription(
    invocation: Invocation,
    userdata: int,
    kind: int,
    number: int,
    timeout: int,
    precision: int,
    flags: int,
) -> _Event | _Alarm | None:
    """Reads one subscription, None for one of an unknown type. number: a clock or a descriptor."""
    match kind:
        case 0:  # a clock
            event = _Event(userdata, kind)
            if number not in _CLOCKS:
                return _Event(userdata, kind, INVAL)
            if flags & _ABSOLUTE:
                return _Alarm(event, max(timeout - _now(invocation, number), 0))
            return _Alarm(event, timeout)
        case 1 | 2:  # a descriptor, to read or to write
            stream = invocation.descriptors.get(number)
            if stream is None or (stream == _STDIN) != (kind == _FD_READ):
                return _Event(userdata, kind, BADF)
            if kind == _FD_WRITE:
                return _Event(userdata, kind, ready_bytes=1)
            left = len(invocation.input or b"") - invocation.input_position
            return _Event(userdata, kind, ready_bytes=left, flags=0 if left else _HANGUP)
        case _:
            return None


def _now(invocation: Invocation, clock: int) -> int:
    """Nanoseconds."""
    passed = invocation.waited + (invocation.readings if clock == MONOTONIC else 0)
    return min(invocation.context.now * _NANOSECONDS + passed, _U64_MAX)


def _read(invocation: Invocation, clock: int) -> int:
    time = _now(invocation, clock)
    if clock == MONOTONIC:
        invocation.readings += 1
    return time
