"""The schemas of the charter: the keys with a meaning for this system, and their types.

They apply to paths. An unknown key close to a known one is an error, others are a warning, as
charters may contain more than this system reads. Keys without `feeds` are checked and kept.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from ccl.abi.host_calls import (
    DESCRIPTION_BYTES_MAX,
    ENTRY_BYTES_MAX,
    PRIORITIES,
    RESOURCE_TYPES,
    SCOPE_BYTES_MAX,
)
from ccl.support.node import Node

SLIP_DISTANCE_MAX: Final = 2
MIB: Final = 1 << 20


class Kind(Enum):
    """The form of a value; the member's value is its name in reports."""

    COUNT = "a whole number"
    SIZE = "a size such as 2GiB, or a whole number of MiB"
    SECONDS = "a duration such as 90s, or a whole number of seconds"
    SHARE = "a share such as 0.67, 67% or 2/3"
    TEXT = "a text"
    TEXTS = "a text or a list of texts"
    FLAG = "true or false"
    CID = "a CID"
    AMOUNT = "a whole number of units, or a size"
    SECTION = "a section"
    ANY = "any value"


class JobValue(Node, frozen=True):
    """An argument of `submit_job`, or a key of one that is a record: requirements or trust."""

    argument: str
    key: str | None = None

    def __str__(self) -> str:
        return self.argument if self.key is None else f"{self.argument}.{self.key}"


class Field(Node, frozen=True, kw_only=True):
    """`low` and `high` bound numbers (inclusive; of a share, in millionths), `bytes_max` texts;
    `choices` list the allowed texts.

    `feeds`: the argument of `submit_job`, or the key of its requirements or trust, whose default is
    the value. Several keys may feed the same one.
    """

    kind: Kind
    low: int = 0
    high: int = 2**63 - 1
    bytes_max: int = 2**63 - 1
    choices: tuple[str, ...] = ()
    feeds: JobValue | None = None


WHOLE_SHARE: Final = 1_000_000
QUORUM: Final = JobValue("trust", "quorum")
VERIFIERS: Final = JobValue("trust", "verifiers")
QUORUM_SHARE: Final = JobValue("quorum_share")
"""Fed by the share of the verifiers that a quorum is; the quorum follows from it."""

_MEMORY: Final = Field(kind=Kind.SIZE, low=1, feeds=JobValue("requirements", "memory_bytes"))
_CPU_CORES: Final = Field(
    kind=Kind.COUNT, low=1, high=1024, feeds=JobValue("requirements", "cpu_cores")
)
_STORAGE: Final = Field(kind=Kind.SIZE, feeds=JobValue("requirements", "storage_bytes"))
_MAX_SECONDS: Final = Field(
    kind=Kind.SECONDS, low=1, high=30 * 86_400, feeds=JobValue("max_seconds")
)
_BUDGET: Final = Field(kind=Kind.COUNT, low=1, feeds=JobValue("budget"))
_INPUT: Final = Field(kind=Kind.CID, feeds=JobValue("input"))
_REPUTATION: Final = Field(kind=Kind.COUNT, high=100, feeds=JobValue("trust", "min_reputation"))
_LOCATIONS: Final = Field(kind=Kind.TEXTS, feeds=JobValue("trust", "locations"))
_VERIFIERS: Final = Field(kind=Kind.COUNT, low=1, high=64, feeds=VERIFIERS)

