"""The result of an execution: the part on which all nodes must agree, and measurements.

`Deterministic` is what executor and verifiers compare; `Metrics` are of one machine and never
compared.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from runtime.content.cid import Cid
from runtime.content.codec import CodecError
from runtime.content.shapes import Omitted, Size, cut
from runtime.execution.rehearsal import Rehearsed

FRAMES_MAX: Final = 32


class OutcomeKind(Enum):
    """How an execution ended. All of them are deterministic."""

    SUCCEEDED = "succeeded"
    TRAPPED = "trapped"
    """A failed check of the program, a failed `require`, an `unreachable`."""
    FAILED = "failed"
    """The entry returned Err, or a WASI exit code other than 0."""
    OUT_OF_FUEL = "out-of-fuel"
    LIMIT = "limit"
    """A bound of the context was exceeded: memory, output, effects, stack."""
    REJECTED = "rejected"
    """The module was refused by the checks before compilation, or lacks the entry."""


class Outcome(Struct, frozen=True, kw_only=True):
    """`reason` is a short fixed text; `detail` the program's own words about it.

    place: `file:line:column` from the module's sites, article: the article it cites.
    """

    kind: OutcomeKind
    reason: str = ""
    detail: str = ""
    place: str = ""
    article: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.kind is OutcomeKind.SUCCEEDED

    @property
    def cause(self) -> str:
        """The reason and its detail, neither twice."""
        if not self.detail or self.reason.endswith(f": {self.detail}"):
            return self.reason
        return f"{self.reason}: {self.detail}" if self.reason else self.detail

    @property
    def explanation(self) -> str:
        """Everything about the outcome but its kind, which is written before it."""
        return self.detail if self.kind is OutcomeKind.OUT_OF_FUEL else self.cause

    def bounded(self) -> "Outcome":
        """Cuts each text to the size that a record holds, the same way everywhere."""
        return replace(
            self,
            reason=cut(self.reason),
            detail=cut(self.detail),
            place=cut(self.place),
            article=None if self.article is None else cut(self.article),
        )

    def to_value(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "reason": self.reason,
            "detail": self.detail,
            "place": self.place,
            "article": self.article,
        }

    @staticmethod
    def from_value(value: Any) -> "Outcome":
        """Raises CodecError for another shape."""
        try:
            return Outcome(**{**value, "kind": OutcomeKind(value["kind"])})
        except (TypeError, KeyError, ValueError) as error:
            raise CodecError(f"not an outcome: {error}") from None


class Deterministic(Struct, frozen=True, kw_only=True):
    """The result that any honest re-execution gives again.

    output: CID of the output block (raw if the program wrote bytes, dag-cbor if it is the entry's
    value), None if there is none. effects, logs: CIDs of DAG-CBOR lists, None if empty or
    discarded. fuel_used: None after a trap of the engine itself.
    """

    outcome: Outcome
    output: Cid | None
    effects: Cid | None
    logs: Cid | None
    fuel_used: int | None

    def to_value(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome.to_value(),
            "output": self.output,
            "effects": self.effects,
            "logs": self.logs,
            "fuel_used": self.fuel_used,
        }

    @staticmethod
    def from_value(value: Any) -> "Deterministic":
        """Raises CodecError for another shape."""
        try:
            return Deterministic(**{**value, "outcome": Outcome.from_value(value["outcome"])})
        except (TypeError, KeyError) as error:
            raise CodecError(f"not an execution result: {error}") from None


class Metrics(Struct, frozen=True, kw_only=True):
    """Measurements of the executing machine. wall_ms is rounded up.

    frames: where in the module the calls are that led to a trap, the innermost first, as many as
    the engine names. How many that is depends on it, so they are never compared either.
    """

    wall_ms: int
    memory_peak_bytes: int
    host_calls: int
    frames: Annotated[tuple[int, ...], Size(0, FRAMES_MAX), Omitted()] = ()


class Execution(Struct, frozen=True, kw_only=True):
    """A result with the blocks it names (output, effects, logs by CID)."""

    deterministic: Deterministic
    metrics: Metrics
    blocks: Mapping[Cid, bytes] = field(default_factory=dict)
    rehearsal: Rehearsed | None = None
    """The records of a test; None for other executions."""
    charter: tuple[Any, ...] = ()
    """The replayed charter, when the entry was `charter`: nested ["section", …], ["property", …]
    and ["undecided", …]."""
