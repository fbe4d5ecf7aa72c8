"""Surrender of the rights that a process of the sandbox inherits: namespaces, user, capabilities.

Rule: each measure is taken where the system allows it, and refusals are no errors; the result is
read back from the system (`give_up_identity`, `runtime.sandbox.confinement.process_status`).
Sources: namespaces(7), user_namespaces(7), credentials(7), capabilities(7).
"""

from __future__ import annotations

import ctypes
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:  # what `typing` defines, without loading it
    from typing import Final

UNUSED_UIDS: Final = 0x7000_0000
"""First user id that systems leave free, by the convention of systemd; each process takes one."""
NOBODY_UID: Final = 65_534
"""A user id that exists also in containers with few mapped users."""
NAMESPACES: Final = {
    "network": ("net", 0x4000_0000),
    "mounts": ("mnt", 0x0002_0000),
    "IPC": ("ipc", 0x0800_0000),
    "host name": ("uts", 0x0400_0000),
    "cgroups": ("cgroup", 0x0200_0000),
}
_NEW_USER_NAMESPACE: Final = 0x1000_0000
_KILL, _SETGID, _SETUID = 5, 6, 7
_CAPABILITIES_MAX: Final = 64
_CAPABILITY_VERSION: Final = 0x2008_0522
_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _CLEAR_ALL = 24, 47, 4
_OWN: Final = "/proc/self/ns"


def give_up_identity() -> tuple[str, ...]:
    """Takes on the namespaces, user and capabilities of a stranger (Linux); returns its own
    namespaces.

    The signal at the parent's death is lost with the user, and has to be set again.
    """
    before = _links()
    libc = ctypes.CDLL(None, use_errno=True)
    is_separate = _unshare(libc)
    _drop_bounding_set(libc)
    _become_nobody(libc)
    if not is_separate and libc.unshare(_NEW_USER_NAMESPACE) == 0:
        # Any user may make one, where systems allow it, and has all capabilities in it.
        _unshare(libc)
        _drop_bounding_set(libc)
    libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0)
    libc.capset(struct.pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24))
    after = _links()
    return tuple(name for name in NAMESPACES if before.get(name) != after.get(name))


def _links() -> dict[str, str]:
    """Reads the name of each namespace of this process."""
    found = {}
    for name, (file, _) in NAMESPACES.items():
        try:
            found[name] = os.readlink(f"{_OWN}/{file}")  # noqa: PTH115
        except OSError:
            continue
    return found


def _unshare(libc: ctypes.CDLL) -> bool:
    """Makes new namespaces, each by itself, since kernels lack some; returns whether there was
    one."""
    refused = sum(int(libc.unshare(flag)) != 0 for _, flag in NAMESPACES.values())
    return refused < len(NAMESPACES)


def _drop_bounding_set(libc: ctypes.CDLL) -> None:
    for capability in range(_CAPABILITIES_MAX):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def _become_nobody(libc: ctypes.CDLL) -> None:
    """Takes on another user, if this is root and may still be ended by its parent, which is root as
    well."""
    needed = sum(1 << each for each in (_KILL, _SETGID, _SETUID))
    if os.geteuid() != 0 or _effective(libc) & needed != needed:
        return
    try:  # noqa: SIM105 - `contextlib` is a fifth of what this process loads
        os.setgroups([])
    except OSError:
        pass
    for user in (UNUSED_UIDS + os.getpid(), NOBODY_UID):
        try:
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError:
            continue
        return


def _effective(libc: ctypes.CDLL) -> int:
    """Reads the capabilities in force, as bits."""
    data = ctypes.create_string_buffer(24)
    if libc.capget(struct.pack("=Ii", _CAPABILITY_VERSION, 0), data) != 0:
        return 0
    low, _, _, high, _, _ = struct.unpack("=6I", data.raw)
    return int(low | high << 32)
