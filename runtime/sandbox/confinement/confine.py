"""Confinement of a process of the sandbox by the operating system.

The WebAssembly engine is the first wall; this is the second, for the day it has a hole. Each
measure is applied where the system has it; `.probes` reports its effect. Rule: nothing is loaded
but what a measure needs, since every submission of a new module starts a process. Sources:
prctl(2), landlock(7), seccomp(2), setrlimit(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys

from runtime.sandbox.confinement.privileges import give_up_identity

TYPE_CHECKING = False
if TYPE_CHECKING:  # what `typing` defines, without loading it
    from typing import Any, Final

OPEN_FILES_MAX: Final = 16

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446
_LANDLOCK_VERSION: Final = 1
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_SECCOMP_FILTER, _SECCOMP_ALL_THREADS = 1, 1
_AUDIT_ARCH: Final = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
_X32_BIT: Final = 0x4000_0000
_ALLOW, _REFUSE = 0x7FFF_0000, 0x0005_0000 | 1
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_SYSCALLS: Final = {
    # read, write, close, fstat, lseek, mmap, mprotect, munmap, brk, rt_sigaction,
    # rt_sigprocmask, rt_sigreturn, readv, writev, sched_yield, mremap, madvise, nanosleep,
    # getpid, exit, exit_group, getrusage, gettid, sigaltstack, futex, clock_gettime,
    # clock_nanosleep, getrandom, membarrier, rseq, set_robust_list, sched_getaffinity
    "x86_64": (
        *(0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 19, 20, 24, 25, 28, 35, 39, 60, 231, 98),
        *(186, 131, 202, 228, 230, 318, 324, 334, 273, 204),
    ),
    "aarch64": (
        *(63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 65, 66, 124, 216, 233, 101),
        *(172, 93, 94, 165, 178, 132, 98, 113, 115, 278, 283, 293, 99, 123),
    ),
}


def limit_resources(*, address_bytes: int, cpu_seconds: int, open_files: int) -> None:
    """Sets rlimits: address space, CPU time of the process, descriptors; no files, no core
    dumps."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    # SIGXCPU at the first bound, which the parent can recognise; SIGKILL at the second.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    _lower(resource.RLIMIT_NOFILE, open_files)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, address_bytes)


def forbid_new_processes() -> None:
    """Sets RLIMIT_NPROC to 0; to be called when the process has all its threads."""
    _lower(resource.RLIMIT_NPROC, 0)


def _lower(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (bound, bound))


def die_with_parent(parent: int) -> None:
    """Makes the process die with its parent (Linux), and at once if that is dead already."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)


def give_up_privileges(parent: int) -> tuple[tuple[str, ...], int]:
    """Gives up the user, capabilities, new privileges, debuggers, the file system, the network.

    (Linux.) All that is imported is loaded by now: an unprivileged user may not read it. Returns
    what the system gave: namespaces of its own, and the version of Landlock in force, or 0.
    """
    if sys.platform != "linux":
        return (), 0
    namespaces = give_up_identity()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)
    die_with_parent(parent)
    return namespaces, _landlock()


def _prctl(option: int, argument: int) -> bool:
    return bool(_libc().prctl(option, argument, 0, 0, 0) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _landlock() -> int:
    """Puts a rule set in force that handles every access of this kernel, and allows none of them.

    Returns the version that is in force now, 0 if none is.
    """
    version = _syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return 0
    files = (1 << (13, 14, 15, 15, 16)[min(version, 5) - 1]) - 1
    rules = struct.pack("=Q", files)
    if version >= 4:
        rules += struct.pack("=Q", 0b11)  # TCP bind and connect
    if version >= 6:
        rules += struct.pack("=Q", 0b11)  # abstract sockets, signals
    descriptor = _syscall(_LANDLOCK_CREATE_RULESET, rules, len(rules), 0)
    if descriptor < 0:
        return 0
    refused = _syscall(_LANDLOCK_RESTRICT_SELF, descriptor, 0)
    os.close(descriptor)
    return 0 if refused else version


def _syscall(number: int, *arguments: Any) -> int:
    converted = [
        ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments
    ]
    return int(_libc().syscall(ctypes.c_long(number), *converted))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def allow_few_syscalls() -> None:
    """Restricts the process to computing, using its memory, and reading and writing its pipes."""
    machine = os.uname().machine
    if sys.platform != "linux" or machine not in _SECCOMP:
        return
    code = _filter(_AUDIT_ARCH[machine], _SYSCALLS[machine])
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.addressof(buffer))
    _syscall(_SECCOMP[machine], _SECCOMP_FILTER, _SECCOMP_ALL_THREADS, ctypes.addressof(program))


def _filter(arch: int, allowed: tuple[int, ...]) -> bytes:
    """Writes the filter as classic BPF over struct seccomp_data: number at 0, architecture at 4.
    Unknown: EPERM."""

    def step(code: int, then: int, otherwise: int, value: int) -> bytes:
        return struct.pack("=HBBI", code, then, otherwise, value)

    count = len(allowed)
    steps = [
        step(_LOAD, 0, 0, 4),
        step(_JUMP_EQUAL, 0, count + 2, arch),
        step(_LOAD, 0, 0, 0),
        step(_JUMP_AT_LEAST, count, 0, _X32_BIT),
    ]
    steps.extend(
        step(_JUMP_EQUAL, count - position, 0, number) for position, number in enumerate(allowed)
    )
    steps.append(step(_RETURN, 0, 0, _REFUSE))
    steps.append(step(_RETURN, 0, 0, _ALLOW))
    return b"".join(steps)
