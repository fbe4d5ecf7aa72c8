"""Programs of simulated jobs: small modules whose result follows from module and context alone.

Rule: two machines that execute one program in one context have equal results, but for those that
are said to be wrong.
"""

from enum import Enum
from typing import Any, Final

from blake3 import blake3
from msgspec import Struct

from mesh.core.ports.blocks import BlockReader
from mesh.core.records.terms import Engine
from runtime.content.cid import Cid, Codec, cid_of
from runtime.content.codec import decode, encode
from runtime.content.did import Did
from runtime.execution.context import Context
from runtime.execution.effects import (
    DeclareState,
    Effect,
    SubmitJob,
    TransferTokens,
    WriteState,
    effects_to_block,
)
from runtime.execution.execution import Deterministic, Execution, Metrics, Outcome, OutcomeKind

ENGINE: Final = Engine(name="simulated", version="1", config="0", arch="any")
OTHER_ENGINE: Final = Engine(name="simulated", version="2", config="0", arch="any")
WRONG: Final = b"wrong"
"""The salt of one common wrong result, on which colluders agree."""


class ProgramKind(Enum):
    SUM = "sum"
    """An output of 32 bytes."""
    TRAP = "trap"
    OUT_OF_FUEL = "out-of-fuel"
    WRITE = "write"
    """Writes a variable of the submitter's state."""
    PAY = "pay"
    """Moves units of the submitter to `to`."""
    SPAWN = "spawn"
    """Submits `children` jobs with the module `child`."""
    ENDLESS = "endless"
    UNCOMPILABLE = "uncompilable"


class Program(Struct, frozen=True, kw_only=True):
    """A module. number: makes it unique; fuel: that it uses; to, amount: of PAY."""

    kind: ProgramKind
    number: int
    fuel: int = 20_000_000
    to: Did | None = None
    amount: int = 0
    child: Cid | None = None
    children: int = 0

    @property
    def block(self) -> bytes:
        value: dict[str, Any] = {
            name: getattr(self, name) for name in self.__struct_fields__ if name != "kind"
        }
        return encode(value | {"kind": self.kind.value})

    @property
    def cid(self) -> Cid:
        return cid_of(self.block, Codec.RAW)

    @staticmethod
    def from_block(data: bytes) -> "Program":
        value = decode(data)
        return Program(**value | {"kind": ProgramKind(value["kind"])})


def execute(blocks: BlockReader, module: Cid, context: Cid, salt: bytes = b"") -> Execution:
    """Executes a program in a context; both are in the store. salt: of a wrong result."""
    data, context_data = blocks.get(module), blocks.get(context)
    assert data is not None and context_data is not None, "an actor executes what it has fetched"
    program = Program.from_block(data)
    given = Context.from_block(context_data)
    digest = blake3(data + context_data + salt).digest()
    kept: dict[Cid, bytes] = {}
    outcome, fuel = _outcome(program, given)
    effects = _effects(program, digest, given, kept) if outcome.succeeded else ()
    result = Deterministic(
        outcome=outcome,
        output=_kept(kept, digest, Codec.RAW) if outcome.succeeded else None,
        effects=_kept(kept, effects_to_block(effects), Codec.DAG_CBOR) if effects else None,
        logs=None,
        fuel_used=fuel + (1 if salt and not outcome.succeeded else 0),
    )
    metrics = Metrics(wall_ms=1 + fuel // 1_000_000, memory_peak_bytes=65_536, host_calls=0)
    return Execution(deterministic=result, metrics=metrics, blocks=kept)


def _outcome(program: Program, context: Context) -> tuple[Outcome, int]:
    if program.kind is ProgramKind.OUT_OF_FUEL or program.fuel > context.limits.fuel:
        return Outcome(kind=OutcomeKind.OUT_OF_FUEL), context.limits.fuel
    if program.kind is ProgramKind.TRAP:
        return Outcome(kind=OutcomeKind.TRAPPED, reason="division by zero"), program.fuel
    return Outcome(kind=OutcomeKind.SUCCEEDED), program.fuel


def _effects(
    program: Program, digest: bytes, context: Context, kept: dict[Cid, bytes]
) -> tuple[Effect, ...]:
    match program.kind:
        case ProgramKind.WRITE:
            value = _kept(kept, encode(digest), Codec.DAG_CBOR)
            return (
                DeclareState(home="counters", schema="last: Bytes"),
                WriteState(home="counters", variable="last", shape="Bytes", value=value),
            )
        case ProgramKind.PAY:
            assert program.to is not None, "a payment has a payee"
            transfer = TransferTokens(
                token_class="compute", amount=program.amount, holder=context.owner, to=program.to
            )
            return (transfer,)
        case ProgramKind.SPAWN:
            assert program.child is not None, "a program that submits jobs has their module"
            child = SubmitJob(
                wasm_cid=program.child,
                description="child",
                resource_type="compute",
                resource_amount=100,
                priority="medium",
            )
            return (child,) * program.children
        case _:
            return ()


def _kept(kept: dict[Cid, bytes], data: bytes, codec: Codec) -> Cid:
    cid = cid_of(data, codec)
    kept[cid] = data
    return cid
