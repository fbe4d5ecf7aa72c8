"""The context of an execution: one frozen value, the only thing that a program may see.

The context is a block; Award and Receipt hold its CID, so that any node can execute the same module
in the same context again and must get the same result.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from msgspec import Struct, field

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import INTEGER_MAX, CodecError, decode, encode
from runtime.content.did import DID_CHARS_MAX, Did
from runtime.content.memo import read_once

CONTEXT_VERSION: Final = 3
CONTEXT_VERSION_BEFORE: Final = 2
"""The version of the contexts in old proofs: without owner, member, rules, received_at and
arguments_commitment."""

SEED_BYTES: Final = 32
COMMITMENT_BYTES: Final = 32
MIB: Final = 1 << 20
FUEL_PER_UNIT: Final = 1_000_000
"""Fuel of one compute unit."""

REPUTATION_MAX: Final = 100
REPUTATION_UNKNOWN: Final = 50
"""The reputation of a caller without evidence."""

MEMORY_BYTES: Final = 64 * MIB
MEMORY_BYTES_MAX: Final = 256 * MIB
"""The largest linear memory that a context may allow."""
INPUT_BYTES_MAX: Final = 64 * MIB
OUTPUT_BYTES_MAX: Final = 64 * MIB
LOG_BYTES_MAX: Final = 64 * 1024
EFFECTS_MAX: Final = 1024
"""The memory of one execution, unless its context allows it less."""
ROLES_RECORD: Final = "roles"
"""The record that has the names of the caller's roles."""


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds that decide the result, so they belong to the context."""

    fuel: int
    memory_bytes: int = MEMORY_BYTES
    input_bytes: int = INPUT_BYTES_MAX
    output_bytes: int = OUTPUT_BYTES_MAX
    log_bytes: int = LOG_BYTES_MAX
    effects: int = EFFECTS_MAX


class Context(Struct, frozen=True, kw_only=True, dict=True):
    """Everything that a program may see.

    entry: export to call. owner: whose state, units and classes the program acts on, a key or an
    instance (`did:icn:<Founding>`). caller: who calls, where it is not a member of an instance the
    owner itself. member: the id of the calling member in the instance (`did:icn:<Founding>:<n>`).
    rules: the module that an instance's call was signed for. now: Unix seconds; received_at: when
    the call was there, where witnesses say so, else `now`. arguments: DAG-CBOR list of the entry's
    arguments; arguments_commitment: in its place BLAKE3(BLAKE3(salt ‖ "arguments") ‖ arguments), of
    arguments that travel with their salt apart from the context and may be erased. input: CID of
    the input block. seed: 32 bytes. balances: the owner's available units by resource type.
    policies: the policy records in force, by resource type. state_root: CID of the owner's
    `runtime.execution.state.Snapshot`. tokens: CID of the register of holders of the owner's own
    token classes. records: host records by name (`ctx` is a handler's payload, `roles` the names of
    the caller's roles). results: outputs of earlier jobs by job id. reputation: the caller's, 0 to
    100. engine: name, version, configuration and architecture, as text. version: 3, or 2 in an old
    proof, whose owner is the caller.
    """

    entry: str
    owner: Did
    caller: Did
    now: int
    received_at: int
    seed: bytes
    limits: Limits
    engine: str
    version: int = CONTEXT_VERSION
    member: Did | None = None
    rules: Cid | None = None
    arguments: bytes | None = None
    arguments_commitment: bytes | None = None
    input: Cid | None = None
    balances: Mapping[str, int] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)
    state_root: Cid | None = None
    tokens: Cid | None = None
    reputation: int = REPUTATION_UNKNOWN
    records: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError with the field that is wrong, since a context may come from anyone."""
        _require("version", self.version in (CONTEXT_VERSION, CONTEXT_VERSION_BEFORE))
        _require("entry", isinstance(self.entry, str))
        for name in ("owner", "caller"):
            _require(name, _is_name(getattr(self, name)))
        _require("member", self.member is None or _is_name(self.member))
        _require("rules", isinstance(self.rules, Cid | None))
        _require("now", _is_count(self.now))
        _require("received_at", _is_count(self.received_at))
        _require("seed", isinstance(self.seed, bytes) and len(self.seed) == SEED_BYTES)
        _require("limits", isinstance(self.limits, Limits))
        for name in _LIMIT_NAMES:
            _require(f"limits.{name}", _is_count(getattr(self.limits, name)))
        _require("engine", isinstance(self.engine, str))
        _require("arguments", isinstance(self.arguments, bytes | None))
        if self.arguments_commitment is not None:
            _require("arguments_commitment", _is_commitment(self.arguments_commitment))
            _require("arguments", self.arguments is None)
        _require("input", isinstance(self.input, Cid | None))
        _require("state_root", isinstance(self.state_root, Cid | None))
        _require("tokens", isinstance(self.tokens, Cid | None))
        known = _is_count(self.reputation) and self.reputation <= REPUTATION_MAX
        _require("reputation", known)
        for name in ("balances", "policies", "records", "results"):
            mapping = getattr(self, name)
            _require(name, isinstance(mapping, Mapping))
            _require(name, all(isinstance(key, str) for key in mapping))
        _require("balances", all(_is_count(amount) for amount in self.balances.values()))
        if self.version == CONTEXT_VERSION_BEFORE:
            _require("version", self._added == _added_before(self.caller, self.now))

    def to_block(self) -> bytes:
        """Encodes the context. Raises CodecError if it has no encoding (floats, over 64 bits)."""
        return self._block

    @cached_property
    def _block(self) -> bytes:
        """Encodes the context once: award, receipt and every execution need it."""
        added = {} if self.version == CONTEXT_VERSION_BEFORE else self._added
        return encode(
            added
            | {
                "version": self.version,
                "entry": self.entry,
                "caller": self.caller,
                "now": self.now,
                "seed": self.seed,
                "limits": {name: getattr(self.limits, name) for name in _LIMIT_NAMES},
                "engine": self.engine,
                "arguments": self.arguments,
                "input": self.input,
                "balances": dict(self.balances),
                "policies": dict(self.policies),
                "state_root": self.state_root,
                "tokens": self.tokens,
                "reputation": self.reputation,
                "records": dict(self.records),
                "results": dict(self.results),
            }
        )

    @property
    def _added(self) -> dict[str, Any]:
        """The fields that a context of the version before has not."""
        return {name: getattr(self, name) for name in _ADDED}

    @cached_property
    def cid(self) -> Cid:
        return cid_of(self.to_block(), Codec.DAG_CBOR)

    @staticmethod
    def from_block(data: bytes) -> "Context":
        """Reads what `to_block` wrote, in this version or the one before. Raises CodecError for
        anything else."""
        return _read_context(data)


@read_once
def _read_context(data: bytes) -> Context:
    value = decode(data)
    try:
        if value["version"] == CONTEXT_VERSION_BEFORE:
            if not value.keys().isdisjoint(_ADDED):
                raise CodecError("a context of version 2 with fields of version 3")
            value |= _added_before(value["caller"], value["now"])
        elif value["version"] != CONTEXT_VERSION:
            raise CodecError("a context of another version")
        limits = Limits(**value.pop("limits"))
        return Context(limits=limits, **value)
    except CodecError:
        raise
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        raise CodecError(f"not a context: {error}") from None


_LIMIT_NAMES: Final = tuple(Limits.__struct_fields__)
_ADDED: Final = ("owner", "member", "rules", "received_at", "arguments_commitment")


def _added_before(caller: Did, now: int) -> dict[str, Any]:
    """Gives the fields of version 3 as a context of version 2 has them."""
    return {
        "owner": caller,
        "member": None,
        "rules": None,
        "received_at": now,
        "arguments_commitment": None,
    }


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= INTEGER_MAX


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value.encode("utf-8")) <= DID_CHARS_MAX


def _is_commitment(value: object) -> bool:
    return isinstance(value, bytes) and len(value) == COMMITMENT_BYTES


def _require(name: str, holds: bool) -> None:
    if not holds:
        raise ValueError(f"{name} is not what a context holds")
