"""Terms that several records share: priorities, requirements, trust, engines, capabilities."""

from enum import Enum
from typing import Annotated, Final

from msgspec import Struct

from ccl.abi.host_calls import QUORUM_DEFAULT, VERIFIERS_DEFAULT
from mesh.core.fields import Amount, Word, Words
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.shapes import Between, Size

ATTEMPT_SECONDS_MAX: Final = 30 * 24 * 3600
CONSTRAINTS_MAX: Final = 32
CHILDREN_DEPTH_MAX: Final = 8


class Priority(Enum):
    """The order in which jobs are executed where they compete; lowest first here."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Capability(Struct, frozen=True, kw_only=True):
    """A property that a node offers, by its name: a flag, an amount or a text.

    is_probed: found by the node's own program; otherwise it is only declared by its operator.
    """

    name: Word
    amount: Annotated[int, Between(0, INTEGER_MAX)] | None = None
    text: Word | None = None
    is_probed: bool = False


Capabilities = Annotated[tuple[Capability, ...], Size(0, CONSTRAINTS_MAX)]


class Constraint(Struct, frozen=True, kw_only=True):
    """A property that a node must offer: at least an amount, or a text, or merely the flag."""

    name: Word
    least: Annotated[int, Between(0, INTEGER_MAX)] | None = None
    text: Word | None = None


class Requirements(Struct, frozen=True, kw_only=True):
    """Resources that a node must have. max_seconds bounds the wall clock of one attempt."""

    memory_bytes: int = 64 * 1024 * 1024
    cpu_cores: int = 1
    storage_bytes: int = 0
    features: Words = ()
    constraints: Annotated[tuple[Constraint, ...], Size(0, CONSTRAINTS_MAX)] = ()
    max_seconds: Annotated[int, Between(1, ATTEMPT_SECONDS_MAX)] = 3600


class Trust(Struct, frozen=True, kw_only=True):
    """The submitter's demands on executor and verifiers. locations: empty means any.

    quorum: of `verifiers`. executor_verifiers: whether verifiers of the executor's own
    cooperative may be drawn.
    """

    min_reputation: Annotated[int, Between(0, 100)] = 0
    locations: Words = ()
    required_credentials: Words = ()
    verifiers: Annotated[int, Between(1, 64)] = VERIFIERS_DEFAULT
    quorum: Annotated[int, Between(1, 64)] = QUORUM_DEFAULT
    executor_verifiers: bool = False

    def __post_init__(self) -> None:
        if not self.quorum <= self.verifiers < 2 * self.quorum:
            raise ValueError(
                f"a quorum of {self.quorum} of {self.verifiers}: it must be a majority, "
                "and no more than there are verifiers"
            )


class Engine(Struct, frozen=True, kw_only=True):
    """The engine that executed. config: hash of the configuration. Fuel compares only where all
    four agree."""

    name: Word
    version: Word
    config: Word
    arch: Word

    @property
    def text(self) -> str:
        """As a context names it."""
        return f"{self.name} {self.version} {self.config} {self.arch}"


class Children(Struct, frozen=True, kw_only=True):
    """Delegation to jobs that the job's program submits: how deep, and for how many tokens in
    all."""

    depth: Annotated[int, Between(1, CHILDREN_DEPTH_MAX)]
    budget: Amount


class Parent(Struct, frozen=True, kw_only=True):
    """The effect that asked for a job. cause: CID of the parent's manifest; position: of the effect
    in its result; depth: 1 for a child of a job that has no parent."""

    cause: Cid
    position: Annotated[int, Between(0, 1023)]
    depth: Annotated[int, Between(1, CHILDREN_DEPTH_MAX)]
