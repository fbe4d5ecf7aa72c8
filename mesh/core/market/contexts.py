"""Contexts, as far as a manifest and the units that a bid offers decide them.

Rule: the same of version 1 and 2, as are the fields of a manifest that it reads.
"""

from typing import Any, Protocol

from mesh.core.ids import execution_seed
from runtime.content.cid import Cid
from runtime.content.codec import INTEGER_MAX
from runtime.execution.context import FUEL_PER_UNIT, Context, Limits
from runtime.identity.signed import Signed


class Requirements(Protocol):
    @property
    def memory_bytes(self) -> int: ...


class Manifest(Protocol):
    """A JobManifest of either version."""

    @property
    def entry(self) -> str: ...
    @property
    def arguments(self) -> bytes | None: ...
    @property
    def input(self) -> Cid | None: ...
    @property
    def requirements(self) -> Requirements: ...
    @property
    def created_at(self) -> int: ...


def fuel_of(units: int) -> int:
    """The fuel limit of so many units, the same for executor and verifiers."""
    return min(units * FUEL_PER_UNIT, INTEGER_MAX)


def decided(manifest: Signed[Manifest]) -> dict[str, Any]:
    """The fields of a context that follow from the manifest."""
    body = manifest.body
    return {
        "entry": body.entry,
        "owner": manifest.signer,
        "caller": manifest.signer,
        "member": None,
        "rules": None,
        "now": body.created_at,
        "received_at": body.created_at,
        "seed": execution_seed(manifest.cid, manifest.signer),
        "arguments": body.arguments,
        "arguments_commitment": None,
        "input": body.input,
    }


def most_of(manifest: Signed[Manifest], units: int) -> Limits:
    """The limits of a context whose awarder allows the most."""
    return Limits(fuel=fuel_of(units), memory_bytes=manifest.body.requirements.memory_bytes)


def follows(context: Context, manifest: Signed[Manifest], units: int) -> bool:
    """Whether a context is what manifest and units make it, but for its engine and what the
    submitter says of itself."""
    return _allowed(context.limits, most_of(manifest, units)) and all(
        getattr(context, name) == value for name, value in decided(manifest).items()
    )


def _allowed(limits: Limits, most: Limits) -> bool:
    """Work and memory are what was paid for; of the rest the awarder may allow less."""
    return (
        (limits.fuel, limits.memory_bytes) == (most.fuel, most.memory_bytes)
        and 0 <= limits.input_bytes <= most.input_bytes
        and 0 <= limits.output_bytes <= most.output_bytes
        and 0 <= limits.log_bytes <= most.log_bytes
        and 0 <= limits.effects <= most.effects
    )
