"""WASI preview 1 without access to this machine.

Arguments are the context's where the entry is a program's start, stdin the input, stdout the
output, stderr the log, clocks show the job's time, random bytes come from its seed. There are no
files and no sockets: such calls return an error number, as on a system where nothing was opened.
Source: the witx files of WASI snapshot_preview1.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from runtime.execution.execution import Outcome, OutcomeKind
from runtime.host.memory import Memory, OutOfBoundsError
from runtime.host.stop import Stop
from runtime.host.wasi.clocks import clock_res_get, clock_time_get, poll_oneoff

if TYPE_CHECKING:  # not needed for the list of the functions
    from runtime.host.invocation import Invocation

WASI_MODULE: Final = "wasi_snapshot_preview1"
PROGRAM_NAME: Final = "module"
STDOUT_TAIL_BYTES: Final = 4096
"""Bytes of the output of a failed program that the log keeps."""

SUCCESS, BADF, FAULT, INVAL = 0, 8, 21, 28
NOTDIR, NOTSOCK, NOTSUP, SPIPE = 54, 57, 58, 70
_STDIN, _STDOUT, _STDERR = 0, 1, 2
_U32: Final = (1 << 32) - 1
_CHARACTER_DEVICE: Final = 2
_RIGHTS: Final = {_STDIN: 0x2, _STDOUT: 0x40, _STDERR: 0x40}
"""fd_read, and fd_write."""
_VECTORS_MAX: Final = 1024
_RANDOM_BYTES_MAX: Final = 65_536

Call = Callable[..., int]


class WasiFunction(Struct, frozen=True, kw_only=True):
    """`call(invocation, memory, *parameters)` returns the error number."""

    parameters: tuple[str, ...]
    call: Call
    returns_errno: bool = True


def command_line(arguments: Sequence[str]) -> list[bytes]:
    """Lays out the program's name and its arguments as C expects them."""
    return [text.encode("utf-8") + b"\0" for text in (PROGRAM_NAME, *arguments)]


def finish_log(invocation: Invocation, *, succeeded: bool) -> None:
    """Logs the stderr after its last newline; and of a program that failed, whose output is
    discarded, the end of its stdout."""
    if invocation.partial_line:
        invocation.log_line(invocation.partial_line.decode("utf-8", "replace"))
        invocation.partial_line.clear()
    if succeeded or not invocation.printed or not invocation.output:
        return
    size = len(invocation.output)
    tail = bytes(invocation.output[-STDOUT_TAIL_BYTES:])
    cut = f", the last {len(tail)} of {size} bytes" if len(tail) < size else ""
    lines = tail.decode("utf-8", "replace").removesuffix("\n").split("\n")
    # Not under the log's own limit: a log that is full must not hide it.
    invocation.log += [f"stdout before it ended{cut}:", *lines]


# --- arguments and environment


def _args_get(invocation: Invocation, memory: Memory, vector: int, buffer: int) -> int:
    at = buffer
    invocation.meter.charge_items(len(invocation.command_line))
    for position, argument in enumerate(invocation.command_line):
        memory.write(vector + 4 * position, struct.pack("<I", at & _U32))
        memory.write(at, argument)
        at += len(argument)
    return SUCCESS


def _args_sizes_get(invocation: Invocation, memory: Memory, count: int, size: int) -> int:
    arguments = invocation.command_line
    memory.write(count, struct.pack("<I", len(arguments)))
    memory.write(size, struct.pack("<I", sum(map(len, arguments))))
    return SUCCESS


def _environ_get(invocation: Invocation, memory: Memory, vector: int, buffer: int) -> int:
    return SUCCESS


def _environ_sizes_get(invocation: Invocation, memory: Memory, count: int, size: int) -> int:
    memory.write(count, bytes(4))
    memory.write(size, bytes(4))
    return SUCCESS


# --- random


def _random_get(invocation: Invocation, memory: Memory, buffer: int, length: int) -> int:
    while length > 0:
        chunk = min(length, _RANDOM_BYTES_MAX)
        # Read first, so that bytes that do not fit are not drawn.
        memory.read(buffer, chunk)
        memory.write(buffer, invocation.wasi_random.take(chunk))
        buffer, length = buffer + chunk, length - chunk
    return SUCCESS


