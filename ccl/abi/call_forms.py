"""The form of a host call: how its parameters and its answer cross, and its effect.

The WebAssembly shape follows from it: a TEXT or BYTES parameter is `(ptr i32, len i32)`, an
INTEGER is i64. A BUFFER result adds `(ptr i32, cap i32)` at the end and returns the i32 length of
the answer: if it is larger than `cap` nothing was written and the caller calls again with more
room; `ABSENT` (-1) says that there is no answer. An answer with `answer_bytes_max` is never longer:
the host sees to it, and bounds of fuel count on it. A STATUS is i32, 1 or 0; a HANDLE is i32,
> 0, or 0 for refused. After a 0, `host_last_refusal` gives the reason.
"""

from enum import Enum
from typing import Final

from msgspec import Struct

ABSENT: Final = -1


class Wire(Enum):
    """The encoding of a parameter."""

    TEXT = "text"
    """UTF-8 bytes, (ptr i32, len i32)."""
    BYTES = "bytes"
    """Any bytes, (ptr i32, len i32)."""
    INTEGER = "integer"
    """i64."""


class Answer(Enum):
    """The encoding of a result."""

    NONE = "none"
    STATUS = "status"
    HANDLE = "handle"
    INTEGER = "integer"
    BUFFER = "buffer"
    """A caller-owned buffer (ptr i32, cap i32) as last parameters; returns the i32 length."""


class Effect(Enum):
    """The effect of a call."""

    READS = "reads"
    """Answers from the context and the effects so far."""
    LOGS = "logs"
    """Appends to the log, which survives a trap."""
    RECORDS = "records"
    """Sets something of this execution itself (its output, its charter)."""
    CHANGES = "changes"
    """Appends to the effect list, which a trap discards."""


class Parameter(Struct, frozen=True, kw_only=True):
    name: str
    wire: Wire


class HostCall(Struct, frozen=True, kw_only=True):
    name: str
    parameters: tuple[Parameter, ...]
    answer: Answer
    effect: Effect
    doc: str
    answer_bytes_max: int | None = None
    """Of a BUFFER: how long an answer can be; None where that depends on the data."""

    @property
    def wasm_parameters(self) -> tuple[str, ...]:
        """WebAssembly value types of the parameters, the answer's buffer included."""
        shape: list[str] = []
        for parameter in self.parameters:
            shape.extend(("i64",) if parameter.wire is Wire.INTEGER else ("i32", "i32"))
        if self.answer is Answer.BUFFER:
            shape.extend(("i32", "i32"))
        return tuple(shape)

    @property
    def wasm_result(self) -> str | None:
        """WebAssembly value type of the result, if there is one."""
        match self.answer:
            case Answer.NONE:
                return None
            case Answer.INTEGER:
                return "i64"
            case Answer.STATUS | Answer.HANDLE | Answer.BUFFER:
                return "i32"


def text(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, wire=Wire.TEXT) for name in names)


def octets(*names: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(name=name, wire=Wire.BYTES) for name in names)


def integer(name: str) -> Parameter:
    return Parameter(name=name, wire=Wire.INTEGER)
