"""Probes of the confinement of this process: findings for an operator.

Rule: findings come from attempts at forbidden actions and from the system's own records, not from
the measures that were requested.
"""

import os
import resource
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from runtime.sandbox.confinement.findings import Finding
from runtime.sandbox.confinement.privileges import NAMESPACES

OPEN_FILES_SEARCHED: Final = 256


def attempts() -> list[Finding]:
    """Tries forbidden actions of a worker. To be called when it is confined."""
    return [
        _tried("files", "opens no files", _opens_a_file),
        _tried("network", "makes no sockets", _makes_a_socket),
        _tried("processes", "starts no processes", _starts_a_process),
    ]


def bounds(cpu_seconds: int, namespaces: tuple[str, ...], landlock: int) -> list[Finding]:
    """Reads the system's records of this process. To be called before that is forbidden.

    namespaces, landlock: the result of `give_up_privileges`.
    """
    return [
        _namespaces(namespaces),
        Finding(
            name="Landlock",
            holds=landlock > 0,
            text=f"version {landlock} refuses files"
            if landlock
            else "not confined: this kernel has none",
        ),
        _memory(),
        Finding(
            name="CPU time",
            holds=resource.getrlimit(resource.RLIMIT_CPU)[0] == cpu_seconds,
            text=f"is ended by the system after {cpu_seconds} s of CPU time",
        ),
        Finding(
            name="core dumps",
            holds=resource.getrlimit(resource.RLIMIT_CORE)[1] == 0,
            text="leaves no core dumps",
        ),
        Finding(
            name="environment",
            holds=not _foreign_environment(),
            text="sees no environment variables of ours",
        ),
        Finding(
            name="descriptors",
            holds=_open_descriptors() <= {0, 1, 2},
            text="has no open files but its two pipes",
        ),
    ]


def _tried(name: str, text: str, attempt: Any) -> Finding:
    try:
        attempt()
    except OSError:
        return Finding(name=name, holds=True, text=text)
    return Finding(name=name, holds=False, text=f"not confined: a worker {_could(name)}")


def _could(name: str) -> str:
    return {
        "files": "can open files",
        "network": "can open sockets",
        "processes": "can start processes",
    }[name]


def _opens_a_file() -> None:
    with Path("/").joinpath("dev", "null").open("rb"):
        pass


def _makes_a_socket() -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def _starts_a_process() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _namespaces(own: tuple[str, ...]) -> Finding:
    missing = [name for name in NAMESPACES if name not in own]
    if missing:
        shown = ", ".join(missing)
        return Finding(name="namespaces", holds=False, text=f"not confined: shares {shown}")
    return Finding(name="namespaces", holds=True, text=f"has its own: {', '.join(own)}")


def _memory() -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY:
        return Finding(
            name="memory", holds=False, text="not confined: the address space has no limit"
        )
    return Finding(name="memory", holds=True, text=f"has an address space of {hard >> 20} MiB")


def _foreign_environment() -> set[str]:
    # LC_CTYPE is set by Python itself, in an empty environment.
    return set(os.environ) - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}


def _open_descriptors() -> set[int]:
    found = set()
    for descriptor in range(OPEN_FILES_SEARCHED):
        with suppress(OSError):
            os.fstat(descriptor)
            found.add(descriptor)
    return found
