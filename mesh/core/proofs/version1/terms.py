"""Terms of an attempt, version 1: whether award, bid, hold and context belong together."""

from collections.abc import Collection
from typing import Any, Final

from mesh.core.findings import Fault, Finding, differing
from mesh.core.ids import execution_seed, hold_id
from mesh.core.proofs.version1.records import Award, Bid, Hold, JobManifest
from runtime.content.codec import INTEGER_MAX
from runtime.content.did import Did
from runtime.execution.context import FUEL_PER_UNIT, Context, Limits
from runtime.identity.signed import Signed

HOLD_MARGIN_SECONDS: Final = 1200
"""A hold outlives its lease by at least this: it must still be there when a quorum speaks."""


def fuel_of(units: int) -> int:
    """The fuel limit of so many units, the same for executor and verifiers."""
    return min(units * FUEL_PER_UNIT, INTEGER_MAX)


def _decided(manifest: Signed[JobManifest]) -> dict[str, Any]:
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


def _allowed(limits: Limits, most: Limits) -> bool:
    """Work and memory are what was paid for; of the rest the awarder may allow less."""
    return (
        (limits.fuel, limits.memory_bytes) == (most.fuel, most.memory_bytes)
        and 0 <= limits.input_bytes <= most.input_bytes
        and 0 <= limits.output_bytes <= most.output_bytes
        and 0 <= limits.log_bytes <= most.log_bytes
        and 0 <= limits.effects <= most.effects
    )


def check_context(context: Context, manifest: Signed[JobManifest], bid: Bid) -> tuple[Finding, ...]:
    """Whether a context follows from the manifest and the bid, as far as they decide it."""
    demanded = manifest.body.engine or context.engine
    findings = differing("context", (Fault.ENGINE_DIFFERS, context.engine, demanded))
    wanted = _decided(manifest)
    most = Limits(fuel=fuel_of(bid.units), memory_bytes=manifest.body.requirements.memory_bytes)
    if not _allowed(context.limits, most) or any(
        getattr(context, name) != value for name, value in wanted.items()
    ):
        findings += (Finding(fault=Fault.CONTEXT_DIFFERS, subject="context"),)
    return findings


def check_terms(
    award: Signed[Award],
    *,
    manifest: Signed[JobManifest],
    bid: Signed[Bid],
    hold: Signed[Hold],
    context: Context,
    issuers: Collection[Did],
) -> tuple[Finding, ...]:
    """Whether manifest, bid, hold, context and award belong together, at whatever time."""
    body = award.body
    findings = list(
        differing(
            "award",
            (Fault.OTHER_JOB, body.job, manifest.cid),
            (Fault.OTHER_BID, body.bid, bid.cid),
            (Fault.OTHER_HOLD, body.hold, hold.cid),
            (Fault.OTHER_CONTEXT, body.context, context.cid),
            (Fault.FUEL_LIMIT_WRONG, body.fuel_limit, fuel_of(bid.body.units)),
        )
    )
    findings += differing("bid", (Fault.OTHER_JOB, bid.body.job, manifest.cid))
    wanted_id = hold_id(manifest.cid, body.attempt)
    if hold.body.id != wanted_id:
        detail = f"{hold.body.id.hex()}, expected {wanted_id.hex()}"
        findings.append(Finding(fault=Fault.OTHER_HOLD, subject="hold", detail=detail))
    findings += check_context(context, manifest, bid.body)
    if award.signer not in (manifest.signer, manifest.body.award_delegate):
        findings.append(Finding(fault=Fault.NOT_THE_SUBMITTERS, subject="award"))
    if hold.signer not in issuers:
        findings.append(Finding(fault=Fault.NOT_AN_ISSUERS, subject="hold"))
    if hold.body.amount < bid.body.price:
        detail = f"{hold.body.amount}, the price is {bid.body.price}"
        findings.append(Finding(fault=Fault.HOLD_TOO_SMALL, subject="hold", detail=detail))
    if hold.body.expires_at < body.lease_expires_at + HOLD_MARGIN_SECONDS:
        findings.append(Finding(fault=Fault.HOLD_TOO_SHORT, subject="hold"))
    return tuple(findings)
