"""Confinement of a worker by the kernel's own record, read by the process that started it.

Rule: a worker's claims about itself are not trusted; the kernel's status of the process is.
"""

from pathlib import Path
from typing import Final

from runtime.sandbox.confinement.findings import Finding

_FILTERED: Final = 2
"""Seccomp's mode in which a program decides on each system call."""
_CAPABILITIES: Final = ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")
_NAMES: Final = ("user", "capabilities", "new privileges", "system calls")


def observed_findings(pid: int, processes: Path = Path("/proc")) -> tuple[Finding, ...]:
    """Reads user, capabilities, privileges and seccomp of a process; an unknown one does not
    hold."""
    try:
        text = (processes / str(pid) / "status").read_text(encoding="utf-8")
    except OSError:
        return tuple(_finding(name, "this system does not say") for name in _NAMES)
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    own = {name: value.split() for name, value in fields.items()}
    return (
        _user(own["Uid"], own["Groups"]),
        _capabilities(own),
        _new_privileges(own.get("NoNewPrivs", ["0"])),
        _system_calls(own.get("Seccomp", ["0"])),
    )


def _finding(name: str, text: str, *, holds: bool = False) -> Finding:
    return Finding(name=name, holds=holds, text=text if holds else f"not confined: {text}")


def _user(uids: list[str], groups: list[str]) -> Finding:
    if "0" in uids:
        return _finding("user", "runs as root; start meshctl as another user")
    if groups and uids[0] not in groups:
        shown = ", ".join(groups)
        return _finding("user", f"runs as user {uids[0]}, in groups {shown}", holds=True)
    return _finding("user", f"runs as user {uids[0]}, in no groups", holds=True)


def _capabilities(own: dict[str, list[str]]) -> Finding:
    held = [f"{name} {own[name][0]}" for name in _CAPABILITIES if int(own.get(name, ["0"])[0], 16)]
    name = "capabilities"
    if held == [f"CapBnd {own['CapBnd'][0]}"]:
        return _finding(name, "has none; only programs that it cannot start could", holds=True)
    if held:
        return _finding(name, f"has {', '.join(held)}")
    return _finding(name, "has none, and can get none", holds=True)


def _new_privileges(value: list[str]) -> Finding:
    name = "new privileges"
    if value != ["1"]:
        return _finding(name, "programs that it starts may have more rights")
    return _finding(name, "no program that it starts has more rights", holds=True)


def _system_calls(mode: list[str]) -> Finding:
    name = "system calls"
    if mode != [str(_FILTERED)]:
        return _finding(name, f"no seccomp filter (mode {' '.join(mode)})")
    return _finding(name, "a seccomp filter allows few", holds=True)