# --- the three descriptors


def _vectors(
    invocation: Invocation, memory: Memory, pointer: int, count: int
) -> list[tuple[int, int]] | None:
    if count > _VECTORS_MAX:
        return None
    invocation.meter.charge_items(count)
    raw = memory.read(pointer, 8 * count)
    return list(struct.iter_unpack("<II", raw))


def _fd_write(
    invocation: Invocation, memory: Memory, fd: int, vectors: int, count: int, written: int
) -> int:
    stream = invocation.descriptors.get(fd)
    if stream not in (_STDOUT, _STDERR):
        return BADF
    parts = _vectors(invocation, memory, vectors, count)
    if parts is None:
        return INVAL
    total = 0
    for pointer, length in parts:
        data = memory.read(pointer, length)
        total += length
        if stream == _STDOUT:
            invocation.extend_output(data)
        else:
            _log(invocation, data)
    memory.write(written, struct.pack("<I", total & _U32))
    return SUCCESS


def _log(invocation: Invocation, data: bytes) -> None:
    invocation.meter.charge_items(data.count(b"\n"))
    *lines, rest = data.split(b"\n")
    if invocation.log_is_cut:
        return
    for line in lines:
        invocation.partial_line += line
        invocation.log_line(invocation.partial_line.decode("utf-8", "replace"))
        invocation.partial_line.clear()
    room = invocation.context.limits.log_bytes - len(invocation.partial_line)
    # A line without end is cut where the log would cut it.
    invocation.partial_line += rest[: max(room, 0)]


def _fd_read(
    invocation: Invocation, memory: Memory, fd: int, vectors: int, count: int, read: int
) -> int:
    if invocation.descriptors.get(fd) != _STDIN:
        return BADF
    parts = _vectors(invocation, memory, vectors, count)
    if parts is None:
        return INVAL
    # A view: bytes that do not fit the guest's memory are neither charged nor copied.
    data = memoryview(invocation.input or b"")
    total = 0
    for pointer, length in parts:
        chunk = data[invocation.input_position : invocation.input_position + length]
        memory.write(pointer, chunk)
        invocation.input_position += len(chunk)
        total += len(chunk)
    memory.write(read, struct.pack("<I", total))
    return SUCCESS


def _fd_fdstat_get(invocation: Invocation, memory: Memory, fd: int, result: int) -> int:
    stream = invocation.descriptors.get(fd)
    if stream is None:
        return BADF
    memory.write(result, struct.pack("<BxHxxxxQQ", _CHARACTER_DEVICE, 0, _RIGHTS[stream], 0))
    return SUCCESS


def _fd_filestat_get(invocation: Invocation, memory: Memory, fd: int, result: int) -> int:
    if fd not in invocation.descriptors:
        return BADF
    memory.write(result, struct.pack("<QQBxxxxxxxQQQQQ", 0, 0, _CHARACTER_DEVICE, 1, 0, 0, 0, 0))
    return SUCCESS


def _fd_close(invocation: Invocation, memory: Memory, fd: int) -> int:
    return BADF if invocation.descriptors.pop(fd, None) is None else SUCCESS


def _fd_renumber(invocation: Invocation, memory: Memory, fd: int, to: int) -> int:
    descriptors = invocation.descriptors
    if fd not in descriptors or to not in descriptors:
        return BADF
    descriptors[to] = descriptors.pop(fd)
    return SUCCESS


def _open_only(errno: int) -> Call:
    """Wraps a call: `errno` for a descriptor that is open, BADF for every other."""

    def call(invocation: Invocation, memory: Memory, fd: int, *rest: int) -> int:
        return errno if fd in invocation.descriptors else BADF

    return call


def _answers(errno: int) -> Call:
    def call(invocation: Invocation, memory: Memory, *parameters: int) -> int:
        return errno

    return call


def _proc_exit(invocation: Invocation, memory: Memory, code: int) -> int:
    if code == 0:
        raise Stop(Outcome(kind=OutcomeKind.SUCCEEDED))
    raise Stop(Outcome(kind=OutcomeKind.FAILED, reason=f"the program exited with code {code}"))


