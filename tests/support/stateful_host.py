"""A host that keeps state between calls of a module, and records the requests of each.

State is changed by a call that ends well; a call that traps leaves it as it was.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from typed_trees import Host

from ccl.abi.call_forms import Effect
from ccl.abi.host_calls import HOST_CALLS
from runtime.content.codec import decode

Stored = dict[tuple[str, str], tuple[str, bytes]]
"""By home and variable, shape and value."""


@dataclass
class KeepingHost(Host):
    refusal: Callable[[str, tuple[Any, ...]], str | None] = field(kw_only=True)
    """Why a call with these values is refused, if it is."""
    stored: Stored = field(default_factory=dict)
    written: Stored = field(default_factory=dict)
    reason: str | None = None

    def answer(self, call: str, values: tuple[Any, ...]) -> Any:
        self.calls.append((call, values))
        match call:
            case "host_read_state":
                return self.stored[values][1] if values in self.stored else None
            case "host_state_shape":
                return self.stored[values][0].encode() if values in self.stored else None
            case "host_state_difference":
                home, schema = values
                wanted = dict(line.split(": ", 1) for line in schema.split("\n"))
                stored = {
                    name: shape for (of, name), (shape, _) in self.stored.items() if of == home
                }
                assert all(wanted[name] == shape for name, shape in stored.items()), "one program"
                return b"nothing" if not stored else b"added" if stored != wanted else b"same"
            case "host_declare_state":
                return 1
            case "host_write_state":
                home, variable, shape, value = values
                self.written[home, variable] = shape, value
                return 1
            case "host_last_refusal":
                return None if self.reason is None else self.reason.encode()
            case "host_anchor_to_dag" | "host_emit":
                refused = self.refusal(call, _read(call, values))
                self.reason = self.reason if refused is None else refused
                return int(refused is None)
            case _:
                return None

    def asked(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Of the calls those that log or change, in order; the writes of state are in `written`."""
        return [
            (call, _read(call, values))
            for call, values in self.calls
            if HOST_CALLS[call].effect in (Effect.LOGS, Effect.CHANGES)
            and call not in ("host_write_state", "host_declare_state")
        ]

    def end(self, *, well: bool) -> None:
        if well:
            self.stored |= self.written
        self.forget()

    def forget(self) -> None:
        """What the call that has ended has done."""
        self.written = {}
        self.calls.clear()

    def values(self, home: str) -> dict[str, Any]:
        """What is stored under a home."""
        return {name: decode(value) for (of, name), (_, value) in self.stored.items() if of == home}


def _read(call: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """With the data of an event decoded."""
    return (values[0], decode(values[1]), values[2]) if call == "host_emit" else values
