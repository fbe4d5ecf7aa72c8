"""Records of a program's local run, kept until its results were shown."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct

from mesh.core.fields import JobIdField
from runtime.content.cid import Cid
from runtime.content.shapes import Omitted
from runtime.execution.context import MEMORY_BYTES, Limits
from runtime.execution.execution import Deterministic


class RunJob(Struct, frozen=True, kw_only=True):
    """A job that a run has submitted.

    handle: what `submit_job` gave the program, 0 for a job that another job asked for. depth:
    1 for those of the program's own execution, one more for those that follow from them.
    """

    job_id: JobIdField
    handle: int
    depth: int


class Handled(Struct, frozen=True, kw_only=True):
    """A handler was executed for a job, once. refusal: why its effects were not applied."""

    job_id: JobIdField
    event: str
    execution: Deterministic
    refusal: str = ""


class PackedModule(Struct, frozen=True, kw_only=True):
    """A module that travels with a program, and the path it was compiled from."""

    path: str
    cid: Cid


class Origin(Struct, frozen=True, kw_only=True):
    """What a run executes, besides the call that its key names. All of it is in the block store.

    file: the program's absolute path, or `-`. fuel, memory_bytes: ceilings of each local execution.
    started_at: seconds since 1970.
    """

    file: str
    source: Cid
    packed: tuple[PackedModule, ...]
    fuel: int
    memory_bytes: Annotated[int, Omitted()] = MEMORY_BYTES
    started_at: int

    @property
    def limits(self) -> Limits:
        return Limits(fuel=self.fuel, memory_bytes=self.memory_bytes)


class LocalRun(Struct, frozen=True, kw_only=True):
    """What a run has come to. spent: the most its jobs may cost and what it moved, in units."""

    origin: Origin
    execution: Deterministic
    jobs: tuple[RunJob, ...] = ()
    handled: tuple[Handled, ...] = ()
    spent: Mapping[str, int]
