"""What an execution is given: one frozen Context, the only thing a program may see.

The context is a block; its CID stands in Award and Receipt, so that anyone can execute the
same module in the same context again and must get the same result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import CodecError, decode, encode
from runtime.content.did import Did

CONTEXT_VERSION: Final = 1
SEED_BYTES: Final = 32
MIB: Final = 1 << 20
FUEL_PER_UNIT: Final = 1_000_000
"""One compute unit buys this much fuel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that decide the result, so they belong to the context."""

    fuel: int
    memory_bytes: int = 64 * MIB
    input_bytes: int = 64 * MIB
    output_bytes: int = 64 * MIB
    log_bytes: int = 64 * 1024
    effects: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a program may see.

    entry: export to call. arguments: DAG-CBOR list of the entry's arguments. input: CID of
    the input block. now: Unix seconds. seed: 32 bytes. balances: available units by
    resource type. policies: the policy records in force, by resource type. records: host
    records by name (`ctx` is a handler's payload). results: outputs of earlier jobs by job
    id. engine: name, version, configuration and architecture, as text.
    """

    entry: str
    caller: Did
    now: int
    seed: bytes
    limits: Limits
    engine: str
    arguments: bytes | None = None
    input: Cid | None = None
    balances: Mapping[str, int] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)
    state_root: Cid | None = None
    records: Mapping[str, Any] = field(default_factory=dict)
    results: Mapping[str, Any] = field(default_factory=dict)

    def to_block(self) -> bytes:
        """The canonical encoding."""
        return encode(
            {
                "version": CONTEXT_VERSION,
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
                "records": dict(self.records),
                "results": dict(self.results),
            }
        )

    @property
    def cid(self) -> Cid:
        return cid_of(self.to_block(), Codec.DAG_CBOR)

    @staticmethod
    def from_block(data: bytes) -> "Context":
        """Read what `to_block` wrote. Raises CodecError for anything else."""
        value = decode(data)
        try:
            if value.pop("version") != CONTEXT_VERSION:
                raise CodecError("a context of another version")
            limits = Limits(**value.pop("limits"))
            context = Context(limits=limits, **value)
        except (TypeError, AttributeError, KeyError) as error:
            raise CodecError(f"not a context: {error}") from None
        if not isinstance(context.seed, bytes) or len(context.seed) != SEED_BYTES:
            raise CodecError("not a context: the seed is not 32 bytes")
        return context


_LIMIT_NAMES: Final = tuple(Limits.__dataclass_fields__)
