"""The engine of the sample job: it executes nothing, and the result follows from module, context
and input alone.
"""

from collections.abc import Mapping
from typing import Final

from blake3 import blake3

from mesh.core.records.terms import Engine
from runtime.content.cid import Cid, Codec, cid_of
from runtime.execution.context import Context
from runtime.execution.execution import Deterministic, Outcome, OutcomeKind

MODULE: Final = b"a program for the sums engine"
ENGINE: Final = Engine(name="sums", version="1", config="0", arch="any")
NO_BLOCKS: Final[Mapping[Cid, bytes]] = {}


def sums(
    module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes] = NO_BLOCKS
) -> Deterministic:
    """The result of a program: it follows from module, context and input."""
    digest = blake3(module + context.to_block() + (given or b"")).digest()
    return Deterministic(
        outcome=Outcome(kind=OutcomeKind.SUCCEEDED),
        output=cid_of(digest, Codec.RAW),
        effects=None,
        logs=None,
        fuel_used=int.from_bytes(digest[:8], "big") % (context.limits.fuel + 1),
    )


def output_of(module: bytes, context: Context) -> bytes:
    return blake3(module + context.to_block()).digest()


def false_sums(
    module: bytes, context: Context, given: bytes | None, blocks: Mapping[Cid, bytes] = NO_BLOCKS
) -> Deterministic:
    """A lie: the result of another program, as plausible as the true one."""
    return sums(module + b"!", context, given)
