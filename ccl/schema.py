"""The schemas of the charter: which keys have a meaning for this system, and of what kind.

They attach to paths. A key that is close to one of these is taken for a slip, another one is
only a remark: charters may say more than this system reads.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from ccl.abi.hostcalls import PRIORITIES, RESOURCE_TYPES
from ccl.node import Node

SLIP_DISTANCE_MAX: Final = 2
MIB: Final = 1 << 20


class Kind(Enum):
    """What a value must be; the value of the member is how users are told."""

    COUNT = "a whole number"
    SIZE = "a size such as 2GiB, or a whole number of MiB"
    SECONDS = "a duration such as 90s, or a whole number of seconds"
    TEXT = "a text"
    TEXTS = "a list of texts"
    FLAG = "true or false"
    CID = "a CID"
    AMOUNT = "a whole number of units, or a size"
    SECTION = "a section"


class Field(Node, frozen=True, kw_only=True):
    """`low` and `high` bound numbers (both included); `choices` list the texts allowed.

    `feeds`: the argument of `submit_job`, or the key of its requirements or trust, that the
    value supplies when the program leaves it out.
    """

    kind: Kind
    low: int = 0
    high: int = 2**63 - 1
    choices: tuple[str, ...] = ()
    feeds: str | None = None


_REQUIREMENTS: Final[Mapping[str, Field]] = {
    "memory": Field(kind=Kind.SIZE, low=1, feeds="requirements.memory_bytes"),
    "cpu_cores": Field(kind=Kind.COUNT, low=1, high=1024, feeds="requirements.cpu_cores"),
    "storage": Field(kind=Kind.SIZE, feeds="requirements.storage_bytes"),
    "features": Field(kind=Kind.TEXTS, feeds="requirements.features"),
    "max_seconds": Field(kind=Kind.SECONDS, low=1, high=30 * 86_400, feeds="max_seconds"),
}
_PREFERENCES: Final[Mapping[str, Field]] = {
    "min_reputation": Field(kind=Kind.COUNT, high=100, feeds="trust.min_reputation"),
    "locations": Field(kind=Kind.TEXTS, feeds="trust.locations"),
    "required_credentials": Field(kind=Kind.TEXTS, feeds="trust.required_credentials"),
}
_VERIFICATION: Final[Mapping[str, Field]] = {
    "required": Field(kind=Kind.FLAG),
    "verifiers": Field(kind=Kind.COUNT, low=1, high=64, feeds="trust.verifiers"),
    "quorum": Field(kind=Kind.COUNT, low=1, high=64, feeds="trust.quorum"),
}

SCHEMAS: Final[Mapping[str, Mapping[str, Field]]] = {
    "resources": {
        **{name: Field(kind=Kind.AMOUNT, low=1) for name in RESOURCE_TYPES},
        "memory": Field(kind=Kind.SIZE, low=1),
        "policies": Field(kind=Kind.SECTION),
    },
    "job": {
        "wasm_cid": Field(kind=Kind.CID, feeds="wasm_cid"),
        "description": Field(kind=Kind.TEXT, feeds="description"),
        "resource_type": Field(kind=Kind.TEXT, choices=RESOURCE_TYPES, feeds="resource_type"),
        "resource_amount": Field(kind=Kind.COUNT, low=1, feeds="resource_amount"),
        "priority": Field(kind=Kind.TEXT, choices=PRIORITIES, feeds="priority"),
        "budget": Field(kind=Kind.COUNT, low=1, feeds="budget"),
        "input": Field(kind=Kind.CID, feeds="input"),
        "entry": Field(kind=Kind.TEXT, feeds="entry"),
        "max_seconds": Field(kind=Kind.SECONDS, low=1, high=30 * 86_400, feeds="max_seconds"),
        "requirements": Field(kind=Kind.SECTION),
        "node_preferences": Field(kind=Kind.SECTION),
    },
    "job.requirements": _REQUIREMENTS,
    "job.node_preferences": _PREFERENCES,
    "verification": _VERIFICATION,
    "results.verification": _VERIFICATION,
}
"""Known keys by the path of their section."""