def _function(parameters: str, call: Call, *, returns_errno: bool = True) -> WasiFunction:
    """Makes a row. `parameters`: a letter for each, i for i32 and I for i64."""
    shape = tuple("i64" if letter == "I" else "i32" for letter in parameters)
    return WasiFunction(parameters=shape, call=call, returns_errno=returns_errno)


WASI_FUNCTIONS: Final[Mapping[str, WasiFunction]] = {
    "args_get": _function("ii", _args_get),
    "args_sizes_get": _function("ii", _args_sizes_get),
    "environ_get": _function("ii", _environ_get),
    "environ_sizes_get": _function("ii", _environ_sizes_get),
    "clock_res_get": _function("ii", clock_res_get),
    "clock_time_get": _function("iIi", clock_time_get),
    "fd_advise": _function("iIIi", _open_only(SPIPE)),
    "fd_allocate": _function("iII", _open_only(NOTSUP)),
    "fd_close": _function("i", _fd_close),
    "fd_datasync": _function("i", _open_only(SUCCESS)),
    "fd_fdstat_get": _function("ii", _fd_fdstat_get),
    "fd_fdstat_set_flags": _function("ii", _open_only(SUCCESS)),
    "fd_fdstat_set_rights": _function("iII", _open_only(SUCCESS)),
    "fd_filestat_get": _function("ii", _fd_filestat_get),
    "fd_filestat_set_size": _function("iI", _open_only(INVAL)),
    "fd_filestat_set_times": _function("iIIi", _open_only(NOTSUP)),
    "fd_pread": _function("iiiIi", _open_only(SPIPE)),
    "fd_prestat_get": _function("ii", _answers(BADF)),
    "fd_prestat_dir_name": _function("iii", _answers(BADF)),
    "fd_pwrite": _function("iiiIi", _open_only(SPIPE)),
    "fd_read": _function("iiii", _fd_read),
    "fd_readdir": _function("iiiIi", _open_only(NOTDIR)),
    "fd_renumber": _function("ii", _fd_renumber),
    "fd_seek": _function("iIii", _open_only(SPIPE)),
    "fd_sync": _function("i", _open_only(SUCCESS)),
    "fd_tell": _function("ii", _open_only(SPIPE)),
    "fd_write": _function("iiii", _fd_write),
    "path_create_directory": _function("iii", _open_only(NOTDIR)),
    "path_filestat_get": _function("iiiii", _open_only(NOTDIR)),
    "path_filestat_set_times": _function("iiiiIIi", _open_only(NOTDIR)),
    "path_link": _function("iiiiiii", _open_only(NOTDIR)),
    "path_open": _function("iiiiiIIii", _open_only(NOTDIR)),
    "path_readlink": _function("iiiiii", _open_only(NOTDIR)),
    "path_remove_directory": _function("iii", _open_only(NOTDIR)),
    "path_rename": _function("iiiiii", _open_only(NOTDIR)),
    "path_symlink": _function("iiiii", _answers(BADF)),
    "path_unlink_file": _function("iii", _open_only(NOTDIR)),
    "poll_oneoff": _function("iiii", poll_oneoff),
    "proc_exit": _function("i", _proc_exit, returns_errno=False),
    "proc_raise": _function("i", _answers(NOTSUP)),
    "sched_yield": _function("", _answers(SUCCESS)),
    "random_get": _function("ii", _random_get),
    "sock_accept": _function("iii", _open_only(NOTSOCK)),
    "sock_recv": _function("iiiiii", _open_only(NOTSOCK)),
    "sock_send": _function("iiiii", _open_only(NOTSOCK)),
    "sock_shutdown": _function("ii", _open_only(NOTSOCK)),
}


def wasi_call(
    function: WasiFunction, invocation: Invocation, memory: Memory, parameters: tuple[int, ...]
) -> int:
    """Returns the error number; a pointer outside memory is EFAULT, as on any system."""
    try:
        return function.call(invocation, memory, *parameters)
    except OutOfBoundsError:
        return FAULT