_REQUIREMENTS: Final[Mapping[str, Field]] = {
    "memory": _MEMORY,
    "min_memory": _MEMORY,
    "cpu_cores": _CPU_CORES,
    "min_cpu_cores": _CPU_CORES,
    "storage": _STORAGE,
    "min_storage": _STORAGE,
    "features": Field(kind=Kind.TEXTS, feeds=JobValue("requirements", "features")),
    "max_seconds": _MAX_SECONDS,
    "max_execution_time": _MAX_SECONDS,
}
_PREFERENCES: Final[Mapping[str, Field]] = {
    "min_reputation": _REPUTATION,
    "reputation_min": _REPUTATION,
    "locations": _LOCATIONS,
    "location": _LOCATIONS,
    "required_credentials": Field(kind=Kind.TEXTS, feeds=JobValue("trust", "required_credentials")),
    "max_bid": _BUDGET,
}
_VERIFICATION: Final[Mapping[str, Field]] = {
    "required": Field(kind=Kind.FLAG),
    "verifiers": _VERIFIERS,
    "required_validators": _VERIFIERS,
    "quorum": Field(kind=Kind.COUNT, low=1, high=64, feeds=QUORUM),
    "federation_quorum": Field(kind=Kind.SHARE, low=1, high=WHOLE_SHARE, feeds=QUORUM_SHARE),
    "verification_timeout": Field(kind=Kind.SECONDS, low=1),
}
_STORAGE_OF_RESULTS: Final[Mapping[str, Field]] = {
    "dag_anchor": Field(kind=Kind.FLAG),
    "retention_period": Field(kind=Kind.SECONDS),
    "access_control": Field(kind=Kind.ANY),
}

SCHEMAS: Final[Mapping[str, Mapping[str, Field]]] = {
    "resources": {
        **{name: Field(kind=Kind.AMOUNT, low=1) for name in RESOURCE_TYPES},
        "memory": Field(kind=Kind.SIZE, low=1),
        "policies": Field(kind=Kind.SECTION),
        "scope": Field(kind=Kind.TEXT, bytes_max=SCOPE_BYTES_MAX, feeds=JobValue("scope")),
    },
    "job": {
        "wasm_cid": Field(kind=Kind.CID, feeds=JobValue("wasm_cid")),
        "description": Field(
            kind=Kind.TEXT, bytes_max=DESCRIPTION_BYTES_MAX, feeds=JobValue("description")
        ),
        "resource_type": Field(
            kind=Kind.TEXT, choices=RESOURCE_TYPES, feeds=JobValue("resource_type")
        ),
        "resource_amount": Field(kind=Kind.COUNT, low=1, feeds=JobValue("resource_amount")),
        "priority": Field(kind=Kind.TEXT, choices=PRIORITIES, feeds=JobValue("priority")),
        "budget": _BUDGET,
        "input": _INPUT,
        "input_data": _INPUT,
        "output_location": Field(kind=Kind.TEXT),
        "entry": Field(kind=Kind.TEXT, bytes_max=ENTRY_BYTES_MAX, feeds=JobValue("entry")),
        "max_seconds": _MAX_SECONDS,
        "requirements": Field(kind=Kind.SECTION),
        "node_preferences": Field(kind=Kind.SECTION),
    },
    "job.requirements": _REQUIREMENTS,
    "job.node_preferences": _PREFERENCES,
    "verification": _VERIFICATION,
    "results.verification": _VERIFICATION,
    "results.storage": _STORAGE_OF_RESULTS,
}
"""Known keys by the path of their section."""
OPEN_SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "results": ("verification", "storage"),
}
"""Sections without keys of their own, and the sections in them that have some: a key that is
close to one of those is an error, any other is free."""
SHARE_KEYS: Final = frozenset(
    key for fields in SCHEMAS.values() for key, field in fields.items() if field.kind is Kind.SHARE
)
FED: Final[Mapping[JobValue, Field]] = {
    field.feeds: field for fields in SCHEMAS.values() for field in fields.values() if field.feeds
}
"""The schema of each argument of a job, or key of its requirements or trust, by `Field.feeds`."""


def in_words(field: Field, value: int) -> tuple[str, str]:
    """Describes the range of a field, and a number outside of it."""
    match field.kind:
        case Kind.SHARE:
            return "more than 0 and at most 1", percent(value)
        case _ if value < field.low:
            return f"at least {field.low}", str(value)
        case _:
            return f"at most {field.high}", str(value)


def percent(millionths: int) -> str:
    """Formats a share as a percentage: `66.7%`."""
    whole, rest = divmod(abs(millionths), WHOLE_SHARE // 100)
    sign = "-" if millionths < 0 else ""
    return f"{sign}{whole}.{rest:04}".rstrip("0").rstrip(".") + "%"
