"""Records of one attempt: the hold that orders it, its progress, result and verification."""

from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Final

from msgspec import Struct

from mesh.core.fields import Amount, NodeIdField, Word
from mesh.core.records.jobs import ATTEMPTS_MAX
from mesh.core.records.terms import Engine
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.content.shapes import Between, Size
from runtime.execution.execution import Metrics
from runtime.tokens.transfers import TransferIdField

DIGEST_BYTES: Final = 32
ROUNDS_MAX: Final = 2
DRAWN_MAX: Final = 64
LEASE_MS_MAX: Final = 3_600_000

Digest = Annotated[bytes, Size(DIGEST_BYTES, DIGEST_BYTES)]


class Hold(Struct, frozen=True, kw_only=True):
    """The issuer's order to work: `amount` is set aside for the attempt until a Settlement ends it.

    id: H(manifest CID, attempt). pot: the part for verifiers. lease_ms: how long the executor may
    be silent. max_seconds: wall clock of the attempt. members: CID of the Membership in force.
    eligible: CID of the block that lists the verifiers who may be drawn. draw_commitment: of the
    secret that the Draw reveals.
    """

    id: TransferIdField
    award: Cid
    job: Cid
    bid: Cid
    executor: Did
    attempt: Annotated[int, Between(1, ATTEMPTS_MAX)]
    token: Cid
    amount: Amount
    pot: int
    lease_ms: Annotated[int, Between(1, LEASE_MS_MAX)]
    max_seconds: Annotated[int, Between(1, INTEGER_MAX)]
    members: Cid
    eligible: Cid
    draw_commitment: Digest
    issued_at: int


class WorkPhase(Enum):
    FETCHING = "fetching"
    RUNNING = "running"
    VERIFYING = "verifying"


class Progress(Struct, frozen=True, kw_only=True):
    """An executor's or verifier's sign of life. sequence: 1, 2, 3 … for each hold and signer."""

    hold: Cid
    sequence: Annotated[int, Between(1, INTEGER_MAX)]
    phase: WorkPhase
    fuel_estimate: int | None


class GaveUpGround(Enum):
    """Why an attempt gives no receipt, in the executor's own words."""

    MACHINE = "machine"
    """Its machine is at fault: a worker died, memory ran out."""
    MODULE = "module"
    """The engine cannot compile or execute the module, on this machine or another."""
    BLOCKS = "blocks"
    """A block that it takes could not be fetched."""
    WALL_CLOCK = "wall-clock"
    HOLD_REFUSED = "hold-refused"
    """The hold is not one that it works for."""


class GaveUp(Struct, frozen=True, kw_only=True):
    """The executor ends the attempt without a receipt."""

    hold: Cid
    ground: GaveUpGround
    detail: Annotated[str, Size(0, 1024)]


class Receipt(Struct, frozen=True, kw_only=True):
    """An executor's statement of what it did. deterministic: CID of the result's block.

    previous: its last receipt, or None for the first. nonce: of its seal, in a sealed mesh. usage:
    resources used, by type, in units rounded up.
    """

    job: Cid
    award: Cid
    hold: Cid
    context: Cid
    module: Cid
    node_id: NodeIdField
    engine: Engine
    deterministic: Cid
    nonce: Digest | None
    metrics: Metrics
    usage: Annotated[Mapping[Word, int], Size(0, 16)]
    started_at: int
    ended_at: int
    previous: Cid | None


class Anchor(Struct, frozen=True, kw_only=True):
    """One link of its signer's chain. parents: the signer's previous anchor first, then heads of
    other chains that it has seen. sequence: 1, 2, 3 …"""

    receipt: Cid
    parents: Annotated[tuple[Cid, ...], Size(0, 16)]
    sequence: Annotated[int, Between(1, INTEGER_MAX)]


class Seal(Struct, frozen=True, kw_only=True):
    """A result that is fixed before others are shown: blake3(hold ‖ signer ‖ deterministic ‖
    nonce)."""

    hold: Cid
    digest: Digest


class Draw(Struct, frozen=True, kw_only=True):
    """The issuer's draw of verifiers, ranked by H(secret ‖ award ‖ first ‖ verifier).

    first: CID of the executor's Receipt, or of its Seal in a sealed mesh. round: 1, and 2 where
    the draw was widened once.
    """

    hold: Cid
    first: Cid
    secret: Digest
    verifiers: Annotated[tuple[Did, ...], Size(1, DRAWN_MAX)]
    round: Annotated[int, Between(1, ROUNDS_MAX)]


class Opening(Struct, frozen=True, kw_only=True):
    """The seals that count, in a sealed mesh: from here on all who sealed reveal their results."""

    hold: Cid
    draws: Annotated[tuple[Cid, ...], Size(1, ROUNDS_MAX)]
    seals: Annotated[tuple[Cid, ...], Size(1, DRAWN_MAX + 1)]


class Attestation(Struct, frozen=True, kw_only=True):
    """A verifier's own result for a hold. deterministic: CID of the result's block; nonce: of its
    seal, in a sealed mesh. The verdict is derived by comparing it with the receipt's."""

    hold: Cid
    deterministic: Cid
    engine: Engine
    nonce: Digest | None
