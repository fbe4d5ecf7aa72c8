"""Findings about this machine's sandbox, for an operator to read."""

from pathlib import Path
from typing import Final

from msgspec import Struct

_OVERCOMMIT: Final = Path("/proc/sys/vm/overcommit_memory")
_STRICT: Final = "2"


class Finding(Struct, frozen=True, kw_only=True):
    """One measure or test: whether it holds here, and an explanation."""

    name: str
    holds: bool
    text: str


def memory_promises(setting: Path = _OVERCOMMIT) -> Finding:
    """Reports whether this system may refuse memory to a guest that is within its own limit.

    Where memory is promised only if it is there, `memory.grow` can fail for a reason that is not in
    the context, and the result would differ from that of other nodes.
    """
    name = "memory promises"
    if setting.exists() and setting.read_text(encoding="ascii").strip() == _STRICT:
        text = (
            "not deterministic when memory is short: vm.overcommit_memory is 2; "
            "set it to 0, or keep workers x 256 MiB free"
        )
        return Finding(name=name, holds=False, text=text)
    return Finding(name=name, holds=True, text="guests get the memory their limit allows")
